# SPDX-License-Identifier: MIT
"""Training samples: three frames of one shot, the instant, and the inverse search between the ends.

The pool is a fixed list of frame pairs (seeded). The inverse search of a pair always sees the whole
frame, so that a crop has the same flow as in use; it runs when a pair is drawn for the first time
and is kept on disk in half precision beside the frames.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from vfi_training.inverse_search import inverse_search
from vfi_training.pack import HEIGHT, WIDTH
from vfi_training.synthetic import MOST_LAYERS, random_scene, render

LONGEST_SPAN = 10  # frames between the two ends
TARGET_MOTION = (2.0, 50.0)  # mean pixels between the two ends, drawn log-uniformly
LEAST_MOTION = 0.7  # crops whose mean motion is below this many pixels are drawn again

Frame = Callable[[], Tensor]  # RGB [3, H, W] in 0..1, read or rendered when called


@dataclass(frozen=True)
class Pair:
    """Two frames of one shot, by their index in the pack."""

    first: int
    span: int


class Pack:
    """Frames and shots written by vfi_training.pack."""

    def __init__(self, folder: Path):
        self.shots = json.loads((folder / "shots.json").read_text())
        raw = np.memmap(folder / "frames.rgb", np.uint8, "r")
        self.frames = raw.reshape(-1, HEIGHT, WIDTH, 3)

    def frame(self, index: int) -> Tensor:
        """RGB [3, H, W] in 0..1."""
        pixels = np.array(self.frames[index])  # a copy: the file is mapped read-only
        return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


def draw_pairs(shots: list[dict], count: int, seed: int) -> list[Pair]:
    """Pairs over all shots, frames equally likely, spans chosen so that most pairs move far."""
    random = np.random.default_rng(seed)
    long_enough = [shot for shot in shots if shot["frames"] > 2]
    share = np.array([shot["frames"] * min(shot["motion"], 3.0) ** 0.5 for shot in long_enough])
    chosen = random.choice(len(long_enough), count, p=share / share.sum())
    pairs = []
    for shot in (long_enough[i] for i in chosen):
        motion = np.exp(random.uniform(*np.log(TARGET_MOTION)))
        longest = min(LONGEST_SPAN, shot["frames"] - 1)
        span = int(np.clip(round(motion / max(shot["motion"], 0.1)), 2, longest))
        first = shot["first"] + int(random.integers(shot["frames"] - span))
        pairs.append(Pair(first, span))
    return pairs


class Pool(torch.utils.data.IterableDataset):
    """An endless stream of augmented crops; meant for one loader worker."""

    def __init__(self, folder: Path, pairs: int, crop: int, synthetic: float, seed: int):
        self.crop, self.synthetic, self.seed = crop, synthetic, seed
        self.pack = Pack(folder)
        shots = [shot for shot in self.pack.shots if not shot["validation"]]
        self.pairs = draw_pairs(shots, pairs, seed)
        self.flow_file = folder / f"flows-{seed}-{pairs}.f16"
        shape = (pairs, 4, HEIGHT // 4, WIDTH // 4)
        if not self.flow_file.exists():
            np.memmap(self.flow_file, np.float16, "w+", shape=shape)
            np.memmap(f"{self.flow_file}.known", np.uint8, "w+", shape=(pairs,))

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        random = np.random.default_rng([self.seed, worker.seed % 2**31 if worker else 0])
        shape = (len(self.pairs), 4, HEIGHT // 4, WIDTH // 4)
        self.flows = np.memmap(self.flow_file, np.float16, "r+", shape=shape)
        self.known = np.memmap(f"{self.flow_file}.known", np.uint8, "r+", shape=shape[:1])
        while True:
            sample = self.draw(random)
            if sample is not None:
                yield sample

    def flow(self, number: int) -> Tensor:
        """flow01, flow10 of a pair [4, H/4, W/4], in full-resolution pixels."""
        if not self.known[number]:
            pair = self.pairs[number]
            ends = (
                self.pack.frame(pair.first)[None],
                self.pack.frame(pair.first + pair.span)[None],
            )
            self.flows[number] = torch.cat(inverse_search(*ends), 1)[0].numpy()
            self.known[number] = 1
        return torch.from_numpy(self.flows[number].astype(np.float32))

    def draw(self, random: np.random.Generator) -> dict[str, Tensor] | None:
        """One augmented crop, or nothing where the chosen place does not move."""
        if random.random() < self.synthetic:
            frames, flow, t = self.rendered(random)
        else:
            frames, flow, t = self.recorded(random)
        enlarge = random.random() < 0.1
        crop = self.crop // 2 if enlarge else self.crop
        y = 4 * int(random.integers((HEIGHT - crop) // 4 + 1))
        x = 4 * int(random.integers((WIDTH - crop) // 4 + 1))
        flow = flow[:, y // 4 : (y + crop) // 4, x // 4 : (x + crop) // 4]
        if flow[:2].square().sum(0).sqrt().mean() < LEAST_MOTION and random.random() < 0.95:
            return None
        frames = torch.stack([frame()[:, y : y + crop, x : x + crop] for frame in frames])
        if enlarge:
            frames = double(frames)
            flow = 2 * double(flow[None])[0]
        return augment(frames, flow, t, random)

    def recorded(self, random: np.random.Generator) -> tuple[list[Frame], Tensor, float]:
        """First, wanted and last frame of a pair, the flow between the ends, and the instant."""
        number = int(random.integers(len(self.pairs)))
        pair = self.pairs[number]
        middle = int(random.integers(1, pair.span))
        indices = (pair.first, pair.first + middle, pair.first + pair.span)
        frames = [partial(self.pack.frame, index) for index in indices]
        return frames, self.flow(number), middle / pair.span

    def rendered(self, random: np.random.Generator) -> tuple[list[Frame], Tensor, float]:
        """The same of a synthetic scene."""
        pictures = []
        for _ in range(int(random.integers(2, MOST_LAYERS + 1))):
            pair = self.pairs[int(random.integers(len(self.pairs)))]
            pictures.append(self.pack.frames[pair.first].astype(np.float32) / 255)
        scene = random_scene(pictures, random)
        t = float(random.integers(1, 8)) / 8
        images = [render(scene, s).clip(0, 1) for s in (-0.5, t - 0.5, 0.5)]
        tensors = [torch.from_numpy(image).permute(2, 0, 1) for image in images]
        flow = torch.cat(inverse_search(tensors[0][None], tensors[2][None]), 1)[0]
        return [partial(torch.clone, tensor) for tensor in tensors], flow, t


def double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def augment(
    frames: Tensor, flow: Tensor, t: float, random: np.random.Generator
) -> dict[str, Tensor]:
    """frames [3, 3, h, w]: first, wanted, last; flow [4, h/4, w/4]: 0->1 x, y, 1->0 x, y."""
    if random.random() < 0.5:  # left-right
        frames, flow = (
            frames.flip(-1),
            flow.flip(-1) * flow.new_tensor([-1, 1, -1, 1])[:, None, None],
        )
    if random.random() < 0.3:  # upside down
        frames, flow = (
            frames.flip(-2),
            flow.flip(-2) * flow.new_tensor([1, -1, 1, -1])[:, None, None],
        )
    if random.random() < 0.25:  # transposed
        frames, flow = frames.transpose(-1, -2), flow.transpose(-1, -2)[[1, 0, 3, 2]]
    if random.random() < 0.5:  # backwards in time
        frames, flow, t = frames.flip(0), flow[[2, 3, 0, 1]], 1 - t
    if random.random() < 0.5:  # colour channels in another order
        frames = frames[:, torch.from_numpy(random.permutation(3))]
    if random.random() < 0.4:  # gamma and contrast
        frames = frames ** float(np.exp(random.uniform(-0.35, 0.35)))
        frames = frames * float(random.uniform(0.7, 1.0))
        if random.random() < 0.3:
            frames = 1 - frames
    return {
        "frames": frames.contiguous(),
        "flow": flow.contiguous(),
        "t": torch.full((1, 1, 1), t),
    }
