# SPDX-License-Identifier: MIT
"""Rendered motion: textured layers that move, turn and grow over each other.

Real clips teach mostly small motion. Here every layer is a picture of the training set behind a
random shape, with an affine motion that is linear in time, so that the frame at any instant is
exact and parts of a layer get covered and uncovered.
"""

from dataclasses import dataclass

import cv2
import numpy as np

BACKGROUND_MOTION = (1.0, 30.0)  # pixels over the whole interval, log-uniform
LAYER_MOTION = (3.0, 70.0)
MOST_LAYERS = 4
TURN = 0.35  # radians over the interval, most
GROWTH = 0.25  # natural logarithm of the scale over the interval, most


@dataclass(frozen=True)
class Layer:
    """Picture [H, W, 3] and cover [H, W] in 0..1 as they stand at the middle of the interval."""

    picture: np.ndarray
    cover: np.ndarray | None  # None: everywhere
    centre: np.ndarray
    travel: np.ndarray
    turn: float
    growth: float

    def at(self, s: float) -> tuple[np.ndarray, np.ndarray | None]:
        """Picture and cover at s, -0.5 (first frame) to 0.5 (last frame)."""
        angle, scale = s * self.turn, np.exp(s * self.growth)
        linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        shift = self.centre + s * self.travel - linear @ self.centre
        matrix = np.column_stack((linear, shift))
        size = self.picture.shape[1::-1]
        picture = cv2.warpAffine(self.picture, matrix, size, borderMode=cv2.BORDER_REFLECT_101)
        cover = None if self.cover is None else cv2.warpAffine(self.cover, matrix, size)
        return picture, cover


def random_travel(reach: tuple[float, float], random: np.random.Generator) -> np.ndarray:
    length, direction = np.exp(random.uniform(*np.log(reach))), random.uniform(0, 2 * np.pi)
    return length * np.array([np.cos(direction), np.sin(direction)])


def random_cover(height: int, width: int, random: np.random.Generator) -> np.ndarray:
    """A blob: a polygon of random radii, rounded or not, with an edge one to three pixels wide."""
    corners = int(random.integers(4, 12))
    angles = np.sort(random.uniform(0, 2 * np.pi, corners))
    radii = random.uniform(0.3, 1.0, corners) * random.uniform(20, 90)
    centre = random.uniform((0, 0), (width, height))
    points = centre + radii[:, None] * np.column_stack((np.cos(angles), np.sin(angles)))
    cover = np.zeros((height, width), np.float32)
    cv2.fillPoly(cover, [points.round().astype(np.int32)], 1.0)
    if random.random() < 0.5:
        cover = (cv2.GaussianBlur(cover, (0, 0), random.uniform(3, 8)) > 0.5).astype(np.float32)
    return cv2.GaussianBlur(cover, (0, 0), random.uniform(0.5, 1.2))


def random_layer(picture: np.ndarray, background: bool, random: np.random.Generator) -> Layer:
    """picture: float32 [H, W, 3]."""
    height, width = picture.shape[:2]
    cover = None if background else random_cover(height, width, random)
    reach = BACKGROUND_MOTION if background else LAYER_MOTION
    calm = 0.3 if background else 1.0
    return Layer(
        picture=picture,
        cover=cover,
        centre=random.uniform((0, 0), (width, height)),
        travel=random_travel(reach, random),
        turn=calm * random.uniform(-TURN, TURN) * (random.random() < 0.5),
        growth=calm * random.uniform(-GROWTH, GROWTH) * (random.random() < 0.5),
    )


def render(layers: list[Layer], s: float) -> np.ndarray:
    """The layers one over the other at s: float32 [H, W, 3]."""
    total, _ = layers[0].at(s)
    for layer in layers[1:]:
        picture, cover = layer.at(s)
        total += cover[..., None] * (picture - total)
    return total


def random_scene(pictures: list[np.ndarray], random: np.random.Generator) -> list[Layer]:
    """One layer a picture (float32 [H, W, 3]), the first one is the background."""
    return [random_layer(picture, i == 0, random) for i, picture in enumerate(pictures)]
