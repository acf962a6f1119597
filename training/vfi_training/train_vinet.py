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
from vfi_training.pack import Pack
from vfi_training.run import Run, begin, trainer_parser
from vfi_training.vinet import CENTRE, Memory
from vfi_training.vinet_losses import (
    flow_loss,
    label_loss,
    reconstruction,
    refinement,
    warping_loss,
)
from vfi_training.vinet_samples import Clips, FilledClips, window

VALIDATION_SEED = 1


def detached(memory: Memory) -> Memory:
    return replace(
        memory,
        output=memory.output.detach(),
        state=tuple(value.detach() for value in memory.state),
    )


def given(batch: dict[str, Tensor], output: int) -> Tensor:
    """The frames that the network sees: that in the middle with its hole filled, where it is."""
    seen = window(batch["frames"], output).clone()
    if "fills" in batch:
        seen[:, CENTRE] = batch["fills"][:, output]
    return seen


def clip_loss(run: Run, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """The loss of all outputs, and the squared error in the holes of the last one."""
    frames, masks = batch["frames"], batch["masks"]
    flow_share, warping_share = run.config["flow_share"], run.config["warping_share"]
    memory, shown, outputs, loss = None, [], [], 0
    for t in range(run.config["outputs"]):
        seen, holes = window(frames, t), window(masks, t)
        with torch.autocast(run.device, torch.bfloat16):
            stages = run.model(given(batch, t), holes, memory)
        out, wanted, hole = stages["out"].float(), seen[:, CENTRE], holes[:, CENTRE]
        terms = refinement if "fills" in batch else reconstruction
        loss = loss + terms(out, wanted, hole)
        if run.config["flow_labels"] > 0:
            labels = batch["neighbours"][:, t]
            loss = loss + run.config["flow_labels"] * label_loss(stages, labels, seen)
        if t > 0:
            pseudo = batch["flows"][:, t - 1]
            pair, results = (shown[-1], wanted), (outputs[-1], out)
            loss = loss + flow_share * flow_loss(
                stages["flow_256"].float(), pseudo[:, :2], pair, results
            )
            loss = loss + warping_share * warping_loss(out, wanted, shown[-1], pseudo[:, :2])
        if t > 1:
            loss = loss + warping_share * warping_loss(out, wanted, shown[0], pseudo[:, 2:])
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
    """PSNR in the holes of held-out clips, of the averaged weights and of what they start from: a
    grey hole, or the fill.
    """
    random = np.random.default_rng(VALIDATION_SEED)
    found, begun = [], []
    for _ in range(run.config["validation_clips"]):
        batch = {name: value.to(run.device) for name, value in clips.batch(random, 1).items()}
        memory = None
        for t in range(run.config["outputs"]):
            seen, holes = given(batch, t), window(batch["masks"], t)
            stages = run.average(seen, holes, memory)
            memory = run.average.remember(stages, holes)
        wanted, hole = window(batch["frames"], t)[:, CENTRE], holes[:, CENTRE]
        start = seen[:, CENTRE] if "fills" in batch else torch.zeros_like(wanted)
        found.append(hole_error(stages["out"], wanted, hole))
        begun.append(hole_error(start, wanted, hole))
    after, before = (
        f"{decibels(errors):.3f} of all {decibels(errors.mean()):.3f}"
        for errors in (torch.cat(found), torch.cat(begun))
    )
    return f"psnr {after} (from {before})"


def train_step(run: Run, clips: Clips) -> tuple[float, Tensor]:
    random = np.random.default_rng([run.config["seed"], run.step])
    batch = clips.batch(random, run.config["batch"])
    loss, squared = clip_loss(run, {name: value.to(run.device) for name, value in batch.items()})
    run.learn(loss)
    return loss.item(), squared


def train(run: Run, data: Path) -> None:
    config, pack = run.config, Pack(data)
    kind = FilledClips if run.model.form.refines_fill else Clips
    clips, held_out = kind(pack, config), kind(pack, config, validation=True)
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
