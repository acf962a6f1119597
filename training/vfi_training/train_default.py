# SPDX-License-Identifier: MIT
"""Trains the default model from the files that vfi_training.crops wrote.

    python -m vfi_training.train_default --config configs/default.toml \
        --crops CROPS --data PACK --out RUN [--device cuda]

Step n draws the same samples on every run, so that a run that was resumed from RUN/checkpoint.pt
ends with the same weights. PACK serves the validation on held-out clips only.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from vfi_training.crops import MARGIN
from vfi_training.default_losses import default_loss
from vfi_training.default_model import FIRST_UNCERTAINTY, NAME
from vfi_training.run import Run, begin, trainer_parser
from vfi_training.validate import Validation

# Thresholds of the mask in training and how often: one lower than in use, so that there is more to
# learn from; all refined; nothing refined.
THRESHOLDS = ((FIRST_UNCERTAINTY, 0.6), (-math.inf, 0.3), (math.inf, 0.1))
REVERSED = [6, 7, 4, 5, 2, 3, 0, 1]  # candidates of the pair played backwards


class Crops:
    """The crops of several seeds, 0.18 MB each, mapped: quick where they fit into memory."""

    def __init__(self, folder: Path, seeds: list[int]):
        self.parts = []
        for seed in seeds:
            names = ("ends", "wanted", "candidates", "t", "labels")
            self.parts.append(
                {n: np.load(folder / str(seed) / f"{n}.npy", mmap_mode="r") for n in names}
            )
        self.starts = np.cumsum([0, *(len(part["t"]) for part in self.parts)])

    def batch(self, random: np.random.Generator, size: int) -> dict[str, Tensor]:
        chosen = np.sort(random.choice(self.starts[-1], size, replace=False))
        part = np.searchsorted(self.starts, chosen, side="right") - 1
        found = {}
        for name in self.parts[0]:
            rows = [
                self.parts[p][name][i - self.starts[p]] for p, i in zip(part, chosen, strict=True)
            ]
            found[name] = torch.from_numpy(np.stack(rows)).float()
        found["ends"] /= 255
        found["wanted"] /= 255
        return augment(found, random)


def mirrored(batch: dict[str, Tensor], dimension: int) -> dict[str, Tensor]:
    batch = {name: value.flip(dimension) for name, value in batch.items()}
    sign = torch.tensor([-1.0, 1.0] if dimension == -1 else [1.0, -1.0])[:, None, None]
    batch["candidates"] = batch["candidates"] * sign.repeat(4, 1, 1)
    batch["labels"] = batch["labels"] * torch.cat((sign.repeat(2, 1, 1), torch.ones(1, 1, 1)))
    return batch


def augment(batch: dict[str, Tensor], random: np.random.Generator) -> dict[str, Tensor]:
    """The same changes for a whole batch: mirrors, transposition, reversal, colours, gamma."""
    if random.random() < 0.5:
        batch = mirrored(batch, -1)
    if random.random() < 0.3:
        batch = mirrored(batch, -2)
    if random.random() < 0.3:
        batch = {name: value.transpose(-1, -2) for name, value in batch.items()}
        batch["candidates"] = batch["candidates"][:, [1, 0, 3, 2, 5, 4, 7, 6]]
        batch["labels"] = batch["labels"][:, [1, 0, 3, 2, 4]]
    if random.random() < 0.5:  # backwards in time
        batch["ends"], batch["t"] = batch["ends"].flip(1), 1 - batch["t"]
        batch["candidates"] = batch["candidates"][:, REVERSED]
        batch["labels"] = batch["labels"][:, [2, 3, 0, 1, 4]]
    pictures = ("ends", "wanted")
    if random.random() < 0.5:
        order = torch.from_numpy(random.permutation(3))
        batch |= {name: batch[name].index_select(-3, order) for name in pictures}
    if random.random() < 0.4:
        gamma, gain = math.exp(random.uniform(-0.35, 0.35)), random.uniform(0.7, 1.0)
        batch |= {name: batch[name] ** gamma * gain for name in pictures}
    return batch


def train_step(run: Run, crops: Crops) -> Tensor:
    """One step; the squared error of each sample."""
    config = run.config
    random = np.random.default_rng([config["seed"], run.step])
    batch = crops.batch(random, config["batch"])
    batch = {name: value.to(run.device) for name, value in batch.items()}
    thresholds, shares = zip(*THRESHOLDS, strict=True)
    threshold = float(random.choice(thresholds, p=shares))
    ends = batch["ends"]
    with torch.autocast(run.device, torch.bfloat16, enabled=config["bfloat16"]):
        out = run.model(
            ends[:, 0],
            ends[:, 1],
            batch["t"],
            candidates=batch["candidates"],
            threshold=threshold,
            margin=MARGIN,
        )
    loss, squared = default_loss(out, batch["wanted"], batch["labels"], config["loss"])
    run.learn(loss)
    return squared


def train(run: Run, crops: Crops, data: Path) -> None:
    config = run.config
    validation = Validation(data, config["validation_triplets"], run.device)
    run.log("validation " + validation.baseline())
    scores = []
    while run.step < config["steps"]:
        scores.append((-10 * torch.log10(train_step(run, crops) + 1e-8)).mean().item())
        if run.step % config["log_every"] == 0:
            run.log(f"psnr {np.mean(scores):.3f} rate {run.rate():.2e}")
            scores = []
        if run.step % config["validate_every"] == 0 or run.step == config["steps"]:
            run.save()
            run.log("validation " + validation.describe(run.average))


def main() -> None:
    parser = trainer_parser(__doc__)
    parser.add_argument("--crops", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="checkpoint of the stage before")
    arguments, config = begin(parser)
    run = Run(config, NAME, arguments.out, arguments.device)
    if arguments.start:
        run.start(arguments.start)
    train(run, Crops(arguments.crops, config["crop_seeds"]), arguments.data)


if __name__ == "__main__":
    main()
