# SPDX-License-Identifier: MIT
"""The default interpolation model, vfi-v1: inverse search, a dense guide and a sparse refinement.

This file is the executable specification of the Swift engine's default model.

Shapes are [batch, channels, height, width]; H x W is the padded size, a multiple of 32 (edge
pixels replicated, to the right and below). Flow channel 0 is horizontal, 1 vertical. A flow at
1/n of the size is in pixels of that size. Flow t->0 says where the pixel of the frame at t lies in
frame 0. A and B are the two candidate motions, derived from flow 0->1 and from flow 1->0.

The new frame is the weighted mean of four samples a pixel: frame 0 and frame 1 along A, and both
along B. With untrained heads all deltas are zero and the weights are half of 1-t, t, 1-t, t: the
network starts at what the search alone gives and learns to do better.

t is a plane [B, 1, H/4, W/4]: a constant, or how far along its path each pixel's object has moved
(distance indexing, arXiv 2311.08007).

The guide works on every pixel at 1/8 and 1/16 and says how uncertain the result is: U, the natural
logarithm of half the mean absolute error that it expects (loss of UGSP's first phase, arXiv
2307.16555: mean(exp(-U) |error| + 2 U)). Only where U is highest does the refinement work, at 1/2;
a refined pixel sees zeros at neighbours that are not refined.

Cost in multiply-adds per full-resolution pixel: encoder 540 a frame, guide 3426, refinement 9216
times the share of refined pixels.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional
from vfi_training.inverse_search import inverse_search

NAME = "vfi-v1"
MULTIPLE = 32
MEAN = 0.5
FEATURES = 16  # the guide's channels that the refinement reads
THRESHOLD = math.log(0.5 * 0.05)  # U of an expected error of 0.05: more is refined,
LOWEST_THRESHOLD = math.log(0.5 * 0.01)  # and more than this where that is
LEAST_SHARE_REFINED = 0.1  # less than this share of the pixels
FIRST_UNCERTAINTY = math.log(0.5 * 0.02)  # before training
LEAST_SHARE = 0.02  # of a frame, in the starting weights: keeps the logarithm finite
FLOW_SCALE = 1 / 16  # flows enter the layers as this times pixels of their size
LUMA_SCALE = 4.0  # differences of luma likewise


def backward_warp(image: Tensor, flow: Tensor, margin: int = 0) -> Tensor:
    """Bilinear sample of image at (x + flow[0], y + flow[1]), flow [B, 2, h, w].

    Integer coordinates are pixel centres; the coordinate is clamped to the image before the
    weights are derived. Always float32. In training the image may exceed the flow by `margin`
    pixels on all sides, so that motion out of a crop finds what is there.
    """
    height, width = image.shape[-2:]
    x = torch.arange(flow.shape[-1], device=flow.device, dtype=torch.float32) + margin
    y = torch.arange(flow.shape[-2], device=flow.device, dtype=torch.float32) + margin
    grid_x = (x + flow[:, 0].float()) * (2 / max(width - 1, 1)) - 1
    grid_y = (y[:, None] + flow[:, 1].float()) * (2 / max(height - 1, 1)) - 1
    grid = torch.stack((grid_x, grid_y), -1)  # [B, h, w, 2]
    return functional.grid_sample(
        image.float().contiguous(), grid, mode="bilinear", padding_mode="border", align_corners=True
    )


def double(x: Tensor) -> Tensor:
    """Twice the size, bilinear, half-pixel centres."""
    return functional.interpolate(
        x, scale_factor=2, mode="bilinear", align_corners=False, recompute_scale_factor=False
    )


def candidates_at(flow01: Tensor, flow10: Tensor, t: Tensor) -> Tensor:
    """Flows between the frames -> both candidates [B, 8, h, w]: A t->0, A t->1, B t->0, B t->1.

    The motion of the pixel that stands at x at the instant t is the fixed point of
    u(x) = flow01(x - t u(x)); two steps from u = flow01. t is [B, 1, 1 or h, 1 or w].
    """
    u = flow01
    for _ in range(2):
        u = backward_warp(flow01, -t * u)
    w = flow10
    for _ in range(2):
        w = backward_warp(flow10, -(1 - t) * w)
    return torch.cat((-t * u, (1 - t) * u, t * w, -(1 - t) * w), 1)


def four_warps(first: Tensor, last: Tensor, flows: Tensor, margin: int = 0) -> list[Tensor]:
    """Both images along A, then both along B; flows [B, 8, h, w]."""
    images = (first, last, first, last)
    return [
        backward_warp(image, flows[:, 2 * i : 2 * i + 2], margin) for i, image in enumerate(images)
    ]


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


class Residual(nn.Module):
    """PReLU(x + conv(ConvPReLU(x)))."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = ConvPReLU(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1)
        self.prelu = nn.PReLU(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.prelu(x + self.second(self.first(x)))


EIGHTH = 32  # channels of a frame's features at 1/8


class Encoder(nn.Module):
    """Frame minus 0.5 [B, 3, H, W] -> features at 1/2 (16) and 1/8 (32)."""

    def __init__(self):
        super().__init__()
        self.to_half = ConvPReLU(3, 16, stride=2)
        self.to_quarter = ConvPReLU(16, 32, stride=2)
        self.to_eighth = ConvPReLU(32, EIGHTH, stride=2)

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        half = self.to_half(frame)
        return half, self.to_eighth(self.to_quarter(half))


GUIDE_INPUTS = 4 * EIGHTH + 8 + 6 + 1 + 1  # warped features, flows, luma differences, t, zero
GUIDE_OUTPUTS = 8 + 4 + 1 + 3 + FEATURES  # flow deltas, logits, U, 3 unused, features


class Guide(nn.Module):
    """[B, 144, H/8, W/8] -> [B, 32, H/4, W/4]."""

    def __init__(self):
        super().__init__()
        self.enter = ConvPReLU(GUIDE_INPUTS, 48)
        self.residual = Residual(48)
        self.down = ConvPReLU(48, 96, stride=2)
        self.context = Residual(96)
        self.up = Upsample(96, 48)
        self.merge = ConvPReLU(48, 48)
        self.head = Upsample(48, GUIDE_OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.residual(self.enter(x))
        x = self.merge(x + self.up(self.context(self.down(x))))
        with torch.autocast(x.device.type, enabled=False):  # flows: float32
            return self.head(x.float())


REFINE_INPUTS = 4 * 16 + FEATURES  # warped features, the guide's features
REFINE_OUTPUTS = 8 + 4 + 3 + 1  # flow deltas, logits, residual, unused


class Refine(nn.Module):
    """[B, 80, H/2, W/2] and a mask [B, 1, H/2, W/2] -> [B, 16, H/2, W/2], zero where masked out."""

    def __init__(self):
        super().__init__()
        self.enter = ConvPReLU(REFINE_INPUTS, 32)
        self.middle = ConvPReLU(32, 32)
        self.head = nn.Conv2d(32, REFINE_OUTPUTS, 3, 1, 1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.middle(self.enter(x * mask) * mask) * mask
        with torch.autocast(x.device.type, enabled=False):
            return self.head(x.float()) * mask


class DefaultModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.guide = Guide()
        self.refine = Refine()
        self.initialise()

    @torch.no_grad()
    def initialise(self) -> None:
        """Activations keep their size through the layers; deltas, logits and residual start at 0.

        Half of the channels that enter a stage begin as differences between the two warped
        feature maps of a candidate, which tell where a flow is wrong.
        """
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                transposed = isinstance(layer, nn.ConvTranspose2d)
                # A pixel of a transposed convolution's output sees 2x2 taps of every input.
                fan_in = layer.in_channels * 4 if transposed else layer.weight[0].numel()
                layer.weight.normal_(0, (2 / (1 + 0.25**2) / fan_in) ** 0.5)
                layer.bias.zero_()
        self.encoder.to_half.conv.weight.mul_(4)  # frames minus 0.5 deviate by about a quarter
        self.guide.head.weight[:, : GUIDE_OUTPUTS - FEATURES] = 0
        self.guide.head.bias[12] = FIRST_UNCERTAINTY
        self.refine.head.weight.zero_()
        for block in (self.guide.residual, self.guide.context):
            block.second.weight.mul_(0.3)
        for layer, features in ((self.guide.enter, EIGHTH), (self.refine.enter, 16)):
            weight = layer.conv.weight
            half = len(weight) // 2
            for first in (0, 2 * features):  # candidate A, candidate B
                frame0 = weight[:half, first : first + features]
                frame0.mul_(2)
                weight[:half, first + features : first + 2 * features] = -frame0

    def guide_inputs(
        self,
        frames: tuple[Tensor, Tensor],
        eighths: tuple[Tensor, Tensor],
        a8: Tensor,
        t8: Tensor,
        margin: int,
    ) -> Tensor:
        """[B, 144, H/8, W/8]; a8: candidates in pixels of 1/8."""
        luma = [(f[:, :1] + 2 * f[:, 1:2] + f[:, 2:]) / 4 for f in frames]
        luma = [functional.avg_pool2d(y, 8) for y in luma]
        y = four_warps(*luma, a8, margin // 8)
        pairs = ((0, 1), (2, 3), (0, 2), (1, 3), (0, 3), (2, 1))
        return torch.cat(
            (
                *four_warps(*eighths, a8, margin // 8),
                a8 * FLOW_SCALE,
                *(LUMA_SCALE * (y[i] - y[j]).abs() for i, j in pairs),
                t8,
                torch.zeros_like(t8),
            ),
            1,
        )

    def forward(
        self,
        frame0: Tensor,
        frame1: Tensor,
        t: Tensor,
        flow01: Tensor | None = None,
        flow10: Tensor | None = None,
        *,
        candidates: Tensor | None = None,
        threshold: float | None = None,
        margin: int = 0,
    ) -> dict[str, Tensor]:
        """The frame at t, 0 < t < 1, with every intermediate that the fixtures compare.

        frame0, frame1: RGB [B, 3, H, W] in 0..1. t: [B, 1, 1 or H/4, 1 or W/4]. flow01, flow10: the
        inverse search's result [B, 2, H/4, W/4] in full-resolution pixels, if already known; or
        `candidates` [B, 8, H/4, W/4] in pixels of 1/4, in their place. threshold: pixels with
        U above it are refined; None: those that `worthwhile` tells. margin (training): by how
        many pixels the frames exceed the crop.
        """
        if candidates is None:
            if flow01 is None or flow10 is None:
                flow01, flow10 = inverse_search(frame0, frame1)
            candidates = candidates_at(flow01 / 4, flow10 / 4, t)  # [B, 8, H/4, W/4]
        t = t.expand(-1, 1, *candidates.shape[-2:]).float()
        half0, eighth0 = self.encoder(frame0 - MEAN)
        half1, eighth1 = self.encoder(frame1 - MEAN)

        a8 = functional.avg_pool2d(candidates, 2) / 2
        x = self.guide_inputs(
            (frame0, frame1), (eighth0, eighth1), a8, functional.avg_pool2d(t, 2), margin
        )
        guided = self.guide(x)  # [B, 32, H/4, W/4]
        share = torch.cat((1 - t, t, 1 - t, t), 1).clamp(min=LEAST_SHARE).log()
        coarse = torch.cat(
            (candidates + guided[:, :8], share + guided[:, 8:12], guided[:, 12:13]), 1
        )  # flows in pixels of 1/4, logits, U
        fine = double(coarse)
        flow_half, logits, uncertainty = 2 * fine[:, :8], fine[:, 8:12], fine[:, 12:]

        mask = uncertainty > (worthwhile(uncertainty) if threshold is None else threshold)
        mask = mask.float()
        x = torch.cat(
            (*four_warps(half0, half1, flow_half, margin // 2), double(guided[:, -FEATURES:])), 1
        )
        refined = self.refine(x, mask)  # [B, 16, H/2, W/2]
        flow_half = flow_half + refined[:, :8]
        weights = torch.softmax(logits + refined[:, 8:12], 1)

        motion = double(torch.cat((2 * flow_half, weights, refined[:, 12:15]), 1))
        warps = four_warps(frame0, frame1, motion[:, :8], margin)
        unclamped = sum(motion[:, 8 + i : 9 + i] * warp for i, warp in enumerate(warps))
        unclamped = unclamped + motion[:, 12:15]
        return {
            "candidates": candidates,
            "guided": guided,
            "uncertainty": uncertainty,  # [B, 1, H/2, W/2]
            "mask": mask,
            "refined": refined,
            "flow_half": flow_half,
            "weights": weights,
            "unclamped": unclamped,
            "frame": unclamped.clamp(0, 1),
        }


def worthwhile(uncertainty: Tensor) -> Tensor:
    """U [B, 1, h, w] -> [B, 1, 1, 1], the value above which pixels are refined in use.

    The engine finds it to within 1/64 of U.
    """
    values = uncertainty.flatten(1)
    count = values.shape[1]
    least = values.kthvalue(count - int(LEAST_SHARE_REFINED * count), dim=1).values
    return least.clamp(LOWEST_THRESHOLD, THRESHOLD)[:, None, None, None]


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
