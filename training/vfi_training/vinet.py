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

OFFSETS = (-6, -3, 0, 3, 6)  # of the frames that are looked at
CENTRE = 2
SOURCES = 5  # the other four, and the previous output
SUFFIXES = ("", "_64", "_128", "_256")


@dataclass(frozen=True)
class Form:
    """Sizes of a network; the defaults are the paper's."""

    levels: tuple[int, ...] = (128, 96, 64, 32)  # channels by suffix
    reaches: tuple[int, ...] = (4, 4, 4, 4)  # of the correlation, in pixels each way
    trunk: tuple[int, ...] = (128, 128, 96, 64, 32)  # layers of a flow network,
    context: tuple[int, ...] = (128, 128, 128, 96, 64, 32)  # and of its second part
    last: int = 16  # channels before the picture
    doubles: bool = False  # works at half of the frame's size
    refines: bool = True  # has a flow network for the last output at 1/1
    previous_mask: float = 0.0  # what the mask counts beside its output
    neutral: bool = False  # starts from even signals and small flows
    # Comes with the frame's hole filled, and with motion to the last output; corrects the fill.
    refines_fill: bool = False

    def reach(self, suffix: str) -> int:
        return self.reaches[SUFFIXES.index(suffix)]

    def channels(self, suffix: str) -> int:
        return self.levels[SUFFIXES.index(suffix)]


FORMS = {
    "vinet-256": Form(),
    "vinet-512": Form(doubles=True, previous_mask=0.5),
    "vinet-s": Form(
        levels=(48, 32, 16, 8),
        reaches=(4, 2, 2, 2),
        trunk=(16, 16, 16, 16, 8),
        context=(16, 16, 16, 16, 16, 8),
        last=8,
        refines=False,
        neutral=True,
        refines_fill=True,
    ),
}
ARCHITECTURES = tuple(FORMS)
OFFICIAL = ("vinet-256", "vinet-512")  # whose weights were published
GATE_GAIN = 2.6  # makes up for the sigmoid and the ReLU of a gated convolution
DILATIONS = (1, 2, 4, 8, 16, 1, 1)  # of the second part of a flow network


def multiple(architecture: str) -> int:
    """The search for motion, for networks that take it, wants 16 pixels."""
    form = FORMS[architecture]
    return 16 if form.doubles or form.refines_fill else 8


@dataclass(frozen=True)
class Memory:
    """What a frame leaves to the next: output, what its mask counts, the ConvLSTM's state."""

    output: Tensor
    mask: Tensor
    state: tuple[Tensor, Tensor] | None


def flat(conv: nn.Conv3d, x: Tensor) -> Tensor:
    """A convolution in depth of all the depth that there is, as one of planes, which is quicker.

    [N, C * D, H, W], the channels of each depth together, or with D = 1.
    """
    weight = conv.weight.transpose(1, 2).flatten(1, 2)
    return F.conv2d(x, weight, None, 1, conv.padding[1:], conv.dilation[1:])


def even(weight: Tensor) -> None:
    """Draws weights of a gated convolution so that it keeps the size of its input.

    The official draw makes every such layer halve it, which leaves nothing after twenty of them.
    """
    phi, gate = weight.chunk(2)
    extent = weight[0].numel() ** -0.5
    nn.init.normal_(phi, std=GATE_GAIN * extent)
    nn.init.normal_(gate, std=extent)


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
        x = flat(self.conv, x) if self.deep else self.conv(x)
        phi, gate = x.chunk(2, 1)
        return torch.sigmoid(gate) * F.relu(phi)


