# SPDX-License-Identifier: MIT
"""Damaged streams: what `vfi repair` finds, and PSNR of its pictures and of FFmpeg's own.

Protocol: docs/repair.md. Prints a table of cases.
"""

import argparse
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from machine import ROOT, heading
from metrics import psnr

DATA = ROOT.parent / "shared" / "data" / "eval" / "damaged"
PROGRAM = ROOT / "build" / "vfi"
BLOCK = 8
# What a frame without any error counts in a mean of frames.
HIGHEST = 99.0


@dataclass
class Stream:
    """8-bit 4:2:0 frames [N, H * W * 3 / 2]: as coded, as FFmpeg decodes them, as repaired."""

    name: str
    width: int
    height: int
    clean: np.ndarray
    plain: np.ndarray
    repaired: np.ndarray
    found: set[int]

    def luma(self, frames: np.ndarray, index: int) -> np.ndarray:
        plane = frames[index, : self.width * self.height]
        return plane.reshape(self.height, self.width).astype(np.float64)


def size_of(path: Path) -> tuple[int, int]:
    command = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries"]
    command += ["stream=width,height", "-of", "csv=p=0", str(path)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    width, height = text.split()[0].split(",")[:2]
    return int(width), int(height)


def decode(path: Path, width: int, height: int) -> np.ndarray:
    command = ["ffmpeg", "-v", "quiet", "-threads", "1", "-i", str(path), "-fps_mode"]
    command += ["passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"]
    raw = np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.uint8)
    return raw.reshape(-1, width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2))


def read(damaged: Path, clean: Path, program: Path) -> Stream:
    width, height = size_of(clean)
    with tempfile.TemporaryDirectory() as folder:
        output, report = Path(folder) / "repaired.mkv", Path(folder) / "report.json"
        command = [program, "repair", damaged, output, "--codec", "ffv1", "--report", report]
        subprocess.run(command, check=True)
        lines = [json.loads(line) for line in report.read_text().splitlines()]
        repaired = decode(output, width, height)
    plain = decode(damaged, width, height)
    truth = decode(clean, width, height)
    if not len(truth) == len(plain) == len(repaired):
        raise SystemExit(f"{damaged}: {len(truth)}, {len(plain)} and {len(repaired)} frames")
    found = {line["frame"] for line in lines if "damaged" in line["events"]}
    return Stream(damaged.parent.name, width, height, truth, plain, repaired, found)


def damaged_region(stream: Stream, index: int) -> np.ndarray:
    """Pixels of the blocks of 8 x 8 in whose luma FFmpeg's decoding differs from the truth."""
    differs = stream.luma(stream.clean, index) != stream.luma(stream.plain, index)
    rows, columns = (-(-side // BLOCK) for side in differs.shape)
    padded = np.zeros((rows * BLOCK, columns * BLOCK), bool)
    padded[: stream.height, : stream.width] = differs
    blocks = padded.reshape(rows, BLOCK, columns, BLOCK).any((1, 3))
    whole = blocks.repeat(BLOCK, 0).repeat(BLOCK, 1)
    return whole[: stream.height, : stream.width]


@dataclass
class Figures:
    recall: float
    precision: float
    region: tuple[float, float]
    frames: tuple[float, float]
    touched: int


def measure(stream: Stream) -> Figures:
    bad = {int(index) for index in np.flatnonzero((stream.clean != stream.plain).any(1))}
    hits = len(bad & stream.found)
    sums, counts, frames = np.zeros(2), 0, []
    for index in sorted(bad):
        region = damaged_region(stream, index)
        truth = stream.luma(stream.clean, index)
        errors = [
            np.square(stream.luma(result, index) - truth)
            for result in (stream.plain, stream.repaired)
        ]
        sums += [error[region].sum() for error in errors]
        counts += int(region.sum())
        frames.append([min(HIGHEST, psnr(float(error.mean()))) for error in errors])
    changed = {int(index) for index in np.flatnonzero((stream.repaired != stream.plain).any(1))}
    means = np.mean(frames, 0)
    region = [psnr(float(total / counts)) for total in sums]
    return Figures(
        recall=hits / len(bad),
        precision=hits / max(1, len(stream.found)),
        region=(region[0], region[1]),
        frames=(float(means[0]), float(means[1])),
        touched=len(changed - bad),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", type=Path, help="folders with damaged.* and clean.*")
    parser.add_argument("--program", type=Path, default=PROGRAM)
    arguments = parser.parse_args()
    cases = arguments.cases or sorted(path for path in DATA.glob("*") if path.is_dir())
    if not cases:
        print(f"there are no damaged streams in {DATA}")
        return
    print(heading())
    print()
    print(
        "| case | recall | precision | damaged regions, FFmpeg -> repaired (dB) | gain |"
        " affected frames (dB) | gain | clean frames changed |"
    )
    print("|---|---|---|---|---|---|---|---|")
    gains = []
    for case in cases:
        damaged, clean = next(case.glob("damaged.*")), next(case.glob("clean.*"))
        found = measure(read(damaged, clean, arguments.program))
        gain = found.region[1] - found.region[0]
        gains.append((gain, found.frames[1] - found.frames[0]))
        print(
            f"| {case.name} | {found.recall:.3f} | {found.precision:.3f} | "
            f"{found.region[0]:.2f} -> {found.region[1]:.2f} | {gain:+.2f} | "
            f"{found.frames[0]:.2f} -> {found.frames[1]:.2f} | {gains[-1][1]:+.2f} | "
            f"{found.touched} |",
            flush=True,
        )
    mean = np.mean(gains, 0)
    print(f"| mean | | | | {mean[0]:+.2f} | | {mean[1]:+.2f} | |")


if __name__ == "__main__":
    main()
