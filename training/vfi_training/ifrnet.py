# SPDX-License-Identifier: MIT
"""IFRNet S, B and L (Kong et al., CVPR 2022, arXiv 2205.14620), with the official weight names.

This file is the executable specification of `Sources/VFIEngine/Models/IFRNet.swift`.

Shapes are [N, C, H, W]; H and W are multiples of 16. Frames are RGB in [0, 1]. Flow channel 0 is
horizontal (right positive), channel 1 vertical (down positive), in pixels of its own map. Level k
has 1 / 2^k of the frame's height and width, level 0 is the frame.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Variant:
    """What tells S, B and L apart. `pyramid[k - 1]` is the channel count of encoder level k."""

    pyramid: tuple[int, int, int, int]
    side: int
    first_kernel: int


VARIANTS = {
    "ifrnet-s": Variant(pyramid=(24, 36, 54, 72), side=24, first_kernel=3),
    "ifrnet-b": Variant(pyramid=(32, 48, 72, 96), side=32, first_kernel=3),
    "ifrnet-l": Variant(pyramid=(64, 96, 144, 192), side=64, first_kernel=7),
}

FLOW_CHANNELS = 4  # flow t->0, then flow t->1
LAST_CHANNELS = 8  # both flows, mask logit, RGB residual


def at_least_float32(x: Tensor) -> Tensor:
    """Leave bfloat16 behind; float64 stays. Flows and pixels need more than 8 bits of mantissa."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def warp(image: Tensor, flow: Tensor, outside: str = "border") -> Tensor:
    """Sample `image` at x + flow: bilinear, pixel centres at integers, replicated border.

    With `outside` "zeros" there are zeros beyond the border instead.
    """
    height, width = flow.shape[-2:]
    flow = at_least_float32(flow)
    x = torch.arange(width, device=flow.device, dtype=flow.dtype)
    y = torch.arange(height, device=flow.device, dtype=flow.dtype).unsqueeze(1)
    grid_x = (x + flow[:, 0]) * (2.0 / max(width - 1, 1)) - 1.0
    grid_y = (y + flow[:, 1]) * (2.0 / max(height - 1, 1)) - 1.0
    grid = torch.stack((grid_x, grid_y), dim=-1)
    sampled = F.grid_sample(
        image.to(flow.dtype), grid, mode="bilinear", padding_mode=outside, align_corners=True
    )
    return sampled.to(image.dtype)


def resize(x: Tensor, factor: float) -> Tensor:
    """Bilinear, half-pixel centres, no antialiasing; the factor itself sets the step."""
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


