# SPDX-License-Identifier: MIT
"""UGSP against published counts, its own rules, and the committed fixtures."""

import pytest
import torch
from fixtures import DEFAULT_OUTPUT
from safetensors.torch import load_file
from torch import nn
from vfi_training.hashed_weights import load_hashed_weights
from vfi_training.ugsp import (
    FLOWS,
    UGSP,
    FinalBlock,
    MaskGuidedBlock,
    gumbel,
    gumbel_noise,
    hard,
    soft,
)

import fixtures_ugsp

REPRODUCTION_TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def model():
    return load_hashed_weights(UGSP(), fixtures_ugsp.WEIGHTS).eval()


@pytest.fixture(scope="module")
def frames():
    return fixtures_ugsp.inputs()


def parameter_count(module: nn.Module) -> int:
    return sum(value.numel() for value in module.parameters())


def test_published_parameter_count():
    assert parameter_count(UGSP()) == 6_764_702
    assert parameter_count(UGSP("ugsp-distill")) == 6_764_702


def test_multiply_adds_of_the_unpruned_network(model):
    """30.64 G for 448x256 (fact sheet, section 14)."""
    total = 0

    def count(layer, inputs, output):
        nonlocal total
        positions = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
        total += positions[0, 0].numel() * layer.weight.numel()

    layers = [x for x in model.modules() if isinstance(x, nn.Conv2d | nn.ConvTranspose2d)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.no_grad():
        model(torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64))
    for hook in hooks:
        hook.remove()
    assert total * 448 * 256 / 64**2 == pytest.approx(30.64e9, rel=2e-3)


def test_weight_names():
    names = UGSP("ugsp-refine").state_dict().keys()
    for name in (
        "context.pyramid4.1.1.weight",
        "glblock_first.conv_head.0.bias",
        "glblock_1.convblock_l.4.weight",
        "glblock_2.prelu_l.0.weight",
        "glblock_2.conv_mask.bias",
        "glblock_final.prelu_last.weight",
        "glblock_final.dconv_last.bias",
        "glblock_final_teacher.conv_last.weight",
        "contextnet.conv4.conv2.1.weight",
        "unet.up3.1.weight",
    ):
        assert name in names
    assert "glblock_1.conv_head.0.bias" not in names  # the pruned blocks have no 3x3 biases


@pytest.mark.parametrize("fixture", ["hard", "soft", "refine"])
def test_fixture_is_reproduced(fixture):
    stored = load_file(
        DEFAULT_OUTPUT / ("ugsp" + ("" if fixture == "hard" else f"_{fixture}") + ".safetensors")
    )
    computed = getattr(fixtures_ugsp, f"{fixture}_fixture")()
    assert stored.keys() == computed.keys()
    for name, value in stored.items():
        torch.testing.assert_close(
            computed[name], value, atol=REPRODUCTION_TOLERANCE, rtol=REPRODUCTION_TOLERANCE
        )


def test_all_active_is_the_unpruned_network(model, frames):
    with torch.no_grad():
        out = model(*frames, lambda logits: torch.ones_like(logits[:, :1]), auxiliary=True)
    for k in (3, 2, 1):
        torch.testing.assert_close(out[f"join_{k}"], out[f"join_{k}_aux"])
    torch.testing.assert_close(out["out"], out["out_aux"])
    assert float(out["sparsity"]) == 1


def test_none_active_leaves_the_bias(model, frames):
    with torch.no_grad():
        out = model(*frames, lambda logits: torch.zeros_like(logits[:, :1]))
    for k, block in ((3, model.glblock_1), (2, model.glblock_2), (1, model.glblock_final)):
        bias = block.conv_last.bias.view(1, -1, 1, 1).expand_as(out[f"join_{k}"])
        torch.testing.assert_close(out[f"join_{k}"], bias, atol=1e-6, rtol=0)
    assert float(out["sparsity"]) == pytest.approx(0.02, abs=0.005)  # the first block


