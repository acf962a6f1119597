# SPDX-License-Identifier: MIT
"""Trains the default model from the files that vfi_training.crops wrote.

    python -m vfi_training.train_default --config configs/default.toml \
        --crops CROPS --data PACK --out RUN [--device cuda]

Step n draws the same samples on every run, so that a run that was resumed from RUN/checkpoint.pt
ends with the same weights. PACK serves the validation on held-out clips only.
"""

import argparse
import math
import time
import tomllib
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from vfi_training.crops import MARGIN
from vfi_training.default_losses import default_loss
from vfi_training.default_model import THRESHOLD, DefaultModel
from vfi_training.validate import Validation

# Thresholds of the mask in training and how often: the usual one, all refined, nothing refined.
THRESHOLDS = ((THRESHOLD, 0.6), (-math.inf, 0.3), (math.inf, 0.1))
REVERSED = [6, 7, 4, 5, 2, 3, 0, 1]  # candidates of the pair played backwards


class Crops:
    """The crops of several seeds, in memory: 0.18 MB each."""

    def __init__(self, folder: Path, seeds: list[int]):
        self.parts = []
        for seed in seeds:
            names = ("ends", "wanted", "candidates", "t", "labels")
            self.parts.append({n: np.load(folder / str(seed) / f"{n}.npy") for n in names})
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


class Run:
    """Model, averaged model, optimiser and progress of one training run."""

    def __init__(self, config: dict, out: Path, device: str):
        self.config, self.out, self.device = config, out, device
        torch.manual_seed(config["seed"])
        self.model = DefaultModel().to(device, memory_format=torch.channels_last)
        self.average = deepcopy(self.model).eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), betas=config["betas"], weight_decay=config["weight_decay"]
        )
        self.step = 0
        self.checkpoint = out / "checkpoint.pt"
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint, map_location=device, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step = state["step"]

    def save(self) -> None:
        state = {
            "architecture": "vfi-v1",
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(self.checkpoint)

    def log(self, line: str) -> None:
        text = f"{time.strftime('%H:%M:%S')} step {self.step} {line}"
        print(text, flush=True)
        with open(self.out / "log.txt", "a") as target:
            target.write(text + "\n")

    def rate(self) -> float:
        """Linear warm-up, then half a cosine."""
        config = self.config
        cosine = (1 + math.cos(math.pi * self.step / config["steps"])) / 2
        warm = min(1.0, (self.step + 1) / config["warm_up_steps"])
        return warm * (config["last_rate"] + (config["rate"] - config["last_rate"]) * cosine)

    def train_step(self, crops: Crops) -> Tensor:
        config = self.config
        random = np.random.default_rng([config["seed"], self.step])
        batch = crops.batch(random, config["batch"])
        batch = {name: value.to(self.device) for name, value in batch.items()}
        thresholds, shares = zip(*THRESHOLDS, strict=True)
        threshold = float(random.choice(thresholds, p=shares))
        ends = batch["ends"]
        with torch.autocast(self.device, torch.bfloat16):
            out = self.model(
                ends[:, 0],
                ends[:, 1],
                batch["t"],
                candidates=batch["candidates"],
                threshold=threshold,
                margin=MARGIN,
            )
        loss, squared = default_loss(out, batch["wanted"], batch["labels"], config["loss"])
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), config["clip"])
        if torch.isfinite(norm):  # one broken sample must not spoil the weights
            self.optimizer.step()
        self.step += 1
        decay = min(config["average"], (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.model.parameters(), strict=True):
                kept.lerp_(new, 1 - decay)
        return squared


def train(run: Run, crops: Crops, data: Path) -> None:
    config = run.config
    validation = Validation(data, config["validation_triplets"], run.device)
    run.log("validation " + validation.baseline())
    scores = []
    while run.step < config["steps"]:
        scores.append((-10 * torch.log10(run.train_step(crops) + 1e-8)).mean().item())
        if run.step % config["log_every"] == 0:
            run.log(f"psnr {np.mean(scores):.3f} rate {run.rate():.2e}")
            scores = []
        if run.step % config["validate_every"] == 0 or run.step == config["steps"]:
            run.save()
            run.log("validation " + validation.describe(run.average))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--crops", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = tomllib.loads(arguments.config.read_text())
    arguments.out.mkdir(parents=True, exist_ok=True)
    run = Run(config, arguments.out, arguments.device)
    train(run, Crops(arguments.crops, config["crop_seeds"]), arguments.data)


if __name__ == "__main__":
    main()
