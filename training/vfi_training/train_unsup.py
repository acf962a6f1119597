# SPDX-License-Identifier: MIT
"""Trains the generator of unsupervised spatiotemporal inpainting against its discriminators.

    python -m vfi_training.train_unsup --config configs/unsup.toml --data PACK --out RUN \
        --occlusion raindrops --variant unsupervised

`--occlusion` is raindrops, bar, pixels or clouds, `--variant` unsupervised, unpaired or paired. The
clean clips are drawn for all variants alike, but the unsupervised one sees them through an
occlusion only. Step n draws the same samples on every run, so that a run that was resumed from
RUN/checkpoint.pt ends with the same weights.
"""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized
from vfi_training.occlusion import PROCESSES, Occlusion
from vfi_training.pack import HEIGHT, WIDTH, Pack
from vfi_training.run import Run, begin, trainer_parser
from vfi_training.unsup import Critic, completed, measured
from vfi_training.unsup_losses import VARIANTS, compared, critic_loss, generator_loss

VALIDATION_SEED = 1
POWER_STEPS = 30  # towards the spectral norms of the averaged weights
STEADY = 25  # clips from which the statistics of batch norm are taken after training


@dataclass(frozen=True)
class Clips:
    """Consecutive frames of the shots that are long enough, area-reduced by `reduce`."""

    pack: Pack
    frames: int
    reduce: int
    validation: bool = False

    @property
    def shots(self) -> list[dict]:
        found = [
            shot
            for shot in self.pack.shots
            if shot["validation"] == self.validation and shot["frames"] >= self.frames
        ]
        if not found:
            raise ValueError(f"no shot has {self.frames} frames")
        return found

    def draw(self, random: np.random.Generator, crop: int) -> Tensor:
        """[3, T, crop, crop] in [-1, 1]."""
        shots, side = self.shots, crop * self.reduce
        starts = np.array([shot["frames"] - self.frames + 1 for shot in shots])
        shot = shots[int(random.choice(len(shots), p=starts / starts.sum()))]
        first = shot["first"] + int(random.integers(shot["frames"] - self.frames + 1))
        y, x = (int(random.integers(length - side + 1)) for length in (HEIGHT, WIDTH))
        part = self.pack.frames[first : first + self.frames, y : y + side, x : x + side]
        clip = torch.from_numpy(np.array(part)).permute(0, 3, 1, 2).float() / 127.5 - 1
        clip = F.avg_pool2d(clip, self.reduce).transpose(0, 1)
        return (clip.flip(-1) if random.random() < 0.5 else clip).contiguous()

    def batch(self, random: np.random.Generator, crop: int, size: int) -> Tensor:
        return torch.stack([self.draw(random, crop) for _ in range(size)])


def hidden(occlusion: Occlusion, random: np.random.Generator, like: Tensor) -> Tensor:
    """bool [N, 1, T, h, w]: a draw for each clip [N, C, T, h, w]."""
    seeds = random.integers(1 << 63, size=len(like))
    masks = [occlusion.draw(int(seed), *like.shape[2:]) for seed in seeds]
    return torch.from_numpy(np.stack(masks))[:, None]


class AdversarialRun(Run):
    """A run with discriminators and their optimiser beside the generator's."""

    def __init__(self, config: dict, out: Path, device: str):
        torch.manual_seed(config["seed"])
        self.critic = Critic(config["critic_width"]).to(device)
        self.critic_optimizer = torch.optim.Adam(
            self.critic.parameters(), config["critic_rate"], config["betas"]
        )
        super().__init__(config, config["model"], out, device)

    def state(self) -> dict:
        return super().state() | {
            "critic": self.critic.state_dict(),
            "critic_optimizer": self.critic_optimizer.state_dict(),
        }

    def restore(self, state: dict) -> None:
        super().restore(state)
        self.critic.load_state_dict(state["critic"])
        self.critic_optimizer.load_state_dict(state["critic_optimizer"])

    def teach(self, loss: Tensor) -> None:
        """One step of the discriminators."""
        self.critic_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimizer.step()


def crop_side(config: dict, step: int) -> int:
    """Smaller crops first: the network knows no size, and their steps are cheap."""
    return config["small_crop"] if step < config["small_steps"] else config["crop"]


