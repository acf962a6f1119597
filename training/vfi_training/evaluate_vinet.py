# SPDX-License-Identifier: MIT
"""Holes of held-out clips: Telea, the mean in time, libvfi without a network, and a network.

    PYTHONPATH=.:../benchmarks python -m vfi_training.evaluate_vinet --data PACK \
        --samples held-out-1 --library ../.build/release/libvfi.so --model vinet-s.safetensors

For the samples of `vinet_fills.py`, in whole frames: PSNR in the hole of the last frame that is
filled, as the mean over samples and of the mean error, and how far it differs in the hole from the
one before it, moved as the truth moves (benchmarks/inpaint.py), in code values.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from inpaint import changes
from libvfi import INPAINT_CONTINUE, Inpainter
from vfi_training.pack import Pack
from vfi_training.vinet_fills import FIRST, LENGTH, OUTPUTS, Fills


def mean_in_time(frames: np.ndarray, masks: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """Of the frames that show a pixel."""
    weights = (1 - masks)[..., None].astype(np.float32)
    total = weights.sum(0)
    return np.where(total > 0, (weights * frames).sum(0) / np.maximum(total, 1), fallback)


def methods(
    clip: tuple[np.ndarray, np.ndarray], fills: np.ndarray, network: Inpainter | None
) -> dict[str, list[np.ndarray]]:
    """The last two frames that are filled, by each method."""
    frames, masks = clip
    damaged = [frame * (1 - mask)[..., None] for frame, mask in zip(*clip, strict=True)]
    found: dict[str, list[np.ndarray]] = {"telea": [], "mean in time": [], "no network": []}
    for place in (FIRST + OUTPUTS - 2, FIRST + OUTPUTS - 1):
        telea = cv2.inpaint(damaged[place], masks[place], 3, cv2.INPAINT_TELEA)
        found["telea"].append(telea)
        found["mean in time"].append(mean_in_time(frames, masks, telea))
        found["no network"].append(fills[place - FIRST])
    if network:
        options = {"dilation": 0, "feather": 0, "flags": INPAINT_CONTINUE}
        made = [
            network.fill(damaged, list(masks), place, 0, **options)[0]
            for place in range(FIRST + OUTPUTS)
        ]
        found["network"] = made[-2:]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--samples", required=True)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--model")
    parser.add_argument("--count", type=int, help="the first ones only")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    pack, fills = Pack(arguments.data), Fills(arguments.data, arguments.samples)
    network = Inpainter(arguments.library, arguments.model) if arguments.model else None
    errors: dict[str, list[tuple[float, float]]] = {}
    for number in fills.done[: arguments.count]:
        first = fills.places[number]
        frames, masks = pack.frames[first : first + LENGTH], fills.masks(number)
        last = FIRST + OUTPUTS - 1
        hole = masks[last] > 0
        if not hole.any():
            continue
        found = methods((frames, masks), fills.pictures[number], network)
        for name, pair in found.items():
            error = np.square(pair[1].astype(np.float32) - frames[last])[hole].mean()
            pair[0] = pair[0].astype(np.float32)
            change = changes(pair, frames[last - 1 : last + 1], hole)
            errors.setdefault(name, []).append((float(error), change.mean() if change.size else 0))
    print("| method | PSNR, mean | PSNR of the mean error | change |\n| --- | --- | --- | --- |")
    for name, values in errors.items():
        error, change = np.array(values).T
        decibels = 10 * np.log10(255**2 / np.maximum(error, 0.01))
        whole = 10 * np.log10(255**2 / error.mean())
        print(f"| {name} | {decibels.mean():.2f} | {whole:.2f} | {change.mean() ** 0.5:.2f} |")


if __name__ == "__main__":
    main()
