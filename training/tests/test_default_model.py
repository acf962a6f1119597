# SPDX-License-Identifier: MIT
"""The default model: known motion is found, the budget holds, the stored fixtures are current."""

import pytest
import torch
from fixtures import DEFAULT_OUTPUT
from safetensors.torch import load_file
from vfi_training.default_model import DefaultModel, candidates_at, interpolate, worthwhile
from vfi_training.inverse_search import inverse_search, luma_pyramid, patch_origins
from vfi_training.macs import multiply_adds

from fixtures_default import model_fixture, picture, search_fixture

MOST_MULTIPLY_ADDS = 16_000


@pytest.mark.parametrize("shift", [(4, 0), (-8, 4), (20, -12)])
def test_search_finds_a_translation(shift):
    large = picture(184, 184, 0.0)
    x, y = 28 + shift[0], 28 + shift[1]
    flow01, flow10 = inverse_search(
        large[..., y : y + 128, x : x + 128], large[..., 28:156, 28:156]
    )
    inner = slice(10, 22)  # a margin of 40 pixels: content that both pictures show
    expected = torch.tensor(shift, dtype=torch.float32)
    assert torch.allclose(flow01[0, :, inner, inner].mean((1, 2)), expected, atol=0.3)
    assert torch.allclose(flow10[0, :, inner, inner].mean((1, 2)), -expected, atol=0.3)


@pytest.mark.parametrize("height, width", [(32, 32), (32, 96), (96, 160), (256, 448)])
def test_pyramid_ends_at_one_patch(height, width):
    shapes = [
        min(level.shape[-2:]) for level in luma_pyramid(torch.rand(1, 3, height, width)).values()
    ]
    assert shapes[-1] >= 8
    assert all(origins[-1] + 8 == size for size in shapes for origins in [patch_origins(size)])


def test_identical_frames_do_not_move():
    frame = picture(64, 64, 0.0)
    assert max(flow.abs().max() for flow in inverse_search(frame, frame)) == 0


def test_candidates_of_a_uniform_motion():
    flow = torch.tensor([4.0, -2.0]).view(1, 2, 1, 1).expand(1, 2, 8, 8)
    t = torch.full((1, 1, 1, 1), 0.25)
    expected = torch.tensor(2 * [-1.0, 0.5, 3.0, -1.5]).view(1, 8, 1, 1)
    assert torch.allclose(candidates_at(flow, -flow, t), expected.expand(1, 8, 8, 8), atol=1e-5)


def test_budget():
    assert multiply_adds(DefaultModel(), 64, 96)["total"] < MOST_MULTIPLY_ADDS


@torch.no_grad()
def test_any_size():
    frame = torch.rand(1, 3, 45, 70)
    assert interpolate(DefaultModel().eval(), frame, frame, 0.3).shape == frame.shape


@pytest.mark.parametrize(
    "name, compute", [("inverse_search", search_fixture), ("default_model", model_fixture)]
)
def test_stored_fixture_is_current(name, compute):
    stored, computed = load_file(DEFAULT_OUTPUT / f"{name}.safetensors"), compute()
    assert stored.keys() == computed.keys()
    for key, value in stored.items():
        assert torch.allclose(value, computed[key], rtol=1e-4, atol=1e-3), key


def test_what_is_uncertain_is_refined_and_a_tenth_where_that_is_less():
    errors = torch.linspace(0, 1, 101)[1:] * torch.tensor([0.1, 0.04, 0.0105, 0.009])[:, None]
    uncertainty = (errors / 2).log().view(4, 1, 10, 10)
    mask = (uncertainty > worthwhile(uncertainty)).flatten(1)
    assert mask.sum(1).tolist() == pytest.approx([50, 10, 5, 0], abs=1)
    assert mask[:3, -1].all()
