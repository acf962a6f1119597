# SPDX-License-Identifier: MIT
"""Trains VINet in two stages.

    python -m vfi_training.train_vinet --config configs/vinet_stage1.toml --data PACK --out RUN1
    python -m vfi_training.train_vinet --config configs/vinet_stage2.toml --data PACK --out RUN2 \
        --start RUN1/checkpoint.pt

The first stage fills single frames from their neighbours; the second one fills several in a row,
with the last output and the memory, and asks for constancy in time. Where little time is left to
train, `flow_labels` teaches all flows by labels from the first step on, and `half_share` is the
share of samples at half of the size, whose crops show four times as much. Step n draws the same
samples on every run, so that a run of so many steps that was resumed from RUN/checkpoint.pt ends
with the same weights; one of so many minutes depends on the machine.
"""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from vfi_training import vinet_masks
from vfi_training.pack import HEIGHT, WIDTH, Pack
from vfi_training.pseudo_flow import search
from vfi_training.run import Run, begin, trainer_parser
from vfi_training.vinet import CENTRE, OFFSETS, Memory
from vfi_training.vinet_losses import (
    FLOW_SHARE,
    WARPING_SHARE,
    flow_loss,
    label_loss,
    reconstruction,
    warping_loss,
)

SPAN = OFFSETS[-1] - OFFSETS[0] + 1
VALIDATION_SEED = 1


class Clips:
    """Crops of consecutive frames with holes, from the shots that are long enough."""

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

    def draw(self, random: np.random.Generator) -> dict[str, Tensor]:
        """frames [T, 3, c, c] in [-1, 1], masks [T, 1, c, c]; where there are several outputs,
        flows [outputs - 1, 4, c, c] from each later one to the one before it and to the first;
        with `flow_labels`, neighbours [outputs, 4, 2, c, c] from each output to its neighbours.
        """
        shot = self.shots[int(random.choice(len(self.shots), p=self.share))]
        first = shot["first"] + int(random.integers(shot["frames"] - self.length + 1))
        halves = random.random() < self.half_share
        side = 2 * self.crop if halves else self.crop
        y, x = (int(random.integers(extent - side + 1)) for extent in (HEIGHT, WIDTH))
        frames = torch.stack([self.pack.frame(first + t) for t in range(self.length)])
        frames = frames[:, :, y : y + side, x : x + side]
        if halves:
            frames = functional.avg_pool2d(frames, 2)
        if random.random() < 0.5:
            frames = frames.flip(-1)
        if random.random() < 0.5:
            frames = frames.flip(0)
        sample = {
            "frames": (2 * frames - 1).contiguous(),
            "masks": vinet_masks.draw(random, self.length, self.crop),
        }
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
        return sample

    def batch(self, random: np.random.Generator, size: int) -> dict[str, Tensor]:
        samples = [self.draw(random) for _ in range(size)]
        return {name: torch.stack([sample[name] for sample in samples]) for name in samples[0]}


def window(clip: Tensor, output: int) -> Tensor:
    """[N, T, C, h, w] -> what the network sees for the `output`-th frame that it fills."""
    return clip[:, [output + offset - OFFSETS[0] for offset in OFFSETS]]


def detached(memory: Memory) -> Memory:
    return replace(
        memory,
        output=memory.output.detach(),
        state=tuple(value.detach() for value in memory.state),
    )


