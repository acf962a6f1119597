# SPDX-License-Identifier: MIT
"""Losses, per sample and on a logarithmic scale.

PSNR is a logarithm averaged over frames. On a linear scale the gradient of a batch is that of its
one or two hardest samples, mostly motion that cannot be predicted, and little is learnt from it.
"""

import torch
from torch import Tensor

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