def conv_prelu(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution with bias and "same" padding, then one PReLU slope per channel."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), nn.PReLU(outputs))


class ResBlock(nn.Module):
    """Five 3x3 convolutions, two of which see the last `side` channels only."""

    def __init__(self, channels: int, side: int):
        super().__init__()
        self.split = (channels - side, side)
        self.conv1 = conv_prelu(channels, channels)
        self.conv2 = conv_prelu(side, side)
        self.conv3 = conv_prelu(channels, channels)
        self.conv4 = conv_prelu(side, side)
        self.conv5 = nn.Conv2d(channels, channels, 3, 1, 1)
        self.prelu = nn.PReLU(channels)

    def forward(self, x: Tensor) -> Tensor:
        y = self._refine_side(self.conv1(x), self.conv2)
        y = self._refine_side(self.conv3(y), self.conv4)
        return self.prelu(x + self.conv5(y))

    def _refine_side(self, y: Tensor, conv: nn.Module) -> Tensor:
        main, side = y.split(self.split, dim=1)
        return torch.cat((main, conv(side)), dim=1)


class Encoder(nn.Module):
    """Four levels, each halving the size: [N, 3, H, W] -> level k at 1 / 2^k."""

    def __init__(self, variant: Variant):
        super().__init__()
        inputs, kernel = 3, variant.first_kernel
        for level, channels in enumerate(variant.pyramid, start=1):
            stage = nn.Sequential(
                conv_prelu(inputs, channels, kernel, stride=2), conv_prelu(channels, channels)
            )
            setattr(self, f"pyramid{level}", stage)
            inputs, kernel = channels, 3

    def forward(self, frame: Tensor) -> list[Tensor]:
        features = []
        for stage in (self.pyramid1, self.pyramid2, self.pyramid3, self.pyramid4):
            frame = stage(frame)
            features.append(frame)
        return features


class Decoder(nn.Module):
    """CR, ResBlock, and a transposed convolution to the next finer level."""

    def __init__(self, inputs: int, channels: int, outputs: int, side: int):
        super().__init__()
        self.convblock = nn.Sequential(
            conv_prelu(inputs, channels),
            ResBlock(channels, side),
            nn.ConvTranspose2d(channels, outputs, 4, 2, 1),
        )

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.convblock(torch.cat(inputs, dim=1))


class IFRNet(nn.Module):
    """`forward(frame0, frame1, t)` -> every stage by name; `out` is the frame at instant t."""

    def __init__(self, architecture: str = "ifrnet-s"):
        super().__init__()
        variant = VARIANTS[architecture]
        c1, c2, c3, c4 = variant.pyramid
        flow, side = FLOW_CHANNELS, variant.side
        self.architecture = architecture
        self.encoder = Encoder(variant)
        self.decoder4 = Decoder(2 * c4 + 1, 2 * c4, flow + c3, side)
        self.decoder3 = Decoder(3 * c3 + flow, 3 * c3, flow + c2, side)
        self.decoder2 = Decoder(3 * c2 + flow, 3 * c2, flow + c1, side)
        self.decoder1 = Decoder(3 * c1 + flow, 3 * c1, LAST_CHANNELS, side)

    def forward(
        self, frame0: Tensor, frame1: Tensor, t: Tensor | float, scale: float = 1.0
    ) -> dict[str, Tensor]:
        """Interpolate at t in (0, 1); t is a number or one number per sample.

        `scale` runs the network on frames resized by it, and brings its flows, mask and residual
        back to the full size (0.8 in the official SNU-FILM script). The multiple of 16 applies to
        the scaled size.

        Returned stages: mu [N,1,1,1]; f0_k, f1_k (encoder, k = 1...4); o4...o1 (decoder outputs);
        flow0_k, flow1_k (flow t->0 and t->1 at level k, k = 3...0; level 0 at the full size);
        ft_k (intermediate feature at level k, k = 3...1); mask, residual; out, clamped to [0, 1].
        """
        mu = torch.cat((frame0, frame1), dim=1).mean(dim=(1, 2, 3), keepdim=True)
        frame0, frame1 = frame0 - mu, frame1 - mu
        small0, small1 = (
            (frame0, frame1) if scale == 1.0 else (resize(frame0, scale), resize(frame1, scale))
        )
        pyramid0, pyramid1 = self.encoder(small0), self.encoder(small1)
        stages = {"mu": mu}
        stages |= {f"f0_{k}": feature for k, feature in enumerate(pyramid0, start=1)}
        stages |= {f"f1_{k}": feature for k, feature in enumerate(pyramid1, start=1)}

        decoded = self.decoder4(pyramid0[3], pyramid1[3], t_map(t, pyramid0[3]))
        flow0, flow1, rest = split_flows(decoded)
        stages |= {"o4": decoded, "flow0_3": flow0, "flow1_3": flow1, "ft_3": rest}
        for k, decoder in ((3, self.decoder3), (2, self.decoder2), (1, self.decoder1)):
            warped0 = warp(pyramid0[k - 1], flow0)
            warped1 = warp(pyramid1[k - 1], flow1)
            decoded = decoder(rest, warped0, warped1, flow0, flow1)
            delta0, delta1, rest = split_flows(decoded)
            flow0 = delta0 + 2.0 * resize(flow0, 2.0)
            flow1 = delta1 + 2.0 * resize(flow1, 2.0)
            stages |= {f"o{k}": decoded, f"flow0_{k - 1}": flow0, f"flow1_{k - 1}": flow1}
            if k > 1:
                stages[f"ft_{k - 1}"] = rest

        rest = at_least_float32(rest)
        mask, residual = torch.sigmoid(rest[:, 0:1]), rest[:, 1:4]
        if scale != 1.0:
            flow0, flow1 = resize(flow0, 1.0 / scale) / scale, resize(flow1, 1.0 / scale) / scale
            mask, residual = resize(mask, 1.0 / scale), resize(residual, 1.0 / scale)
            stages |= {"flow0_0": flow0, "flow1_0": flow1}
        merged = mask * warp(frame0, flow0) + (1.0 - mask) * warp(frame1, flow1)
        out = (merged + mu + residual).clamp(0.0, 1.0)
        return stages | {"mask": mask, "residual": residual, "out": out}


def t_map(t: Tensor | float, like: Tensor) -> Tensor:
    """t as a constant map [N, 1, H, W] of the size of `like`."""
    batch, _, height, width = like.shape
    t = torch.as_tensor(t, dtype=like.dtype, device=like.device).reshape(-1, 1, 1, 1)
    return t.expand(batch, 1, height, width)


def split_flows(decoded: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """[N, 4 + C, H, W] -> flow t->0, flow t->1, the other C channels."""
    flows = at_least_float32(decoded[:, :FLOW_CHANNELS])
    return flows[:, 0:2], flows[:, 2:4], decoded[:, FLOW_CHANNELS:]