def clip_loss(run: Run, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """The loss of all outputs, and the squared error in the holes of the last one."""
    frames, masks = batch["frames"], batch["masks"]
    memory, shown, outputs, loss = None, [], [], 0
    for t in range(run.config["outputs"]):
        seen, holes = window(frames, t), window(masks, t)
        with torch.autocast(run.device, torch.bfloat16):
            stages = run.model(seen, holes, memory)
        out, wanted, hole = stages["out"].float(), seen[:, CENTRE], holes[:, CENTRE]
        loss = loss + reconstruction(out, wanted, hole)
        if run.config["flow_labels"] > 0:
            labels = batch["neighbours"][:, t]
            loss = loss + run.config["flow_labels"] * label_loss(stages, labels, seen)
        if t > 0:
            pseudo = batch["flows"][:, t - 1]
            pair, results = (shown[-1], wanted), (outputs[-1], out)
            loss = loss + FLOW_SHARE * flow_loss(
                stages["flow_256"].float(), pseudo[:, :2], pair, results
            )
            loss = loss + WARPING_SHARE * warping_loss(out, wanted, shown[-1], pseudo[:, :2])
        if t > 1:
            loss = loss + WARPING_SHARE * warping_loss(out, wanted, shown[0], pseudo[:, 2:])
        memory = detached(run.model.remember(stages | {"out": out}, holes))
        shown.append(wanted)
        outputs.append(memory.output)
    return loss, hole_error(out.detach(), wanted, hole)


def hole_error(out: Tensor, wanted: Tensor, hole: Tensor) -> Tensor:
    """Mean squared error of frames in 0..1, in the holes alone, of each sample."""
    squared = (hole * (out - wanted).clamp(-2, 2)).square().sum((1, 2, 3)) / 4
    return squared / (3 * hole.sum((1, 2, 3))).clamp(min=1)


def decibels(squared: Tensor) -> float:
    return (-10 * torch.log10(squared + 1e-8)).mean().item()


@torch.no_grad()
def validate(run: Run, clips: Clips) -> str:
    """PSNR in the holes of held-out clips, of the averaged weights and of a grey hole."""
    random = np.random.default_rng(VALIDATION_SEED)
    found, grey = [], []
    for _ in range(run.config["validation_clips"]):
        batch = {name: value.to(run.device) for name, value in clips.batch(random, 1).items()}
        memory = None
        for t in range(run.config["outputs"]):
            seen, holes = window(batch["frames"], t), window(batch["masks"], t)
            stages = run.average(seen, holes, memory)
            memory = run.average.remember(stages, holes)
        wanted, hole = seen[:, CENTRE], holes[:, CENTRE]
        found.append(hole_error(stages["out"], wanted, hole))
        grey.append(hole_error(torch.zeros_like(wanted), wanted, hole))
    return f"psnr {decibels(torch.cat(found)):.3f} (grey {decibels(torch.cat(grey)):.3f})"


def train_step(run: Run, clips: Clips) -> tuple[float, Tensor]:
    random = np.random.default_rng([run.config["seed"], run.step])
    batch = clips.batch(random, run.config["batch"])
    loss, squared = clip_loss(run, {name: value.to(run.device) for name, value in batch.items()})
    run.learn(loss)
    return loss.item(), squared


def train(run: Run, data: Path) -> None:
    config, pack = run.config, Pack(data)
    clips, held_out = Clips(pack, config), Clips(pack, config, validation=True)
    losses, scores, started = [], [], time.monotonic()
    while run.progress < 1:
        loss, squared = train_step(run, clips)
        now = time.monotonic()
        run.seconds, started = run.seconds + now - started, now
        losses.append(loss)
        scores.append(decibels(squared))
        if run.step % config["log_every"] == 0:
            run.log(f"loss {np.mean(losses):.4f} psnr in holes {np.mean(scores):.3f}")
            losses, scores = [], []
        if run.step % config["validate_every"] == 0 or run.progress >= 1:
            run.save()
            run.log("validation " + validate(run, held_out))


def start(run: Run, checkpoint: Path) -> None:
    """Begins with the averaged weights of another run, unless this one has begun."""
    if run.step == 0:
        state = torch.load(checkpoint, map_location=run.device, weights_only=True)
        run.model.load_state_dict(state["average"])
        run.average.load_state_dict(state["average"])


def main() -> None:
    parser = trainer_parser(__doc__)
    parser.add_argument("--start", type=Path, help="checkpoint of the stage before")
    arguments, config = begin(parser)
    run = Run(config, config["model"], arguments.out, arguments.device)
    if arguments.start:
        start(run, arguments.start)
    train(run, arguments.data)


if __name__ == "__main__":
    main()
