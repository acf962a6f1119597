# SPDX-License-Identifier: MIT
"""Losses: Charbonnier, soft census, and the flows of the inner stages judged by their own warps."""

import torch
from torch import Tensor
from torch.nn import functional
from vfi_training.default_model import backward_warp

CENSUS_RADIUS = 3
CENSUS_OFFSETS = [
    (dy, dx)
    for dy in range(-CENSUS_RADIUS, CENSUS_RADIUS + 1)
    for dx in range(-CENSUS_RADIUS, CENSUS_RADIUS + 1)
    if (dy, dx) != (0, 0)
]


def charbonnier(difference: Tensor) -> Tensor:
    return (difference.square() + 1e-6).sqrt().mean()


def census(found: Tensor, wanted: Tensor, offsets: int) -> Tensor:
    """Soft census (ternary) distance over a random few of the 48 neighbours of a 7x7 window.

    The expectation is that of the whole window, at a fraction of the cost.
    """
    found, wanted = found.mean(1), wanted.mean(1)
    radius = CENSUS_RADIUS
    height, width = found.shape[-2:]
    total = found.new_zeros(())
    for pick in torch.randperm(len(CENSUS_OFFSETS))[:offsets].tolist():
        dy, dx = CENSUS_OFFSETS[pick]
        rows = slice(radius + dy, height - radius + dy)
        columns = slice(radius + dx, width - radius + dx)
        inner = slice(radius, height - radius), slice(radius, width - radius)
        a = found[:, rows, columns] - found[:, inner[0], inner[1]]
        b = wanted[:, rows, columns] - wanted[:, inner[0], inner[1]]
        a = a * (0.81 + a * a).rsqrt()
        b = b * (0.81 + b * b).rsqrt()
        e = (a - b).square()
        total = total + (e / (0.1 + e)).mean()
    return total / offsets


def inner_flows(out: dict[str, Tensor], frames: Tensor) -> Tensor:
    """Charbonnier of the plain mean of both warps along the flows at 1/4 and at 1/2.

    frames [B, 3, 3, H, W]: first, wanted, last. Gives each stage's flow a direct gradient.
    """
    total = frames.new_zeros(())
    for name, factor in (("flow_quarter", 4), ("flow_half", 2)):
        small = functional.avg_pool2d(frames.flatten(1, 2), factor)
        first, wanted, last = small.chunk(3, 1)
        flow = out[name]
        mean = (backward_warp(first, flow[:, :2]) + backward_warp(last, flow[:, 2:])) / 2
        total = total + charbonnier(mean - wanted)
    return total
