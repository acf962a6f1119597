# SPDX-License-Identifier: MIT
"""VINet (Kim et al., Deep Video Inpainting, CVPR 2019, arXiv 1905.01639), with the official names.

This file is the executable specification of `Sources/VFIEngine/Models/VINet.swift`; how a clip is
run is in `vinet_clip.py`.

Shapes are [N, C, H, W] or [N, T, C, H, W]. Frames are RGB in [-1, 1], masks 1 in the hole. Flow
channel 0 is horizontal, in pixels of its own map; it leads from the frame in work to a source.
`vinet-256` takes sides that are multiples of 8. `vinet-512` works at half of the size, its sides
are multiples of 16. Names end in 256, 128, 64 for 1/1, 1/2, 1/4 of the size at which the network
works, and in nothing for 1/8.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from vfi_training.ifrnet import at_least_float32, resize, warp

ARCHITECTURES = ("vinet-256", "vinet-512")
OFFSETS = (-6, -3, 0, 3, 6)  # of the frames that are looked at
CENTRE = 2
SOURCES = 5  # the other four, and the previous output
REACH = 4  # of the correlation, in pixels each way
LEVELS = {"": 128, "_64": 96, "_128": 64, "_256": 32}  # suffix -> channels
PREVIOUS_MASK = {"vinet-256": 0.0, "vinet-512": 0.5}  # what the mask counts beside its output


def multiple(architecture: str) -> int:
    return 16 if architecture == "vinet-512" else 8


@dataclass(frozen=True)
class Memory:
    """What a frame leaves to the next: output, what its mask counts, the ConvLSTM's state."""

    output: Tensor
    mask: Tensor
    state: tuple[Tensor, Tensor] | None


class GatedConv(nn.Module):
    """sigmoid(gate) * activation(phi), without bias. With `deep` the weights have a depth of 1."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, dilation: int = 1, deep=False):
        super().__init__()
        if deep:
            padding = (0, dilation, dilation)
            self.conv = nn.Conv3d(
                inputs, 2 * outputs, (1, 3, 3), 1, padding, (1, dilation, dilation), bias=False
            )
        else:
            self.conv = nn.Conv2d(
                inputs, 2 * outputs, 3, stride, dilation, dilation=dilation, bias=False
            )
        self.deep = deep

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x.unsqueeze(2)).squeeze(2) if self.deep else self.conv(x)
        phi, gate = x.chunk(2, 1)
        return torch.sigmoid(gate) * F.relu(phi)


class GatedUpConv(nn.Module):
    """Doubles the size, then a gated convolution with a leaky ReLU."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        conv = nn.Conv3d(inputs, 2 * outputs, (1, 3, 3), padding=(0, 1, 1), bias=False)
        self.conv = nn.Sequential(nn.Identity(), conv)  # the official weight is `conv.1.weight`

    def forward(self, x: Tensor) -> Tensor:
        phi, gate = self.conv(resize(x, 2.0).unsqueeze(2)).squeeze(2).chunk(2, 1)
        return torch.sigmoid(gate) * F.leaky_relu(phi, 0.2)


class Aggregation(nn.Module):
    """Five warped features [N, C, 5, h, w] -> [N, C, h, w], gated."""

    def __init__(self, channels: int):
        super().__init__()
        self.stAgg = nn.Module()
        self.stAgg.conv = nn.Conv3d(
            channels, 2 * channels, (SOURCES, 3, 3), padding=(0, 1, 1), bias=False
        )

    def forward(self, x: Tensor) -> Tensor:
        phi, gate = self.stAgg.conv(x).squeeze(2).chunk(2, 1)
        return torch.sigmoid(gate) * F.relu(phi)


class Encoder(nn.Module):
    """[N, 5, H, W] -> features of the suffixes of `LEVELS`."""

    def __init__(self, stride: int):
        super().__init__()
        self.ec0 = GatedConv(5, 32, stride)
        self.ec1 = GatedConv(32, 64, 2)
        self.ec2 = GatedConv(64, 64)
        self.ec3_1 = GatedConv(64, 96, 2)
        self.ec3_2 = GatedConv(96, 96)
        self.ec4_1 = GatedConv(96, 128, 2)
        self.ec4 = GatedConv(128, 128)
        self.ec5 = GatedConv(128, 128)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        full = self.ec0(x)
        half = self.ec2(self.ec1(full))
        quarter = self.ec3_2(self.ec3_1(half))
        eighth = self.ec5(self.ec4(self.ec4_1(quarter)))
        return {"": eighth, "_64": quarter, "_128": half, "_256": full}


def flow_conv(inputs: int, outputs: int, dilation: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, 3, 1, dilation, dilation=dilation)
    return nn.Sequential(conv, nn.LeakyReLU(0.1))


def correlation(reference: Tensor, source: Tensor) -> Tensor:
    """[N, 81, h, w]: mean over channels of reference(x) * source(x + d), rows of d first."""
    height, width = reference.shape[-2:]
    padded = F.pad(source, (REACH,) * 4)
    steps = range(2 * REACH + 1)
    return torch.stack(
        [
            (reference * padded[..., v : v + height, u : u + width]).mean(1)
            for v in steps
            for u in steps
        ],
        1,
    )


