# SPDX-License-Identifier: MIT
"""Interpolation without a network: the mean of both frames warped along both candidates."""

import torch
from torch import Tensor
from torch.nn import functional
from vfi_training.default_model import candidates_at, four_warps


def psnr(found: Tensor, wanted: Tensor) -> float:
    return float(-10 * torch.log10((found - wanted).square().mean().clamp(min=1e-8)))


def warp_mean(frame0: Tensor, frame1: Tensor, flow01: Tensor, flow10: Tensor, t: Tensor) -> Tensor:
    """[B, 3, H, W] at t: both candidates, both frames, equal shares; flows as of the search."""
    flows = 4 * functional.interpolate(
        candidates_at(flow01 / 4, flow10 / 4, t), scale_factor=4, mode="bilinear"
    )
    return sum(four_warps(frame0, frame1, flows)) / 4
