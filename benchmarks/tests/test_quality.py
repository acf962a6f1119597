# SPDX-License-Identifier: MIT
"""Metrics against their definitions, and baselines on motion that is known."""

import cv2
import numpy as np
import pytest
from baselines import BASELINES
from clips import triplets
from metrics import C1, C2, mean_squared_error, psnr, ssim

SPEED = 4  # pixels between the frames that a baseline sees


def texture(seed: int = 0, height: int = 96, width: int = 192) -> np.ndarray:
    """Blobs of some 6 pixels; weak in colour, which 4:2:0 would blur."""
    noise = np.random.default_rng(seed).standard_normal((height, width, 3)).astype(np.float32)
    noise = 0.05 * noise + 0.95 * noise[..., :1]
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.clip(128 + 45 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def panning(count: int, step: int) -> np.ndarray:
    wide = texture()
    return np.stack([wide[:, k * step : k * step + 128] for k in range(count)])


def test_triplets():
    assert triplets(7) == [(0, 1, 2), (2, 3, 4), (4, 5, 6)]
    assert triplets(3) == [(0, 1, 2)]


def test_psnr_of_one_code_value():
    truth = texture()
    error = mean_squared_error(np.where(truth == 0, 1, truth - 1), truth)
    assert error == 1.0
    assert psnr(error) == pytest.approx(48.1308, abs=1e-4)
    assert psnr(0) == float("inf")


def test_ssim_equals_its_definition_at_one_position():
    """A picture of the size of the window has one position."""
    found, truth = texture(1)[:11, :11], texture(2)[:11, :11]
    x = np.arange(11) - 5
    window = np.exp(-(x**2) / (2 * 1.5**2))
    window = np.outer(window, window)[..., None] / window.sum() ** 2
    a, b = found.astype(float), truth.astype(float)
    mean_a, mean_b = (window * a).sum((0, 1)), (window * b).sum((0, 1))
    variance_a, variance_b = (window * (p - m) ** 2 for p, m in ((a, mean_a), (b, mean_b)))
    covariance = (window * (a - mean_a) * (b - mean_b)).sum((0, 1))
    numerator = (2 * mean_a * mean_b + C1) * (2 * covariance + C2)
    spread = variance_a.sum((0, 1)) + variance_b.sum((0, 1)) + C2
    expected = (numerator / ((mean_a**2 + mean_b**2 + C1) * spread)).mean()
    assert ssim(found, truth) == pytest.approx(expected, abs=1e-9)
    assert ssim(truth, truth) == pytest.approx(1.0)


@pytest.mark.parametrize("name", BASELINES)
def test_baseline_on_a_pan(name):
    """Frames, in order, and better than averaging where motion is followed."""
    clip = panning(7, SPEED // 2)
    made = BASELINES[name](clip[::2])
    assert len(made) == 3
    errors = [mean_squared_error(frame, clip[2 * k + 1]) for k, frame in enumerate(made)]
    averaged = BASELINES["average"](clip[::2])
    limits = [mean_squared_error(frame, clip[2 * k + 1]) for k, frame in enumerate(averaged)]
    if name.startswith(("dis", "minterp")):
        assert max(errors) < 0.3 * min(limits)


@pytest.mark.parametrize("name", BASELINES)
def test_baseline_of_a_still_scene(name):
    still = np.stack([texture()] * 4)
    for frame in BASELINES[name](still):
        assert frame.shape == still[0].shape
        assert mean_squared_error(frame, still[0]) < 8.0
