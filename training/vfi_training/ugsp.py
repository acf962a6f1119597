# SPDX-License-Identifier: MIT
"""UGSP and its distill and refine variants (Cheng et al., ACM MM 2023, arXiv 2307.16555).

Uncertainty-guided spatial pruning: an IFRNet-like network that predicts at each level where the
next finer one is worth computing. Weight names are the official ones. This file is the executable
specification of `Sources/VFIEngine/Models/UGSP.swift`.

Conventions are those of `ifrnet.py`: [N, C, H, W], sides multiples of 16, frames in [0, 1], flows
[N, 4, h, w] (t->0 x, y, then t->1 x, y) in pixels of their own map, level k at 1 / 2^k of the size.
There is no input t: the network knows the middle only.

A mask [N, 1, h, w] is 1 where a block computes and 0 where it is skipped. In inference it is hard;
in training it is soft, a Gumbel softmax, and an auxiliary branch runs beside it with the same
weights and no mask.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from vfi_training.ifrnet import VARIANTS, Encoder, at_least_float32, resize, warp
from vfi_training.ugsp_refine import ContextNet, UNet

# distill differs from ugsp by its losses only.
ARCHITECTURES = ("ugsp", "ugsp-distill", "ugsp-refine")
PYRAMID = VARIANTS["ifrnet-b"].pyramid  # channels of levels 1...4; the encoder is IFRNet-B's
FLOWS = 4
OUTPUTS = 8  # of the final block: flows, mask logit, residual

Select = Callable[[Tensor], Tensor]


class MaskGuidedBlock(nn.Module):
    """3x3 head, `layers` 3x3 convolutions in a row, and a 1x1 join that reads all their outputs."""

    def __init__(self, channels: int, layers: int, outputs: int, bias: bool = False):
        super().__init__()
        self.channels = channels
        self.conv_head = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=bias), nn.PReLU(channels)
        )
        self.convblock_l = nn.ModuleList(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=bias) for _ in range(layers)
        )
        self.prelu_l = nn.ModuleList(nn.PReLU(channels) for _ in range(layers))
        self.conv_last = nn.Conv2d(channels * (layers + 1), outputs, 1)

    def join(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The dense join; where the mask is 0 it equals the join's bias.

        The mask comes after the head's activation, but before those of the other layers.
        """
        x = masked(self.conv_head(x), mask)
        outputs = [x]
        for layer, activation in zip(self.convblock_l, self.prelu_l, strict=True):
            x = activation(masked(layer(x), mask))
            outputs.append(x)
        return self.conv_last(torch.cat(outputs, dim=1))


class CoarseBlock(MaskGuidedBlock):
    """A block that predicts the next level's mask from its features, before they are enlarged."""

    def __init__(self, channels: int, features: int, bias: bool = False):
        super().__init__(channels, 5, FLOWS + features, bias)
        self.conv_mask = nn.Conv2d(features, 2, 3, 1, 1)

    def logits(self, joined: Tensor) -> Tensor:
        """Logits of "compute" and "skip" [N, 2, h, w]."""
        return self.conv_mask(joined[:, FLOWS:])


class FinalBlock(MaskGuidedBlock):
    """The block at 1/2, with a transposed convolution to the full size."""

    def __init__(self, channels: int):
        super().__init__(channels, 4, channels)
        self.prelu_last = nn.PReLU(channels)
        self.dconv_last = nn.ConvTranspose2d(channels, OUTPUTS, 4, 2, 1)

    def enlarge(self, joined: Tensor) -> Tensor:
        return self.dconv_last(self.prelu_last(joined))


def masked(x: Tensor, mask: Tensor | None) -> Tensor:
    return x if mask is None else x * mask.to(x.dtype)


def hard(logits: Tensor) -> Tensor:
    """1 where "compute" wins, [N, 2, h, w] -> [N, 1, h, w]."""
    return (logits[:, 0:1] > logits[:, 1:2]).to(logits.dtype)


def soft(logits: Tensor, tau: float, noise: Tensor) -> Tensor:
    """Share of "compute" in the softmax of (logits + noise) / tau."""
    return ((logits + noise) / tau).softmax(dim=1)[:, 0:1]


def gumbel_noise(logits: Tensor) -> Tensor:
    uniform = torch.rand_like(logits).clamp(min=torch.finfo(logits.dtype).tiny)
    return -torch.log(-torch.log(uniform))


