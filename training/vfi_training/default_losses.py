# SPDX-License-Identifier: MIT
"""Losses of the default model."""

from torch import Tensor
from torch.nn import functional
from vfi_training.losses import log_charbonnier, log_square

UNCERTAINTY_RANGE = (-7.0, 1.0)  # of U in its loss: errors of 0.002 to 5
# Pixels of 1/4. Labels are wrong by fractions of a pixel everywhere, which costs little below;
# what the search missed is further off, and counts in full.
GROSS = 0.5


def labelled_flow(out: dict[str, Tensor], labels: Tensor) -> Tensor:
    """Distance of both candidates' flows at 1/4 from the labels, where those can be trusted.

    labels [B, 5, h, w]: flows to both ends in pixels of 1/4, trust. A candidate counts as much as
    its weights in the blend, so that one of them may stay wrong where the other is right.
    """
    flows = out["candidates"] + out["guided"][:, :8]
    trust = labels[:, 4:]
    shares = functional.avg_pool2d(out["weights"], 2)
    total = flows.new_zeros(())
    for first in (0, 4):
        square = (flows[:, first : first + 4] - labels[:, :4]).square().sum(1, keepdim=True)
        share = shares[:, first // 2 : first // 2 + 2].sum(1, keepdim=True)
        # Pseudo-Huber: a square below GROSS, the distance above.
        total = total + (share * trust * ((square + GROSS**2).sqrt() - GROSS)).mean()
    return total


def uncertainty(out: dict[str, Tensor], wanted: Tensor) -> Tensor:
    """UGSP's first phase (arXiv 2307.16555): mean(exp(-U) |error| + 2 U), at 1/2; learns U only."""
    error = (out["unclamped"].detach() - wanted).abs().mean(1, keepdim=True)
    error = functional.avg_pool2d(error, 2)
    u = out["uncertainty"].clamp(*UNCERTAINTY_RANGE)
    return ((-u).exp() * error + 2 * u).mean()


def default_loss(
    out: dict[str, Tensor], wanted: Tensor, labels: Tensor, weights: dict[str, float]
) -> tuple[Tensor, Tensor]:
    """The weighted sum, and the plain squared error of each sample for the log."""
    difference = out["unclamped"] - wanted
    loss = weights["charbonnier"] * log_charbonnier(difference)
    loss = loss + weights["square"] * log_square(difference)
    loss = loss + weights["flow"] * labelled_flow(out, labels)
    loss = loss + weights["uncertainty"] * uncertainty(out, wanted)
    return loss, (out["frame"].detach() - wanted).square().mean((1, 2, 3))
