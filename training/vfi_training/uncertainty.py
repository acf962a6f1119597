# SPDX-License-Identifier: MIT
"""Phase 1 of UGSP: a network that says where interpolation is uncertain, and labels from it.

The paper's network and thresholds are not published; this one is ours (docs/models/ugsp.md). It is
used in training only.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional
from vfi_training.ifrnet import at_least_float32, conv_prelu

NAME = "uen"
WIDTHS = (24, 48, 64)  # channels at 1/2, 1/4, 1/8
LEAST = -8.0  # of the log-uncertainty: errors of a thirtieth of a grey level
FIRST = -3.5  # U of a fresh network: an error of 0.06, half of it by the loss
SOFTNESS = 1e-6  # |d| is sqrt(d^2 + this), so that U has a minimum where both frames agree
HARD_SHARE = 0.33  # of the pixels at 1/2, over the training set; the labels' sparsity is then 0.35
MEMORY = 0.99  # of the threshold, from one batch to the next


class UncertaintyNet(nn.Module):
    """Two frames and a first estimate of the one between -> log-uncertainty, better estimate."""

    def __init__(self):
        super().__init__()
        a, b, c = WIDTHS
        self.down1 = conv_prelu(9, a, stride=2)
        self.down2 = nn.Sequential(conv_prelu(a, b, stride=2), conv_prelu(b, b))
        self.down3 = nn.Sequential(conv_prelu(b, c, stride=2), conv_prelu(c, c))
        self.up2 = nn.ConvTranspose2d(c, b, 4, 2, 1)
        self.merge2 = conv_prelu(b, b)
        self.up1 = nn.ConvTranspose2d(b, a, 4, 2, 1)
        self.merge1 = conv_prelu(a, a)
        self.head = nn.ConvTranspose2d(a, 4, 4, 2, 1)  # U, residual
        self.register_buffer("threshold", torch.zeros(()))
        # The estimate shall stay as it is until something better is known.
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.copy_(torch.tensor([FIRST, 0.0, 0.0, 0.0]))

    def forward(self, frame0: Tensor, frame1: Tensor, estimate: Tensor) -> dict[str, Tensor]:
        """RGB [N, 3, H, W] in [0, 1], sides multiples of 8 -> uncertainty U [N, 1, H, W], estimate.

        exp(U) grows with the error that is to be expected of the estimate.
        """
        mu = torch.cat((frame0, frame1), dim=1).mean(dim=(1, 2, 3), keepdim=True)
        x1 = self.down1(torch.cat((frame0 - mu, frame1 - mu, estimate - mu), dim=1))
        x2 = self.down2(x1)
        x = self.merge2(self.up2(self.down3(x2)) + x2)
        x = self.merge1(self.up1(x) + x1)
        x = at_least_float32(self.head(x))
        uncertainty = functional.softplus(x[:, 0:1] - LEAST) + LEAST
        return {"uncertainty": uncertainty, "estimate": estimate + x[:, 1:4]}

    @torch.no_grad()
    def follow(self, uncertainty: Tensor) -> None:
        """Move the threshold towards the value that `HARD_SHARE` of this batch exceeds."""
        found = functional.avg_pool2d(uncertainty, 2).flatten().quantile(1 - HARD_SHARE)
        self.threshold.lerp_(found.to(self.threshold.dtype), 1 - MEMORY)

    @torch.no_grad()
    def labels(self, uncertainty: Tensor) -> dict[int, Tensor]:
        """1 where a level is hard, [N, 1, h, w] at levels 3, 2 and 1; sides multiples of 8.

        A pixel is hard where one below it is: masks only shrink from coarse to fine.
        """
        labels = {1: (functional.avg_pool2d(uncertainty, 2) > self.threshold).float()}
        for level in (2, 3):
            labels[level] = functional.max_pool2d(labels[level - 1], 2)
        return labels


def uncertainty_loss(out: dict[str, Tensor], wanted: Tensor) -> Tensor:
    """Mean of exp(-U) |f - gt| + 2 U: Laplace's likelihood of the error, but for the factor 2."""
    error = ((out["estimate"] - wanted).square() + SOFTNESS).sqrt()
    return (torch.exp(-out["uncertainty"]) * error + 2 * out["uncertainty"]).mean()
