# SPDX-License-Identifier: MIT
"""Dense inverse search: the classical first guess of motion (after Kroeger et al., ECCV 2016).

This file is the specification that the Swift engine mirrors. Everything is float32 and every
patch of a level is independent of the others, so patches may be done in any order or in parallel.

Shapes: B pairs, level size h x w, P = py*px patches, 64 = 8*8 pixels of a patch.
Flow channel 0 is horizontal (right positive), channel 1 vertical (down positive). flow01(x) says
where the content of frame 0 at x lies in frame 1: frame0(x) ~ frame1(x + flow01(x)).

1. Luma Y = 255 * (R + 2G + B) / 4; a pyramid by 2x2 means, an odd last row or column dropped.
   Level k has 1/2^k of the size. Used: FINEST = 1 up to the coarsest k <= 6 whose short side is
   at least 8 pixels (one patch).
2. Patches of 8x8 stand at min(4*i, h - 8), i = 0 ... ceil((h - 8) / 4), same in x.
3. Start of a patch: of the candidates below, the first one with the lowest cost. Cost = sum over
   the patch of ((J(x+u) - mean J) - (T - mean T))^2, T = patch of frame 0, J = frame 1 sampled
   bilinearly, the coordinate clamped to the picture before the weights are derived.
   Coarsest level: all u in {-2 .. 2}^2, first zero, then by rows (y outer, x inner).
   Other levels: twice the coarser dense flow at the patch centre (top left + 4) and at the four
   points 4 pixels away, in the order of NEIGHBOURS, read at floor(point / 2), clamped to the
   coarser level; then zero.
   The first candidate whose cost is at most QUIET, the cost of noise, is taken at once.
   Levels from WIDE on, but for the coarsest, then look at all u in start + {-3 .. 3}^2, by rows,
   likewise; the best takes the start's place where its cost is below MARGIN of the start's.
4. Unless the start's cost is at most QUIET, up to ITERATIONS Gauss-Newton steps (inverse
   compositional, mean-normalised):
       g = central differences of frame 0 in the patch, minus their mean over the patch
       H = sum g g^T + DAMPING * identity
       u <- u - H^-1 sum g * (J(x+u) - T)
   The first step whose squared length is at most SETTLED is the last one. u is set back to the
   start when it has left it by more than 8 pixels (length) or when its cost is above the start's.
5. Dense flow: every pixel takes the mean of the flows of the patches over it, weighted by
   1 / max(1, |e|)^2 with e = (J(x+u) - mean J) - (T - mean T) of that patch at that pixel.
6. Median of 3x3 (edge replicated), each component by itself.
7. The flow at FINEST is averaged over 2x2 pixels (an odd last row or column dropped).
"""

import torch
from torch.nn import functional

PATCH = 8
STRIDE = 4
FINEST = 1
COARSEST = 6
ITERATIONS = 4
REACH = 2
WIDE_REACH = 3
WIDE = 4  # coarse patches are few, and what they miss nothing finds later
MARGIN = 0.7
DAMPING = 64.0
QUIET = 64.0  # one level of 0..255 at each of the 64 pixels
SETTLED = 1e-3
NEIGHBOURS = ((0, 0), (0, -1), (0, 1), (-1, 0), (1, 0))  # y, x


def luma_pyramid(frames: torch.Tensor) -> dict[int, torch.Tensor]:
    """RGB [B, 3, H, W] in 0..1 -> {level: luma [B, H >> level, W >> level] in 0..255}."""
    luma = (frames[:, 0] + 2 * frames[:, 1] + frames[:, 2]) * (255 / 4)
    pyramid = {0: luma}
    for level in range(1, COARSEST + 1):
        finer = pyramid[level - 1]
        if level > FINEST and min(finer.shape[-2:]) < 2 * PATCH:
            break
        pyramid[level] = functional.avg_pool2d(finer[:, None], 2)[:, 0]
    return {level: luma for level, luma in pyramid.items() if level >= FINEST}


