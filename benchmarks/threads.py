# SPDX-License-Identifier: MIT
"""What a second thread gains: `make bench`.

    .venv/bin/python benchmarks/threads.py [--rounds N] [--library FILE]

Frames lie in memory, so nothing but the library works. For each pair of neighbours in the clips of
1280x720 and 1920x1080 (of moving waves where there is no evaluation set) three things are timed,
one after the other: one thread; two threads; two contexts of one thread each that make the frame at
the same time, which is the most that two CPUs can give. Printed are medians of the pairs' ratios
and their quartiles: the clock of such machines changes within seconds, a pair sees little of it.
"""

import argparse
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
from clips import MANIFEST, decode, read_manifest
from libvfi import Interpolator
from machine import ROOT, heading

DATA = ROOT.parent / "shared" / "data" / "eval"
LIBRARY = ROOT / ".build" / "release" / "libvfi.so"
GROUPS = ("vfi720", "vfi1080")


def drawn() -> np.ndarray:
    """Five frames of waves of several lengths that move by six pixels a frame."""
    y, x = np.mgrid[0:720, 0:1280]
    frames = [
        [sum(np.sin((x + 6 * n) / (7 * k + c) + y / (5 * k)) for k in (1, 2, 4)) for c in (1, 2, 3)]
        for n in range(5)
    ]
    return np.rint(127.5 + 40 * np.moveaxis(np.array(frames), 1, -1)).astype(np.uint8)


def seconds(*contexts: Interpolator, pair: tuple[np.ndarray, np.ndarray]) -> float:
    """All contexts make the frame half-way at the same time."""
    others = [threading.Thread(target=context.middle, args=pair) for context in contexts[1:]]
    start = time.perf_counter()
    for other in others:
        other.start()
    contexts[0].middle(*pair)
    for other in others:
        other.join()
    return time.perf_counter() - start


def ratios(frames: np.ndarray, library: Path, rounds: int) -> np.ndarray:
    """[pairs, 2]: by how much two threads, two contexts do more than one thread."""
    one, other = (Interpolator(library, "default", threads="1") for _ in range(2))
    two = Interpolator(library, "default", threads="2")
    found = []
    for turn in range(rounds + 1):
        for k in range(len(frames) - 1):
            pair = frames[k], frames[k + 1]
            alone = seconds(one, pair=pair)
            shared = seconds(two, pair=pair)
            both = seconds(one, other, pair=pair)
            if turn > 0:  # the first takes memory
                found.append((alone / shared, 2 * alone / both))
    for context in (one, other, two):
        context.close()
    return np.array(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder with manifest_vfi.csv")
    parser.add_argument("--library", type=Path, default=LIBRARY, help="libvfi.so")
    parser.add_argument("--rounds", type=int, default=6)
    arguments = parser.parse_args()
    if (arguments.data / MANIFEST).exists():
        found = [clip for clip in read_manifest(arguments.data) if clip.group in GROUPS]
        clips = {clip.name: partial(decode, clip) for clip in found}
    else:
        print(f"no evaluation clips at {arguments.data}: drawn frames take their place")
        clips = {"waves": drawn}
    print(heading(), flush=True)
    print(f"\n{'times one thread (quartiles)':<28}{'two threads':>20}{'two contexts':>20}")
    try:
        for name, frames in clips.items():
            found = ratios(frames(), arguments.library, arguments.rounds)
            low, middle, high = np.percentile(found, [25, 50, 75], axis=0)
            cells = (f"{middle[k]:.2f} ({low[k]:.2f}-{high[k]:.2f})" for k in range(2))
            print(f"{name:<28}" + "".join(f"{text:>20}" for text in cells), flush=True)
    except (RuntimeError, OSError) as error:
        print(f"threads.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
