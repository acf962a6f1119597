# SPDX-License-Identifier: MIT
"""The default interpolation model, vfi-v0: dense inverse search refined by a small network.

This file is the executable specification of the Swift engine's default model.

Shapes are [batch, channels, height, width]; H x W is the padded size, a multiple of 32 (edge
pixels replicated, to the right and below). Flow channel 0 is horizontal, 1 vertical. A flow at
1/n of the size is in pixels of that size. Flow t->0 says where the pixel of the frame at t lies in
frame 0. Names: A and B are the two candidate motions, derived from flow 0->1 and from flow 1->0.

The encoder sees one frame at a time with the constant 0.5 subtracted: its features depend neither
on t nor on the other frame, so a stream computes them once a frame.

Cost in multiply-adds per full-resolution pixel: encoder 1512 a frame, refine_eighth 3821,
refine_quarter 5925, refine_half 6784; one frame between two new ones 19554.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional
from vfi_training.inverse_search import inverse_search

NAME = "vfi-v0"
MULTIPLE = 32
MEAN = 0.5


def backward_warp(image: Tensor, flow: Tensor) -> Tensor:
    """Bilinear sample of image [B, C, h, w] at (x + flow[0], y + flow[1]), flow [B, 2, h, w].

    Integer coordinates are pixel centres; the coordinate is clamped to the image before the
    weights are derived. Always float32.
    """
    height, width = image.shape[-2:]
    x = torch.arange(width, device=flow.device, dtype=torch.float32)
    y = torch.arange(height, device=flow.device, dtype=torch.float32)
    grid_x = (x + flow[:, 0].float()) * (2 / max(width - 1, 1)) - 1
    grid_y = (y[:, None] + flow[:, 1].float()) * (2 / max(height - 1, 1)) - 1
    grid = torch.stack((grid_x, grid_y), -1)  # [B, h, w, 2]
    return functional.grid_sample(
        image.float().contiguous(), grid, mode="bilinear", padding_mode="border", align_corners=True
    )


def double_size(flow: Tensor) -> Tensor:
    """Flow at 1/n -> the same flow at 2/n, in the pixels of that size (bilinear, half-pixel)."""
    return 2 * functional.interpolate(
        flow, scale_factor=2, mode="bilinear", align_corners=False, recompute_scale_factor=False
    )


def candidates_at(flow01: Tensor, flow10: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """Flows between the frames -> candidates A and B, [B, 4, h, w] each: t->0, then t->1.

    The motion of the pixel that stands at x at the instant t is the fixed point of
    u(x) = flow01(x - t u(x)); two steps from u = flow01. t is [B, 1, 1, 1].
    """
    u = flow01
    for _ in range(2):
        u = backward_warp(flow01, -t * u)
    w = flow10
    for _ in range(2):
        w = backward_warp(flow10, -(1 - t) * w)
    return torch.cat((-t * u, (1 - t) * u), 1), torch.cat((t * w, -(1 - t) * w), 1)


class ConvPReLU(nn.Module):
    """3x3 convolution (padding 1, bias) and one PReLU slope a channel."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.prelu = nn.PReLU(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.prelu(self.conv(x))


class Upsample(nn.ConvTranspose2d):
    """Transposed convolution, kernel 4, stride 2, padding 1, with bias: doubles the size."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs, 4, 2, 1)


class Head(Upsample):
    """The last layer of a stage. Its output is flow or light: float32 even under autocast."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())


class Encoder(nn.Module):
    """Frame minus 0.5 [B, 3, H, W] -> features at 1/2 (16), 1/4 (32) and 1/8 (48)."""

    def __init__(self):
        super().__init__()
        self.to_half = ConvPReLU(3, 16, stride=2)
        self.to_quarter = ConvPReLU(16, 32, stride=2)
        self.at_quarter = ConvPReLU(32, 32)
        self.to_eighth = ConvPReLU(32, 48, stride=2)
        self.at_eighth = ConvPReLU(48, 48)

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        half = self.to_half(frame)
        quarter = self.at_quarter(self.to_quarter(half))
        eighth = self.at_eighth(self.to_eighth(quarter))
        return half, quarter, eighth


