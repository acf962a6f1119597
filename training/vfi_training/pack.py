# SPDX-License-Identifier: MIT
"""Decodes every training clip once into one file of raw RGB frames.

    python -m vfi_training.pack --clips ../shared/data/train --out PACK

writes PACK/frames.rgb (uint8, [N, 256, 448, 3]) and PACK/shots.json: one record a shot with the
clip, first frame in the file, number of frames and whether the clip belongs to the validation set.
A shot is the unit of sampling: no sample ever spans two shots.
"""

import argparse
import csv
import json
import subprocess
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

HEIGHT, WIDTH = 256, 448
VALIDATION_SHARE = 0.10


def is_validation(clip: str) -> bool:
    """A tenth of the clips, fixed by the name alone, so that added clips move no other clip."""
    return zlib.crc32(clip.encode()) / 2**32 < VALIDATION_SHARE


def decode(path: Path) -> np.ndarray:
    """uint8 RGB [N, H, W, 3] of a whole clip, at its own size."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "v", "-of", "csv=p=0"]
    probe += ["-show_entries", "stream=width,height", str(path)]
    size = subprocess.run(probe, check=True, capture_output=True, text=True).stdout
    width, height = (int(value) for value in size.strip().strip(",").split(","))
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-fps_mode", "passthrough"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


class Pack:
    """Frames and shots written by vfi_training.pack."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.shots = json.loads((folder / "shots.json").read_text())
        raw = np.memmap(folder / "frames.rgb", np.uint8, "r")
        self.frames = raw.reshape(-1, HEIGHT, WIDTH, 3)

    def frame(self, index: int) -> Tensor:
        """RGB [3, H, W] in 0..1."""
        pixels = np.array(self.frames[index])  # a copy: the file is mapped read-only
        return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with open(arguments.clips / "shots.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    shots, total = [], 0
    with open(arguments.out / "frames.rgb", "wb") as target:
        for clip in sorted({row["file"] for row in rows}):
            frames = decode(arguments.clips / clip)
            assert frames.shape[1:] == (HEIGHT, WIDTH, 3), clip
            target.write(frames.tobytes())
            for row in (row for row in rows if row["file"] == clip):
                shots.append(
                    {
                        "clip": clip,
                        "first": total + int(row["start"]),
                        "frames": int(row["frames"]),
                        "motion": float(row["mean_motion_px"]),
                        "validation": is_validation(clip),
                    }
                )
            total += len(frames)
    (arguments.out / "shots.json").write_text(json.dumps(shots, indent=1))
    held_out = sum(shot["frames"] for shot in shots if shot["validation"])
    print(f"{total} frames, {len(shots)} shots, {held_out} frames held out")


if __name__ == "__main__":
    main()