def patch_origins(size: int) -> torch.Tensor:
    """Top or left coordinates of the patches along one axis."""
    count = (size - PATCH + STRIDE - 1) // STRIDE + 1
    return torch.clamp(torch.arange(count) * STRIDE, max=size - PATCH)


def sample(image: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Bilinear samples of image [B, h, w] at x, y [B, P, 64], clamped to the picture."""
    height, width = image.shape[-2:]
    x = x.clamp(0, width - 1)
    y = y.clamp(0, height - 1)
    left = x.floor().clamp(max=max(width - 2, 0))
    top = y.floor().clamp(max=max(height - 2, 0))
    fx, fy = x - left, y - top
    index = (top * width + left).long().flatten(1)
    pixels = image.flatten(1)
    a = pixels.gather(1, index).view_as(x)
    b = pixels.gather(1, index + 1).view_as(x)
    c = pixels.gather(1, index + width).view_as(x)
    d = pixels.gather(1, index + width + 1).view_as(x)
    upper = a + fx * (b - a)
    return upper + fy * (c + fx * (d - c) - upper)


def central_differences(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """d/dx and d/dy of [B, h, w], edge pixels replicated."""
    padded = functional.pad(image[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    return (
        (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2,
        (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2,
    )


def median3(flow: torch.Tensor) -> torch.Tensor:
    """Median of each 3x3 neighbourhood, [B, 2, h, w], edges replicated."""
    height, width = flow.shape[-2:]
    padded = functional.pad(flow, (1, 1, 1, 1), mode="replicate")
    shifted = [padded[..., y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return torch.stack(shifted).median(dim=0).values


class Level:
    """The patches of one pyramid level of a batch of pairs."""

    def __init__(self, first: torch.Tensor, second: torch.Tensor):
        self.height, self.width = first.shape[-2:]
        device = first.device
        rows = patch_origins(self.height).to(device)
        columns = patch_origins(self.width).to(device)
        self.top = rows.repeat_interleave(len(columns))  # [P]
        self.left = columns.repeat(len(rows))  # [P]
        inside = torch.arange(PATCH, device=device)
        y = self.top[:, None] + inside.repeat_interleave(PATCH)  # [P, 64]
        x = self.left[:, None] + inside.repeat(PATCH)
        self.index = (y * self.width + x).flatten()  # [P * 64]
        self.x, self.y = x.float(), y.float()
        self.second = second
        gx, gy = (self.at_patches(g) for g in central_differences(first))
        template = self.at_patches(first)
        self.template = template - template.mean(-1, keepdim=True)  # [B, P, 64], as all below
        self.gx = gx - gx.mean(-1, keepdim=True)
        self.gy = gy - gy.mean(-1, keepdim=True)

    def at_patches(self, image: torch.Tensor) -> torch.Tensor:
        return image.flatten(1)[:, self.index].view(len(image), len(self.top), PATCH * PATCH)

    def error(self, u: torch.Tensor) -> torch.Tensor:
        """Mean-normalised difference [B, P, 64] at the patch flows u [B, P, 2]."""
        found = sample(self.second, self.x + u[..., :1], self.y + u[..., 1:])
        return found - found.mean(-1, keepdim=True) - self.template

    def best(self, candidates: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """The first candidate [B, P, 2] that is quiet or has the lowest cost; its cost [B, P]."""
        start = candidates[0]
        lowest = self.error(start).square().sum(-1)
        for candidate in candidates[1:]:
            cost = self.error(candidate).square().sum(-1)
            better = (cost < lowest) & (lowest > QUIET)
            start = torch.where(better[..., None], candidate, start)
            lowest = torch.where(better, cost, lowest)
        return start, lowest

    def widen(self, start: torch.Tensor, lowest: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The best candidate around the start where that is clearly better; its cost."""
        around = [start + offset for offset in self.candidates_of_grid(WIDE_REACH)[1:]]
        found, cost = self.best(around)
        better = (cost < MARGIN * lowest) & (lowest > QUIET)
        start = torch.where(better[..., None], found, start)
        return start, torch.where(better, cost, lowest)

    def descend(self, start: torch.Tensor, start_cost: torch.Tensor) -> torch.Tensor:
        """Gauss-Newton from the start; the start itself where that led nowhere."""
        hxx = self.gx.square().sum(-1) + DAMPING
        hyy = self.gy.square().sum(-1) + DAMPING
        hxy = (self.gx * self.gy).sum(-1)
        determinant = hxx * hyy - hxy * hxy
        u = start
        moving = start_cost > QUIET
        for _ in range(ITERATIONS):
            error = self.error(u)
            bx, by = (self.gx * error).sum(-1), (self.gy * error).sum(-1)
            step = torch.stack((hyy * bx - hxy * by, hxx * by - hxy * bx), -1)
            step = step / determinant[..., None]
            u = torch.where(moving[..., None], u - step, u)
            moving = moving & (step.square().sum(-1) > SETTLED)
        cost = self.error(u).square().sum(-1)
        lost = ((u - start).square().sum(-1) > PATCH**2) | (cost > start_cost)
        return torch.where(lost[..., None], start, u)

    def densify(self, u: torch.Tensor) -> torch.Tensor:
        """Patch flows [B, P, 2] -> dense flow [B, 2, h, w]."""
        weight = self.error(u).abs().clamp(min=1).reciprocal().square()  # [B, P, 64]
        planes = torch.stack((weight, weight * u[..., :1], weight * u[..., 1:]), 1).flatten(2)
        total = planes.new_zeros(len(u), 3, self.height * self.width)
        total.index_add_(2, self.index, planes)
        flow = total[:, 1:] / total[:, :1]
        return flow.view(len(u), 2, self.height, self.width)

    def candidates_from(self, coarse: torch.Tensor) -> list[torch.Tensor]:
        """Candidates [B, P, 2] from the dense flow of the next coarser level [B, 2, h', w']."""
        found = []
        for dy, dx in NEIGHBOURS:
            y = (self.top + PATCH // 2 + dy * STRIDE).div(2, rounding_mode="floor")
            x = (self.left + PATCH // 2 + dx * STRIDE).div(2, rounding_mode="floor")
            y, x = y.clamp(0, coarse.shape[2] - 1), x.clamp(0, coarse.shape[3] - 1)
            found.append(2 * coarse[:, :, y, x].transpose(1, 2))
        return [*found, torch.zeros_like(found[0])]

    def candidates_of_grid(self, reach: int) -> list[torch.Tensor]:
        steps = range(-reach, reach + 1)
        grid = sorted(((x, y) for y in steps for x in steps), key=lambda u: u != (0, 0))
        shape = (len(self.second), len(self.top), 2)
        return [self.template.new_tensor(u).expand(shape) for u in grid]


def search(first: dict[int, torch.Tensor], second: dict[int, torch.Tensor]) -> torch.Tensor:
    """Luma pyramids -> flow [B, 2, H/2, W/2] from first to second, in pixels of the 1/2 level."""
    flow = None
    for number in sorted(first, reverse=True):
        level = Level(first[number], second[number])
        if flow is None:
            start = level.best(level.candidates_of_grid(REACH))
        else:
            start = level.best(level.candidates_from(flow))
            if number >= WIDE:
                start = level.widen(*start)
        flow = median3(level.densify(level.descend(*start)))
    return flow


@torch.no_grad()
def inverse_search(frame0: torch.Tensor, frame1: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """RGB [B, 3, H, W] in 0..1, H and W multiples of 32 -> flow01, flow10 [B, 2, H/4, W/4].

    Both flows are in full-resolution pixels.
    """
    first, second = luma_pyramid(frame0), luma_pyramid(frame1)
    scale = 2**FINEST
    return (
        scale * functional.avg_pool2d(search(first, second), 2),
        scale * functional.avg_pool2d(search(second, first), 2),
    )
