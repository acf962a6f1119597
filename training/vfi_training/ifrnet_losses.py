# SPDX-License-Identifier: MIT
"""IFRNet's losses (Kong et al., CVPR 2022, arXiv 2205.14620, section 3.3), all in float32.

The constants are those of the official code. Pixels are in 0..1, flows in pixels of their own map.
"""

import torch
from torch import Tensor
from torch.nn import functional
from vfi_training.ifrnet import resize

CENSUS_SOFTNESS = 0.81  # of a difference between neighbours
HAMMING_SOFTNESS = 0.1  # of a difference between two transforms
GEOMETRY_SHARE = 0.01
DISTILLATION_SHARE = 0.01
TRUST_DECAY = 0.3  # per pixel of endpoint error between the final flow and the pseudo-label
DISTILLED_LEVELS = (1, 2, 3)  # flows at 1/2, 1/4 and 1/8; the final flow is not supervised


def charbonnier(difference: Tensor) -> Tensor:
    """Mean of sqrt(d^2 + 1e-6), any shape."""
    return (difference.square() + 1e-6).sqrt().mean()


def census(x: Tensor, patch: int) -> Tensor:
    """Soft census transform [B, C, h, w] -> [B, C, patch^2, h, w], each channel by itself.

    Differences d between the neighbours (zeros outside) and the pixel, as d / sqrt(0.81 + d^2).
    """
    batch, channels, height, width = x.shape
    around = functional.unfold(x, patch, padding=patch // 2)
    around = around.view(batch, channels, patch * patch, height, width)
    difference = around - x.unsqueeze(2)
    return difference / (CENSUS_SOFTNESS + difference.square()).sqrt()


def census_distance(x: Tensor, y: Tensor, patch: int) -> Tensor:
    """Soft Hamming distance of two census transforms, its mean over all planes and pixels.

    A border of patch // 2 pixels, where patches reach outside, adds nothing but is counted.
    """
    margin = patch // 2
    square = (census(x, patch) - census(y, patch)).square()
    distance = (square / (HAMMING_SOFTNESS + square)).mean((1, 2))
    inner = distance[:, margin:-margin, margin:-margin]
    return inner.sum() / distance.numel()


def ternary(predicted: Tensor, wanted: Tensor) -> Tensor:
    """Census loss of patch 7 on gray frames [B, 3, h, w] (section 3.3, L_r). `wanted` is fixed."""
    gray = predicted.float().mean(1, keepdim=True)
    gray_wanted = wanted.detach().float().mean(1, keepdim=True)
    return census_distance(gray, gray_wanted, 7)


def geometry(feature: Tensor, wanted: Tensor) -> Tensor:
    """Census loss of patch 3 on features [B, C, h, w] (section 3.3, L_g).

    Neither side is detached: the encoder of the wanted frame learns from it too.
    """
    return census_distance(feature.float(), wanted.float(), 3)


def trust(flow: Tensor, pseudo: Tensor) -> Tensor:
    """How far a pseudo-label [B, 2, h, w] is believed: exp(-0.3 endpoint error), [B, 1, h, w]."""
    error = (flow.detach() - pseudo).square().sum(1, keepdim=True).sqrt()
    return torch.exp(-TRUST_DECAY * error)


def robust(difference: Tensor, weight: Tensor) -> Tensor:
    """Mean of (d^2 + e^2)^(w/2) with e = 10^(-(10 w - 1) / 3) (section 3.3, L_d).

    Trust w = 1 gives about |d|, with e = 1e-3; w -> 0 gives a flat loss, which teaches nothing.
    difference [B, 2, h, w], weight [B, 1, h, w].
    """
    softness = 10 ** (-(10 * weight - 1) / 3)
    return ((difference.square() + softness.square()) ** (weight / 2)).mean()


def flow_distillation(flows: list[Tensor], pseudo: Tensor) -> Tensor:
    """Task-oriented distillation of one direction (section 3.3, L_d).

    flows: t->0 or t->1 at levels 0 (final, [B, 2, H, W]), 1, 2 and 3; pseudo [B, 2, H, W].
    """
    weight = trust(flows[0].float(), pseudo)
    total = pseudo.new_zeros(())
    for level in DISTILLED_LEVELS:
        factor = 2.0**level
        enlarged = factor * resize(flows[level].float(), factor)
        total = total + robust(enlarged - pseudo, weight)
    return total


def ifrnet_loss(
    out: dict[str, Tensor], wanted: Tensor, features: list[Tensor], pseudo: Tensor | None
) -> dict[str, Tensor]:
    """The terms by name; their plain sum is the loss.

    out: the stages of `IFRNet.forward`; wanted [B, 3, H, W]: the true frame; features: the encoder
    of `wanted - out["mu"]` at levels 1, 2, 3, ...; pseudo [B, 4, H, W]: flows wanted->0 and
    wanted->1 (x, y each) of another method; none: no distillation (as on GoPro in the paper).
    """
    terms = {
        "reconstruction": charbonnier(out["out"] - wanted) + ternary(out["out"], wanted),
        "geometry": GEOMETRY_SHARE
        * sum(geometry(out[f"ft_{level}"], features[level - 1]) for level in (1, 2, 3)),
    }
    if pseudo is not None:
        terms["distillation"] = DISTILLATION_SHARE * sum(
            flow_distillation(
                [out[f"flow{end}_{level}"] for level in range(4)],
                pseudo[:, 2 * end : 2 * end + 2],
            )
            for end in (0, 1)
        )
    return terms
