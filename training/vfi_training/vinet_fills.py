# SPDX-License-Identifier: MIT
"""Clips with holes and what libvfi itself fills them with: the samples of `vinet-s`.

    PYTHONPATH=.:../benchmarks python -m vfi_training.vinet_fills --data PACK \
        --library ../.build/release/libvfi.so --samples 960 --seed 1

The inpainter of libvfi that has no network fills the `OUTPUTS` frames in the middle of each clip of
`LENGTH` frames. Written to the pack are fills-SEED.rgb (uint8, [N, OUTPUTS, 256, 448, 3]),
fills-SEED.masks (bits, [N, LENGTH, 256, 448 / 8]) and fills-SEED.npy (each clip's first frame in
the pack); with `--validation` of the clips that are held out, as held-out-SEED. A sample
depends on seed and number only. A run that was interrupted goes on where it stopped.
"""

import argparse
from pathlib import Path

import numpy as np
from vfi_training.pack import HEIGHT, WIDTH, Pack
from vfi_training.vinet import OFFSETS
from vfi_training.vinet_masks import scene

OUTPUTS = 3  # frames of a clip that are filled
FIRST = -OFFSETS[0]  # the first one of them
LENGTH = OUTPUTS + OFFSETS[-1] - OFFSETS[0]


class Fills:
    """What a run of this script wrote; the files are made where they are missing."""

    def __init__(self, folder: Path, name: str, count: int | None = None):
        places = folder / f"{name}.npy"
        if count is not None and not places.exists():
            np.save(places, np.full(count, -1))
        self.places = np.load(places, mmap_mode="r" if count is None else "r+")
        shape = (len(self.places), LENGTH, HEIGHT, WIDTH // 8)
        self.packed = self.mapped(folder / f"{name}.masks", shape)
        shape = (len(self.places), OUTPUTS, HEIGHT, WIDTH, 3)
        self.pictures = self.mapped(folder / f"{name}.rgb", shape)

    @staticmethod
    def mapped(path: Path, shape: tuple[int, ...]) -> np.memmap:
        return np.memmap(path, np.uint8, "r+" if path.exists() else "w+", shape=shape)

    @property
    def done(self) -> np.ndarray:
        """Numbers of the samples that are there."""
        return np.flatnonzero(self.places >= 0)

    def masks(self, number: int) -> np.ndarray:
        """uint8 [LENGTH, H, W], 1 in the hole."""
        return np.unpackbits(self.packed[number], axis=-1)


def draw(pack: Pack, validation: bool, random: np.random.Generator) -> tuple[int, np.ndarray]:
    """A clip's first frame, and its masks; shots count by their frames."""
    shots = [
        shot for shot in pack.shots if shot["validation"] == validation and shot["frames"] >= LENGTH
    ]
    room = np.array([shot["frames"] - LENGTH + 1 for shot in shots])
    shot = shots[int(random.choice(len(shots), p=room / room.sum()))]
    first = shot["first"] + int(random.integers(shot["frames"] - LENGTH + 1))
    return first, scene(random, LENGTH, HEIGHT, WIDTH)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--samples", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--validation", action="store_true")
    arguments = parser.parse_args()
    from libvfi import Inpainter  # only here: what trains needs no library

    pack, inpainter = Pack(arguments.data), Inpainter(arguments.library, "default")
    name = f"{'held-out' if arguments.validation else 'fills'}-{arguments.seed}"
    fills = Fills(arguments.data, name, arguments.samples)
    for number in range(len(fills.done), len(fills.places)):
        random = np.random.default_rng([arguments.seed, number])
        first, masks = draw(pack, arguments.validation, random)
        # The library must not see what the holes hide.
        frames = [pack.frames[first + t] * (1 - masks[t])[..., None] for t in range(LENGTH)]
        for output in range(OUTPUTS):
            picture, _ = inpainter.fill(
                frames, list(masks), FIRST + output, 0, dilation=0, feather=0
            )
            fills.pictures[number, output] = picture
        fills.packed[number] = np.packbits(masks, axis=-1)
        fills.places[number] = first
        if number % 100 == 99:
            print(f"{number + 1} samples", flush=True)
    inpainter.close()


if __name__ == "__main__":
    main()
