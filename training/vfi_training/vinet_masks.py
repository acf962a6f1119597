# SPDX-License-Identifier: MIT
"""Holes for VINet's training: the paper's kinds but for the object masks of YouTube-VOS.

All are [T, 1, size, size], 1 in the hole, and cover a part of every frame.
"""

import cv2
import numpy as np
import torch
from torch import Tensor

SHARES = {"squares": 0.2, "flying": 0.4, "irregular": 0.4}
SIDE = (0.15, 0.5)  # of a square, in sides of the frame
STEP = 0.03  # largest motion of a hole from frame to frame, likewise
TURN, GROWTH = 4.0, 0.03  # degrees and share by which an irregular hole changes in a frame


def squares(random: np.random.Generator, count: int, size: int) -> np.ndarray:
    """A square at another place, of another size, in each frame."""
    masks = np.zeros((count, size, size), np.float32)
    for mask in masks:
        side = int(size * random.uniform(*SIDE))
        y, x = random.integers(size - side + 1, size=2)
        mask[y : y + side, x : x + side] = 1
    return masks


def flying(random: np.random.Generator, count: int, size: int) -> np.ndarray:
    """One square that moves by the same step in every frame and stays inside."""
    masks = np.zeros((count, size, size), np.float32)
    side = int(size * random.uniform(*SIDE))
    place, step = random.integers(size - side + 1, size=2), random.uniform(-STEP, STEP, 2) * size
    for t, mask in enumerate(masks):
        y, x = np.clip((place + t * step).astype(int), 0, size - side)
        mask[y : y + side, x : x + side] = 1
    return masks


def irregular(random: np.random.Generator, count: int, size: int) -> np.ndarray:
    """Thick strokes that move, turn and grow a little from frame to frame."""
    first = np.zeros((size, size), np.uint8)
    for _ in range(int(random.integers(1, 4))):
        points = size * random.uniform(0.25, 0.75, (int(random.integers(2, 6)), 2))
        width = max(1, int(size * random.uniform(0.04, 0.14)))
        cv2.polylines(first, [points.astype(np.int32)], False, 1, width)
    step = random.uniform(-STEP, STEP, 2) * size / 2
    turn, growth = random.uniform(-TURN, TURN), 1 + random.uniform(-GROWTH, GROWTH)
    masks = []
    for t in range(count):
        matrix = cv2.getRotationMatrix2D((size / 2, size / 2), t * turn, growth**t)
        matrix[:, 2] += t * step
        masks.append(cv2.warpAffine(first, matrix, (size, size), flags=cv2.INTER_NEAREST))
    return np.stack(masks).astype(np.float32)


def draw(random: np.random.Generator, count: int, size: int) -> Tensor:
    kind = random.choice(list(SHARES), p=list(SHARES.values()))
    masks = {"squares": squares, "flying": flying, "irregular": irregular}[kind]
    return torch.from_numpy(masks(random, count, size))[:, None]
