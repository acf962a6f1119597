# SPDX-License-Identifier: MIT
"""PSNR on held-out training clips, next to two baselines that need no training."""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from vfi_training.baseline import psnr, warp_mean
from vfi_training.inverse_search import inverse_search
from vfi_training.models import predict
from vfi_training.pack import Pack

DISTANCES = (1, 2)  # frames from the wanted frame to each end
SEED = 0


def draw_triplets(shots: list[dict], count: int) -> list[tuple[int, int]]:
    """(first frame, distance): up to two from each shot and distance, shuffled, seeded."""
    random = np.random.default_rng(SEED)
    found = []
    for shot in (shot for shot in shots if shot["validation"]):
        for distance in (d for d in DISTANCES if shot["frames"] > 2 * d):
            for _ in range(2 if shot["motion"] > 1.5 else 1):
                start = shot["first"] + random.integers(0, shot["frames"] - 2 * distance)
                found.append((int(start), distance))
    random.shuffle(found)
    return found[:count]


class Validation:
    """Fixed triplets of held-out clips with their inverse search, kept in memory."""

    def __init__(self, folder: Path, count: int, device: str):
        pack = Pack(folder)
        self.device = device
        self.samples = []
        for first, distance in draw_triplets(pack.shots, count):
            ends = pack.frame(first)[None], pack.frame(first + 2 * distance)[None]
            frames = (ends[0], pack.frame(first + distance)[None], ends[1])
            self.samples.append((frames, inverse_search(*ends)))
        self.half = torch.full((1, 1, 1, 1), 0.5, device=device)
        self.averaging = self.scores(lambda frame0, frame1, *_: (frame0 + frame1) / 2)
        self.hard = self.averaging < np.median(self.averaging)

    def scores(self, method) -> np.ndarray:
        """PSNR of method(frame0, frame1, flow01, flow10, t) on every triplet."""
        found = []
        for frames, flows in self.samples:
            frame0, wanted, frame1 = (frame.to(self.device) for frame in frames)
            flow01, flow10 = (flow.to(self.device) for flow in flows)
            found.append(psnr(method(frame0, frame1, flow01, flow10, self.half), wanted))
        return np.array(found)

    def summary(self, scores: np.ndarray) -> str:
        return f"{scores.mean():.3f} ({scores[self.hard].mean():.3f} hard)"

    @torch.no_grad()
    def baseline(self) -> str:
        warping = self.scores(warp_mean)
        return f"averaging {self.summary(self.averaging)} warping {self.summary(warping)}"

    @torch.no_grad()
    def describe(self, model: nn.Module) -> str:
        def run(frame0, frame1, flow01, flow10, t):
            return predict(model, frame0, frame1, t, flow01, flow10)

        return self.summary(self.scores(run))
