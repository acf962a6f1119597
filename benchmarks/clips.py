# SPDX-License-Identifier: MIT
"""The evaluation clips: runs of 3 or 7 neighbouring frames, lossless, listed in a manifest."""

import csv
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MANIFEST = "manifest_vfi.csv"


@dataclass(frozen=True)
class Clip:
    """One row of the manifest. `motion` is the mean flow between neighbours, in pixels."""

    path: Path
    group: str
    name: str
    width: int
    height: int
    motion: float


def read_manifest(data: Path) -> list[Clip]:
    """All clips below `data`, in the order of the manifest."""
    clips = []
    with open(data / MANIFEST, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            group, _, name = row["file"].partition("/")
            width, height = (int(side) for side in row["size"].split("x"))
            name, motion = name.removesuffix(".mkv"), float(row["mean_motion_px"])
            clips.append(Clip(data / row["file"], group, name, width, height, motion))
    return clips


def decode(clip: Clip) -> np.ndarray:
    """uint8 RGB [frames, H, W, 3], as `ffmpeg -i CLIP %02d.png` gives (default swscale flags)."""
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-i", str(clip.path)]
    command += ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{clip.path}: {done.stderr.decode(errors='replace').strip()}")
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, clip.height, clip.width, 3)


def triplets(count: int) -> list[tuple[int, int, int]]:
    """(before, wanted, after): 1,3 -> 2, 3,5 -> 4, 5,7 -> 6, here counted from 0."""
    return [(k - 1, k, k + 1) for k in range(1, count - 1, 2)]
