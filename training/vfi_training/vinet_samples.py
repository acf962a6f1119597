# SPDX-License-Identifier: MIT
"""What VINet is trained with: crops of consecutive frames, with holes."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from vfi_training import vinet_masks
from vfi_training.pack import HEIGHT, WIDTH, Pack
from vfi_training.pseudo_flow import search
from vfi_training.vinet import OFFSETS
from vfi_training.vinet_fills import FIRST, OUTPUTS, Fills

SPAN = OFFSETS[-1] - OFFSETS[0] + 1


class Clips:
    """Crops with drawn holes, from the shots that are long enough."""

    def __init__(self, pack: Pack, config: dict, validation: bool = False):
        self.pack, self.crop, self.outputs = pack, config["crop"], config["outputs"]
        self.half_share, self.labels = config["half_share"], config["flow_labels"] > 0
        self.length = SPAN + self.outputs - 1
        self.shots = [
            shot
            for shot in pack.shots
            if shot["validation"] == validation and shot["frames"] >= self.length
        ]
        if not self.shots:
            raise ValueError(f"no shot has {self.length} frames")
        frames = np.array([shot["frames"] - self.length + 1 for shot in self.shots])
        self.share = frames / frames.sum()

    def take(self, random: np.random.Generator) -> dict[str, Tensor]:
        """frames [T, 3, c, c] in 0..1, masks [T, 1, c, c]."""
        shot = self.shots[int(random.choice(len(self.shots), p=self.share))]
        first = shot["first"] + int(random.integers(shot["frames"] - self.length + 1))
        halves = random.random() < self.half_share
        side = 2 * self.crop if halves else self.crop
        y, x = (int(random.integers(extent - side + 1)) for extent in (HEIGHT, WIDTH))
        frames = torch.stack([self.pack.frame(first + t) for t in range(self.length)])
        frames = frames[:, :, y : y + side, x : x + side]
        if halves:
            frames = functional.avg_pool2d(frames, 2)
        return {"frames": frames, "masks": vinet_masks.draw(random, self.length, self.crop)}

    def draw(self, random: np.random.Generator) -> dict[str, Tensor]:
        """frames [T, 3, c, c] in [-1, 1], masks [T, 1, c, c]; where there are several outputs,
        flows [outputs - 1, 4, c, c] from each later one to the one before it and to the first;
        with `flow_labels`, neighbours [outputs, 4, 2, c, c] from each output to its neighbours.
        """
        sample = self.take(random)
        for dimension in (-1, -2, 0):  # left-right, upside down, backwards in time
            if random.random() < 0.5:
                sample = {name: value.flip(dimension) for name, value in sample.items()}
        frames = sample["frames"]
        shown = frames[-OFFSETS[0] :][: self.outputs]
        if self.outputs > 1:
            sample["flows"] = torch.stack(
                [
                    torch.cat((search(shown[t], shown[t - 1]), search(shown[t], shown[0])))
                    for t in range(1, self.outputs)
                ]
            )
        if self.labels:
            sample["neighbours"] = torch.stack(
                [
                    torch.stack(
                        [search(shown[t], frames[t + o - OFFSETS[0]]) for o in OFFSETS if o]
                    )
                    for t in range(self.outputs)
                ]
            )
        for name in sample.keys() & {"frames", "fills"}:
            sample[name] = 2 * sample[name] - 1
        return {name: value.contiguous() for name, value in sample.items()}

    def batch(self, random: np.random.Generator, size: int) -> dict[str, Tensor]:
        samples = [self.draw(random) for _ in range(size)]
        return {name: torch.stack([sample[name] for sample in samples]) for name in samples[0]}


class FilledClips(Clips):
    """Crops around holes that libvfi filled: besides, `fills` [outputs, 3, c, c], with the frames
    to be filled as they are outside of their holes.
    """

    def __init__(self, pack: Pack, config: dict, validation: bool = False):
        super().__init__(pack, config, validation)
        if self.outputs > OUTPUTS or self.half_share > 0:
            raise ValueError(f"fills are of at most {OUTPUTS} outputs, and of no reduced frames")
        self.fills = Fills(pack.folder, config["held_out" if validation else "fills"])

    def take(self, random: np.random.Generator) -> dict[str, Tensor]:
        while True:
            number = int(random.choice(self.fills.done))
            start = int(random.integers(OUTPUTS - self.outputs + 1))
            masks = self.fills.masks(number)[start : start + self.length]
            pixels = np.argwhere(masks[FIRST])
            if len(pixels):
                break
        # A pixel of the first output's hole lies in the middle half of the crop, if it can.
        y, x = (
            int(np.clip(place - self.crop * random.uniform(0.25, 0.75), 0, extent - self.crop))
            for place, extent in zip(
                pixels[int(random.integers(len(pixels)))], (HEIGHT, WIDTH), strict=True
            )
        )
        part = slice(y, y + self.crop), slice(x, x + self.crop)
        first = self.fills.places[number] + start
        frames = self.pack.frames[first : first + self.length, *part]
        fills = self.fills.pictures[number, start : start + self.outputs, *part]
        return {
            "frames": planes(frames),
            "masks": torch.from_numpy(masks[:, None, *part].astype(np.float32)),
            "fills": planes(fills),
        }


def planes(pictures: np.ndarray) -> Tensor:
    """uint8 [T, h, w, 3] -> [T, 3, h, w] in 0..1."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 255


def window(clip: Tensor, output: int) -> Tensor:
    """[N, T, C, h, w] -> what the network sees for the `output`-th frame that it fills."""
    return clip[:, [output + offset - OFFSETS[0] for offset in OFFSETS]]
