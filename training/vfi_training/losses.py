# SPDX-License-Identifier: MIT
"""Losses, per sample and on a logarithmic scale.

PSNR is a logarithm averaged over frames. On a linear scale the gradient of a batch is that of its
one or two hardest samples, mostly motion that cannot be predicted, and little is learnt from it.
"""

import torch
from torch import Tensor
from torch.nn import functional
from vfi_training.default_model import backward_warp

# Below these errors (about 40 dB) a sample counts less and less.
LEAST_CHARBONNIER = 4e-3
LEAST_SQUARE = 5e-5


def log_charbonnier(difference: Tensor) -> Tensor:
    """Mean over the batch of log(Charbonnier + floor); difference [B, C, h, w]."""
    size = (difference.square() + 1e-6).sqrt().mean((1, 2, 3))
    return torch.log(size + LEAST_CHARBONNIER).mean()


def log_square(difference: Tensor) -> Tensor:
    """Mean over the batch of log(mean square + floor): PSNR but for the factor."""
    return torch.log(difference.square().mean((1, 2, 3)) + LEAST_SQUARE).mean()


def inner_flows(out: dict[str, Tensor], frames: Tensor) -> Tensor:
    """Logarithmic Charbonnier of the plain mean of both warps along the flows at 1/4 and at 1/2.

    frames [B, 3, 3, H, W]: first, wanted, last. Gives each stage's flow a direct gradient.
    """
    total = frames.new_zeros(())
    for name, factor in (("flow_quarter", 4), ("flow_half", 2)):
        small = functional.avg_pool2d(frames.flatten(1, 2), factor)
        first, wanted, last = small.chunk(3, 1)
        flow = out[name]
        mean = (backward_warp(first, flow[:, :2]) + backward_warp(last, flow[:, 2:])) / 2
        total = total + log_charbonnier(mean - wanted)
    return total
