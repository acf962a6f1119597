# SPDX-License-Identifier: MIT
"""Holes: PSNR and temporal error of libvfi and of simpler methods on the evaluation cases.

Protocol: docs/inpainting.md. Prints a table of cases by methods.
"""

import argparse
import csv
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from libvfi import INPAINT_CONTINUE, Inpainter
from machine import ROOT, heading
from metrics import psnr

DATA = ROOT.parent / "shared" / "data" / "eval"
LIBRARY = ROOT / ".build" / "release" / "libvfi.so"
DILATION = 4  # libvfi's default; the same for all methods
WINDOW = 45  # that of `vfi inpaint`
AVERAGED = 10  # frames of the longer mean

Pair = Sequence[np.ndarray]  # two neighbouring frames


@dataclass
class Case:
    """Frames are uint8 RGB [N, H, W, 3], masks uint8 [N, H, W], not 0 in the hole."""

    name: str
    damaged: np.ndarray
    truth: np.ndarray
    masks: np.ndarray

    @property
    def is_still(self) -> bool:
        return bool((self.masks == self.masks[0]).all())

    @property
    def dilated(self) -> list[np.ndarray]:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * DILATION + 1,) * 2)
        return [cv2.dilate(mask, disc) for mask in self.masks]


def decode(path: Path, pixels: str, channels: int) -> np.ndarray:
    entries = "stream=width,height"
    probe = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", entries]
    size = subprocess.run(
        [*probe, "-of", "csv=p=0", str(path)], check=True, capture_output=True, text=True
    ).stdout
    width, height = (int(side) for side in size.strip().split(","))
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-i", str(path), "-fps_mode"]
    command += ["passthrough", "-f", "rawvideo", "-pix_fmt", pixels, "-"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, channels)


def read_case(folder: Path) -> Case:
    """Where the case has no damaged file, the hole is painted black."""
    masks = (decode(folder / "mask.mkv", "gray", 1)[..., 0] >= 128).astype(np.uint8)
    clean = decode(folder / "clean.mp4", "rgb24", 3)
    background = folder / "background.mp4"
    truth = decode(background, "rgb24", 3) if background.exists() else clean
    if (folder / "corrupted.mp4").exists():
        damaged = decode(folder / "corrupted.mp4", "rgb24", 3)
    else:
        damaged = np.where(masks[..., None] > 0, np.uint8(0), clean)
    return Case(folder.name, damaged, truth, masks)


def telea(case: Case) -> list[np.ndarray]:
    pairs = zip(case.damaged, case.dilated, strict=True)
    return [cv2.inpaint(frame, mask, 3, cv2.INPAINT_TELEA) for frame, mask in pairs]


def average(case: Case, reach: int) -> list[np.ndarray]:
    """Mean of the frames up to `reach` away that show the pixel; Telea where none does."""
    result = []
    holes, fallback = np.stack(case.dilated), telea(case)
    for index, frame in enumerate(case.damaged):
        part = slice(max(0, index - reach), index + reach + 1)
        weights = (holes[part] == 0)[..., None].astype(np.float32)
        total = weights.sum(0)
        mean = (weights * case.damaged[part]).sum(0) / np.maximum(total, 1)
        filled = np.where(total > 0, np.rint(mean).astype(np.uint8), fallback[index])
        result.append(np.where(holes[index][..., None] > 0, filled, frame))
    return result


def delogo(case: Case) -> list[np.ndarray] | None:
    """FFmpeg's filter on the box of each part of the hole, where that stands still."""
    if not case.is_still:
        return None
    height, width = case.masks.shape[1:]
    _, _, boxes, _ = cv2.connectedComponentsWithStats(case.dilated[0])
    filters = []
    for x, y, w, h, _ in boxes[1:]:
        # The filter wants a pixel around its box.
        left, top = max(1, x), max(1, y)
        right, bottom = min(width - 1, x + w), min(height - 1, y + h)
        filters.append(f"delogo={left}:{top}:{right - left}:{bottom - top}")
    size = f"{width}x{height}"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
    command = ["ffmpeg", "-v", "error", *raw, "-s", size, "-i", "-"]
    command += ["-vf", ",".join(["format=yuv444p", *filters]), *raw, "-"]
    done = subprocess.run(command, input=case.damaged.tobytes(), check=True, capture_output=True)
    found = np.frombuffer(done.stdout, np.uint8).reshape(case.damaged.shape)
    return list(np.where(np.stack(case.dilated)[..., None] > 0, found, case.damaged))


