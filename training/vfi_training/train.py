# SPDX-License-Identifier: MIT
"""Trains the model that a configuration names; the default model has a trainer of its own.

    python -m vfi_training.train --config configs/ifrnet_s.toml --data PACK --out RUN

UGSP also takes --uncertainty RUN/checkpoint.pt of a run of configs/ugsp_uen.toml, which labels
where its masks should compute.

RUN/checkpoint.pt holds everything needed to go on: the same command resumes. RUN/log.txt gets a
line of losses every `log_every` steps and a line of validation every `validate_minutes`.
"""

import time
from pathlib import Path

import torch
from torch import Tensor
from vfi_training.baseline import warp_mean
from vfi_training.data import Pool
from vfi_training.ifrnet import IFRNet
from vfi_training.ifrnet_losses import ifrnet_loss
from vfi_training.run import Run, begin, trainer_parser
from vfi_training.ugsp import UGSP, gumbel
from vfi_training.ugsp_losses import EPOCHS, tau, ugsp_loss
from vfi_training.uncertainty import UncertaintyNet, uncertainty_loss
from vfi_training.validate import Validation


class ModelRun(Run):
    """A run of IFRNet, of UGSP or of its uncertainty network."""

    def __init__(self, config: dict, out: Path, device: str, uncertainty: Path | None = None):
        super().__init__(config, config["model"], out, device)
        self.uncertainty = load_uncertainty(uncertainty, device)

    def loss(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The weighted sum, and the plain squared error for the log."""
        if isinstance(self.model, IFRNet):
            return self.ifrnet_loss(batch)
        if isinstance(self.model, UGSP):
            return self.ugsp_loss(batch)
        return self.uncertainty_loss(batch)

    def ifrnet_loss(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        first, wanted, last = batch["frames"].unbind(1)
        with torch.autocast(self.device, torch.bfloat16):
            out = self.model(first, last, batch["t"])
            features = self.model.encoder(wanted - out["mu"])
        terms = ifrnet_loss(out, wanted, features, batch.get("pseudo"))
        return sum(terms.values()), (out["out"].detach() - wanted).square().mean((1, 2, 3))

    def ugsp_loss(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        if self.uncertainty is None:
            raise ValueError("UGSP needs labels: --uncertainty CHECKPOINT")
        first, wanted, last = batch["frames"].unbind(1)
        epoch = EPOCHS * min(self.progress, 1)
        features, guess = None, estimate(batch)
        with torch.autocast(self.device, torch.bfloat16):
            teacher = wanted if self.model.refines else None
            out = self.model(first, last, gumbel(tau(epoch)), auxiliary=True, wanted=teacher)
            if self.architecture == "ugsp-distill":
                features = self.model.context(wanted - out["mu"])
            with torch.no_grad():
                hard = self.uncertainty(first, last, guess)["uncertainty"]
        labels = self.uncertainty.labels(hard)
        pseudo = batch.get("pseudo")
        terms = ugsp_loss(self.architecture, out, wanted, labels, epoch, features, pseudo)
        return sum(terms.values()), (out["out"].detach() - wanted).square().mean((1, 2, 3))

    def uncertainty_loss(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        first, wanted, last = batch["frames"].unbind(1)
        guess = estimate(batch)
        with torch.autocast(self.device, torch.bfloat16):
            out = self.model(first, last, guess)
        self.model.follow(out["uncertainty"])
        squared = (out["estimate"].detach() - wanted).square().mean((1, 2, 3))
        return uncertainty_loss(out, wanted), squared

    def train_step(self, batch: dict[str, Tensor]) -> tuple[float, Tensor]:
        loss, squared = self.loss(batch)
        self.learn(loss)
        return loss.item(), squared


def load_uncertainty(checkpoint: Path | None, device: str) -> UncertaintyNet | None:
    if checkpoint is None:
        return None
    model = UncertaintyNet()
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model.load_state_dict(state["average"])
    return model.to(device).eval().requires_grad_(False)


def estimate(batch: dict[str, Tensor]) -> Tensor:
    """The frame as the inverse search alone gives it, which UEN starts from."""
    frames, flow = batch["frames"], batch["flow"]
    return warp_mean(frames[:, 0], frames[:, 2], flow[:, :2], flow[:, 2:], batch["t"])


def train(run: ModelRun, data: Path) -> None:
    config = run.config
    pool = Pool(
        data,
        config["pairs"],
        config["crop"],
        config["synthetic"],
        config["seed"],
        config.get("pseudo_flows", False),
        config.get("middle_only", False),
    )
    loader = torch.utils.data.DataLoader(
        pool,
        batch_size=config["batch"],
        num_workers=1,
        prefetch_factor=4,
        generator=torch.Generator().manual_seed(config["seed"] + run.step),
    )
    validation = Validation(data, config["validation_triplets"], run.device)
    run.log("validation " + validation.baseline())
    started, validated, losses, errors = time.time(), time.time(), [], []
    for batch in loader:
        batch = {name: value.to(run.device) for name, value in batch.items()}
        loss, squared = run.train_step(batch)
        losses.append(loss)
        errors.append((-10 * torch.log10(squared + 1e-8)).mean().item())
        now = time.time()
        run.seconds, started = run.seconds + now - started, now
        if run.step % config["log_every"] == 0:
            mean = sum(losses) / len(losses), sum(errors) / len(errors)
            run.log(
                f"loss {mean[0]:.5f} psnr {mean[1]:.3f} rate {run.rate():.2e} "
                f"progress {run.progress:.4f}"
            )
            losses, errors = [], []
        done = run.progress >= 1
        if done or now - validated > 60 * config["validate_minutes"]:
            validated = now
            run.save()
            run.log("validation " + validation.describe(run.average))
        if done:
            return


def main() -> None:
    parser = trainer_parser(__doc__)
    parser.add_argument("--uncertainty", type=Path, help="checkpoint of `uen`, for UGSP")
    parser.add_argument("--minutes", type=float, help="overrides the budget of the configuration")
    arguments, config = begin(parser)
    if arguments.minutes is not None:
        config["minutes"] = arguments.minutes
    run = ModelRun(config, arguments.out, arguments.device, arguments.uncertainty)
    train(run, arguments.data)


if __name__ == "__main__":
    main()
