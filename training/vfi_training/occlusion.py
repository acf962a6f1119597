# SPDX-License-Identifier: MIT
"""The four occlusion processes of unsupervised inpainting (Yin et al. 2020), seeded.

    hidden = Occlusion("raindrops").draw(seed, frames, height, width)    # bool [T, H, W]

Every value is a pure function of the seed, the process and its parameters, the size and the place:
one call knows nothing of the calls before, and frame t is the same however many frames are asked
for. `vfi occlude` (Sources/vfi/Occlusion.swift) has the same definition and gives the same masks;
Tests/ProgramTests compares them. All arithmetic is that of 64-bit integers, but for the products of
fractions and sides, which are rounded half up.

    number(i)  = mix(seed + (i + 1) * 0x9E3779B97F4A7C15)            splitmix64, mod 2^64
    below(i,n) = (number(i) >> 40) * n >> 24                         uniform in 0..<n
    pixels(f, side) = floor(f * side + 0.5)

    raindrops  `count` streaks, pixels(width, W) wide, at x = below(3d, W), y = below(3d + 1, H), of
               height below(3d + 2, H) + 1, which all fall by pixels(speed, H) a frame
    bar        one bar pixels(width, W) wide and pixels(height, H) high, at x = below(0, W),
               y = below(1, H), which moves right by pixels(speed, W) a frame
    pixels     pixel (t, y, x) is hidden where number((t H + y) W + x) >> 40 < pixels(share, 2^24)
    clouds     where a field that drifts with one velocity and changes slowly is above `threshold`;
               see `Occlusion.clouds`

What leaves the picture comes in at the other side. A bar or a streak is at least one pixel wide.

Where this differs from the sources: streaks and bar start at a drawn place in each call (the
reproduction kept its state from call to call, so that calls were not independent, and the bar began
at the left); a pixel is hidden in all its channels; clouds are a procedural field in the place of
the simulated cloud water of UNISST, which also moved consistently within a clip.
"""

from dataclasses import dataclass

import numpy as np

PROCESSES = ("raindrops", "bar", "pixels", "clouds")

_GOLDEN = 0x9E3779B97F4A7C15
_MASK64 = (1 << 64) - 1

# Of the clouds.
OCTAVES = 3
UNIT = 256  # subdivisions of a pixel, for slow motion
ONE = 4096  # fixed point of the interpolation
LIFE = 48  # frames in which a cloud changes into another one
LATTICE = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


