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
from vfi_training.inverse_search import inverse_search
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


def motion(batch: dict[str, Tensor], memory: Memory | None, output: int) -> Tensor | None:
    """From a filled frame to the last output, where a network takes that."""
    if memory is None or "fills" not in batch:
        return None
    pictures = batch["fills"][:, output].cpu(), memory.output.detach().cpu()
    found, _ = inverse_search(*((picture + 1) / 2 for picture in pictures))
    return (found / 4).to(memory.output.device)


def unchanged(batch: dict[str, Tensor], output: int) -> Tensor:
    """What a network that does nothing would give: the fill, or grey."""
    if "fills" in batch:
        return batch["fills"][:, output]
    return torch.zeros_like(batch["frames"][:, 0])


def clip_loss(run: Run, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """The loss of all outputs, and the squared errors in the holes of the last one and of what it
    started from, [2, N].
    """
    frames, masks = batch["frames"], batch["masks"]
    flow_share, warping_share = run.config["flow_share"], run.config["warping_share"]
    memory, shown, outputs, loss = None, [], [], 0
    for t in range(run.config["outputs"]):
        seen, holes = window(frames, t), window(masks, t)
        with torch.autocast(run.device, torch.bfloat16):
            stages = run.model(given(batch, t), holes, memory, motion(batch, memory, t))
        out, wanted, hole = stages["out"].float(), seen[:, CENTRE], holes[:, CENTRE]
        terms = refinement if "fills" in batch else reconstruction
        loss = loss + terms(out, wanted, hole)
        if run.config["flow_labels"] > 0:
            labels = batch["neighbours"][:, t]
            loss = loss + run.config["flow_labels"] * label_loss(stages, labels, seen)
        if t > 0:
            pseudo = batch["flows"][:, t - 1]
            pair, results = (shown[-1], wanted), (outputs[-1], out)
            if "fills" not in batch:  # else the flow is given
                loss = loss + flow_share * flow_loss(
                    stages["flow_256"].float(), pseudo[:, :2], pair, results
                )
            loss = loss + warping_share * warping_loss(out, wanted, shown[-1], pseudo[:, :2])
        if t > 1:
            loss = loss + warping_share * warping_loss(out, wanted, shown[0], pseudo[:, 2:])
        memory = detached(run.model.remember(stages | {"out": out}, holes))
        shown.append(wanted)
        outputs.append(memory.output)
    pictures = out.detach(), unchanged(batch, t)
    return loss, torch.stack([hole_error(picture, wanted, hole) for picture in pictures])


def hole_error(out: Tensor, wanted: Tensor, hole: Tensor) -> Tensor:
    """Mean squared error of frames in 0..1, in the holes alone, of each sample."""
    squared = (hole * (out - wanted).clamp(-2, 2)).square().sum((1, 2, 3)) / 4
    return squared / (3 * hole.sum((1, 2, 3))).clamp(min=1)


def decibels(squared: Tensor) -> float:
    return (-10 * torch.log10(squared + 1e-8)).mean().item()


@torch.no_grad()
def validate(run: Run, clips: Clips) -> str:
    """PSNR in the holes of held-out clips, of the averaged weights and of what they start from."""
    random = np.random.default_rng(VALIDATION_SEED)
    found = []
    for _ in range(run.config["validation_clips"]):
        batch = {name: value.to(run.device) for name, value in clips.batch(random, 1).items()}
        memory = None
        for t in range(run.config["outputs"]):
            holes = window(batch["masks"], t)
            stages = run.average(given(batch, t), holes, memory, motion(batch, memory, t))
            memory = run.average.remember(stages, holes)
        wanted, hole = window(batch["frames"], t)[:, CENTRE], holes[:, CENTRE]
        pictures = stages["out"], unchanged(batch, t)
        found.append(torch.stack([hole_error(picture, wanted, hole) for picture in pictures]))
    return described(found)


def described(errors: list[Tensor]) -> str:
    """Mean PSNR over samples, and that of the mean error, of both kinds [2, N]."""
    after, before = (
        f"{decibels(part):.3f} of all {decibels(part.mean()):.3f}" for part in torch.cat(errors, 1)
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
        scores.append(squared)
        if run.step % config["log_every"] == 0:
            run.log(f"loss {np.mean(losses):.4f} {described(scores)}")
            losses, scores = [], []
        if run.step % config["validate_every"] == 0 or run.progress >= 1:
            run.save()
            run.log("validation " + validate(run, held_out))


def main() -> None:
    parser = trainer_parser(__doc__)
    parser.add_argument("--start", type=Path, help="checkpoint of the stage before")
    arguments, config = begin(parser)
    run = Run(config, config["model"], arguments.out, arguments.device)
    if arguments.start:
        run.start(arguments.start)
    train(run, arguments.data)


if __name__ == "__main__":
    main()
