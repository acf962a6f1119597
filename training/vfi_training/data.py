# SPDX-License-Identifier: MIT
"""Training samples: three frames of one shot, the instant, and the inverse search between the ends.

The pool is a fixed list of frame pairs (seeded). The inverse search of a pair always sees the whole
frame, so that a crop has the same flow as in use; it runs when a pair is drawn for the first time
and is kept on disk in half precision beside the frames.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from vfi_training.baseline import psnr, warp_mean
from vfi_training.inverse_search import inverse_search
from vfi_training.pack import HEIGHT, WIDTH, Pack
from vfi_training.pseudo_flow import pseudo_flows
from vfi_training.synthetic import MOST_LAYERS, Layer, random_scene, render

# Frames between the two ends and how often. Far apart, real motion is not linear: where things
# stand at t cannot be known, and such samples only add noise to the gradient.
SPANS = {2: 0.55, 3: 0.2, 4: 0.2, 6: 0.05}
MIDDLE_SPANS = {2: 0.65, 4: 0.3, 6: 0.05}  # for models that know the middle only
SCENES = 80  # synthetic scenes kept for reuse
NEW_SCENE = 0.25  # share of synthetic samples that come from a scene never used before
# Pairs whose middle frame the plain warp already gives this well, or this badly (mostly motion that
# is not linear), are left out: PSNR in dB.
LEARNABLE = (19.0, 41.0)
CROPS = 4  # crops taken from each drawn pair or scene
# Real motion is uneven and real frames are noisy, which makes averaging both frames worth more.
UNEVENNESS = 0.05  # standard deviation of a synthetic middle frame's instant
NOISE = (0.002, 0.02)  # standard deviation of the noise of a synthetic frame, in 0..1
LEAST_MOTION = 0.7  # crops whose mean motion is below this many pixels are drawn again

UNSEEN, KNOWN, SKIPPED = 0, 1, 2  # states of a pair in the pool

Frame = Callable[[], Tensor]  # RGB [3, H, W] in 0..1, read or rendered when called
Labels = Callable[[], Tensor | None]  # pseudo-labels [4, H, W], where they are wanted


@dataclass(frozen=True)
class Pair:
    """Two frames of one shot, by their index in the pack."""

    first: int
    span: int


@dataclass(frozen=True)
class Scene:
    """A rendered scene with its first and last frame and the flow between them."""

    layers: list[Layer]
    ends: tuple[Tensor, Tensor]  # [3, H, W]
    flow: Tensor  # [4, H/4, W/4]


def draw_pairs(
    shots: list[dict], count: int, seed: int, share_of_span: dict[int, float]
) -> list[Pair]:
    """Pairs over all shots, a shot's share growing with its length and motion.

    For the middle alone, spans are even also in shots that are too short for the drawn one.
    """
    random = np.random.default_rng(seed)
    long_enough = [shot for shot in shots if shot["frames"] > 2]
    share = np.array([shot["frames"] * min(shot["motion"], 6.0) ** 0.7 for shot in long_enough])
    chosen = random.choice(len(long_enough), count, p=share / share.sum())
    spans = random.choice(list(share_of_span), count, p=list(share_of_span.values()))
    pairs = []
    for shot, span in zip((long_enough[i] for i in chosen), spans, strict=True):
        fitting = min(int(span), shot["frames"] - 1)
        if share_of_span is MIDDLE_SPANS:
            fitting -= fitting % 2
        first = shot["first"] + int(random.integers(shot["frames"] - fitting))
        pairs.append(Pair(first, fitting))
    return pairs


class Pool(torch.utils.data.IterableDataset):
    """An endless stream of augmented crops; meant for one loader worker.

    `pseudo` adds flows from the wanted frame to both ends, found in the whole frames. With `middle`
    the wanted frame is always the one in the middle.
    """

    def __init__(
        self,
        folder: Path,
        pairs: int,
        crop: int,
        synthetic: float,
        seed: int,
        pseudo: bool = False,
        middle: bool = False,
    ):
        self.crop, self.synthetic, self.seed = crop, synthetic, seed
        self.pseudo, self.middle = pseudo, middle
        self.scenes: list[Scene] = []
        self.pack = Pack(folder)
        shots = [shot for shot in self.pack.shots if not shot["validation"]]
        self.pairs = draw_pairs(shots, pairs, seed, MIDDLE_SPANS if middle else SPANS)
        self.flow_file = folder / f"flows-{seed}-{pairs}{'-middle' if middle else ''}.f16"
        shape = (pairs, 4, HEIGHT // 4, WIDTH // 4)
        if not self.flow_file.exists():
            np.memmap(self.flow_file, np.float16, "w+", shape=shape)
            np.memmap(f"{self.flow_file}.state", np.uint8, "w+", shape=(pairs,))

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        random = np.random.default_rng([self.seed, worker.seed % 2**31 if worker else 0])
        shape = (len(self.pairs), 4, HEIGHT // 4, WIDTH // 4)
        self.flows = np.memmap(self.flow_file, np.float16, "r+", shape=shape)
        self.state = np.memmap(f"{self.flow_file}.state", np.uint8, "r+", shape=shape[:1])
        waiting: list[dict[str, Tensor]] = []
        while True:
            # Crops of one source are kept apart by drawing from a hundred waiting ones.
            while len(waiting) < 96:
                waiting += self.draw(random)
            yield waiting.pop(int(random.integers(len(waiting))))

    def flow(self, number: int) -> Tensor | None:
        """flow01, flow10 of a pair [4, H/4, W/4], full-resolution pixels; none: not learnable."""
        if self.state[number] == UNSEEN:
            pair = self.pairs[number]
            indices = pair.first, pair.first + pair.span // 2, pair.first + pair.span
            frame0, wanted, frame1 = (self.pack.frame(index)[None] for index in indices)
            flows = inverse_search(frame0, frame1)
            t = torch.full((1, 1, 1, 1), pair.span // 2 / pair.span)
            quality = psnr(warp_mean(frame0, frame1, *flows, t), wanted)
            learnable = LEARNABLE[0] < quality < LEARNABLE[1]
            self.flows[number] = torch.cat(flows, 1)[0].numpy()
            self.state[number] = KNOWN if learnable else SKIPPED
        if self.state[number] == SKIPPED:
            return None
        return torch.from_numpy(self.flows[number].astype(np.float32))

    def draw(self, random: np.random.Generator) -> list[dict[str, Tensor]]:
        """Augmented crops of one pair or scene; none where the chosen places do not move."""
        if random.random() < self.synthetic:
            source = self.rendered(random)
        else:
            source = self.recorded(random)
        if source is None:
            return []
        labels = cache(partial(self.labels, source[0]))  # once for all crops, if at all
        crops = [self.cut(*source, labels, random) for _ in range(CROPS)]
        return [crop for crop in crops if crop is not None]

    def labels(self, frames: list[Frame]) -> Tensor | None:
        return pseudo_flows(*(frame() for frame in frames)) if self.pseudo else None

    def cut(
        self,
        frames: list[Frame],
        flow: Tensor,
        t: float,
        labels: Labels,
        random: np.random.Generator,
    ) -> dict[str, Tensor] | None:
        enlarge = random.random() < 0.1
        crop = self.crop // 2 if enlarge else self.crop
        y = 4 * int(random.integers((HEIGHT - crop) // 4 + 1))
        x = 4 * int(random.integers((WIDTH - crop) // 4 + 1))
        flow = flow[:, y // 4 : (y + crop) // 4, x // 4 : (x + crop) // 4]
        if flow[:2].square().sum(0).sqrt().mean() < LEAST_MOTION and random.random() < 0.95:
            return None
        parts = torch.stack([frame()[:, y : y + crop, x : x + crop] for frame in frames])
        pseudo = labels()
        if pseudo is not None:
            pseudo = pseudo[:, y : y + crop, x : x + crop]
        if enlarge:
            parts = double(parts)
            flow = 2 * double(flow[None])[0]
            pseudo = None if pseudo is None else 2 * double(pseudo[None])[0]
        return augment(parts, flow, t, random, pseudo)

    def recorded(self, random: np.random.Generator) -> tuple[list[Frame], Tensor, float] | None:
        """First, wanted and last frame of a pair, the flow between the ends, and the instant."""
        number = int(random.integers(len(self.pairs)))
        pair = self.pairs[number]
        middle = pair.span // 2 if self.middle else int(random.integers(1, pair.span))
        indices = (pair.first, pair.first + middle, pair.first + pair.span)
        flow = self.flow(number)
        if flow is None:
            return None
        frames = [partial(self.pack.frame, index) for index in indices]
        return frames, flow, middle / pair.span

    def rendered(self, random: np.random.Generator) -> tuple[list[Frame], Tensor, float]:
        """The same of a synthetic scene."""
        if len(self.scenes) < SCENES or random.random() < NEW_SCENE:
            scene = self.new_scene(random)
            self.scenes = [*self.scenes[-(SCENES - 1) :], scene]
        else:
            scene = self.scenes[int(random.integers(len(self.scenes)))]
        t = 0.5 if self.middle else float(random.integers(1, 8)) / 8
        middle = render(scene.layers, t - 0.5 + random.normal(0, UNEVENNESS))
        frames = [scene.ends[0], planes(middle, random), scene.ends[1]]
        return [partial(torch.clone, frame) for frame in frames], scene.flow, t

    def new_scene(self, random: np.random.Generator) -> Scene:
        layers, ends = new_scene(self.pack, self.pairs, random)
        flow = torch.cat(inverse_search(ends[0][None], ends[1][None]), 1)[0]
        return Scene(layers, ends, flow)


def new_scene(
    pack: Pack, pairs: list[Pair], random: np.random.Generator
) -> tuple[list[Layer], tuple[Tensor, Tensor]]:
    """Layers with pictures of random pairs, and the rendered first and last frame."""
    pictures = []
    for _ in range(int(random.integers(2, MOST_LAYERS + 1))):
        pair = pairs[int(random.integers(len(pairs)))]
        pictures.append(pack.frames[pair.first].astype(np.float32) / 255)
    layers = random_scene(pictures, random)
    return layers, (planes(render(layers, -0.5), random), planes(render(layers, 0.5), random))


def planes(image: np.ndarray, random: np.random.Generator) -> Tensor:
    """[H, W, 3] -> [3, H, W] with a little noise, clipped to 0..1."""
    noise = random.standard_normal(image.shape, np.float32) * random.uniform(*NOISE)
    return torch.from_numpy((image + noise).clip(0, 1)).permute(2, 0, 1)


def double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def mirrored(flow: Tensor, dimension: int) -> Tensor:
    """Two flows [4, h, w] of frames flipped left-right (-1) or upside down (-2)."""
    signs = [-1, 1, -1, 1] if dimension == -1 else [1, -1, 1, -1]
    return flow.flip(dimension) * flow.new_tensor(signs)[:, None, None]


def augment(
    frames: Tensor,
    flow: Tensor,
    t: float,
    random: np.random.Generator,
    pseudo: Tensor | None = None,
) -> dict[str, Tensor]:
    """frames [3, 3, h, w]: first, wanted, last; flow [4, h/4, w/4]: 0->1 x, y, 1->0 x, y.

    pseudo [4, h, w]: wanted->0 x, y, wanted->1 x, y.
    """
    flows = {"flow": flow} if pseudo is None else {"flow": flow, "pseudo": pseudo}
    if random.random() < 0.5:  # left-right
        frames = frames.flip(-1)
        flows = {name: mirrored(value, -1) for name, value in flows.items()}
    if random.random() < 0.3:  # upside down
        frames = frames.flip(-2)
        flows = {name: mirrored(value, -2) for name, value in flows.items()}
    if random.random() < 0.25:  # transposed
        frames = frames.transpose(-1, -2)
        flows = {name: value.transpose(-1, -2)[[1, 0, 3, 2]] for name, value in flows.items()}
    if random.random() < 0.5:  # backwards in time
        frames, t = frames.flip(0), 1 - t
        flows = {name: value[[2, 3, 0, 1]] for name, value in flows.items()}
    if random.random() < 0.5:  # colour channels in another order
        frames = frames[:, torch.from_numpy(random.permutation(3))]
    if random.random() < 0.4:  # gamma and contrast
        frames = frames ** float(np.exp(random.uniform(-0.35, 0.35)))
        frames = frames * float(random.uniform(0.7, 1.0))
        if random.random() < 0.3:
            frames = 1 - frames
    tensors = {"frames": frames, **flows, "t": torch.full((1, 1, 1), t)}
    return {name: value.contiguous() for name, value in tensors.items()}
