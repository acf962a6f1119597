# SPDX-License-Identifier: MIT
"""Figures of unsupervised inpainting: a row for each run, and rows of trivial ways.

    python -m vfi_training.evaluate_unsup --runs RUNS --data PACK --config configs/unsup.toml
    python -m vfi_training.evaluate_unsup --runs RUNS --clips ../shared/data/eval/vfi448 ...

RUNS/VARIANT-PROCESS/checkpoint.pt are runs of vfi_training.train_unsup. MAE and PSNR (of pictures
in 0..1, from the squared error of a clip, mean over clips) are those of occluded pixels alone. The
Frechet distances compare completed frames and sequences with the clean ones: see
vfi_training.frechet for what stands in for Inception and I3D unless they are given.
"""

import argparse
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from vfi_training.frechet import Extractor, Seeded, frechet_distance, scripted
from vfi_training.models import build
from vfi_training.occlusion import PROCESSES, Occlusion
from vfi_training.pack import Pack, decode
from vfi_training.train_unsup import Clips, hidden, steadied
from vfi_training.unsup import completed, measured
from vfi_training.unsup_losses import VARIANTS

SEED = 2  # of the clips and occlusions; training validates with another one

# What fills: measured clips [N, 3, T, h, w] and what is hidden of them -> completed clips.
Filler = Callable[[Tensor, Tensor], Tensor]


def unfilled(measurement: Tensor, hidden: Tensor) -> Tensor:
    """Holes stay what they are: mid-grey."""
    return measurement


def temporal_mean(measurement: Tensor, hidden: Tensor) -> Tensor:
    """The mean of what a place shows in other frames, or else of all that the clip shows."""
    seen = ~hidden
    values = measurement.masked_fill(hidden, 0)
    over_all = values.sum((2, 3, 4), keepdim=True) / seen.sum((2, 3, 4), keepdim=True).clamp(min=1)
    count = seen.sum(2, keepdim=True)
    mean = values.sum(2, keepdim=True) / count.clamp(min=1)
    return torch.where(hidden, torch.where(count > 0, mean, over_all), measurement)


@dataclass
class Figures:
    """Sums over clips."""

    frame_extractor: Extractor
    sequence_extractor: Extractor
    mae: list[float] = field(default_factory=list)
    psnr: list[float] = field(default_factory=list)
    frames: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    sequences: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    def add(self, result: Tensor, clean: Tensor, hidden: Tensor) -> None:
        """One clip [1, 3, T, h, w] in [-1, 1]."""
        result, clean = ((clip.clamp(-1, 1) + 1) / 2 for clip in (result, clean))
        where = hidden.expand_as(clean)
        if where.any():
            error = (result - clean)[where]
            self.mae.append(float(error.abs().mean()))
            self.psnr.append(float(-10 * torch.log10(error.square().mean().clamp(min=1e-10))))
        pictures = [clip.transpose(1, 2).flatten(0, 1) for clip in (result, clean)]
        self.frames.append(tuple(self.frame_extractor(clip) for clip in pictures))
        self.sequences.append(tuple(self.sequence_extractor(clip) for clip in (result, clean)))

    def row(self) -> list[float]:
        """MAE, PSNR, Frechet distance of frames and of sequences."""
        distances = [
            frechet_distance(*(torch.cat(side) for side in zip(*pairs, strict=True)))
            for pairs in (self.frames, self.sequences)
        ]
        return [float(np.mean(self.mae)), float(np.mean(self.psnr)), *distances]


def held_out(pack: Pack, config: dict, count: int) -> Iterator[Tensor]:
    clips = Clips(pack, config["frames"], config["reduce"], validation=True)
    random = np.random.default_rng(SEED)
    for _ in range(count):
        yield clips.batch(random, config["crop"], 1)


def files(folder: Path, config: dict, count: int) -> Iterator[Tensor]:
    """Crops of the first frames of each video file, area-reduced: the middle and both sides."""
    side = config["crop"] * config["reduce"]
    for path in sorted(folder.glob("*.mkv"))[:count]:
        frames = torch.from_numpy(decode(path)[: config["frames"]].copy())
        clip = frames.permute(0, 3, 1, 2).float() / 127.5 - 1
        height, width = clip.shape[-2:]
        if len(clip) < config["frames"] or height < side or width < side:
            continue
        y = (height - side) // 2
        for x in sorted({0, (width - side) // 2, width - side}):
            part = F.avg_pool2d(clip[..., y : y + side, x : x + side], config["reduce"])
            yield part.transpose(0, 1)[None]


@torch.no_grad()
def figures(
    fillers: dict[str, Filler], clips: Iterator[Tensor], occlusion: Occlusion, extractors: tuple
) -> dict[str, list[float]]:
    """A row for each of `fillers`, all of which get the same clips and occlusions."""
    random = np.random.default_rng(SEED)
    found = {name: Figures(*extractors) for name in fillers}
    for clean in clips:
        holes = hidden(occlusion, random, clean)
        measurement = measured(clean, holes)
        for name, fill in fillers.items():
            found[name].add(fill(measurement, holes), clean, holes)
    return {name: sums.row() for name, sums in found.items()}


def trained(checkpoint: Path, pack: Pack, config: dict, occlusion: Occlusion) -> Filler:
    """The averaged weights of a run, their norms measured on training clips."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = build(state["architecture"])
    model.load_state_dict(state["average"])
    clips = Clips(pack, config["frames"], config["reduce"])
    model = steadied(model, clips, occlusion, config["crop"])

    @torch.autocast("cpu", torch.bfloat16)
    def fill(measurement: Tensor, holes: Tensor) -> Tensor:
        return completed(model, measurement, holes).float()

    return fill


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="pack, for held-out clips")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--clips", type=Path, help="folder of videos to take instead")
    parser.add_argument("--count", type=int, default=96, help="clips, or files with --clips")
    parser.add_argument("--inception", type=Path, help="TorchScript network of frames")
    parser.add_argument("--i3d", type=Path, help="TorchScript network of clips")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config, pack = tomllib.loads(arguments.config.read_text()), Pack(arguments.data)
    extractors = (
        scripted(arguments.inception, 299) if arguments.inception else Seeded(False),
        scripted(arguments.i3d, 224) if arguments.i3d else Seeded(True),
    )
    if not (arguments.inception and arguments.i3d):
        print("a seeded extractor is used: NOT comparable with published FID and FVD")
    print("| occlusion | filled by | MAE | PSNR | Frechet, frames | Frechet, sequences |")
    print("| --- | --- | --- | --- | --- | --- |")
    for process in PROCESSES:
        occlusion = Occlusion(process)
        fillers: dict[str, Filler] = {"nothing": unfilled, "temporal mean": temporal_mean}
        for variant in VARIANTS:
            checkpoint = arguments.runs / f"{variant}-{process}" / "checkpoint.pt"
            if checkpoint.exists():
                fillers[variant] = trained(checkpoint, pack, config, occlusion)
        if arguments.clips:
            clips = files(arguments.clips, config, arguments.count)
        else:
            clips = held_out(pack, config, arguments.count)
        for name, row in figures(fillers, clips, occlusion, extractors).items():
            mae, psnr, frames, sequences = row
            cells = f"{mae:.4f} | {psnr:.2f} | {frames:.4f} | {sequences:.4f}"
            print(f"| {process} | {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