class GatedUpConv(nn.Module):
    """Doubles the size, then a gated convolution with a leaky ReLU."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        conv = nn.Conv3d(inputs, 2 * outputs, (1, 3, 3), padding=(0, 1, 1), bias=False)
        self.conv = nn.Sequential(nn.Identity(), conv)  # the official weight is `conv.1.weight`

    def forward(self, x: Tensor) -> Tensor:
        phi, gate = flat(self.conv[1], resize(x, 2.0)).chunk(2, 1)
        return torch.sigmoid(gate) * F.leaky_relu(phi, 0.2)


class Aggregation(nn.Module):
    """Five warped features side by side [N, 5 C, h, w] -> [N, C, h, w], gated."""

    def __init__(self, channels: int):
        super().__init__()
        self.stAgg = nn.Module()
        self.stAgg.conv = nn.Conv3d(
            channels, 2 * channels, (SOURCES, 3, 3), padding=(0, 1, 1), bias=False
        )

    def forward(self, x: Tensor) -> Tensor:
        phi, gate = flat(self.stAgg.conv, x).chunk(2, 1)
        return torch.sigmoid(gate) * F.relu(phi)


class Encoder(nn.Module):
    """[N, 5, H, W] -> features of all `SUFFIXES`."""

    def __init__(self, form: Form):
        super().__init__()
        eighth, quarter, half, full = form.levels
        self.ec0 = GatedConv(5, full, 2 if form.doubles else 1)
        self.ec1 = GatedConv(full, half, 2)
        self.ec2 = GatedConv(half, half)
        self.ec3_1 = GatedConv(half, quarter, 2)
        self.ec3_2 = GatedConv(quarter, quarter)
        self.ec4_1 = GatedConv(quarter, eighth, 2)
        self.ec4 = GatedConv(eighth, eighth)
        self.ec5 = GatedConv(eighth, eighth)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        full = self.ec0(x)
        half = self.ec2(self.ec1(full))
        quarter = self.ec3_2(self.ec3_1(half))
        eighth = self.ec5(self.ec4(self.ec4_1(quarter)))
        return {"": eighth, "_64": quarter, "_128": half, "_256": full}


def flow_conv(inputs: int, outputs: int, dilation: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, 3, 1, dilation, dilation=dilation)
    return nn.Sequential(conv, nn.LeakyReLU(0.1))


def correlation(reference: Tensor, source: Tensor, reach: int) -> Tensor:
    """[N, (2 reach + 1)^2, h, w]: mean over channels of reference(x) * source(x + d), rows of d
    first.
    """
    height, width = reference.shape[-2:]
    padded = F.pad(source, (reach,) * 4)
    steps = range(2 * reach + 1)
    return torch.stack(
        [
            (reference * padded[..., v : v + height, u : u + width]).mean(1)
            for v in steps
            for u in steps
        ],
        1,
    )


class FlowEstimator(nn.Module):
    def __init__(self, inputs: int, form: Form):
        super().__init__()
        sizes = (inputs, *form.trunk)
        self.convs = nn.Sequential(*(flow_conv(a, b) for a, b in pairwise(sizes)))
        self.conv1 = nn.Conv2d(form.trunk[-1], 2, 3, padding=1)
        sizes = pairwise((form.trunk[-1] + 2, *form.context, 2))
        context = [flow_conv(a, b, d) for (a, b), d in zip(sizes, DILATIONS, strict=True)]
        self.convs_fine = nn.Module()
        self.convs_fine.convs = nn.Sequential(*context)

    def forward(self, x: Tensor) -> Tensor:
        x = self.convs(x)
        coarse = self.conv1(x)
        return at_least_float32(coarse + self.convs_fine.convs(torch.cat((x, coarse), 1)))


class FlowNet(nn.Module):
    """Flow from the reference to a source, which is warped already where `coarser` is given."""

    def __init__(self, form: Form, suffix: str):
        super().__init__()
        self.reach = form.reach(suffix)
        inputs = form.channels(suffix) + (2 * self.reach + 1) ** 2 + (2 if suffix else 0)
        self.flow_estimator = FlowEstimator(inputs, form)

    def forward(self, reference: Tensor, source: Tensor, coarser: Tensor | None = None) -> Tensor:
        parts = [reference, correlation(reference, source, self.reach)]
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
    def __init__(self, channels: int):
        super().__init__()
        self.bt0 = GatedConv(2 * channels, channels)
        self.bt1 = GatedConv(channels, channels, dilation=2)
        self.bt2 = GatedConv(channels, channels, dilation=4)
        self.bt3 = GatedConv(channels, channels, dilation=8)

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
    def __init__(self, form: Form):
        super().__init__()
        self.doubles = form.doubles
        eighth, quarter, half, full = form.levels
        self.dc0 = GatedConv(eighth, eighth, deep=True)
        self.dc1 = GatedConv(eighth, eighth, deep=True)
        self.dc1_1 = GatedUpConv(eighth, quarter)
        self.dc2_1 = GatedConv(2 * quarter, quarter, deep=True)
        self.dc2_bt1 = GatedConv(quarter, quarter, dilation=2, deep=True)
        self.dc2_bt2 = GatedConv(quarter, quarter, dilation=4, deep=True)
        self.dc2_bt3 = GatedConv(quarter, quarter, dilation=8, deep=True)
        self.dc2_2 = GatedUpConv(quarter, half)
        self.dc3_1 = GatedConv(2 * half, half, deep=True)
        self.dc3_2 = GatedConv(half, half, deep=True)
        self.dc4 = GatedUpConv(half, full)
        self.dc5 = GatedConv(full, form.last, deep=True)
        self.dc6 = nn.Conv3d(form.last, 3, (1, 3, 3), padding=(0, 1, 1), bias=False)

    def forward(self, x: Tensor, quarter: Tensor, half: Tensor) -> dict[str, Tensor]:
        x = self.dc1_1(self.dc1(self.dc0(x)))
        x = self.dc2_1(torch.cat((x, quarter), 1))
        x = decoded_64 = self.dc2_bt3(self.dc2_bt2(self.dc2_bt1(x)))
        x = self.dc3_1(torch.cat((self.dc2_2(x), half), 1))
        x = self.dc4(self.dc3_2(x))
        x = self.dc5(resize(x, 2.0) if self.doubles else x)
        return {"decoded_64": decoded_64, "raw": flat(self.dc6, x)}


class VINet(nn.Module):
    def __init__(self, architecture: str = "vinet-256"):
        super().__init__()
        if architecture not in FORMS:
            raise ValueError(f"no VINet {architecture!r}: {', '.join(FORMS)}")
        self.architecture = architecture
        self.form = form = FORMS[architecture]
        self.encoder1, self.encoder2 = Encoder(form), Encoder(form)
        self.bottleneck = Bottleneck(form.levels[0])
        self.convlstm = ConvLSTM(form.levels[0])
        self.decoder = Decoder(form)
        for suffix, channels in zip(SUFFIXES, form.levels, strict=True):
            if suffix != "_256" or form.refines:
                setattr(self, f"flownet{suffix}", FlowNet(form, suffix))
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
                (nn.init.zeros_ if self.form.neutral else nn.init.uniform_)(module.bias)
            elif not name.startswith(("masknet", "convlstm")):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if self.form.neutral:
                    even(module.weight)
        if self.form.refines_fill:  # an untrained network leaves the fill as it is
            nn.init.zeros_(self.decoder.dc6.weight)

    def forward(
        self,
        frames: Tensor,
        masks: Tensor,
        memory: Memory | None = None,
        motion: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """[N, 5, 3, H, W] at `OFFSETS`, [N, 5, 1, H, W] -> all stages; `out` may leave [-1, 1].

        Without a memory the frame is a first one: its own masked picture stands for the previous
        output, and nothing is blended. Give `Memory` made by `remember` with every later frame.

        With `Form.refines_fill` the frame in the middle comes with its hole filled in some way. The
        network sees that, adds to it, and blends, in the hole only. The last output is moved by
        `motion` [N, 2, H / 4, W / 4], from this frame to the last one, in pixels of that size.
        """
        shown = 1 - masks
        if self.form.refines_fill:
            shown[:, CENTRE] = 1
        seen = torch.cat((frames * shown, torch.ones_like(masks), masks), 2)
        if memory is None:
            previous = seen[:, CENTRE]
        else:
            previous = torch.cat((memory.output, torch.ones_like(memory.mask), memory.mask), 1)
        streams = [seen[:, k] for k in range(len(OFFSETS)) if k != CENTRE] + [previous]
        reference = self.encoder1(seen[:, CENTRE])
        sources = self.encoder2(torch.cat(streams))  # one after the other, [5 N, C, h, w]
        stages = {f"reference{suffix}": value for suffix, value in reference.items()}
        count = len(frames)
        stages |= {f"previous{suffix}": value[-count:] for suffix, value in sources.items()}
        flow = None
        for suffix in ("", "_64", "_128"):
            level = self.aggregate(suffix, reference[suffix], sources[suffix], flow)
            stages |= level
            flow = level[f"flow{suffix}"]
            if suffix == "":
                x = self.bottleneck(torch.cat((reference[""], level["synthesis"]), 1))
                state = self.convlstm(x, None if memory is None else memory.state)
                stages |= {"bottleneck": x, "hidden": state[0], "cell": state[1]}
        stages |= self.decoder(stages["hidden"], stages["synthesis_64"], stages["synthesis_128"])
        frame, hole = frames[:, CENTRE], masks[:, CENTRE]
        if self.form.refines_fill:
            stages["raw"] = frame + hole * at_least_float32(stages["raw"])
        if memory is None:
            return stages | {"out": stages["raw"]}
        stages |= self.blend(stages, flow[:, -1] if motion is None else motion, memory.output)
        if self.form.refines_fill:
            stages["out"] = frame + hole * (stages["out"] - frame)
        return stages

    def aggregate(
        self, suffix: str, reference: Tensor, sources: Tensor, coarser: Tensor | None
    ) -> dict[str, Tensor]:
        """Flows to all sources [N, 5, 2, h, w], the mask, and the features that come of them."""
        flownet = getattr(self, f"flownet{suffix}")
        references = reference.repeat(SOURCES, 1, 1, 1)
        if coarser is None:
            flow = flownet(references, sources)
        else:
            up = 2 * resize(coarser.transpose(0, 1).flatten(0, 1), 2.0)
            flow = flownet(references, warp(sources, up, "zeros"), up) + up
        warped = warp(sources, flow, "zeros").unflatten(0, (SOURCES, -1))
        aggregated = getattr(self, f"st_agg{suffix}")(warped.transpose(0, 1).flatten(1, 2))
        flows = flow.unflatten(0, (SOURCES, -1)).transpose(0, 1)
        mask = getattr(self, f"masknet{suffix}")(reference, aggregated)
        return {
            f"flow{suffix}": flows,
            f"aggregated{suffix}": aggregated,
            f"mask{suffix}": mask,
            f"synthesis{suffix}": (1 - mask) * reference + mask * aggregated,
        }

    def blend(self, stages: dict[str, Tensor], flow: Tensor, output: Tensor) -> dict[str, Tensor]:
        """The previous output, moved along the last stream's flow, replaces what it explains."""
        reference = stages["reference_256"]
        side = reference.shape[-1] / flow.shape[-1]  # of a pixel of the flow
        up = side * resize(flow, side)
        moved = warp(stages["previous_256"], up)
        mask = blending = self.masknet_256(reference, moved)
        if self.form.doubles:
            up = 4 * resize(flow, 4.0)
            blending = F.interpolate(mask, scale_factor=2, mode="nearest")
        elif self.form.refines:
            up = self.flownet_256(reference, moved, up) + up
        out = (1 - blending) * stages["raw"] + blending * warp(output, up)
        return {"flow_256": up, "mask_256": mask, "out": out}

    def remember(self, stages: dict[str, Tensor], masks: Tensor) -> Memory:
        state = stages["hidden"], stages["cell"]
        return Memory(stages["out"], self.form.previous_mask * masks[:, CENTRE], state)
