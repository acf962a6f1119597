# SPDX-License-Identifier: MIT
"""IFRNet against the published parameter counts and hand-computed layer values."""

import pytest
import torch
from fixtures import DEFAULT_OUTPUT, layer_fixtures, model_fixture, picture
from safetensors.torch import load_file
from vfi_training.hashed_weights import load_hashed_weights
from vfi_training.ifrnet import VARIANTS, IFRNet, resize, warp

# Stored values are float64 results rounded to float32; another PyTorch may differ by its last bit.
REPRODUCTION_TOLERANCE = 1e-6
# 24 convolutions in float32 against float64; the engine has 1e-4.
FLOAT32_TOLERANCE = 2e-5
# bfloat16 keeps 8 bits; the error must stay below what the eye or a loss would notice.
BFLOAT16_TOLERANCE = 0.02


def row(*values: float) -> torch.Tensor:
    return torch.tensor(values).reshape(1, 1, 1, -1)


def horizontal_flow(u: float, width: int = 3) -> torch.Tensor:
    return torch.tensor([u, 0.0]).reshape(1, 2, 1, 1).expand(1, 2, 1, width)


@pytest.mark.parametrize(
    ("u", "expected"), [(0.5, (15, 25, 30)), (-1.0, (10, 10, 20)), (100.0, (30, 30, 30))]
)
def test_warp_micro_vectors(u, expected):
    warped = warp(row(10, 20, 30), horizontal_flow(u))
    torch.testing.assert_close(warped, row(*expected), atol=1e-4, rtol=0)


def test_warp_is_exact_in_float64():
    warped = warp(row(10, 20, 30).double(), horizontal_flow(0.5).double())
    torch.testing.assert_close(warped, row(15, 25, 30).double(), atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    ("values", "factor", "expected"),
    [
        ((0, 1), 2.0, (0, 0.25, 0.75, 1)),
        ((0, 1, 2, 3), 0.5, (0.5, 2.5)),
        (range(8), 0.25, (1.5, 5.5)),
    ],
)
def test_resize_micro_vectors(values, factor, expected):
    values = torch.tensor([float(v) for v in values])
    image = values.expand(1, 1, len(values), len(values))
    torch.testing.assert_close(resize(image, factor)[0, 0, 0], torch.tensor(expected).float())


def test_transposed_convolution_taps():
    """Output 2i uses kernel tap 1 from i and 3 from i - 1; 2i + 1 tap 0 from i + 1 and 2 from i."""
    deconv = torch.nn.ConvTranspose2d(1, 1, 4, 2, 1, bias=False)
    x, kernel = torch.tensor([3.0, 5.0, 7.0]), torch.tensor([1.0, 10.0, 100.0, 1000.0])
    with torch.no_grad():
        # Only tap 1 vertically: even output rows repeat the input row.
        deconv.weight.copy_(torch.outer(torch.tensor([0.0, 1.0, 0.0, 0.0]), kernel)[None, None])
        output = deconv(x.reshape(1, 1, 1, 3))[0, 0, 0]
    expected = [10 * 3, 5 + 100 * 3, 10 * 5 + 1000 * 3, 7 + 100 * 5, 10 * 7 + 1000 * 5, 100 * 7]
    assert output.tolist() == expected


@pytest.mark.parametrize(
    ("architecture", "count"),
    [("ifrnet-s", 2_803_610), ("ifrnet-b", 4_959_692), ("ifrnet-l", 19_699_460)],
)
def test_parameter_counts(architecture, count):
    with torch.device("meta"):
        model = IFRNet(architecture)
    assert sum(parameter.numel() for parameter in model.parameters()) == count


def test_official_weight_names():
    with torch.device("meta"):
        names = set(IFRNet("ifrnet-s").state_dict())
    expected = {f"encoder.pyramid{k}.{j}.0.weight" for k in (1, 2, 3, 4) for j in (0, 1)}
    expected |= {f"decoder{k}.convblock.0.1.weight" for k in (1, 2, 3, 4)}
    expected |= {f"decoder{k}.convblock.1.conv{j}.0.bias" for k in (1, 4) for j in (1, 2, 3, 4)}
    expected |= {f"decoder{k}.convblock.1.{n}.weight" for k in (1, 4) for n in ("conv5", "prelu")}
    expected |= {f"decoder{k}.convblock.2.{n}" for k in (1, 4) for n in ("weight", "bias")}
    assert expected <= names
    assert len(names) == 8 * 3 + 4 * (3 + 4 * 3 + 2 + 1 + 2)


@pytest.mark.parametrize("architecture", VARIANTS)
def test_stages_match_the_committed_fixture(architecture):
    stored = load_file(DEFAULT_OUTPUT / f"{architecture.replace('-', '_')}.safetensors")
    computed = model_fixture(architecture)
    assert stored.keys() == computed.keys()
    for name, value in stored.items():
        torch.testing.assert_close(
            computed[name], value, atol=REPRODUCTION_TOLERANCE, rtol=REPRODUCTION_TOLERANCE
        )


def test_layers_match_the_committed_fixture():
    stored, computed = load_file(DEFAULT_OUTPUT / "layers.safetensors"), layer_fixtures()
    assert stored.keys() == computed.keys()
    for name, value in stored.items():
        torch.testing.assert_close(
            computed[name], value, atol=REPRODUCTION_TOLERANCE, rtol=REPRODUCTION_TOLERANCE
        )


@pytest.mark.parametrize("architecture", VARIANTS)
def test_fixture_is_not_degenerate(architecture):
    stages = model_fixture(architecture)
    for name in ("flow0_0", "flow1_0"):
        assert 1.0 < stages[name].abs().max() < 8.0
        assert stages[name].std(dim=(2, 3)).min() > 0.1
    assert 0.01 < stages["mask"].std() and stages["mask"].mean().sub(0.5).abs() < 0.1
    clipped = (stages["out"] <= 0) | (stages["out"] >= 1)
    assert clipped.float().mean() < 0.1


def run(model: IFRNet, t: torch.Tensor | float, scale: float = 1.0) -> dict[str, torch.Tensor]:
    with torch.no_grad():
        return model(picture(0.0), picture(1.0), t, scale)


def test_float32_and_bfloat16_follow_float64():
    model = load_hashed_weights(IFRNet("ifrnet-s")).eval()
    exact = model_fixture("ifrnet-s")
    single = run(model, 0.3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = run(model, 0.3)
    assert (single["out"] - exact["out"]).abs().max() < FLOAT32_TOLERANCE
    assert (half["out"] - exact["out"]).abs().max() < BFLOAT16_TOLERANCE
    assert half["flow0_0"].dtype == torch.float32


def test_batch_takes_one_instant_per_sample():
    model = load_hashed_weights(IFRNet("ifrnet-s")).eval()
    frames = [picture(instant).expand(2, -1, -1, -1) for instant in (0.0, 1.0)]
    with torch.no_grad():
        both = model(*frames, torch.tensor([0.25, 0.75]))["out"]
    for index, t in enumerate((0.25, 0.75)):
        torch.testing.assert_close(both[index : index + 1], run(model, t)["out"])
    assert not torch.allclose(both[0], both[1])


def test_scale_runs_the_network_on_a_resized_picture():
    stages = run(load_hashed_weights(IFRNet("ifrnet-s")).eval(), 0.5, scale=2.0)
    assert stages["o1"].shape[2:] == (96, 128)
    assert stages["out"].shape == (1, 3, 48, 64)