class FlowEstimator(nn.Module):
    def __init__(self, inputs: int):
        super().__init__()
        sizes = (inputs, 128, 128, 96, 64, 32)
        self.convs = nn.Sequential(*(flow_conv(a, b) for a, b in pairwise(sizes)))
        self.conv1 = nn.Conv2d(32, 2, 3, padding=1)
        context = ((34, 128, 1), (128, 128, 2), (128, 128, 4), (128, 96, 8))
        context += ((96, 64, 16), (64, 32, 1), (32, 2, 1))
        self.convs_fine = nn.Module()
        self.convs_fine.convs = nn.Sequential(*(flow_conv(*layer) for layer in context))

    def forward(self, x: Tensor) -> Tensor:
        x = self.convs(x)
        coarse = self.conv1(x)
        return at_least_float32(coarse + self.convs_fine.convs(torch.cat((x, coarse), 1)))


class FlowNet(nn.Module):
    """Flow from the reference to a source, which is warped already where `coarser` is given."""

    def __init__(self, channels: int, coarsest: bool):
        super().__init__()
        inputs = channels + (2 * REACH + 1) ** 2 + (0 if coarsest else 2)
        self.flow_estimator = FlowEstimator(inputs)

    def forward(self, reference: Tensor, source: Tensor, coarser: Tensor | None = None) -> Tensor:
        parts = [reference, correlation(reference, source)]
        return self.flow_estimator(torch.cat(parts if coarser is None else [*parts, coarser], 1))


class MaskNet(nn.Module):
    """How far the aggregated features replace those of the reference, 0...1."""

    def __init__(self, channels: int):
        super().__init__()
        half = channels // 2
        last = nn.Conv2d(half, 1, 3, padding=1)
        self.convs = nn.Sequential(
            flow_conv(channels, half), flow_conv(half, half), last, nn.Sigmoid()
        )

    def forward(self, reference: Tensor, other: Tensor) -> Tensor:
        return self.convs((reference - other).abs())


class Bottleneck(nn.Module):
    def __init__(self):
        super().__init__()
        self.bt0 = GatedConv(256, 128)
        self.bt1 = GatedConv(128, 128, dilation=2)
        self.bt2 = GatedConv(128, 128, dilation=4)
        self.bt3 = GatedConv(128, 128, dilation=8)

    def forward(self, x: Tensor) -> Tensor:
        return self.bt3(self.bt2(self.bt1(self.bt0(x))))


class ConvLSTM(nn.Module):
    """Gates: input, remember, output, cell. A state is (hidden, cell); none is zeros."""

    def __init__(self, channels: int):
        super().__init__()
        self.Gates = nn.Conv2d(2 * channels, 4 * channels, 3, padding=1)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor]:
        hidden, cell = state or (torch.zeros_like(x), torch.zeros_like(x))
        gates = at_least_float32(self.Gates(torch.cat((x, hidden), 1)))
        enter, remember, leave, new = gates.chunk(4, 1)
        cell = torch.sigmoid(remember) * cell + torch.sigmoid(enter) * torch.tanh(new)
        return torch.sigmoid(leave) * torch.tanh(cell), cell


class Decoder(nn.Module):
    def __init__(self, doubles: bool):
        super().__init__()
        self.doubles = doubles
        self.dc0 = GatedConv(128, 128, deep=True)
        self.dc1 = GatedConv(128, 128, deep=True)
        self.dc1_1 = GatedUpConv(128, 96)
        self.dc2_1 = GatedConv(192, 96, deep=True)
        self.dc2_bt1 = GatedConv(96, 96, dilation=2, deep=True)
        self.dc2_bt2 = GatedConv(96, 96, dilation=4, deep=True)
        self.dc2_bt3 = GatedConv(96, 96, dilation=8, deep=True)
        self.dc2_2 = GatedUpConv(96, 64)
        self.dc3_1 = GatedConv(128, 64, deep=True)
        self.dc3_2 = GatedConv(64, 64, deep=True)
        self.dc4 = GatedUpConv(64, 32)
        self.dc5 = GatedConv(32, 16, deep=True)
        self.dc6 = nn.Conv3d(16, 3, (1, 3, 3), padding=(0, 1, 1), bias=False)

    def forward(self, x: Tensor, quarter: Tensor, half: Tensor) -> dict[str, Tensor]:
        x = self.dc1_1(self.dc1(self.dc0(x)))
        x = self.dc2_1(torch.cat((x, quarter), 1))
        x = decoded_64 = self.dc2_bt3(self.dc2_bt2(self.dc2_bt1(x)))
        x = self.dc3_1(torch.cat((self.dc2_2(x), half), 1))
        x = self.dc4(self.dc3_2(x))
        x = self.dc5(resize(x, 2.0) if self.doubles else x)
        return {"decoded_64": decoded_64, "raw": self.dc6(x.unsqueeze(2)).squeeze(2)}


