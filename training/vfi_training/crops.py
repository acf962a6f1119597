# SPDX-License-Identifier: MIT
"""A fixed file of training crops for the default model, drawn once and read many times.

    python -m vfi_training.crops --data PACK --out CROPS --seed 1 --count 8000

The search and the labels of motion see whole frames, so that a crop has what it would have in use.
The two ends are stored with a margin around the crop: motion out of the crop finds what is there,
and the network does not learn to mistrust the crop's border.

CROPS/SEED/*.npy, N crops of S x S (S = 96, margin 32):
  ends    uint8 [N, 2, 3, S+64, S+64]   wanted  uint8 [N, 3, S, S]
  candidates  float16 [N, 8, S/4, S/4], in pixels of 1/4      t  float16 [N, 1, S/4, S/4]
  labels  float16 [N, 5, S/4, S/4]: flows wanted->first and wanted->last in pixels of 1/4, and how
          far they can be trusted, 0..1
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from vfi_training.data import SPANS, draw_pairs, new_scene, planes
from vfi_training.default_model import backward_warp, candidates_at, four_warps
from vfi_training.inverse_search import inverse_search
from vfi_training.pack import HEIGHT, WIDTH, Pack
from vfi_training.pseudo_flow import pseudo_flows
from vfi_training.synthetic import render

CROP, MARGIN = 96, 32
SYNTHETIC = 0.12  # share of pairs that are rendered scenes
INSTANTS = 2  # wanted frames of a pair, at most
CROPS = 4  # of each wanted frame, at most
LEAST_MOTION = 0.7  # mean pixels of motion in a crop that always serves
STILL_SHARE = 0.07  # of the crops below that
# A crop teaches where a better flow would make a better picture (dB), and a good one at all.
LEAST_GAIN, LEAST_PSNR = 1.0, 22.0
EASY_SHARE = 0.35  # of the crops outside of both
DISTANCE_SHARE = 0.15  # of the instants given as a distance map instead of a constant
LEAST_TRAVEL = 0.125  # pixels of 1/4 that a place must move to have a distance of its own
TRUSTED_ERROR = 0.02  # of the frame along the labels, at which they are half trusted


@dataclass(frozen=True)
class Instant:
    """A pair of ends, a wanted frame between them, and what is known of the motion."""

    ends: tuple[Tensor, Tensor]  # [3, H, W] in 0..1
    wanted: Tensor
    t: float
    flows: tuple[Tensor, Tensor]  # 0->1, 1->0 [1, 2, H/4, W/4], full-resolution pixels


def psnr_map(found: Tensor, wanted: Tensor, y: int, x: int) -> float:
    part = (slice(None), slice(None), slice(y, y + CROP), slice(x, x + CROP))
    return float(-10 * torch.log10((found[part] - wanted[part]).square().mean() + 1e-6))


def distance_map(labels: Tensor, t: float) -> Tensor:
    """How far along its path each place has moved, [1, 1, h, w]; labels [1, 4, h, w].

    After InterpAny-Clearer (arXiv 2311.08007, section 3), here in the wanted frame's coordinates:
    the share of the way from its place in the first frame to that in the last one.
    """
    back, travel = labels[:, :2], labels[:, 2:] - labels[:, :2]
    length = travel.square().sum(1, keepdim=True)
    share = -(back * travel).sum(1, keepdim=True) / length.clamp(min=LEAST_TRAVEL**2)
    share = torch.where(length > LEAST_TRAVEL**2, share, torch.full_like(share, t))
    share = functional.avg_pool2d(share.clamp(0.02, 0.98), 3, 1, 1, count_include_pad=False)
    return share


class Drawer:
    """Draws instants, recorded and rendered, and cuts crops from them; all by one seed."""

    def __init__(self, data: Path, seed: int, count: int):
        self.pack = Pack(data)
        self.random = np.random.default_rng(seed)
        shots = [shot for shot in self.pack.shots if not shot["validation"]]
        self.pairs = draw_pairs(shots, count, seed, SPANS)  # far more than are used
        self.next = 0

    def instants(self) -> list[Instant]:
        return self.rendered() if self.random.random() < SYNTHETIC else self.recorded()

    def recorded(self) -> list[Instant]:
        pair = self.pairs[self.next % len(self.pairs)]
        self.next += 1
        ends = self.pack.frame(pair.first), self.pack.frame(pair.first + pair.span)
        flows = inverse_search(ends[0][None], ends[1][None])
        if flows[0].square().sum(1).sqrt().mean() < 0.1:
            return []
        middles = self.random.permutation(np.arange(1, pair.span))[:INSTANTS]
        return [
            Instant(ends, self.pack.frame(pair.first + int(m)), float(m / pair.span), flows)
            for m in middles
        ]

    def rendered(self) -> list[Instant]:
        layers, ends = new_scene(self.pack, self.pairs, self.random)
        flows = inverse_search(ends[0][None], ends[1][None])
        times = [float(self.random.integers(1, 8)) / 8 for _ in range(INSTANTS)]
        return [
            Instant(ends, planes(render(layers, t - 0.5), self.random), t, flows) for t in times
        ]

    def crops(self, instant: Instant) -> list[dict[str, np.ndarray]]:
        first, last = (end[None] for end in instant.ends)
        wanted = instant.wanted[None]
        full = pseudo_flows(instant.ends[0], instant.wanted, instant.ends[1])[None]
        along = (backward_warp(first, full[:, :2]) + backward_warp(last, full[:, 2:])) / 2
        labels = functional.avg_pool2d(full, 4) / 4
        t = torch.full((1, 1, HEIGHT // 4, WIDTH // 4), instant.t)
        if self.random.random() < DISTANCE_SHARE:
            t = distance_map(labels, instant.t)
        error = functional.avg_pool2d((along - wanted).abs().mean(1, keepdim=True), 4)
        astray = (
            4 * ((1 - t) * labels[:, :2] + t * labels[:, 2:]).square().sum(1, keepdim=True).sqrt()
        )
        trust = 1 / (1 + (error / TRUSTED_ERROR).square()) / (1 + astray.square())
        candidates = candidates_at(instant.flows[0] / 4, instant.flows[1] / 4, t)
        flows = functional.interpolate(candidates, scale_factor=4, mode="bilinear") * 4
        plain = sum(four_warps(first, last, flows)) / 4
        travel = 4 * (candidates[:, 2:4] - candidates[:, :2]).square().sum(1).sqrt()[0]
        ends = functional.pad(torch.cat((first, last)), (MARGIN,) * 4, mode="replicate")
        found = []
        for _ in range(3 * CROPS):
            y = 8 * int(self.random.integers((HEIGHT - CROP) // 8 + 1))
            x = 8 * int(self.random.integers((WIDTH - CROP) // 8 + 1))
            small = (..., slice(y // 4, (y + CROP) // 4), slice(x // 4, (x + CROP) // 4))
            best, start = psnr_map(along, wanted, y, x), psnr_map(plain, wanted, y, x)
            share = 1.0 if best - start > LEAST_GAIN and best > LEAST_PSNR else EASY_SHARE
            if travel[small].mean() < LEAST_MOTION and best - start < LEAST_GAIN:
                share *= STILL_SHARE
            if self.random.random() >= share:
                continue
            size = CROP + 2 * MARGIN
            found.append(
                {
                    "ends": bytes_of(ends[..., y : y + size, x : x + size]),
                    "wanted": bytes_of(wanted[0, :, y : y + CROP, x : x + CROP]),
                    "candidates": candidates[0][small].numpy().astype(np.float16),
                    "t": t[0][small].numpy().astype(np.float16),
                    "labels": torch.cat((labels, trust), 1)[0][small].numpy().astype(np.float16),
                }
            )
            if len(found) == CROPS:
                break
        return found


def bytes_of(image: Tensor) -> np.ndarray:
    return (image * 255).round().to(torch.uint8).numpy()


def shapes(count: int) -> dict[str, tuple[type, tuple[int, ...]]]:
    region, quarter = CROP + 2 * MARGIN, CROP // 4
    return {
        "ends": (np.uint8, (count, 2, 3, region, region)),
        "wanted": (np.uint8, (count, 3, CROP, CROP)),
        "candidates": (np.float16, (count, 8, quarter, quarter)),
        "t": (np.float16, (count, 1, quarter, quarter)),
        "labels": (np.float16, (count, 5, quarter, quarter)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # run several seeds side by side
    folder = arguments.out / str(arguments.seed)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        name: np.lib.format.open_memmap(folder / f"{name}.part", "w+", kind, shape)
        for name, (kind, shape) in shapes(arguments.count).items()
    }
    drawer, done = Drawer(arguments.data, arguments.seed, arguments.count), 0
    while done < arguments.count:
        for instant in drawer.instants():
            for crop in drawer.crops(instant)[: arguments.count - done]:
                for name, values in crop.items():
                    arrays[name][done] = values
                done += 1
                if done % 500 == 0:
                    print(done, flush=True)
    for name in arrays:
        (folder / f"{name}.part").rename(folder / f"{name}.npy")


if __name__ == "__main__":
    main()