def ours(case: Case, inpainter: Inpainter, window: int) -> tuple[list[np.ndarray], float]:
    """The filled frames, and milliseconds a frame."""
    result, nanoseconds = [], 0
    for index in range(len(case.damaged)):
        first = max(0, index - (window - 1) // 2)
        part = slice(first, index + window // 2 + 1)
        masks = case.masks[:1] if case.is_still else case.masks[part]
        frame, info = inpainter.fill(
            list(case.damaged[part]), list(masks), index - first, first, flags=INPAINT_CONTINUE
        )
        result.append(frame)
        nanoseconds += info.elapsed_ns
    return result, nanoseconds / 1e6 / len(result)


def hole_psnr(case: Case, found: list[np.ndarray]) -> float:
    """Of the mean squared error over all pixels of all masks."""
    error = np.square(np.stack(found).astype(np.float32) - case.truth)
    return psnr(float(error[case.masks > 0].mean(dtype=np.float64)))


def changes(found: Pair, truth: Pair, hole: np.ndarray) -> np.ndarray:
    """Squared differences in the hole of a second frame to the first one, moved as the truth.

    Motion: OpenCV's DIS, preset MEDIUM, between true frames; places where the way back misses by
    more than a pixel do not count.
    """
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    first, second = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in truth)
    back, forth = search.calc(second, first, None), search.calc(first, second, None)
    height, width = first.shape
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)
    way = places + back
    miss = back + cv2.remap(forth, way, None, cv2.INTER_LINEAR)
    counts = (np.square(miss).sum(-1) < 1) & hole
    before = cv2.remap(found[0], way, None, cv2.INTER_LINEAR)
    return np.square(found[1].astype(np.float32) - before)[counts]


def warp_error(case: Case, found: list[np.ndarray]) -> float:
    """Root of the mean squared difference, in the hole, to the frame before as the truth moves."""
    total, count = 0.0, 0
    for index in range(1, len(found)):
        pair = slice(index - 1, index + 1)
        error = changes(found[pair], case.truth[pair], case.masks[index] > 0)
        total, count = total + float(error.sum(dtype=np.float64)), count + error.size
    return (total / max(count, 1)) ** 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--library", type=Path, default=LIBRARY)
    parser.add_argument("--model", default="default", help="fills in place of what no network does")
    parser.add_argument("--window", type=int, default=WINDOW)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print(heading(), "", sep="\n")
    print("| case | method | PSNR in the hole | warp error | ms a frame |\n|---|---|---|---|---|")
    inpainter = Inpainter(arguments.library, arguments.model, threads=str(arguments.threads))
    gains = []
    with open(arguments.data / "manifest_inpaint.csv", newline="", encoding="utf-8") as table:
        names = [row["case"] for row in csv.DictReader(table)]
    for name in names:
        case = read_case(arguments.data / "inpaint" / name)
        others = {"telea": telea(case), "average 2": average(case, 1)}
        others[f"average {AVERAGED}"] = average(case, AVERAGED // 2)
        others["average window"] = average(case, arguments.window // 2)
        still = delogo(case)
        if still is not None:
            others["delogo"] = still
        scores = {method: hole_psnr(case, found) for method, found in others.items()}
        for method, found in others.items():
            error = warp_error(case, found)
            print(f"| {name} | {method} | {scores[method]:.2f} | {error:.2f} | |", flush=True)
        found, time = ours(case, inpainter, arguments.window)
        score = hole_psnr(case, found)
        gains.append(score - max(scores.values()))
        error = warp_error(case, found)
        print(f"| {name} | **libvfi** | **{score:.2f}** | **{error:.2f}** | {time:.1f} |")
    inpainter.close()
    gain = sum(gains) / len(gains)
    print(f"\nMean gain over the best other method of each case: {gain:+.2f} dB")


if __name__ == "__main__":
    main()
