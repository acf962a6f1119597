# SPDX-License-Identifier: MIT
"""The occlusion processes: what they hide, that draws are independent, and the stored checksums."""

from pathlib import Path

import numpy as np
import pytest
from vfi_training.occlusion import PROCESSES, Occlusion, below, numbers, subseed

from fixtures_unsup import DRAWS, checksum

FIXTURE = Path(__file__).parents[2] / "Tests" / "Fixtures" / "occlusion.txt"


def test_numbers_are_splitmix64():
    # The first numbers of the seed 1234567, as published with the generator.
    found = numbers(1234567, np.arange(3))
    assert found.tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_below_stays_below_and_reaches_all():
    found = {below(9, index, 5) for index in range(200)}
    assert found == {0, 1, 2, 3, 4}


def test_stored_checksums():
    lines = [line for line in FIXTURE.read_text().splitlines() if not line.startswith("#")]
    assert lines == [f"{draw} {checksum(draw)}" for draw in DRAWS]


@pytest.mark.parametrize("process", PROCESSES)
def test_masks_depend_on_seed_and_place_only(process):
    occlusion = Occlusion(process)
    masks = occlusion.draw(5, 6, 20, 31)
    assert masks.shape == (6, 20, 31) and masks.dtype == bool
    assert np.array_equal(masks, occlusion.draw(5, 6, 20, 31))
    assert np.array_equal(masks[:3], occlusion.draw(5, 3, 20, 31))
    others = [occlusion.draw(seed, 6, 20, 31) for seed in range(20)]
    assert len({other.tobytes() for other in others}) >= 15


@pytest.mark.parametrize(
    ("process", "share"),
    [("raindrops", 0.21), ("bar", 0.1), ("pixels", 0.6), ("clouds", 0.36)],
)
def test_share_that_is_hidden(process, share):
    occlusion = Occlusion(process)
    found = np.mean([occlusion.draw(seed, 4, 64, 64) for seed in range(60)])
    assert abs(found - share) < 0.05


@pytest.mark.parametrize("process", PROCESSES)
def test_no_place_is_always_hidden(process):
    """What the unsupervised objective rests on: every pixel is seen in some draws."""
    occlusion = Occlusion(process)
    masks = [occlusion.draw(subseed(1, number), 1, 16, 16)[0] for number in range(100)]
    assert np.mean(masks, 0).max() < 0.9


def test_raindrops_fall_and_wrap():
    masks = Occlusion("raindrops", count=1, speed=0.25).draw(3, 5, 32, 64)
    assert np.array_equal(np.roll(masks[0], 8, 0), masks[1])
    assert np.array_equal(masks[0], masks[4])
    assert masks[0].any(0).sum() == 1  # one column of 64
    wide = Occlusion("raindrops", count=1, width=0.125).draw(3, 1, 32, 64)[0]
    assert wide.any(0).sum() == 8


def test_bar_moves_right_and_wraps():
    masks = Occlusion("bar").draw(7, 22, 40, 64)
    assert (masks.sum((1, 2)) == 6 * 40).all()  # 0.1 of 64, full height
    assert np.array_equal(np.roll(masks[0], 3, 1), masks[1])
    low = Occlusion("bar", height=0.25, speed=0.0).draw(7, 2, 40, 64)
    assert (low.sum((1, 2)) == 6 * 10).all() and np.array_equal(low[0], low[1])


def test_pixels_are_independent_of_their_neighbours():
    masks = Occlusion("pixels").draw(1, 8, 50, 50).astype(float)
    for axis in range(3):
        first, second = masks.take(range(7), axis), masks.take(range(1, 8), axis)
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.03


def moved(mask: np.ndarray, y: int, x: int) -> np.ndarray:
    return mask[max(y, 0) : min(40, 40 + y), max(x, 0) : min(40, 40 + x)]


def test_clouds_drift_together():
    """Some shift of one frame explains the next one far better than none does."""
    steps = range(-4, 5)
    gains = []
    for seed in range(8):
        first, later = Occlusion("clouds", speed=0.1, size=0.3).draw(seed, 2, 40, 40)
        still = (first != later).mean()
        best = min(
            (moved(first, -y, -x) != moved(later, y, x)).mean() for y in steps for x in steps
        )
        gains.append(still / (best + 1e-3))
    assert np.median(gains) > 3


def test_clouds_have_the_size_that_is_asked():
    def edges(size: float) -> float:
        masks = [Occlusion("clouds", size=size).draw(seed, 1, 64, 64)[0] for seed in range(20)]
        return np.mean([(mask[:, 1:] != mask[:, :-1]).mean() for mask in masks])

    assert edges(0.25) > 1.5 * edges(0.5) > 2 * edges(1.0)


def test_unknown_process():
    with pytest.raises(ValueError, match="no process 'fog'"):
        Occlusion("fog")
