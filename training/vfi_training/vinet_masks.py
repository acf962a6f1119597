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

# Of a scene: how many holes, their sides in pixels, how they move, and their largest step.
HOLES, EXTENT, SPEED = (4, 9), (10, 110), 8
MOTIONS = {"still": 0.5, "moving": 0.35, "new": 0.15}
LETTERS = "ABCDEFGHJKLMNPRSTUVXYZ0123456789"


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


def place(random: np.random.Generator, mask: np.ndarray) -> tuple[int, int]:
    height, width = mask.shape
    return int(random.integers(width)), int(random.integers(height))


def shape(random: np.random.Generator, mask: np.ndarray) -> None:
    """A box, an ellipse, a stroke or a line of letters, drawn into a mask."""
    low, high = EXTENT
    across, down = (int(low * (high / low) ** random.random()) for _ in range(2))
    x, y = place(random, mask)
    kind = int(random.integers(4))
    if kind == 0:
        cv2.rectangle(mask, (x, y), (x + across, y + down), 1, -1)
    elif kind == 1:
        cv2.ellipse(mask, (x, y), (across // 2, down // 2), random.uniform(0, 180), 0, 360, 1, -1)
    elif kind == 2:
        steps = random.uniform(-across, across, (int(random.integers(2, 6)), 2))
        width = int(random.integers(2, 16))
        cv2.polylines(mask, [np.add((x, y), steps).astype(np.int32)], False, 1, width)
    else:
        text = "".join(random.choice(list(LETTERS), int(random.integers(3, 10))))
        font, size = cv2.FONT_HERSHEY_SIMPLEX, random.uniform(0.4, 2)
        cv2.putText(mask, text, (x, y), font, size, 1, int(random.integers(1, 7)))


def scene(random: np.random.Generator, count: int, height: int, width: int) -> np.ndarray:
    """Several holes that stand still, move, or are thin lines at other places in every frame, over
    whole frames: uint8 [T, height, width], 1 in the hole.
    """
    masks = np.zeros((count, height, width), np.uint8)
    for _ in range(int(random.integers(*HOLES))):
        motion = random.choice(list(MOTIONS), p=list(MOTIONS.values()))
        first = np.zeros((height, width), np.uint8)
        shape(random, first)
        step = random.uniform(-SPEED, SPEED, 2) if motion == "moving" else np.zeros(2)
        for t, mask in enumerate(masks):
            if motion == "new":
                ends = place(random, mask), place(random, mask)
                cv2.line(mask, *ends, 1, int(random.integers(1, 5)))
            else:
                matrix = np.float32([[1, 0, step[0] * t], [0, 1, step[1] * t]])
                mask |= cv2.warpAffine(first, matrix, (width, height), flags=cv2.INTER_NEAREST)
    return masks
