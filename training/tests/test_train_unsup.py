# SPDX-License-Identifier: MIT
"""Objective, data and trainer of unsupervised inpainting, on a tiny pack."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from vfi_training import train_unsup
from vfi_training.evaluate_unsup import figures, held_out, temporal_mean, trained, unfilled
from vfi_training.frechet import Seeded
from vfi_training.occlusion import Occlusion
from vfi_training.pack import HEIGHT, WIDTH, Pack
from vfi_training.train_unsup import AdversarialRun, Clips, hidden, steadied, train, train_step
from vfi_training.unsup import FILL, Critic, hashed_folded, infer, measured
from vfi_training.unsup_losses import VARIANTS, compared, discriminator_loss, generator_loss

from export_unsup import export

CONFIG = tomllib.loads((Path(__file__).parents[1] / "configs" / "unsup.toml").read_text())
torch.set_num_threads(1)  # tiny maps: more threads only wait for each other
SMALL = CONFIG | {
    "critic_width": 4, "frames": 3, "crop": 16, "small_crop": 8, "small_steps": 1, "steps": 2,
    "log_every": 1, "validation_clips": 1, "warm_up_steps": 1,
}  # fmt: skip


def verdict(sequence: float, frame: float) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.full((1, 1, 2, 2, 2), sequence), torch.full((2, 1, 2, 2), frame)


def test_hinge():
    assert float(discriminator_loss(verdict(1, 2), verdict(-1, -3))) == 0
    assert float(discriminator_loss(verdict(0, 0), verdict(0, 0))) == 2
    # Each of the four terms counts half.
    assert float(discriminator_loss(verdict(0.5, 1), verdict(-1, -1))) == 0.25
    assert float(discriminator_loss(verdict(1, 1), verdict(-1, 1))) == 1
    assert float(generator_loss(verdict(1, 1.5))) == 0
    assert float(generator_loss(verdict(-1, 0.5))) == 2.5


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_the_discriminators_see(variant):
    clean, others, result = (torch.rand(2, 3, 3, 4, 4) for _ in range(3))
    m, m2 = (torch.rand(2, 1, 3, 4, 4) < 0.5 for _ in range(2))
    batch = {"clean": clean, "others": others, "hidden": m}
    real, made = compared(variant, batch, result, m2)
    if variant == "unsupervised":
        assert torch.equal(real, measured(clean, m)) and torch.equal(made, measured(result, m2))
        # Nothing of a clean clip that was hidden is in what is compared.
        assert (real[m.expand_as(real)] == FILL).all()
    else:
        assert torch.equal(made, result)
        assert torch.equal(real, clean if variant == "paired" else others)


def test_discriminators_learn_to_tell():
    """With the chosen fill value: noise in the holes against what was there."""
    torch.manual_seed(1)
    random, critic = np.random.default_rng(1), Critic(16)
    optimizer = torch.optim.Adam(critic.parameters(), 4e-3, CONFIG["betas"])
    clips = torch.rand(4, 3, 1, 1, 1).expand(-1, -1, 2, 8, 8) - 0.5
    losses = []
    for _ in range(12):
        m, m2 = (hidden(Occlusion("pixels"), random, clips) for _ in range(2))
        noise = torch.where(m, torch.randn(clips.shape), clips)
        loss = discriminator_loss(critic(measured(clips, m)), critic(measured(noise, m2)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-3:]) < 0.75 * losses[0]


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Path:
    """Two shots of 8 frames of a moving pattern, one held out."""
    folder = tmp_path_factory.mktemp("pack")
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    shots = [
        {"first": first, "frames": 8, "validation": held, "motion": 1.0, "clip": "a"}
        for first, held in ((0, False), (8, True))
    ]
    with open(folder / "frames.rgb", "wb") as target:
        for t in range(16):
            plane = 127 + 60 * np.sin((x + 2 * t) / 9) + 60 * np.cos((y + t) / 7)
            colours = np.stack((plane, plane[::-1], 255 - plane), -1)
            target.write(colours.clip(0, 255).astype(np.uint8).tobytes())
    (folder / "shots.json").write_text(json.dumps(shots))
    return folder


def test_clips_are_area_reduced_frames_of_one_shot(pack):
    clips = Clips(Pack(pack), frames=3, reduce=4)
    assert [shot["first"] for shot in clips.shots] == [0]
    clip = clips.draw(np.random.default_rng(4), 64)  # the full height, so that y is known
    assert clip.shape == (3, 3, 64, 64) and clip.min() >= -1 and clip.max() <= 1
    top = clips.pack.frames[:8, :4].astype(float) / 127.5 - 1  # the first row, not reduced yet
    found = clip[:, :, 0].permute(1, 2, 0).numpy()
    matches = [
        (t, x)
        for t in range(6)
        for x in range(WIDTH - 256 + 1)
        for turned in (1, -1)
        if np.allclose(
            top[t : t + 3, :, x : x + 256].reshape(3, 4, 64, 4, 3).mean((1, 3))[:, ::turned],
            found,
            atol=1e-3,
        )
    ]
    assert len(matches) == 1
    with pytest.raises(ValueError, match="no shot has 9 frames"):
        Clips(Pack(pack), 9, 4).draw(np.random.default_rng(1), 8)


def test_draws_for_each_clip_differ():
    masks = hidden(Occlusion("pixels"), np.random.default_rng(1), torch.zeros(3, 3, 2, 8, 8))
    assert masks.shape == (3, 1, 2, 8, 8) and masks.dtype == torch.bool
    assert not torch.equal(masks[0], masks[1])


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_step_moves_generator_and_discriminators(pack, tmp_path, variant):
    run = AdversarialRun(SMALL, tmp_path, "cpu")
    named = [*run.model.named_parameters(), *run.critic.named_parameters()]
    before = [value.clone() for _, value in named]
    told = train_step(run, Clips(Pack(pack), 3, 4), Occlusion("pixels"), variant)
    still = {
        name for (name, value), old in zip(named, before, strict=True) if torch.equal(value, old)
    }
    # With sigma 0 nothing else of the attention learns in the first step, and zeros of a bias
    # may stay.
    wanted = {name for name in still if name.startswith("attention.") or name.endswith("bias")}
    assert still == wanted and len(still) < 12
    assert set(told) == {"critic", "generator", "mae"} and run.step == 1


def test_unsupervised_generator_does_not_see_clean_clips(pack, tmp_path, monkeypatch):
    """What is hidden, and what other clips are, may be anything: the same step to the bit."""
    draw, weights = train_unsup.samples, []

    def spoiled(*arguments) -> dict[str, torch.Tensor]:
        batch = draw(*arguments)
        noise = torch.rand_like(batch["clean"])
        return batch | {
            "clean": torch.where(batch["hidden"], noise, batch["clean"]),
            "others": noise,
        }

    for name, samples in (("plain", draw), ("spoiled", spoiled)):
        monkeypatch.setattr(train_unsup, "samples", samples)
        out = tmp_path / name
        out.mkdir()
        run = AdversarialRun(SMALL, out, "cpu")
        train_step(run, Clips(Pack(pack), 3, 4), Occlusion("pixels"), "unsupervised")
        weights.append([value.clone() for value in run.model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_steadied_norms_fit_the_weights(pack, tmp_path):
    run = AdversarialRun(SMALL, tmp_path, "cpu")
    clips = Clips(Pack(pack), 3, 4)
    with torch.no_grad():
        for value in run.average.parameters():
            value.mul_(3)
    model = steadied(run.average, clips, Occlusion("bar"), 8)
    weight = model.blocks[2].conv1.weight.detach().flatten(1)
    assert float(torch.linalg.matrix_norm(weight, 2)) == pytest.approx(1, abs=0.03)
    assert not torch.equal(model.bn.running_mean, run.average.bn.running_mean)
    assert not model.training


def test_training_resumes(pack, tmp_path):
    config = SMALL | {"steps": 1, "validate_every": 1}
    run = AdversarialRun(config, tmp_path, "cpu")
    train(run, pack, Occlusion("clouds"), "paired")
    assert "validation mae" in (tmp_path / "log.txt").read_text()
    resumed = AdversarialRun(config, tmp_path, "cpu")
    assert resumed.step == 1
    for model in ("model", "average", "critic"):
        saved = getattr(run, model).state_dict()
        for name, value in getattr(resumed, model).state_dict().items():
            assert torch.equal(value, saved[name])
    assert resumed.critic_optimizer.state_dict()["state"]


def test_small_crops_come_first():
    assert [train_unsup.crop_side(SMALL, step) for step in (0, 1, 2)] == [8, 16, 16]


def test_temporal_mean():
    clip = torch.arange(4.0).view(1, 1, 4, 1, 1).expand(1, 3, 4, 2, 2).contiguous()
    holes = torch.zeros(1, 1, 4, 2, 2, dtype=torch.bool)
    holes[0, 0, 1, 0, 0] = True  # seen in the frames 0, 2 and 3
    holes[0, 0, :, 1, 1] = True  # never seen
    found = temporal_mean(measured(clip, holes), holes)
    assert torch.equal(found.masked_select(~holes), clip.masked_select(~holes))
    assert found[0, :, 1, 0, 0].tolist() == pytest.approx([5 / 3] * 3)
    seen = [0, 2, 3] + 2 * [0, 1, 2, 3]
    assert found[0, 0, :, 1, 1].tolist() == pytest.approx([np.mean(seen)] * 4)


def test_figures(pack, tmp_path):
    config = SMALL | {"steps": 1, "small_steps": 0}
    (tmp_path / "paired-bar").mkdir()
    run = AdversarialRun(config, tmp_path / "paired-bar", "cpu")
    run.save()
    occlusion, opened = Occlusion("bar"), Pack(pack)

    def perfect(measurement: torch.Tensor, holes: torch.Tensor) -> torch.Tensor:
        return next(answers)

    fillers = {
        "nothing": unfilled,
        "mean": temporal_mean,
        "perfect": perfect,
        "trained": trained(run.checkpoint, opened, config, occlusion),
    }
    answers = held_out(opened, config, 6)
    rows = figures(fillers, held_out(opened, config, 6), occlusion, (Seeded(False), Seeded(True)))
    assert rows["perfect"][0] == 0 and rows["perfect"][1] == 100
    assert rows["perfect"][2] < 1e-6 and rows["perfect"][3] < 1e-6
    assert rows["mean"][0] < rows["nothing"][0] and rows["mean"][1] > rows["nothing"][1]
    assert rows["mean"][2] < rows["nothing"][2] and rows["mean"][3] < rows["nothing"][3]
    assert all(np.isfinite(row).all() and len(row) == 4 for row in rows.values())


def test_exported_files_have_the_tensors_of_inference(pack, tmp_path):
    config = SMALL | {"steps": 1}
    run = AdversarialRun(config, tmp_path, "cpu")
    run.save()
    path = tmp_path / "out.safetensors"
    export(tmp_path, pack, config, Occlusion("bar"), path, 5)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        shapes = {name: file.get_tensor(name).shape for name in file.keys()}
    wanted = hashed_folded("unsup-4", "1.")
    assert shapes == {name: value.shape for name, value in wanted.items()}
    assert (metadata["architecture"], metadata["frames"]) == ("unsup-4", "5")
    clip = torch.rand(1, 3, 3, 8, 8) - 0.5
    model = steadied(run.average, Clips(Pack(pack), 3, 4), Occlusion("bar"), config["crop"])
    with torch.no_grad():
        assert torch.allclose(infer(load_file(path), clip)["out"], model(clip), atol=1e-4)
