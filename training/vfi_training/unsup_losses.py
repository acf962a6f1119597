# SPDX-License-Identifier: MIT
"""What generator and discriminators of unsupervised inpainting are trained with.

The objective (section A.1) compares two sets of clips:

    variant        real                            made
    unsupervised   measurements y of the same      completions xhat, occluded again: xhat * m2
    unpaired       clean clips of other samples    completions xhat
    paired         clean clips x of the same       completions xhat, and the L1 of x and xhat

by a discriminator of sequences and one of frames. Its logarithms are replaced by the hinge, as in
the authors' own code: with spectrally normalised discriminators, whose slopes are bounded, the
gradient of the hinge does not fade where the discriminator is sure, which the few steps of a run
on a CPU cannot wait for.
"""

import torch
from torch import Tensor
from vfi_training.unsup import Critic, measured

VARIANTS = ("unsupervised", "unpaired", "paired")

Verdict = tuple[Tensor, Tensor]  # logits of the sequences and of the frames


def discriminator_loss(real: Verdict, made: Verdict) -> Tensor:
    """Hinge; zero where real patches are above 1 and made ones below -1. Both kinds count half."""
    terms = [
        torch.relu(1 - a.float()).mean() + torch.relu(1 + b.float()).mean()
        for a, b in zip(real, made, strict=True)
    ]
    return sum(terms) / 2


def generator_loss(made: Verdict) -> Tensor:
    """Zero where the discriminators take what was made for real by a margin of 1."""
    return sum(torch.relu(1 - logits.float()).mean() for logits in made)


def compared(
    variant: str, clips: dict[str, Tensor], result: Tensor, again: Tensor
) -> tuple[Tensor, Tensor]:
    """The real and the made clips that the discriminators see.

    `clips` are a batch of vfi_training.train_unsup, `result` its completion and `again` the fresh
    occlusion, bool [N, 1, T, h, w].
    """
    if variant == "unsupervised":
        return measured(clips["clean"], clips["hidden"]), measured(result, again)
    return clips["others" if variant == "unpaired" else "clean"], result


def critic_loss(critic: Critic, real: Tensor, made: Tensor) -> Tensor:
    return discriminator_loss(critic(real), critic(made.detach()))
