# SPDX-License-Identifier: MIT
"""UGSP's losses (arXiv 2307.16555; constants of the official code), all in float32.

Schedules count epochs of the paper's 300; a run maps its progress to them.
"""

import torch
from torch import Tensor
from torch.nn import functional
from vfi_training.ifrnet import resize
from vfi_training.ifrnet_losses import flow_distillation, geometry

EPOCHS = 300
PYRAMID_LEVELS = 5
UNPRUNED_SHARE = 0.5
CONTRAST_SHARE = 0.001
# |sparsity - target| counts as much: target and weight of each variant.
SPARSITY = {"ugsp": (0.35, 0.1), "ugsp-distill": (0.365, 0.1), "ugsp-refine": (0.35, 0.15)}
GEOMETRY_SHARE = DISTILLATION_SHARE = 0.01  # ugsp-distill, as IFRNet
TEACHER_SHARE = 0.02  # ugsp-refine: distillation of the teacher's flow
TEACHER_MARGIN = 0.01  # by which the teacher must be better to teach


def tau(epoch: float) -> float:
    """Temperature of the soft masks."""
    return max(1 - epoch / 150, 0.4)


def pruning_weight(epoch: float) -> float:
    """What sparsity and labels count: nothing in the first epoch, all from the 16th on."""
    return 0.1 * min(max((epoch - 1) / 15, 0), 1)


def label_weight(epoch: float) -> float:
    """What labels count beside that: they guide the masks, and are let go from epoch 200 on."""
    return min(max(0.5 * (1 - (epoch - 200) / 100), 0.1), 0.5)


def blur(x: Tensor) -> Tensor:
    """Binomial (1 4 6 4 1) / 16 both ways, edges mirrored; [B, C, h, w] of at least 3 pixels."""
    channels = x.shape[1]
    row = x.new_tensor([1, 4, 6, 4, 1]) / 16
    kernel = row.view(1, 1, 1, 5).expand(channels, 1, 1, 5)
    x = functional.pad(x, (2, 2, 2, 2), mode="reflect")
    x = functional.conv2d(x, kernel, groups=channels)
    return functional.conv2d(x, kernel.transpose(2, 3), groups=channels)


def laplacian_pyramid(x: Tensor) -> list[Tensor]:
    """Five bands; sides are multiples of 32. What is left below them is not returned."""
    bands = []
    for _ in range(PYRAMID_LEVELS):
        small = blur(x)[:, :, ::2, ::2]
        spread = torch.zeros_like(x)
        spread[:, :, ::2, ::2] = small
        bands.append(x - 4 * blur(spread))
        x = small
    return bands


def laplacian(predicted: Tensor, wanted: Tensor) -> Tensor:
    """Sum over the bands of the mean absolute difference; nearly blind to a constant offset."""
    pairs = zip(laplacian_pyramid(predicted), laplacian_pyramid(wanted), strict=True)
    return sum((a - b).abs().mean() for a, b in pairs)


def contrast(out: dict[str, Tensor]) -> Tensor:
    """The pruned branch's features shall be those of the unpruned one."""
    names = ("ft_2", "ft_1", "join_1")
    return sum(geometry(out[name], out[f"{name}_aux"].detach()) for name in names)


def label_error(out: dict[str, Tensor], labels: dict[int, Tensor]) -> Tensor:
    """Tenth of the summed mean |label - mask| at levels 3, 2, 1; labels [B, 1, h, w] are 0 or 1."""
    return sum((labels[k] - out[f"mask_{k}"]).abs().mean() for k in (3, 2, 1)) / 10


def teacher_distillation(out: dict[str, Tensor], wanted: Tensor) -> Tensor:
    """Distance of the flows at 1/1, 1/2 and 1/4 from the teacher's, where the teacher is better."""
    target = out["flow_0_teacher"].detach()
    own, better = (
        (frame - wanted).abs().mean(1, keepdim=True) for frame in (out["blend"], out["out_teacher"])
    )
    taught = (own > better + TEACHER_MARGIN).float().detach()
    total = wanted.new_zeros(())
    for level in (0, 1, 2):
        flow = out[f"flow_{level}"]
        flow = flow if level == 0 else 2**level * resize(flow, 2.0**level)
        # The square root's slope at 0 is infinite.
        distance = ((target - flow).square().mean(1, keepdim=True) + 1e-12).sqrt()
        total = total + (distance * taught).mean()
    return total


def ugsp_loss(
    architecture: str,
    out: dict[str, Tensor],
    wanted: Tensor,
    labels: dict[int, Tensor],
    epoch: float,
    features: list[Tensor] | None = None,
    pseudo: Tensor | None = None,
) -> dict[str, Tensor]:
    """The terms by name; their plain sum is the loss.

    out: stages of `UGSP.forward` with the auxiliary branch (refine: with the teacher); labels: by
    level. ugsp-distill also takes the encoder's features of the wanted frame less mu at levels 1,
    2, 3, ... and pseudo-labels of motion [B, 4, H, W] as IFRNet does.
    """
    target, weight = SPARSITY[architecture]
    pruning = pruning_weight(epoch)
    terms = {
        "reconstruction": laplacian(out["out"], wanted),
        "unpruned": UNPRUNED_SHARE * laplacian(out["out_aux"], wanted),
        "contrast": CONTRAST_SHARE * contrast(out),
        "sparsity": pruning * weight * (out["sparsity"] - target).abs(),
        "labels": pruning * label_weight(epoch) * label_error(out, labels),
    }
    if architecture == "ugsp-distill":
        terms["geometry"] = GEOMETRY_SHARE * sum(
            geometry(out[f"ft_{level}"], features[level - 1]) for level in (1, 2, 3)
        )
        terms["distillation"] = DISTILLATION_SHARE * sum(
            flow_distillation(
                [out[f"flow_{level}"][:, 2 * end : 2 * end + 2] for level in range(4)],
                pseudo[:, 2 * end : 2 * end + 2],
            )
            for end in (0, 1)
        )
    if architecture == "ugsp-refine":
        terms["teacher"] = laplacian(out["out_teacher"], wanted)
        terms["distillation"] = TEACHER_SHARE * teacher_distillation(out, wanted)
    return terms