def test_masks_only_shrink(model, frames):
    with torch.no_grad():
        out = model(*frames)
    for k in (2, 1):
        parent = out[f"mask_{k + 1}"].repeat_interleave(2, 2).repeat_interleave(2, 3)
        assert ((out[f"mask_{k}"] == 0) | (parent == 1)).all()
        assert out[f"mask_{k}"].sum() < parent.sum()


def test_share_of_each_level():
    """65 % of the values at 1/2, 24 % at 1/4, 9 % at 1/8, 2 % at 1/16 (fact sheet, 3.5)."""
    model, shares = UGSP(), {}
    levels = {f"f0_{k}": torch.zeros(1, 1, 64 >> k, 64 >> k) for k in (1, 2, 3, 4)}
    for chosen in (1, 2, 3):
        masks = {
            f"mask_{k}": torch.full((1, 1, 64 >> k, 64 >> k), float(k == chosen)) for k in (1, 2, 3)
        }
        shares[chosen] = float(model.sparsity(levels | masks))
    first = float(model.sparsity(levels | {f"mask_{k}": torch.zeros(1) for k in (1, 2, 3)}))
    assert first == pytest.approx(0.02, abs=0.005)
    for level, wanted in ((1, 0.65), (2, 0.24), (3, 0.09)):
        assert shares[level] - first == pytest.approx(wanted, abs=0.005)


def test_mask_comes_before_the_activation():
    """With a negative soft product PReLU's slope applies to the masked value."""
    torch.manual_seed(0)
    block = MaskGuidedBlock(2, 1, 3)
    x, mask = torch.randn(1, 2, 5, 5), torch.rand(1, 1, 5, 5)
    head = block.conv_head(x) * mask
    body = block.prelu_l[0](block.convblock_l[0](head) * mask)
    wanted = block.conv_last(torch.cat((head, body), 1))
    torch.testing.assert_close(block.join(x, mask), wanted)
    assert not torch.allclose(block.join(x, mask), block.join(x))


def test_hard_and_soft_masks():
    logits = torch.tensor([[[[1.0, 0.0, 2.0]], [[0.0, 1.0, 2.0]]]])
    assert hard(logits).flatten().tolist() == [1, 0, 0]  # a tie is skipped
    zero = torch.zeros_like(logits)
    found = soft(logits, 0.01, zero).flatten()
    torch.testing.assert_close(found, torch.tensor([1.0, 0.0, 0.5]))
    found = soft(logits, 2.0, zero).flatten()
    torch.testing.assert_close(found, torch.sigmoid(torch.tensor([0.5, -0.5, 0.0])))


def test_gumbel_noise_selects_as_often_as_the_softmax_says():
    torch.manual_seed(0)
    logits = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 200, 200)
    chosen = hard(logits + gumbel_noise(logits)).mean()
    assert float(chosen) == pytest.approx(float(torch.sigmoid(torch.tensor(1.0))), abs=0.01)


def test_masks_are_learnt(frames):
    """Every weight but the refinement's gets a gradient through the soft masks."""
    torch.manual_seed(0)
    model = UGSP()
    out = model(*frames, gumbel(1.0), auxiliary=True)
    (out["out"].sum() + out["out_aux"].sum() + out["sparsity"]).backward()
    missing = [name for name, value in model.named_parameters() if value.grad is None]
    assert missing == []
    assert float(model.glblock_2.conv_mask.weight.grad.abs().max()) > 0


def test_teacher_sees_the_wanted_frame(frames):
    torch.manual_seed(0)
    model = UGSP("ugsp-refine")
    with torch.no_grad():
        one, other = (
            model(*frames, auxiliary=True, wanted=wanted)["flow_0_teacher"]
            for wanted in (frames[0], frames[1])
        )
    assert not torch.allclose(one, other)


def test_final_block_reads_100_channels():
    assert FinalBlock(100).dconv_last.weight.shape == (100, FLOWS + 4, 4, 4)
