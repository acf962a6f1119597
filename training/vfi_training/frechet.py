# SPDX-License-Identifier: MIT
"""Frechet distance between features of two sets of pictures or clips.

    |m1 - m2|^2 + trace(S1 + S2 - 2 (S1 S2)^(1/2))

of the means m and covariances S of the features. With the features of Inception-v3 (2048, of frames
resized to 299x299) this is the FID, with those of I3D (of clips at 224x224) the FVD: give the
network as a TorchScript file, which takes RGB in 0..1, [N, 3, h, w] or [N, 3, T, h, w], and returns
[N, features]. Without one, `Seeded` is used: the statistics of a convolutional network that nobody
trained. ITS DISTANCES ARE NOT COMPARABLE WITH PUBLISHED FID OR FVD; they compare rows of one table.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from vfi_training.hashed_weights import load_hashed_weights

Extractor = Callable[[Tensor], Tensor]


class Seeded(nn.Module):
    """Means and deviations over all places of random convolutions: 96 features.

    The weights are a hash of their names, so that everyone has the same.
    """

    def __init__(self, sequences: bool):
        super().__init__()
        kind, stride = (nn.Conv3d, (1, 2, 2)) if sequences else (nn.Conv2d, 2)
        self.layers = nn.ModuleList(
            kind(a, b, 3, stride, padding=1) for a, b in pairwise((3, 12, 16, 20))
        )
        load_hashed_weights(self, f"frechet.{'sequence' if sequences else 'frame'}.")
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        x, features = 2 * x - 1, []
        for layer in self.layers:
            x = F.relu(layer(x))
            places = x.flatten(2)
            features += [places.mean(2), places.std(2)]
        return torch.cat(features, 1)


def scripted(path: Path, side: int) -> Extractor:
    """A TorchScript network that is fed with pictures or clips resized to `side` x `side`."""
    network = torch.jit.load(str(path), map_location="cpu").eval()

    def extract(x: Tensor) -> Tensor:
        if x.dim() == 5:
            shape = (x.shape[2], side, side)
            return network(F.interpolate(x, shape, mode="trilinear"))
        return network(F.interpolate(x, (side, side), mode="bilinear", antialias=True))

    return extract


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [d] and covariance [d, d] of features [N, d], N > 1."""
    features = features.double()
    if len(features) < 2:
        raise ValueError("a Frechet distance needs at least two samples")
    return features.mean(0), torch.cov(features.T).reshape(features.shape[1], -1)


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """The distance of features [N, d] and [M, d].

    The root of S1 S2 has the trace of the root of R S2 R with R = S1^(1/2), which is symmetric and
    therefore has real eigenvalues; tiny negative ones are rounding.
    """
    (mean_a, cov_a), (mean_b, cov_b) = moments(a), moments(b)
    values, vectors = torch.linalg.eigh(cov_a)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cov_b @ root).clamp(min=0).sqrt().sum()
    distance = (mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross
    return max(float(distance), 0.0)
