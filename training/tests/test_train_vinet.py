# SPDX-License-Identifier: MIT
"""VINet's losses, holes and both stages of its training, on a tiny pack."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from vfi_training import train_vinet, vinet_masks
from vfi_training.pack import HEIGHT, WIDTH, Pack
from vfi_training.run import Run
from vfi_training.vinet import CENTRE, OFFICIAL, OFFSETS
from vfi_training.vinet_fills import FIRST, LENGTH, OUTPUTS, Fills
from vfi_training.vinet_fills import draw as draw_filled
from vfi_training.vinet_losses import (
    HOLE_SHARE,
    SHARPNESS,
    SQUARE_SHARE,
    flow_loss,
    label_loss,
    reconstruction,
    refinement,
    ssim,
    warping_loss,
)

CONFIGS = Path(__file__).parents[1] / "configs"
SMALL = {"crop": 16, "batch": 1, "outputs": 1, "validation_clips": 1, "steps": 2}


def picture(seed: int = 0) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    small = torch.rand(1, 3, 6, 6, generator=random)
    return 2 * torch.nn.functional.interpolate(small, size=24, mode="bicubic").clamp(0, 1) - 1


def shift(image: torch.Tensor, x: int) -> torch.Tensor:
    return torch.roll(image, x, -1)


def constant_flow(x: float) -> torch.Tensor:
    return torch.tensor([x, 0.0]).view(1, 2, 1, 1).expand(1, 2, 24, 24).clone()


def test_ssim_knows_equal_and_other_pictures():
    a = picture()
    assert float(ssim(a, a)) == pytest.approx(1, abs=1e-5)
    assert float(ssim(a, picture(5))) < 0.5
    assert float(ssim(a, 0.9 * a)) > float(ssim(a, 0.5 * a))


def test_an_error_in_the_hole_counts_six_times_in_the_absolute_part():
    wanted, mask = picture(), torch.zeros(1, 1, 24, 24)
    assert float(reconstruction(wanted, wanted, mask)) == pytest.approx(0, abs=1e-5)
    out = wanted.clone()
    out[..., 3, 3] += 0.5
    outside = reconstruction(out, wanted, mask)
    mask[..., 3, 3] = 1
    inside = reconstruction(out, wanted, mask)
    assert float(inside - outside) == pytest.approx(HOLE_SHARE * 0.5 / 24**2, rel=1e-3)


def test_flow_loss_is_zero_for_the_true_flow_and_believes_no_wrong_label():
    earlier = picture()
    frame, true = shift(earlier, 2), constant_flow(-2)
    # The two columns that came in from the other side are not explained, and not believed.
    right = flow_loss(true, true, (earlier, frame), (earlier, frame))
    assert float(right) == pytest.approx(0, abs=1e-5)
    wrong = constant_flow(-1)
    assert float(flow_loss(wrong, true, (earlier, frame), (earlier, frame))) > 0.5
    unsure = flow_loss(wrong, constant_flow(9), (earlier, picture(5)), (earlier, frame))
    assert float(unsure) < float(flow_loss(wrong, true, (earlier, frame), (earlier, frame)))


def test_flow_loss_does_not_move_the_earlier_output():
    earlier, flow = picture(), constant_flow(-2).requires_grad_()
    out = (shift(earlier, 2) + 0.1).requires_grad_()
    frames = (earlier, shift(earlier, 2))
    flow_loss(flow, constant_flow(-2), frames, (earlier, out)).backward()
    assert float(out.grad.abs().max()) > 0


def test_warping_loss_compares_with_the_true_earlier_frame():
    earlier = picture()
    frame, flow = shift(earlier, 2), constant_flow(-2)
    found = warping_loss(frame + 0.1, frame, earlier, flow)
    error = (frame - torch.nn.functional.pad(earlier, (2, 0))[..., :24]).abs()[..., 2:]
    assert float(error.max()) < 1e-5  # the flow explains all but two columns
    assert 0.09 < float(found) < 0.1 + 2 / 24
    # A pixel that the flow does not explain counts exp(-50 e^2): here nothing.
    far = warping_loss(frame, frame - 1, earlier, flow)
    assert float(far) < 1e-6 + 2 * np.exp(-SHARPNESS * 0.01)


@pytest.mark.parametrize("kind", vinet_masks.SHARES)
def test_every_kind_of_hole_is_in_every_frame(kind):
    for seed in range(20):
        masks = getattr(vinet_masks, kind)(np.random.default_rng(seed), 16, 64)
        assert masks.shape == (16, 64, 64) and set(np.unique(masks)) <= {0, 1}
        cover = masks.mean((1, 2))
        assert cover.min() > 0.003 and cover.max() < 0.7


def test_flying_squares_keep_their_step_and_size():
    masks = vinet_masks.flying(np.random.default_rng(3), 16, 128)
    corners = np.array([np.argwhere(mask)[0] for mask in masks])
    assert len(set(masks.sum((1, 2)))) == 1
    steps = np.diff(corners, axis=0)
    assert (np.ptp(steps[:8], 0) <= 1).all()


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Path:
    """Two shots of 20 frames of a moving pattern, one held out, and one that is too short."""
    folder = tmp_path_factory.mktemp("pack")
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    shots = [
        {"first": first, "frames": frames, "validation": held, "motion": 1.0, "clip": "a"}
        for first, frames, held in ((0, 20, False), (20, 20, True), (40, 4, False))
    ]
    with open(folder / "frames.rgb", "wb") as target:
        for t in range(44):
            plane = 127 + 60 * np.sin((x + 2 * t) / 9) + 60 * np.cos((y + t) / 7)
            colours = np.stack((plane, plane[::-1], 255 - plane), -1)
            target.write(colours.clip(0, 255).astype(np.uint8).tobytes())
    (folder / "shots.json").write_text(json.dumps(shots))
    return folder


def test_clips_are_consecutive_frames_of_one_shot(pack):
    config = {"crop": 32, "outputs": 5, "half_share": 0, "flow_labels": 0}
    clips = train_vinet.Clips(Pack(pack), config)
    assert [shot["first"] for shot in clips.shots] == [0]
    sample = clips.draw(np.random.default_rng(1))
    assert sample["frames"].shape == (17, 3, 32, 32) and sample["masks"].shape == (17, 1, 32, 32)
    assert sample["flows"].shape == (4, 4, 32, 32)
    assert sample["frames"].min() >= -1 and sample["frames"].max() <= 1
    with pytest.raises(ValueError, match="no shot has 40 frames"):
        train_vinet.Clips(Pack(pack), config | {"outputs": 28})


def test_clips_of_reduced_frames_and_their_labels(pack):
    config = {"crop": 24, "outputs": 2, "half_share": 1, "flow_labels": 0.3}
    sample = train_vinet.Clips(Pack(pack), config).draw(np.random.default_rng(1))
    assert sample["frames"].shape == (14, 3, 24, 24)
    assert sample["neighbours"].shape == (2, 4, 2, 24, 24)
    # The texture moves by one pixel a frame at half of the size, in one direction or the other.
    motion = sample["neighbours"][0, :, 0].median(-1).values.median(-1).values
    assert (motion[:2] * motion[2:].flip(0) < 0).all() and motion.abs().max() > 2


def test_label_loss_is_nothing_for_the_labels_themselves():
    labels = torch.full((1, 4, 2, 16, 16), 3.0)
    frames = torch.zeros(1, 5, 3, 16, 16)
    stages = {
        f"flow{suffix}": torch.full((1, 5, 2, 16 // side, 16 // side), 3.0 / side)
        for suffix, side in (("", 8), ("_64", 4), ("_128", 2))
    }
    assert label_loss(stages, labels, frames) == 0
    stages["flow_64"] = stages["flow_64"] + 0.5
    torch.testing.assert_close(label_loss(stages, labels, frames), torch.tensor(0.5))
    frames[:, CENTRE] = 0.5  # no label explains that
    assert label_loss(stages, labels, frames) == 0


def test_window_follows_the_output():
    clip = torch.arange(17.0).view(1, 17, 1, 1, 1)
    assert train_vinet.window(clip, 0).flatten().tolist() == [0, 3, 6, 9, 12]
    assert train_vinet.window(clip, 4).flatten().tolist() == [4, 7, 10, 13, 16]
    assert [offset + 6 for offset in OFFSETS] == [0, 3, 6, 9, 12]


@pytest.mark.parametrize("architecture", OFFICIAL)
def test_second_stage_teaches_all_that_is_used(pack, tmp_path, architecture):
    config = tomllib.loads((CONFIGS / "vinet_stage2.toml").read_text()) | SMALL
    run = Run(config | {"outputs": 3}, architecture, tmp_path, "cpu")
    crop = 32 if architecture == "vinet-512" else 16
    clips = train_vinet.Clips(Pack(pack), config | {"crop": crop, "outputs": 3})
    loss, _ = train_vinet.clip_loss(run, clips.batch(np.random.default_rng(1), 1))
    loss.backward()
    missing = {
        name.split(".")[0] for name, value in run.model.named_parameters() if value.grad is None
    }
    assert missing == ({"flownet_256"} if architecture == "vinet-512" else set())
    hidden = run.model.form.levels[0]
    assert float(run.model.convlstm.Gates.weight.grad[:, hidden:].abs().max()) > 0


def test_stages_follow_each_other_and_resume(pack, tmp_path):
    for number in (1, 2):
        config = tomllib.loads((CONFIGS / f"vinet_stage{number}.toml").read_text())
        out = tmp_path / str(number)
        out.mkdir()
        small = config | SMALL | {"outputs": min(config["outputs"], 2)}
        run = Run(small, config["model"], out, "cpu")
        if number == 2:
            run.start(tmp_path / "1" / "checkpoint.pt")
            begun = torch.load(tmp_path / "1" / "checkpoint.pt", weights_only=True)["average"]
            for name, value in run.model.state_dict().items():
                assert torch.equal(value, begun[name])
        train_vinet.train(run, pack)
        assert "validation psnr" in (out / "log.txt").read_text()
        resumed = Run(small, config["model"], out, "cpu")
        assert resumed.step == 2
        resumed.start(tmp_path / "1" / "checkpoint.pt")  # a begun run keeps its own
        for name, value in resumed.model.state_dict().items():
            assert torch.equal(value, run.model.state_dict()[name])


def test_scenes_have_holes_that_stand_still_and_that_move():
    still, moving = 0, 0
    for seed in range(20):
        masks = vinet_masks.scene(np.random.default_rng(seed), 5, 64, 96)
        assert masks.shape == (5, 64, 96) and masks.max() == 1
        still += bool(masks.min(0).any())
        moving += not (masks == masks[0]).all()
    assert still > 10 and moving > 10


@pytest.fixture(scope="module")
def filled(pack) -> Path:
    """Samples whose fills are the frames, grey in the holes; one is not made yet."""
    data = Pack(pack)
    for name, held_out in (("fills-1", False), ("held-out-1", True)):
        fills = Fills(pack, name, 3)
        for number in range(2):
            first, masks = draw_filled(data, held_out, np.random.default_rng([1, number]))
            for t in range(OUTPUTS):
                hole = masks[FIRST + t][..., None]
                picture = data.frames[first + FIRST + t] * (1 - hole) + 128 * hole
                fills.pictures[number, t] = picture
            fills.packed[number] = np.packbits(masks, axis=-1)
            fills.places[number] = first
    return pack


def filled_config() -> dict:
    return tomllib.loads((CONFIGS / "vinet_s.toml").read_text()) | {"validation_clips": 1}


def test_filled_clips_are_crops_around_a_hole(filled):
    samples = Fills(filled, "fills-1")
    assert samples.done.tolist() == [0, 1] and samples.masks(0).shape == (LENGTH, HEIGHT, WIDTH)
    clips = train_vinet.FilledClips(Pack(filled), filled_config() | {"outputs": 2})
    for seed in range(8):
        sample = clips.draw(np.random.default_rng(seed))
        assert sample["frames"].shape == (LENGTH - 1, 3, 64, 64)
        assert sample["fills"].shape == (2, 3, 64, 64) and sample["flows"].shape == (1, 4, 64, 64)
        for t in range(2):
            hole = sample["masks"][FIRST + t]
            wanted = (1 - hole) * sample["frames"][FIRST + t] + hole * (256 / 255 - 1)
            torch.testing.assert_close(sample["fills"][t], wanted)
        assert sample["masks"][FIRST : FIRST + 2].sum() > 0
    with pytest.raises(ValueError, match="at most 3 outputs"):
        train_vinet.FilledClips(Pack(filled), filled_config() | {"outputs": 4})


def test_the_narrow_form_learns_from_fills(filled, tmp_path):
    run = Run(filled_config() | {"steps": 2, "crop": 32}, "vinet-s", tmp_path, "cpu")
    begun = run.model.decoder.dc6.weight.detach().clone()
    train_vinet.train(run, filled)
    assert not torch.equal(run.model.decoder.dc6.weight, begun)
    assert "validation psnr" in (tmp_path / "log.txt").read_text()


def test_refinement_counts_the_hole_alone():
    wanted, mask = picture(), torch.zeros(1, 1, 24, 24)
    mask[..., 3:5, 3] = 1
    out = wanted + 0.5 * (1 - mask)
    assert float(refinement(out, wanted, mask)) == 0
    out[..., 3, 3] += 0.2
    wanted_loss = (0.2 + SQUARE_SHARE * 0.04) / 2
    assert float(refinement(out, wanted, mask)) == pytest.approx(wanted_loss, rel=1e-4)