def samples(run: Run, clips: Clips, occlusion: Occlusion) -> dict[str, Tensor]:
    """Clean clips, other clean clips, and occlusions: the first and the fresh ones."""
    config, random = run.config, np.random.default_rng([run.config["seed"], run.step])
    crop = crop_side(config, run.step)
    found = {name: clips.batch(random, crop, config["batch"]) for name in ("clean", "others")}
    names = ["hidden", *(f"again{turn}" for turn in range(config["critic_steps"] + 1))]
    found |= {name: hidden(occlusion, random, found["clean"]) for name in names}
    return {name: value.to(run.device) for name, value in found.items()}


def train_step(
    run: AdversarialRun, clips: Clips, occlusion: Occlusion, variant: str
) -> dict[str, float]:
    """One completion; the discriminators' steps on it as it is, then the generator's."""
    batch = samples(run, clips, occlusion)
    with torch.autocast(run.device, torch.bfloat16):
        measurement = measured(batch["clean"], batch["hidden"])
        result = completed(run.model, measurement, batch["hidden"])
        for turn in range(run.config["critic_steps"]):
            real, made = compared(variant, batch, result, batch[f"again{turn}"])
            judged = critic_loss(run.critic, real, made)
            run.teach(judged)
        last = batch[f"again{run.config['critic_steps']}"]
        _, made = compared(variant, batch, result, last)
        loss = adversarial = generator_loss(run.critic(made))
    error = (result.float() - batch["clean"]).abs()
    if variant == "paired":
        loss = loss + run.config["absolute"] * error.mean()
    run.learn(loss)
    # Told, not learnt from: the unsupervised variant never sees a clean clip.
    seen = error.detach().mean(1, keepdim=True)[batch["hidden"]].mean() / 2
    return {"critic": judged.item(), "generator": adversarial.item(), "mae": seen.item()}


@torch.no_grad()
@torch.autocast("cpu", torch.bfloat16)
def steadied(model: nn.Module, clips: Clips, occlusion: Occlusion, crop: int) -> nn.Module:
    """A copy whose spectral norms and batch norms fit the averaged weights.

    Those that training leaves belong to the last weights. A weight's norm is refined each time that
    the weight is read in training; batch norms get the mean statistics of many clips.
    """
    model = deepcopy(model).train()
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm3d):
            layer.reset_running_stats()
            layer.momentum = None  # a plain mean
        elif is_parametrized(layer):
            for _ in range(POWER_STEPS):
                layer.weight  # noqa: B018
    random = np.random.default_rng(VALIDATION_SEED)
    for _ in range(STEADY):
        batch = clips.batch(random, crop, 1)
        model(measured(batch, hidden(occlusion, random, batch)))
    return model.eval()


@torch.no_grad()
@torch.autocast("cpu", torch.bfloat16)
def validate(run: AdversarialRun, clips: Clips, held_out: Clips, occlusion: Occlusion) -> str:
    """Mean absolute error of hidden pixels of held-out clips, in 0..1."""
    model = steadied(run.average, clips, occlusion, run.config["crop"])
    random, errors, plain = np.random.default_rng(VALIDATION_SEED), [], []
    for _ in range(run.config["validation_clips"]):
        batch = held_out.batch(random, run.config["crop"], 1)
        holes = hidden(occlusion, random, batch)
        result = completed(model, measured(batch, holes), holes)
        where = holes.expand_as(batch)
        errors.append((result - batch).abs()[where].mean() / 2)
        plain.append(batch.abs()[where].mean() / 2)
    return f"mae {np.mean(errors):.4f} (grey {np.mean(plain):.4f})"


def train(run: AdversarialRun, data: Path, occlusion: Occlusion, variant: str) -> None:
    config, pack = run.config, Pack(data)
    clips = Clips(pack, config["frames"], config["reduce"])
    held_out = Clips(pack, config["frames"], config["reduce"], validation=True)
    told: list[dict[str, float]] = []
    while run.step < config["steps"]:
        told.append(train_step(run, clips, occlusion, variant))
        if run.step % config["log_every"] == 0:
            names = told[0]
            means = (f"{name} {np.mean([row[name] for row in told]):.4f}" for name in names)
            run.log(" ".join(means))
            told = []
        if run.step % config["validate_every"] == 0 or run.step == config["steps"]:
            run.save()
            run.log("validation " + validate(run, clips, held_out, occlusion))


def main() -> None:
    parser = trainer_parser(__doc__)
    parser.add_argument("--occlusion", choices=PROCESSES, required=True)
    parser.add_argument("--variant", choices=VARIANTS, required=True)
    arguments, config = begin(parser)
    run = AdversarialRun(config, arguments.out, arguments.device)
    train(run, arguments.data, Occlusion(arguments.occlusion), arguments.variant)


if __name__ == "__main__":
    main()
