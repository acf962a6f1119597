# SPDX-License-Identifier: MIT
"""The Frechet distance against plain formulas, and the extractors."""

import pytest
import torch
from torch import Tensor, nn
from vfi_training.frechet import Seeded, frechet_distance, scripted


def naive(a: Tensor, b: Tensor) -> float:
    """The formula as it is written: the root of S1 S2 by its (complex) eigenvalues."""
    a, b = a.double(), b.double()
    cov = [(x - x.mean(0)).T @ (x - x.mean(0)) / (len(x) - 1) for x in (a, b)]
    roots = torch.linalg.eigvals(cov[0] @ cov[1]).to(torch.complex128).sqrt().real.sum()
    shift = (a.mean(0) - b.mean(0)).square().sum()
    return float(shift + cov[0].trace() + cov[1].trace() - 2 * roots)


@pytest.mark.parametrize("seed", range(5))
def test_formula(seed):
    random = torch.Generator().manual_seed(seed)
    a = torch.randn(40, 7, generator=random) @ torch.randn(7, 7, generator=random)
    b = torch.randn(50, 7, generator=random) @ torch.randn(7, 7, generator=random) + 0.5
    assert frechet_distance(a, b) == pytest.approx(naive(a, b), rel=1e-6)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-6)


def test_one_feature_has_a_closed_form():
    a, b = torch.tensor([[0.0], [2.0], [4.0]]), torch.tensor([[1.0], [5.0]])
    wanted = (2 - 3) ** 2 + (2 - 8**0.5) ** 2  # means 2 and 3, variances 4 and 8
    assert frechet_distance(a, b) == pytest.approx(wanted)


def test_equal_sets_have_no_distance_and_few_samples_are_allowed():
    a = torch.randn(5, 20, generator=torch.Generator().manual_seed(1))
    assert frechet_distance(a, a.flip(0)) < 1e-6
    assert frechet_distance(a, a + 1) == pytest.approx(20, rel=1e-4)
    with pytest.raises(ValueError, match="at least two samples"):
        frechet_distance(a[:1], a)


@pytest.mark.parametrize("sequences", [False, True])
def test_seeded_extractor_sees_blur_and_noise(sequences):
    random = torch.Generator().manual_seed(2)
    shape = (12, 3, 4, 24, 24) if sequences else (12, 3, 24, 24)
    x = torch.rand(shape, generator=random)
    smooth = nn.functional.avg_pool2d(x.flatten(0, -4), 3, 1, 1).reshape(shape)
    extractor = Seeded(sequences)
    assert torch.equal(extractor(x), Seeded(sequences)(x))
    assert extractor(x).shape == (12, 96)
    far = frechet_distance(extractor(x), extractor(smooth))
    near = frechet_distance(extractor(x), extractor(0.9 * x + 0.1 * smooth))
    assert far > 4 * near > 0


def test_order_of_frames_matters_to_sequences_only():
    random = torch.Generator().manual_seed(3)
    x = torch.rand(8, 3, 5, 16, 16, generator=random).cumsum(2) / 5
    y = x[:, :, torch.tensor([2, 0, 4, 1, 3])]
    frames = [clips.transpose(1, 2).flatten(0, 1) for clips in (x, y)]
    assert frechet_distance(*(Seeded(False)(clip) for clip in frames)) < 1e-6
    assert frechet_distance(Seeded(True)(x), Seeded(True)(y)) > 1e-3


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (2, 3, 4, 8, 8)])
def test_a_scripted_network_gets_the_size_it_wants(tmp_path, shape):
    class Sizes(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.tensor([float(x.shape[-1]), float(x.shape[-2])]).expand(len(x), 2)

    torch.jit.script(Sizes()).save(str(tmp_path / "sizes.pt"))
    found = scripted(tmp_path / "sizes.pt", 21)(torch.rand(shape))
    assert found.tolist() == [[21, 21], [21, 21]]