def gumbel(tau: float) -> Select:
    """Soft masks with fresh noise, for training."""
    return lambda logits: soft(logits, tau, gumbel_noise(logits))


class UGSP(nn.Module):
    """`forward(frame0, frame1)` -> every stage by name; `out` is the frame in the middle."""

    def __init__(self, architecture: str = "ugsp"):
        super().__init__()
        if architecture not in ARCHITECTURES:
            raise ValueError(f"no UGSP variant {architecture!r}")
        c1, c2, c3, c4 = PYRAMID
        self.architecture = architecture
        self.context = Encoder(VARIANTS["ifrnet-b"])
        self.glblock_first = CoarseBlock(2 * c4, c3, bias=True)
        self.glblock_1 = CoarseBlock(3 * c3 + FLOWS, c2)
        self.glblock_2 = CoarseBlock(3 * c2 + FLOWS, c1)
        self.glblock_final = FinalBlock(3 * c1 + FLOWS)
        self.refines = architecture == "ugsp-refine"
        if self.refines:
            # Training only: it sees the wanted frame's features at 1/2, too.
            self.glblock_final_teacher = FinalBlock(3 * c1 + FLOWS + c1)
            self.contextnet = ContextNet()
            self.unet = UNet()

    def forward(
        self,
        frame0: Tensor,
        frame1: Tensor,
        select: Select = hard,
        auxiliary: bool = False,
        wanted: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Interpolate the middle. `select` makes a mask of logits at the mask's own level.

        Returned stages: mu [N,1,1,1]; f0_k, f1_k (encoder, k = 1...4); join_k (a block's join, k =
        4...1); logits_k (k = 4...2, before they are enlarged); flow_k, ft_k, mask_k (k = 3...1);
        o1 (the final block's output); flow_0; mask; blend (of both warped frames); residual;
        sparsity (the share of the blocks' input values that are computed); out, in [0, 1].

        `auxiliary` adds the unpruned branch: join_k_aux (k = 3...1), flow_k_aux (k = 2...0),
        ft_k_aux (k = 2, 1), out_aux. `wanted`, the true frame, adds the teacher's flow_0_teacher
        and out_teacher (refine only, with `auxiliary`).
        """
        mu = torch.cat((frame0, frame1), dim=1).mean(dim=(1, 2, 3), keepdim=True)
        frames = (frame0 - mu, frame1 - mu)
        pyramids = [self.context(frame) for frame in frames]
        stages = {"mu": mu}
        for name, pyramid in zip(("f0", "f1"), pyramids, strict=True):
            stages |= {f"{name}_{k}": feature for k, feature in enumerate(pyramid, start=1)}
        x = torch.cat((stages["f0_4"], stages["f1_4"]), dim=1)
        stages |= self.coarse(4, self.glblock_first, x, stages, select)
        stages |= self.coarse(3, self.glblock_1, block_input(stages, 3), stages, select)
        stages |= self.coarse(2, self.glblock_2, block_input(stages, 2), stages, select)
        stages["join_1"] = self.glblock_final.join(block_input(stages, 1), stages["mask_1"])
        stages |= self.finish(frames, stages, stages["join_1"], stages["flow_1"])
        stages["sparsity"] = self.sparsity(stages)
        if auxiliary:
            stages |= self.unpruned(frames, stages)
        if wanted is not None:
            stages |= self.teacher(frames, stages, wanted)
        return stages

    def coarse(
        self, k: int, block: CoarseBlock, x: Tensor, stages: dict[str, Tensor], select: Select
    ) -> dict[str, Tensor]:
        """The block at level k, and what it says of level k - 1. Masks only shrink."""
        mask, flow = stages.get(f"mask_{k}"), stages.get(f"flow_{k}")
        joined = block.join(x, mask)
        logits = block.logits(joined)
        finer, features = split(resize(joined, 2.0))
        # The first flow is in pixels of level 3 as it stands.
        finer = finer if flow is None else finer + 2.0 * resize(flow, 2.0)
        selected = select(at_least_float32(resize(logits, 2.0)))
        if mask is not None:
            selected = selected * F.interpolate(mask, scale_factor=2, mode="nearest")
        return {
            f"join_{k}": joined,
            f"logits_{k}": logits,
            f"flow_{k - 1}": finer,
            f"ft_{k - 1}": features,
            f"mask_{k - 1}": selected,
        }

    def finish(
        self,
        frames: tuple[Tensor, Tensor],
        stages: dict[str, Tensor],
        joined: Tensor,
        flow: Tensor,
        flow_shown: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """The final block's join, the flow at level 1 -> the frame; the U-net sees `flow_shown`."""
        o1 = self.glblock_final.enlarge(joined)
        flow_0, mask, blend, warped = merge(frames, o1, flow)
        residual = at_least_float32(o1[:, 5:])
        if self.refines:  # in place of the final block's residual
            context = [self.contextnet(frame) for frame in frames]
            flow_shown = flow_0 if flow_shown is None else flow_shown
            residual = 2.0 * self.unet((*frames, *warped, mask, flow_shown), *context) - 1.0
        blend = blend + stages["mu"]
        out = (blend + residual).clamp(0.0, 1.0)
        return {
            "o1": o1,
            "flow_0": flow_0,
            "mask": mask,
            "blend": blend,
            "residual": residual,
            "out": out,
        }

    def unpruned(
        self, frames: tuple[Tensor, Tensor], stages: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """The same weights without masks.

        As the official weights were trained: what the blocks read beside the warped features is the
        pruned branch's, only the warps follow the branch's own flow.
        """
        found, flow = {}, stages["flow_3"]
        blocks = ((3, self.glblock_1), (2, self.glblock_2), (1, self.glblock_final))
        for k, block in blocks:
            joined = block.join(block_input(stages, k, flow))
            found[f"join_{k}_aux"] = joined
            if k > 1:
                delta, features = split(resize(joined, 2.0))
                flow = delta + 2.0 * resize(flow, 2.0)
                found |= {f"flow_{k - 1}_aux": flow, f"ft_{k - 1}_aux": features}
        last = self.finish(frames, stages, joined, flow, stages["flow_0"])
        return found | {"flow_0_aux": last["flow_0"], "out_aux": last["out"]}

    def teacher(
        self, frames: tuple[Tensor, Tensor], stages: dict[str, Tensor], wanted: Tensor
    ) -> dict[str, Tensor]:
        """A final block that sees the true frame, on top of the unpruned branch."""
        feature = self.context.pyramid1(wanted - stages["mu"])
        flow = stages["flow_1_aux"]
        x = torch.cat(
            (
                warp(stages["f0_1"], flow[:, 0:2]),
                warp(stages["f1_1"], flow[:, 2:4]),
                stages["ft_1_aux"],
                flow,
                feature,
            ),
            dim=1,
        )
        block = self.glblock_final_teacher
        flow_0, _, blend, _ = merge(frames, block.enlarge(block.join(x)), flow)
        return {"flow_0_teacher": flow_0, "out_teacher": blend + stages["mu"]}

    def sparsity(self, stages: dict[str, Tensor]) -> Tensor:
        """Computed share of all values of the blocks' inputs; the first block computes all."""
        done = total = 0.0
        for k, block in (
            (4, self.glblock_first),
            (3, self.glblock_1),
            (2, self.glblock_2),
            (1, self.glblock_final),
        ):
            values = block.channels * stages[f"f0_{k}"][0, 0].numel()
            total += values
            done = done + values * (stages[f"mask_{k}"].mean() if k < 4 else 1.0)
        return done / total


def split(joined: Tensor) -> tuple[Tensor, Tensor]:
    """[N, 4 + C, h, w] -> flows, features."""
    return at_least_float32(joined[:, :FLOWS]), joined[:, FLOWS:]


def block_input(stages: dict[str, Tensor], k: int, flow: Tensor | None = None) -> Tensor:
    """What the block at level k reads; `flow` moves the features instead of the stage's own."""
    known = stages[f"flow_{k}"]
    flow = known if flow is None else flow
    warped = (warp(stages[f"f0_{k}"], flow[:, 0:2]), warp(stages[f"f1_{k}"], flow[:, 2:4]))
    return torch.cat((*warped, stages[f"ft_{k}"], known), dim=1)


def merge(
    frames: tuple[Tensor, Tensor], o1: Tensor, flow: Tensor
) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, Tensor]]:
    """The full-size flow, the mask, the blend of both frames less mu, and both warped frames."""
    flow_0 = at_least_float32(o1[:, :FLOWS]) + 2.0 * resize(flow, 2.0)
    mask = torch.sigmoid(at_least_float32(o1[:, FLOWS : FLOWS + 1]))
    warped = (warp(frames[0], flow_0[:, 0:2]), warp(frames[1], flow_0[:, 2:4]))
    return flow_0, mask, mask * warped[0] + (1.0 - mask) * warped[1], warped
