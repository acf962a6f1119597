# SPDX-License-Identifier: MIT
"""Networks of unsupervised inpainting: sizes, attention, folding, and the stored fixture."""

import pytest
import torch
from fixtures import DEFAULT_OUTPUT
from safetensors.torch import load_file
from vfi_training.unsup import (
    FILL,
    REACH,
    Attention,
    Critic,
    Discriminator,
    Generator,
    completed,
    folded,
    infer,
    measured,
)

from fixtures_unsup import stages


def generator(seed: int = 0) -> Generator:
    """One whose batch norms, spectral norms and attention have seen something."""
    torch.manual_seed(seed)
    model = Generator("unsup-4")
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 0.1, 0.4)
    for _ in range(2):
        model(torch.randn(1, 3, 3, 8, 8))
    return model.eval()


def test_sizes_of_the_paper():
    model = Generator("unsup-32")
    parameters = sum(p.numel() for name, p in model.named_parameters() if "attention" not in name)
    assert round(parameters / 1e6, 2) == 14.8
    assert Discriminator(True)(torch.rand(1, 3, 5, 64, 64)).shape == (1, 1, 5, 8, 8)
    assert Discriminator(False)(torch.rand(2, 3, 64, 64)).shape == (2, 1, 8, 8)
    sequence, frame = Critic(8)(torch.rand(2, 3, 4, 16, 16))
    assert sequence.shape == (2, 1, 4, 2, 2) and frame.shape == (8, 1, 2, 2)


def test_attention_is_that_of_each_frame_by_itself():
    """Against loops over frames and places; the released code mixes channels and time here."""
    torch.manual_seed(1)
    layer = Attention(16).eval()
    torch.nn.init.constant_(layer.sigma, 0.7)
    x = torch.randn(2, 16, 3, 4, 6)
    found = layer(x)
    for clip in range(2):
        for t in range(3):
            frame = x[clip, :, t]
            q, k, v = (
                torch.einsum("oi,ihw->ohw", part.weight[:, :, 0, 0], frame)
                + part.bias[:, None, None]
                for part in (layer.query, layer.key, layer.value)
            )
            k, v = (
                torch.stack(
                    [a[:, y : y + 2, z : z + 2].amax((1, 2)) for y in (0, 2) for z in (0, 2, 4)]
                )
                for a in (k, v)
            )
            for y in range(4):
                for z in range(6):
                    weights = torch.softmax(k @ q[:, y, z], 0)
                    out = layer.output.weight[:, :, 0, 0] @ (weights @ v) + layer.output.bias
                    wanted = frame[:, y, z] + 0.7 * out
                    assert torch.allclose(found[clip, :, t, y, z], wanted, atol=1e-5)


def test_attention_starts_as_nothing():
    x = torch.randn(1, 8, 2, 4, 4)
    assert torch.equal(Attention(8)(x), x)


def test_an_output_depends_on_as_many_frames_as_said():
    model = generator()
    x = torch.randn(1, 3, 2 * REACH + 3, 4, 4)
    middle = REACH + 1
    with torch.no_grad():
        before = model(x)
        for t, changes in ((0, False), (1, True), (2 * REACH + 1, True), (2 * REACH + 2, False)):
            other = x.clone()
            other[:, :, t] += 5
            same = torch.equal(model(other)[:, :, middle], before[:, :, middle])
            # A far frame's share may be lost in rounding, hence equality is asked one way only.
            assert same or changes


def test_folded_weights_give_the_same():
    model = generator()
    x = torch.randn(1, 3, 4, 6, 10)
    with torch.no_grad():
        wanted = model(x)
        found = infer(folded(model), x)["out"]
    assert wanted.std() > 0.03
    assert torch.allclose(found, wanted, atol=1e-4)


def test_folding_leaves_the_model_as_it_was():
    model = generator().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    folded(model)
    assert model.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_spectral_norms_are_one():
    model = generator().train()
    for _ in range(40):
        model.blocks[3].conv2.weight  # noqa: B018  each reading refines the norm
    weight = folded(model)["blocks.3.conv2.weight"]
    assert float(torch.linalg.matrix_norm(weight.flatten(1), 2)) == pytest.approx(1, abs=0.02)


def test_what_was_measured_stays():
    clips = torch.rand(2, 3, 3, 8, 8) * 2 - 1
    hidden = torch.rand(2, 1, 3, 8, 8) < 0.4
    measurement = measured(clips, hidden)
    where = hidden.expand_as(clips)
    assert (measurement[where] == FILL).all()
    result = completed(generator(), measurement, hidden)
    assert torch.equal(result[~where], clips[~where])
    assert (result[where] != FILL).float().mean() > 0.99


def test_stored_fixture():
    stored = load_file(DEFAULT_OUTPUT / "unsup.safetensors")
    found = stages()
    assert stored.keys() == found.keys()
    for name, value in found.items():
        assert torch.allclose(stored[name], value, atol=1e-5), name
