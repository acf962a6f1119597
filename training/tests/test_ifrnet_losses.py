# SPDX-License-Identifier: MIT
"""IFRNet's losses against loops over pixels and known values; two steps of a real run."""

import json
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from vfi_training import ifrnet_losses as losses
from vfi_training.data import augment
from vfi_training.evaluate import load
from vfi_training.ifrnet import IFRNet, resize
from vfi_training.models import build
from vfi_training.pseudo_flow import pseudo_flows
from vfi_training.train import ModelRun, train

import export

# The default model has a trainer of its own.
CONFIGS = [
    path
    for path in sorted((Path(__file__).resolve().parents[1] / "configs").glob("*.toml"))
    if path.stem != "default"
]


def seeded(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def census_twin(x: torch.Tensor, y: torch.Tensor, patch: int) -> float:
    """census_distance of [C, h, w], pixel by pixel."""
    channels, height, width = x.shape
    margin, total = patch // 2, 0.0
    for row in range(margin, height - margin):
        for column in range(margin, width - margin):
            for c in range(channels):
                for dy in range(-margin, margin + 1):
                    for dx in range(-margin, margin + 1):
                        a, b = (
                            float(z[c, row + dy, column + dx] - z[c, row, column]) for z in (x, y)
                        )
                        e = a / math.sqrt(0.81 + a * a) - b / math.sqrt(0.81 + b * b)
                        total += e * e / (0.1 + e * e)
    return total / (channels * patch * patch * height * width)


def test_ternary_is_census_of_gray():
    x, y = seeded(1, 3, 9, 10), seeded(1, 3, 9, 10, seed=1)
    wanted = census_twin(x[0].mean(0, keepdim=True), y[0].mean(0, keepdim=True), 7)
    assert float(losses.ternary(x, y)) == pytest.approx(wanted, rel=1e-4)


def test_geometry_is_census_of_each_channel():
    x, y = seeded(1, 2, 5, 6), seeded(1, 2, 5, 6, seed=1)
    assert float(losses.geometry(x, y)) == pytest.approx(census_twin(x[0], y[0], 3), rel=1e-4)


def test_census_sees_no_brightness():
    x = seeded(2, 3, 12, 12)
    assert float(losses.ternary(x, x)) == 0
    assert float(losses.ternary(x, x + 0.25)) < 1e-10
    assert float(losses.geometry(x, x)) == 0


def test_only_geometry_teaches_its_target():
    x, y = seeded(1, 3, 9, 9), seeded(1, 3, 9, 9, seed=1).requires_grad_()
    assert not losses.ternary(x, y).requires_grad
    losses.geometry(x, y).backward()
    assert float(y.grad.abs().max()) > 0


def test_charbonnier_of_known_differences():
    assert float(losses.charbonnier(torch.zeros(4))) == pytest.approx(1e-3)
    assert float(losses.charbonnier(torch.full((4,), -0.5))) == pytest.approx(0.5, rel=1e-5)


def test_robust_loss_of_full_trust_is_absolute():
    difference = 8 * seeded(1, 2, 4, 4) - 4
    found = losses.robust(difference, torch.ones(1, 1, 4, 4))
    assert float(found) == pytest.approx(float(difference.abs().mean()), rel=1e-4)
    nothing = losses.robust(torch.zeros(1, 2, 4, 4), torch.ones(1, 1, 4, 4))
    assert float(nothing) == pytest.approx(1e-3, rel=1e-4)


def test_robust_loss_without_trust_is_flat():
    difference = (100 * seeded(1, 2, 4, 4)).requires_grad_()
    found = losses.robust(difference, torch.full((1, 1, 4, 4), 1e-12))
    found.backward()
    assert found.item() == pytest.approx(1)
    assert float(difference.grad.abs().max()) < 1e-9


def distillation_twin(flows: list[torch.Tensor], pseudo: torch.Tensor) -> float:
    """flow_distillation of one sample, pixel by pixel."""
    height, width = pseudo.shape[-2:]
    total = 0.0
    for level in (1, 2, 3):
        flow = resize(flows[level], 2.0**level) * 2**level
        for y in range(height):
            for x in range(width):
                gap = flows[0][0, :, y, x] - pseudo[0, :, y, x]
                w = math.exp(-0.3 * math.hypot(*gap.tolist()))
                e = 10 ** (-(10 * w - 1) / 3)
                for d in (flow[0, :, y, x] - pseudo[0, :, y, x]).tolist():
                    total += (d * d + e * e) ** (w / 2) / (2 * height * width)
    return total


def test_distillation_against_its_twin():
    flows = [4 * seeded(1, 2, 16 >> k, 24 >> k, seed=k) - 2 for k in range(4)]
    pseudo = 6 * seeded(1, 2, 16, 24, seed=9) - 3
    found = float(losses.flow_distillation(flows, pseudo))
    assert found == pytest.approx(distillation_twin(flows, pseudo), rel=1e-4)


def test_distillation_of_agreeing_flows():
    pseudo = torch.tensor([8.0, -4.0]).view(1, 2, 1, 1).expand(1, 2, 16, 16)
    flows = [pseudo[..., :: 2**k, :: 2**k] / 2**k for k in range(4)]
    assert float(losses.flow_distillation(flows, pseudo)) == pytest.approx(3e-3, rel=1e-3)


def test_gradients_are_finite():
    torch.manual_seed(0)
    model, frames = IFRNet("ifrnet-s"), seeded(2, 3, 3, 32, 32)
    frames[1] = 0.5  # no texture at all
    pseudo = 200 * seeded(2, 4, 32, 32, seed=1) - 100
    out = model(frames[:, 0], frames[:, 2], torch.full((2, 1, 1, 1), 0.3))
    features = model.encoder(frames[:, 1] - out["mu"])
    terms = losses.ifrnet_loss(out, frames[:, 1], features, pseudo)
    assert terms.keys() == {"reconstruction", "geometry", "distillation"}
    sum(terms.values()).backward()
    assert all(torch.isfinite(weight.grad).all() for weight in model.parameters())
    untaught = losses.ifrnet_loss(out, frames[:, 1], features, None)
    assert "distillation" not in untaught


def texture(height: int, width: int) -> np.ndarray:
    """A smooth random picture [h, w, 3] in 0..1 that may be rolled."""
    spectrum = np.fft.fft2(
        np.random.default_rng(0).standard_normal((height, width, 3)), axes=(0, 1)
    )
    y, x = np.fft.fftfreq(height)[:, None, None], np.fft.fftfreq(width)[:, None]
    smooth = np.fft.ifft2(spectrum * np.exp(-400 * (x * x + y * y)), axes=(0, 1)).real
    return ((smooth - smooth.min()) / np.ptp(smooth)).astype(np.float32)


def test_pseudo_labels_follow_augmentation():
    picture = torch.from_numpy(texture(96, 96)).permute(2, 0, 1)
    frames = torch.stack([picture.roll((-k, 3 * k), (1, 2)) for k in (0, 1, 3)])
    labels = pseudo_flows(*frames)
    for seed in range(12):
        random = np.random.default_rng(seed)
        sample = augment(frames, torch.zeros(4, 24, 24), 1 / 3, random, labels)
        found = pseudo_flows(*sample["frames"])[:, 24:72, 24:72].mean((1, 2))
        given = sample["pseudo"][:, 24:72, 24:72].mean((1, 2))
        assert torch.allclose(found, given, atol=0.2), seed
        longest = found.view(2, 2).abs().amax(1)
        assert torch.allclose(longest.sort().values, torch.tensor([3.0, 6.0]), atol=0.3)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_configuration_fits_its_model(path, tmp_path):
    run = ModelRun(tomllib.loads(path.read_text()), tmp_path, "cpu")
    grouped = sum(len(group["params"]) for group in run.optimizer.param_groups)
    assert grouped == len(list(run.model.parameters()))


def write_pack(folder: Path, height: int = 256, width: int = 448, frames: int = 6) -> None:
    picture, random = texture(height, width), np.random.default_rng(1)
    with open(folder / "frames.rgb", "wb") as target:
        for k in range(frames):
            moved = np.roll(picture, (2 * k, 5 * k), (0, 1))
            moved = moved + 0.03 * random.standard_normal(moved.shape)
            target.write((moved.clip(0, 1) * 255).astype(np.uint8).tobytes())
    shot = {"clip": "roll", "first": 0, "frames": frames, "motion": 5.0}
    shots = [shot | {"validation": False}, shot | {"validation": True}]
    (folder / "shots.json").write_text(json.dumps(shots))


def small_config(name: str) -> dict:
    path = next(path for path in CONFIGS if path.stem == name)
    config = tomllib.loads(path.read_text()) | {"steps": 2, "pairs": 4, "crop": 64, "batch": 2}
    config |= {"synthetic": 0.0, "validation_triplets": 4, "log_every": 1}
    config.pop("minutes", None)
    return config


def test_two_steps_and_export(tmp_path, monkeypatch):
    write_pack(tmp_path)
    config = small_config("ifrnet_s")
    train(ModelRun(config, tmp_path, "cpu"), tmp_path)
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert "step 2 loss" in lines[2] and "validation" in lines[3] and "nan" not in lines[3]
    assert ModelRun(config, tmp_path, "cpu").step == 2  # resumed

    weights = tmp_path / "model.safetensors"
    arguments = ["export.py", "--run", str(tmp_path), "--weights", str(weights)]
    monkeypatch.setattr("sys.argv", arguments)
    export.main()
    with safe_open(weights, "pt") as file:
        metadata = file.metadata()
    assert metadata["architecture"] == "ifrnet-s" and metadata["task"] == "interpolate"
    assert metadata["name"] == "ifrnet-s"
    assert isinstance(load(weights), type(build("ifrnet-s")))
