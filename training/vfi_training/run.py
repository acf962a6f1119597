# SPDX-License-Identifier: MIT
"""What every training run has: options, models, optimiser, progress, checkpoint and log."""

import argparse
import math
import time
import tomllib
from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn
from vfi_training.models import build


def trainer_parser(description: str) -> argparse.ArgumentParser:
    """The options that every trainer has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    return parser


def begin(parser: argparse.ArgumentParser) -> tuple[argparse.Namespace, dict]:
    """The arguments of the command line and their configuration; makes the folder of the run."""
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = tomllib.loads(arguments.config.read_text())
    arguments.out.mkdir(parents=True, exist_ok=True)
    return arguments, config


class Run:
    """Resumes from OUT/checkpoint.pt where there is one.

    The configuration gives seed, rate, last_rate, warm_up_steps, betas, weight_decay, clip (of the
    gradient's norm), average (decay of the averaged weights), and steps or minutes.
    """

    def __init__(self, config: dict, architecture: str, out: Path, device: str):
        self.config, self.architecture = config, architecture
        self.out, self.device = out, device
        torch.manual_seed(config["seed"])
        self.model = build(architecture).to(device)
        if all(weight.dim() < 5 for weight in self.model.parameters()):
            self.model.to(memory_format=torch.channels_last)
        self.average = deepcopy(self.model).eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), betas=config["betas"], weight_decay=config["weight_decay"]
        )
        self.step, self.seconds = 0, 0.0
        self.checkpoint = out / "checkpoint.pt"
        if self.checkpoint.exists():
            self.load()

    def load(self) -> None:
        self.restore(torch.load(self.checkpoint, map_location=self.device, weights_only=True))

    def restore(self, state: dict) -> None:
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]

    def start(self, checkpoint: Path) -> None:
        """Begins with the averaged weights of another run, unless this one has begun."""
        if self.step == 0:
            state = torch.load(checkpoint, map_location=self.device, weights_only=True)
            self.model.load_state_dict(state["average"])
            self.average.load_state_dict(state["average"])

    def state(self) -> dict:
        """What a checkpoint holds."""
        return {
            "architecture": self.architecture,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }

    def save(self) -> None:
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(self.state(), temporary)
        temporary.replace(self.checkpoint)

    def log(self, line: str) -> None:
        text = f"{time.strftime('%H:%M:%S')} step {self.step} {line}"
        print(text, flush=True)
        with open(self.out / "log.txt", "a") as target:
            target.write(text + "\n")

    @property
    def progress(self) -> float:
        """0 at the start, 1 when the budget (steps, or minutes where given) is spent."""
        if "minutes" in self.config:
            return self.seconds / (60 * self.config["minutes"])
        return self.step / self.config["steps"]

    def rate(self) -> float:
        """Linear warm-up, then half a cosine over the budget."""
        highest, lowest = self.config["rate"], self.config["last_rate"]
        cosine = (1 + math.cos(math.pi * min(self.progress, 1))) / 2
        warm = min(1.0, (self.step + 1) / self.config["warm_up_steps"])
        return warm * (lowest + (highest - lowest) * cosine)

    def learn(self, loss: Tensor) -> None:
        """One step of the optimiser and of the average."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.config["clip"])
        if torch.isfinite(norm):  # one broken sample must not spoil the weights
            self.optimizer.step()
        self.step += 1
        decay = min(self.config["average"], (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.model.parameters(), strict=True):
                kept.lerp_(new, 1 - decay)
            for kept, new in zip(self.average.buffers(), self.model.buffers(), strict=True):
                kept.copy_(new)