class VINet(nn.Module):
    def __init__(self, architecture: str = "vinet-256"):
        super().__init__()
        if architecture not in ARCHITECTURES:
            raise ValueError(f"no VINet {architecture!r}: {', '.join(ARCHITECTURES)}")
        self.architecture = architecture
        self.doubles = architecture == "vinet-512"
        self.encoder1 = Encoder(2 if self.doubles else 1)
        self.encoder2 = Encoder(2 if self.doubles else 1)
        self.bottleneck = Bottleneck()
        self.convlstm = ConvLSTM(128)
        self.decoder = Decoder(self.doubles)
        for suffix, channels in LEVELS.items():
            setattr(self, f"flownet{suffix}", FlowNet(channels, coarsest=suffix == ""))
            setattr(self, f"masknet{suffix}", MaskNet(channels))
            if suffix != "_256":
                setattr(self, f"st_agg{suffix}", Aggregation(channels))
        self.reset()

    def reset(self) -> None:
        """Weights to start a training from, as the official code draws them."""
        for name, module in self.named_modules():
            if not isinstance(module, nn.Conv2d | nn.Conv3d):
                continue
            if name.startswith("flownet"):
                nn.init.xavier_uniform_(module.weight)
                nn.init.uniform_(module.bias)
            elif not name.startswith(("masknet", "convlstm")):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(
        self, frames: Tensor, masks: Tensor, memory: Memory | None = None
    ) -> dict[str, Tensor]:
        """[N, 5, 3, H, W] at `OFFSETS`, [N, 5, 1, H, W] -> all stages; `out` may leave [-1, 1].

        Without a memory the frame is a first one: its own masked picture stands for the previous
        output, and nothing is blended. Give `Memory` made by `remember` with every later frame.
        """
        seen = torch.cat((frames * (1 - masks), torch.ones_like(masks), masks), 2)
        if memory is None:
            previous = seen[:, CENTRE]
        else:
            previous = torch.cat((memory.output, torch.ones_like(memory.mask), memory.mask), 1)
        streams = [seen[:, k] for k in range(len(OFFSETS)) if k != CENTRE] + [previous]
        reference = self.encoder1(seen[:, CENTRE])
        sources = [self.encoder2(stream) for stream in streams]
        stages = {f"reference{suffix}": value for suffix, value in reference.items()}
        stages |= {f"previous{suffix}": value for suffix, value in sources[-1].items()}
        flow = None
        for suffix in ("", "_64", "_128"):
            level = self.aggregate(
                suffix, reference[suffix], [source[suffix] for source in sources], flow
            )
            stages |= level
            flow = level[f"flow{suffix}"]
            if suffix == "":
                x = self.bottleneck(torch.cat((reference[""], level["synthesis"]), 1))
                state = self.convlstm(x, None if memory is None else memory.state)
                stages |= {"bottleneck": x, "hidden": state[0], "cell": state[1]}
        stages |= self.decoder(stages["hidden"], stages["synthesis_64"], stages["synthesis_128"])
        if memory is None:
            return stages | {"out": stages["raw"]}
        return stages | self.blend(stages, flow[:, -1], memory.output)

    def aggregate(
        self, suffix: str, reference: Tensor, sources: list[Tensor], coarser: Tensor | None
    ) -> dict[str, Tensor]:
        """Flows to all sources [N, 5, 2, h, w], the mask, and the features that come of them."""
        flownet = getattr(self, f"flownet{suffix}")
        flows = []
        for index, source in enumerate(sources):
            if coarser is None:
                flows.append(flownet(reference, source))
            else:
                up = 2 * resize(coarser[:, index], 2.0)
                flows.append(flownet(reference, warp(source, up, "zeros"), up) + up)
        warped = [warp(*pair, "zeros") for pair in zip(sources, flows, strict=True)]
        aggregated = getattr(self, f"st_agg{suffix}")(torch.stack(warped, 2))
        mask = getattr(self, f"masknet{suffix}")(reference, aggregated)
        return {
            f"flow{suffix}": torch.stack(flows, 1),
            f"aggregated{suffix}": aggregated,
            f"mask{suffix}": mask,
            f"synthesis{suffix}": (1 - mask) * reference + mask * aggregated,
        }

    def blend(self, stages: dict[str, Tensor], flow: Tensor, output: Tensor) -> dict[str, Tensor]:
        """The previous output, moved along the last stream's flow, replaces what it explains."""
        reference, up = stages["reference_256"], 2 * resize(flow, 2.0)
        moved = warp(stages["previous_256"], up)
        mask = blending = self.masknet_256(reference, moved)
        if self.doubles:
            up = 4 * resize(flow, 4.0)
            blending = F.interpolate(mask, scale_factor=2, mode="nearest")
        else:
            up = self.flownet_256(reference, moved, up) + up
        out = (1 - blending) * stages["raw"] + blending * warp(output, up)
        return {"flow_256": up, "mask_256": mask, "out": out}

    def remember(self, stages: dict[str, Tensor], masks: Tensor) -> Memory:
        share = PREVIOUS_MASK[self.architecture]
        state = stages["hidden"], stages["cell"]
        return Memory(stages["out"], share * masks[:, CENTRE], state)
