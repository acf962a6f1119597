# SPDX-License-Identifier: MIT
"""Samples and losses of the default model: what must hold whatever the weights are."""

import numpy as np
import pytest
import torch
from torch.nn import functional
from vfi_training.crops import CROP, MARGIN, distance_map
from vfi_training.default_losses import labelled_flow, uncertainty
from vfi_training.default_model import four_warps
from vfi_training.train_default import augment

MOTION = (12, -8)  # x, y pixels from the first to the last frame
T = 0.25


def sample() -> dict[str, torch.Tensor]:
    """A smooth picture that moves as a whole, with its true candidates and labels."""
    generator = torch.Generator().manual_seed(1)
    size = CROP + 2 * MARGIN
    picture = functional.interpolate(
        torch.rand(1, 3, 24, 24, generator=generator), size=size + 64, mode="bicubic"
    ).clamp(0, 1)

    def at(t: float, margin: int) -> torch.Tensor:
        x, y = 32 - round(t * MOTION[0]), 32 - round(t * MOTION[1])
        shift, length = MARGIN - margin, CROP + 2 * margin
        return picture[..., y + shift : y + shift + length, x + shift : x + shift + length]

    quarter = CROP // 4
    motion = torch.tensor(MOTION, dtype=torch.float32)[:, None, None] / 4
    flows = torch.cat((-T * motion, (1 - T) * motion)).expand(4, quarter, quarter)[None]
    return {
        "ends": torch.stack((at(0, MARGIN), at(1, MARGIN)), 1),
        "wanted": at(T, 0),
        "candidates": torch.cat((flows, flows), 1).clone(),
        "t": torch.full((1, 1, quarter, quarter), T),
        "labels": torch.cat((flows, torch.ones(1, 1, quarter, quarter)), 1),
    }


@pytest.mark.parametrize("seed", range(24))
def test_augmented_candidates_still_lead_to_the_wanted_frame(seed: int) -> None:
    batch = augment(sample(), np.random.default_rng(seed))
    flows = 4 * functional.interpolate(batch["candidates"], scale_factor=4, mode="bilinear")
    first, last = batch["ends"].unbind(1)
    for warp in four_warps(first, last, flows, MARGIN):
        assert (warp - batch["wanted"]).abs().max() < 1e-5
    torch.testing.assert_close(batch["labels"][:, :4], batch["candidates"][:, :4])
    travel = batch["candidates"][:, 2:4] - batch["candidates"][:, :2]
    torch.testing.assert_close(batch["candidates"][:, :2], -batch["t"] * travel)


def test_distance_map_is_the_share_of_the_way() -> None:
    labels = sample()["labels"][:, :4]
    torch.testing.assert_close(distance_map(labels, 0.9), torch.full_like(labels[:, :1], T))
    still = torch.zeros_like(labels)
    torch.testing.assert_close(distance_map(still, 0.9), torch.full_like(labels[:, :1], 0.9))


def output(batch: dict[str, torch.Tensor], delta: float) -> dict[str, torch.Tensor]:
    size = batch["candidates"].shape[-1]
    guided = torch.zeros(1, 32, size, size)
    guided[:, :8] = delta
    return {
        "candidates": batch["candidates"],
        "guided": guided,
        "weights": torch.full((1, 4, 2 * size, 2 * size), 0.25),
    }


def test_flow_loss_is_zero_at_the_labels_and_grows_with_the_distance() -> None:
    batch = sample()
    losses = [labelled_flow(output(batch, d), batch["labels"]).item() for d in (0.0, 0.2, 1.0)]
    assert losses[0] == pytest.approx(0, abs=1e-6)
    assert losses[0] < losses[1] < losses[2]
    batch["labels"][:, 4:] = 0  # not trusted
    assert labelled_flow(output(batch, 1.0), batch["labels"]) == 0


def test_uncertainty_is_least_at_half_the_error() -> None:
    wanted = torch.zeros(1, 3, 8, 8)
    best, error = [], 0.06
    for u in np.linspace(-6, -1, 101):
        out = {"unclamped": wanted + error, "uncertainty": torch.full((1, 1, 4, 4), float(u))}
        best.append((uncertainty(out, wanted).item(), u))
    assert min(best)[1] == pytest.approx(np.log(error / 2), abs=0.05)