class RefineEighth(nn.Module):
    """Looks at both candidates at 1/8, chooses and corrects at 1/4."""

    def __init__(self):
        super().__init__()
        self.enter = ConvPReLU(4 * 48 + 4 + 4 + 1, 64)
        self.down = ConvPReLU(64, 96, stride=2)
        self.context = ConvPReLU(96, 96)
        self.up = Upsample(96, 64)
        self.merge = ConvPReLU(64, 64)
        self.head = Head(64, 32)

    def forward(self, x: Tensor) -> Tensor:
        """[B, 201, H/8, W/8] -> [B, 32, H/4, W/4]."""
        x = self.enter(x)  # 64 at 1/8
        wide = self.context(self.down(x))  # 96 at 1/16
        return self.head(self.merge(x + self.up(wide)))


class RefineQuarter(nn.Module):
    """[B, 27 + 32 + 32 + 4, H/4, W/4] -> [B, 16, H/2, W/2]."""

    def __init__(self):
        super().__init__()
        self.enter = ConvPReLU(27 + 32 + 32 + 4, 48)
        self.residual = ConvPReLU(48, 48)
        self.residual2 = nn.Conv2d(48, 48, 3, 1, 1)
        self.prelu = nn.PReLU(48)
        self.head = Head(48, 16)

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        x = self.prelu(x + self.residual2(self.residual(x)))
        return self.head(x)


class RefineHalf(nn.Module):
    """[B, 12 + 16 + 16 + 4, H/2, W/2] -> [B, 8, H, W]."""

    def __init__(self):
        super().__init__()
        self.enter = ConvPReLU(12 + 16 + 16 + 4, 32)
        self.middle = ConvPReLU(32, 32)
        self.head = Head(32, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.middle(self.enter(x)))


class DefaultModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.refine_eighth = RefineEighth()
        self.refine_quarter = RefineQuarter()
        self.refine_half = RefineHalf()
        self.initialise()

    @torch.no_grad()
    def initialise(self) -> None:
        """Activations keep their size through the layers; flows, logits and residual start at zero.

        So training begins at the warp along the inverse search, and features are no disturbance
        that would have to be unlearnt first. Half of the channels that enter a stage begin as
        differences between the two warped feature maps, which tell where a flow is wrong.
        """
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                transposed = isinstance(layer, nn.ConvTranspose2d)
                # A pixel of a transposed convolution's output sees 2x2 taps of every input.
                fan_in = layer.in_channels * 4 if transposed else layer.weight[0].numel()
                layer.weight.normal_(0, (2 / (1 + 0.25**2) / fan_in) ** 0.5)
                layer.bias.zero_()
        self.encoder.to_half.conv.weight.mul_(4)  # frames minus 0.5 deviate by about a quarter
        for stage, outputs in (
            (self.refine_eighth, 5),
            (self.refine_quarter, 4),
            (self.refine_half, 8),
        ):
            stage.head.weight[:, :outputs] = 0
        for stage, first, features in (
            (self.refine_eighth, 0, 48),  # candidate A
            (self.refine_eighth, 96, 48),  # candidate B
            (self.refine_quarter, 27, 32),
            (self.refine_half, 12, 16),
        ):
            weight = stage.enter.conv.weight
            half = len(weight) // 2
            frame0 = weight[:half, first : first + features]
            frame0.mul_(2)
            weight[:half, first + features : first + 2 * features] = -frame0

    def forward(
        self,
        frame0: Tensor,
        frame1: Tensor,
        t: Tensor,
        flow01: Tensor | None = None,
        flow10: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """The frame at t, 0 < t < 1, with every intermediate that the fixtures compare.

        frame0, frame1: RGB [B, 3, H, W] in 0..1. t: [B, 1, 1, 1]. flow01, flow10: the inverse
        search's result [B, 2, H/4, W/4] in full-resolution pixels, if already known.
        """
        if flow01 is None or flow10 is None:
            flow01, flow10 = inverse_search(frame0, frame1)
        half0, quarter0, eighth0 = self.encoder(frame0 - MEAN)
        half1, quarter1, eighth1 = self.encoder(frame1 - MEAN)

        # Candidates, in pixels of 1/4 and of 1/8.
        a, b = candidates_at(flow01 / 4, flow10 / 4, t)  # [B, 4, H/4, W/4]
        a8 = functional.avg_pool2d(a, 2) / 2  # [B, 4, H/8, W/8]
        b8 = functional.avg_pool2d(b, 2) / 2

        # 1/8: [B, 48 * 4 + 4 + 4 + 1, H/8, W/8] -> flows, choice and features at 1/4
        x = torch.cat(
            (
                backward_warp(eighth0, a8[:, :2]),
                backward_warp(eighth1, a8[:, 2:]),
                backward_warp(eighth0, b8[:, :2]),
                backward_warp(eighth1, b8[:, 2:]),
                a8,
                b8,
                t.expand(-1, 1, *a8.shape[-2:]).float(),
            ),
            1,
        )
        out = self.refine_eighth(x)  # [B, 32, H/4, W/4]
        choice = torch.sigmoid(out[:, 4:5])
        flow_quarter = out[:, :4] + choice * a + (1 - choice) * b
        feature_quarter = out[:, 5:]  # 27

        # 1/4 -> 1/2
        x = torch.cat(
            (
                feature_quarter,
                backward_warp(quarter0, flow_quarter[:, :2]),
                backward_warp(quarter1, flow_quarter[:, 2:]),
                flow_quarter,
            ),
            1,
        )
        out = self.refine_quarter(x)  # [B, 16, H/2, W/2]
        flow_half = out[:, :4] + double_size(flow_quarter)
        feature_half = out[:, 4:]  # 12

        # 1/2 -> full size
        x = torch.cat(
            (
                feature_half,
                backward_warp(half0, flow_half[:, :2]),
                backward_warp(half1, flow_half[:, 2:]),
                flow_half,
            ),
            1,
        )
        out = self.refine_half(x)  # [B, 8, H, W]
        flow = out[:, :4] + double_size(flow_half)
        mask = torch.sigmoid(out[:, 4:5])
        residual = out[:, 5:]

        warped0 = backward_warp(frame0, flow[:, :2])
        warped1 = backward_warp(frame1, flow[:, 2:])
        unclamped = mask * warped0 + (1 - mask) * warped1 + residual
        return {
            "flow01": flow01,
            "flow10": flow10,
            "candidate_a": a,
            "candidate_b": b,
            "choice": choice,
            "flow_quarter": flow_quarter,
            "feature_quarter": feature_quarter,
            "flow_half": flow_half,
            "feature_half": feature_half,
            "flow": flow,
            "mask": mask,
            "residual": residual,
            "unclamped": unclamped,
            "frame": unclamped.clamp(0, 1),
        }


def pad_to_multiple(frame: Tensor) -> Tensor:
    """Replicates the right and bottom edges up to the next multiple of 32."""
    height, width = frame.shape[-2:]
    right, bottom = -width % MULTIPLE, -height % MULTIPLE
    return functional.pad(frame, (0, right, 0, bottom), mode="replicate")


def interpolate(model: DefaultModel, frame0: Tensor, frame1: Tensor, t: float) -> Tensor:
    """Any size: RGB [B, 3, h, w] in 0..1 -> the frame at t, same size."""
    height, width = frame0.shape[-2:]
    instant = frame0.new_full((len(frame0), 1, 1, 1), t)
    out = model(pad_to_multiple(frame0), pad_to_multiple(frame1), instant)["frame"]
    return out[..., :height, :width]
