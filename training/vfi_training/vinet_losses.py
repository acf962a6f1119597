# SPDX-License-Identifier: MIT
"""VINet's losses (arXiv 1905.01639, section 3.4; constants of the official script), in float32.

Frames are [N, 3, H, W] in [-1, 1], flows [N, 2, H, W] lead from a frame to an earlier one. The
pseudo-labels of motion, there FlowNet2's, are here OpenCV's dense inverse search.
"""

import torch
from torch import Tensor
from torch.nn import functional
from vfi_training.ifrnet import warp
from vfi_training.vinet import CENTRE, OFFSETS

SQUARE_SHARE = 2  # of the squared error beside the absolute one, where a fill is refined
HOLE_SHARE = 5  # of the absolute error in the hole, beside that of the whole frame
SHARPNESS = 50  # how fast a pixel counts less where the flow does not explain it
SURE = 0.02  # squared colour error up to which a pseudo-label is believed
SSIM_WINDOW, SSIM_SIGMA = 11, 1.5
SSIM_CONSTANTS = 0.01**2, 0.03**2


def blurred(x: Tensor) -> Tensor:
    """Gaussian window of each colour, where it lies inside."""
    position = torch.arange(SSIM_WINDOW, dtype=x.dtype, device=x.device) - SSIM_WINDOW // 2
    row = torch.exp(-position.square() / (2 * SSIM_SIGMA**2))
    row = (row / row.sum()).view(1, 1, 1, -1).expand(x.shape[1], 1, 1, -1)
    x = functional.conv2d(x, row, groups=x.shape[1])
    return functional.conv2d(x, row.transpose(2, 3), groups=x.shape[1])


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Mean structural similarity; sides of at least 11 pixels."""
    mean_a, mean_b = blurred(a), blurred(b)
    variance_a = blurred(a * a) - mean_a.square()
    variance_b = blurred(b * b) - mean_b.square()
    covariance = blurred(a * b) - mean_a * mean_b
    luminance, contrast = SSIM_CONSTANTS
    similarity = (2 * mean_a * mean_b + luminance) * (2 * covariance + contrast)
    scale = (mean_a.square() + mean_b.square() + luminance) * (variance_a + variance_b + contrast)
    return (similarity / scale).mean()


def reconstruction(out: Tensor, wanted: Tensor, mask: Tensor) -> Tensor:
    """Absolute error, 1 - SSIM, and the error in the hole once more."""
    error = (out - wanted).abs()
    return error.mean() + 1 - ssim(out, wanted) + HOLE_SHARE * (error * mask).mean()


def refinement(out: Tensor, wanted: Tensor, mask: Tensor) -> Tensor:
    """Absolute and squared error in each sample's hole, for networks that start from a fill."""
    error = mask * (out - wanted)
    extent = (out.shape[1] * mask.sum((1, 2, 3))).clamp(min=1)
    return ((error.abs() + SQUARE_SHARE * error.square()).sum((1, 2, 3)) / extent).mean()


def flow_loss(
    flow: Tensor, pseudo: Tensor, frames: tuple[Tensor, Tensor], outputs: tuple[Tensor, Tensor]
) -> Tensor:
    """The last flow against its label and what it should explain; (earlier, this) of each pair.

    Only where the label explains the frame itself.
    """
    (earlier, frame), (earlier_out, out) = frames, outputs
    error = (frame - warp(earlier, pseudo)).square().sum(1, keepdim=True)
    sure = (error < SURE).to(flow.dtype)
    terms = (
        flow - pseudo,
        warp(earlier, flow) - frame,
        out - warp(earlier_out, flow).detach(),
    )
    return sum((sure * term).abs().mean() for term in terms)


def label_loss(stages: dict[str, Tensor], labels: Tensor, frames: Tensor) -> Tensor:
    """Flows to the four neighbours at 1/8, 1/4, 1/2 against labels [N, 4, 2, H, W], in pixels of
    each size; frames [N, 5, 3, H, W]. Not of the paper, which leaves these flows to themselves.

    Only where the label explains the frame itself.
    """
    neighbours = frames[:, [k for k in range(len(OFFSETS)) if k != CENTRE]].flatten(0, 1)
    moved = warp(neighbours, labels.flatten(0, 1)).unflatten(0, labels.shape[:2])
    error = (frames[:, CENTRE : CENTRE + 1] - moved).square().sum(2, keepdim=True)
    sure, total = (error < SURE).to(labels.dtype), 0
    for suffix, side in (("", 8), ("_64", 4), ("_128", 2)):
        share = functional.avg_pool2d(sure.flatten(0, 1), side)
        wanted = functional.avg_pool2d((sure * labels).flatten(0, 1), side) / side
        found = stages[f"flow{suffix}"][:, :-1].float().flatten(0, 1)
        total = total + (share * found - wanted).abs().mean()
    return total


def warping_loss(out: Tensor, frame: Tensor, earlier: Tensor, pseudo: Tensor) -> Tensor:
    """The output against a true earlier frame, moved here, as far as that looks like this frame."""
    moved = warp(earlier, pseudo)
    weight = torch.exp(-SHARPNESS * (frame - moved).sum(1, keepdim=True).square())
    return (weight * (out - moved)).abs().mean()