def _mix(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def numbers(seed: int, index: np.ndarray) -> np.ndarray:
    """Number `index` of the sequence of `seed`, uint64."""
    index = np.asarray(index).astype(np.uint64)
    with np.errstate(over="ignore"):
        return _mix(np.uint64(seed & _MASK64) + (index + np.uint64(1)) * np.uint64(_GOLDEN))


def below(seed: int, index: int, limit: int) -> int:
    """An integer in 0..<limit, of up to 24 bits."""
    return int(numbers(seed, np.array(index)) >> np.uint64(40)) * limit >> 24


def pixels(fraction: float, side: int) -> int:
    return int(np.floor(fraction * side + 0.5))


def subseed(seed: int, number: int) -> int:
    """The seed of draw `number` where many independent ones are wanted."""
    return int(numbers(seed, np.array(number)))


def _smooth(fraction: np.ndarray) -> np.ndarray:
    """3 f^2 - 2 f^3 in fixed point, 0..ONE."""
    return fraction * fraction * (3 * ONE - 2 * fraction) // (ONE * ONE)


def _between(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    return (a * (ONE - share) + b * share) // ONE


@dataclass(frozen=True)
class Occlusion:
    """One process and its parameters; lengths are fractions of the side, speeds sides a frame.

    None is the default of the process: that of the paper's reproduction. The clouds' threshold is
    ours; it hides about a third (0.03 to 0.75 of a clip).
    """

    process: str
    count: int = 30  # raindrops
    width: float | None = None  # 1/64 of raindrops, 0.1 of the bar
    height: float = 1.0  # of the bar
    speed: float | None = None  # 0.07 of raindrops, 0.05 of the bar, 0.02 of clouds
    share: float = 0.6  # of pixels that are hidden
    size: float = 0.5  # of clouds
    threshold: float = 0.55  # of the field, 0..1, above which clouds hide

    def __post_init__(self):
        if self.process not in PROCESSES:
            raise ValueError(f"no process {self.process!r}: {', '.join(PROCESSES)}")

    def draw(self, seed: int, frames: int, height: int, width: int) -> np.ndarray:
        """bool [T, H, W], true where something is hidden."""
        return getattr(self, self.process)(seed, frames, height, width)

    def raindrops(self, seed: int, frames: int, height: int, width: int) -> np.ndarray:
        hidden = np.zeros((frames, height, width), bool)
        thick = max(1, pixels(1 / 64 if self.width is None else self.width, width))
        step = pixels(0.07 if self.speed is None else self.speed, height)
        t, y, x = np.ogrid[:frames, :height, :width]
        for drop in range(self.count):
            left, top, length = (
                below(seed, 3 * drop + part, side)
                for part, side in enumerate((width, height, height))
            )
            rows = (y - top - t * step) % height <= length
            hidden |= rows & ((x - left) % width < thick)
        return hidden

    def bar(self, seed: int, frames: int, height: int, width: int) -> np.ndarray:
        thick = max(1, pixels(0.1 if self.width is None else self.width, width))
        step = pixels(0.05 if self.speed is None else self.speed, width)
        left, top = below(seed, 0, width), below(seed, 1, height)
        t, y, x = np.ogrid[:frames, :height, :width]
        rows = (y - top) % height < max(1, pixels(self.height, height))
        return rows & ((x - left - t * step) % width < thick)

    def pixels(self, seed: int, frames: int, height: int, width: int) -> np.ndarray:
        values = numbers(seed, np.arange(frames * height * width)) >> np.uint64(40)
        return (values < pixels(self.share, 1 << 24)).reshape(frames, height, width)

    def clouds(self, seed: int, frames: int, height: int, width: int) -> np.ndarray:
        """A pixel is hidden where the field is above `threshold`.

        The field is value noise: the sum of OCTAVES lattices, the cells of each half as large as
        those of the one before and its values half as strong, with the largest cell `size` of the
        picture's smaller side. The lattices' first axis is time, a cell of which lasts LIFE
        frames. All drift together by `speed` sides a frame, in a drawn direction.
        """
        side = min(height, width)
        speed = pixels(0.02 if self.speed is None else self.speed, side * UNIT)
        # A direction without sine and cosine: a point on the edge of a square.
        along = below(seed, 0, 2 * speed + 1) - speed
        across = speed if below(seed, 1, 2) == 1 else -speed
        velocity = (along, across) if below(seed, 2, 2) == 1 else (across, along)
        t, y, x = np.ogrid[:frames, :height, :width]
        y = y * UNIT - t * velocity[0]
        x = x * UNIT - t * velocity[1]
        field = np.zeros((frames, height, width), np.int64)
        for octave in range(OCTAVES):
            cell = max(1, pixels(self.size, side) >> octave) * UNIT
            field += (
                self.noise(subseed(seed, 16 + octave), (t, y, x), (LIFE >> octave, cell, cell))
                >> octave
            )
        most = sum(65536 >> octave for octave in range(OCTAVES))
        return field > pixels(self.threshold, most)

    @staticmethod
    def noise(seed: int, place: tuple, cells: tuple) -> np.ndarray:
        """Values of 0..<65536 at the corners of the cells, between them smoothly interpolated."""
        corner = [axis // cell for axis, cell in zip(place, cells, strict=True)]
        shares = [
            _smooth((axis % cell) * ONE // cell) for axis, cell in zip(place, cells, strict=True)
        ]

        def value(dt: int, dy: int, dx: int) -> np.ndarray:
            with np.errstate(over="ignore"):
                index = sum(
                    (base + step).astype(np.uint64) * np.uint64(prime)
                    for base, step, prime in zip(corner, (dt, dy, dx), LATTICE, strict=True)
                )
            return (numbers(seed, index) >> np.uint64(48)).astype(np.int64)

        def plane(dt: int) -> np.ndarray:
            rows = [_between(value(dt, dy, 0), value(dt, dy, 1), shares[2]) for dy in (0, 1)]
            return _between(*rows, shares[1])

        return _between(plane(0), plane(1), shares[0])
