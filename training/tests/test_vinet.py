# SPDX-License-Identifier: MIT
"""VINet against published counts, its own rules, and the committed fixtures."""

from dataclasses import replace

import pytest
import torch
from fixtures import DEFAULT_OUTPUT
from safetensors.torch import load_file
from torch.nn import functional as F
from vfi_training import vinet_clip
from vfi_training.ifrnet import warp
from vfi_training.vinet import ARCHITECTURES, FORMS, Memory, VINet, correlation
from vfi_training.vinet_clip import DEMO, Options, dilated, inpaint, reflected

import fixtures_vinet

REPRODUCTION_TOLERANCE = 1e-6


def window(size: int, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    frames = 2 * torch.rand(1, 5, 3, size, size, generator=random) - 1
    return frames, (torch.rand(1, 5, 1, size, size, generator=random) > 0.7).float()


def clip(count: int, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(2)
    masks = torch.zeros(count, 1, height, width)
    masks[:, :, 5:9, 6:12] = 1
    return torch.rand(count, 3, height, width, generator=random), masks


@pytest.fixture(scope="module")
def model():
    return fixtures_vinet.hashed_model("vinet-256").float()


def test_parameter_count():
    """14.12 M in both published forms (fact sheet, section 0)."""
    for architecture in ARCHITECTURES:
        count = sum(value.numel() for value in VINet(architecture).parameters())
        assert count == (1_336_644 if architecture == "vinet-s" else 14_115_364)


def test_unknown_architecture_is_refused():
    with pytest.raises(ValueError, match="vinet-1024"):
        VINet("vinet-1024")


@pytest.mark.parametrize(
    ("architecture", "published"), [("vinet-256", 228), ("vinet-512", 165), ("vinet-s", 7.92)]
)
def test_multiply_adds(architecture, published, monkeypatch):
    """228 G for 256x256; at 512x512 the unused refinement of the last flow is left out: 65 G."""
    model, total = VINet(architecture), 0
    conv2d = F.conv2d

    def counted(x, weight, *rest, **named):
        nonlocal total
        output = conv2d(x, weight, *rest, **named)
        total += output[:, 0].numel() * weight.numel()
        return output

    frames, masks = window(32)
    with torch.no_grad():
        memory = model.remember(model(frames, masks), masks)
        monkeypatch.setattr(F, "conv2d", counted)
        model(frames, masks, memory)
    size = 512 if architecture == "vinet-512" else 256
    assert total * (size / 32) ** 2 == pytest.approx(published * 1e9, rel=5e-3)


def test_official_weight_names():
    state = VINet().state_dict()
    shapes = {
        "encoder1.ec0.conv.weight": (64, 5, 3, 3),
        "encoder2.ec4_1.conv.weight": (256, 96, 3, 3),
        "bottleneck.bt3.conv.weight": (256, 128, 3, 3),
        "convlstm.Gates.weight": (512, 256, 3, 3),
        "convlstm.Gates.bias": (512,),
        "decoder.dc1_1.conv.1.weight": (192, 128, 1, 3, 3),
        "decoder.dc2_bt3.conv.weight": (192, 96, 1, 3, 3),
        "decoder.dc6.weight": (3, 16, 1, 3, 3),
        "flownet.flow_estimator.convs.0.0.weight": (128, 209, 3, 3),
        "flownet_64.flow_estimator.convs.0.0.weight": (128, 179, 3, 3),
        "flownet_128.flow_estimator.conv1.bias": (2,),
        "flownet_256.flow_estimator.convs_fine.convs.6.0.weight": (2, 32, 3, 3),
        "masknet_256.convs.2.weight": (1, 16, 3, 3),
        "st_agg_64.stAgg.conv.weight": (192, 96, 5, 3, 3),
    }
    for name, shape in shapes.items():
        assert tuple(state[name].shape) == shape
    assert not [
        name for name in state if name.startswith(("encoder", "decoder")) and "bias" in name
    ]


@pytest.mark.parametrize("fixture", ["small", "large", "narrow"])
def test_fixture_is_reproduced(fixture):
    name = {"small": "vinet_256", "large": "vinet_512", "narrow": "vinet_s"}[fixture]
    stored = load_file(DEFAULT_OUTPUT / f"{name}.safetensors")
    computed = getattr(fixtures_vinet, f"{fixture}_fixture")()
    assert stored.keys() == computed.keys()
    for key, value in stored.items():
        torch.testing.assert_close(
            computed[key], value, atol=REPRODUCTION_TOLERANCE, rtol=REPRODUCTION_TOLERANCE
        )


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_shapes(architecture):
    model, (frames, masks) = VINet(architecture), window(32)
    with torch.no_grad():
        out = model(frames, masks)
        later = model(frames, masks, model.remember(out, masks))
    side = 16 if architecture == "vinet-512" else 32
    for power, suffix in enumerate(("_256", "_128", "_64", "")):
        assert out[f"reference{suffix}"].shape == (
            1,
            FORMS[architecture].channels(suffix),
            side >> power,
            side >> power,
        )
    assert out["flow_128"].shape == (1, 5, 2, side // 2, side // 2)
    assert out["cell"].shape == (1, FORMS[architecture].levels[0], side // 8, side // 8)
    assert later["flow_256"].shape == (1, 2, 32, 32)  # of the picture in both forms
    assert out["out"].shape == later["out"].shape == (1, 3, 32, 32)


def test_untrained_narrow_form_leaves_the_fill_alone():
    model, (frames, masks) = VINet("vinet-s"), window(32)
    with torch.no_grad():
        first = model(frames, masks)
        motion = torch.zeros(1, 2, 8, 8)
        later = model(frames, masks, model.remember(first, masks), motion)
    torch.testing.assert_close(first["out"], frames[:, 2])
    torch.testing.assert_close(later["out"], frames[:, 2])


def test_narrow_form_changes_the_hole_alone_and_sees_what_fills_it():
    model, (frames, masks) = fixtures_vinet.hashed_model("vinet-s").float(), window(32)
    motion = torch.full((1, 2, 8, 8), 0.3)
    other = frames.clone()
    other[:, 2] += 0.3 * masks[:, 2]
    with torch.no_grad():
        memory = model.remember(model(frames, masks), masks)
        found, changed = (model(x, masks, memory, motion) for x in (frames, other))
        moved = model(frames, masks, memory, 0 * motion)
    difference = (found["out"] - frames[:, 2]).abs()
    assert float((difference * (1 - masks[:, 2])).max()) < 1e-6 < float(difference.max())
    assert not torch.allclose(found["reference_256"], changed["reference_256"])
    assert float((found["out"] - moved["out"]).abs().max()) > 1e-3


def test_clip_of_the_narrow_form_needs_fills(model):
    narrow = fixtures_vinet.hashed_model("vinet-s").float()
    frames, masks = clip(3, 21, 27)
    with pytest.raises(ValueError, match="fills"):
        inpaint(narrow, frames, masks)
    with pytest.raises(ValueError, match="fills"):
        inpaint(model, frames, masks, fills=frames)
    fills = frames + 0.2 * masks
    out = inpaint(narrow, frames, masks, fills=fills)
    assert torch.equal(out * (1 - masks), frames * (1 - masks))
    assert not torch.allclose(out, inpaint(narrow, frames, masks, fills=frames))


def test_correlation_is_the_mean_product_around_each_pixel():
    random = torch.Generator().manual_seed(3)
    a, b = torch.rand(2, 1, 6, 9, 11, generator=random)
    found = correlation(a, b, 4)[0]
    assert found.shape == (81, 9, 11)
    for y, x, v, u in ((4, 5, 0, 0), (4, 5, -3, 4), (8, 0, -4, 2), (0, 10, 1, -4)):
        wanted = (a[0, :, y, x] * b[0, :, y + v, x + u]).mean()
        torch.testing.assert_close(found[(v + 4) * 9 + u + 4, y, x], wanted)
    assert float(found[:36, 0].abs().max()) == 0  # above the picture


def test_warp_with_zeros_outside():
    x = torch.tensor([[[[10.0, 20.0, 30.0]]]])

    def moved(u: float) -> list[float]:
        flow = torch.tensor([u, 0.0]).view(1, 2, 1, 1).expand(1, 2, 1, 3)
        return warp(x, flow, "zeros").flatten().tolist()

    assert moved(0.5) == [15, 25, 15]
    assert moved(-1) == [0, 10, 20]
    assert moved(100) == [0, 0, 0]


def test_what_stands_in_the_hole_is_not_seen(model):
    frames, masks = window(16)
    with torch.no_grad():
        one, other = (model(x, masks)["out"] for x in (frames, frames + 0.7 * masks))
    torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


def test_each_source_counts(model):
    frames, masks = window(16)
    with torch.no_grad():
        memory = model.remember(model(frames, masks), masks)
        wanted = model(frames, masks, memory)["out"]
        for place in range(5):
            changed = frames.clone()
            changed[:, place] = 0
            assert (model(changed, masks, memory)["out"] - wanted).abs().max() > 1e-3
        changed = Memory(memory.output + 0.5, memory.mask, memory.state)
        assert (model(frames, masks, changed)["out"] - wanted).abs().max() > 1e-3


@pytest.mark.parametrize(("architecture", "share"), [("vinet-256", 0.0), ("vinet-512", 0.5)])
def test_previous_mask(architecture, share):
    model, (frames, masks) = VINet(architecture), window(16)
    with torch.no_grad():
        memory = model.remember(model(frames, masks), masks)
    assert torch.equal(memory.mask, share * masks[:, 2])


def test_indices_are_mirrored_at_both_ends():
    assert [reflected(i, 4) for i in range(-6, 10)] == [
        0,
        1,
        2,
        3,
        2,
        1,
        *[0, 1, 2, 3, 2, 1],
        0,
        1,
        2,
        3,
    ]
    assert [reflected(i, 1) for i in (-6, 0, 6)] == [0, 0, 0]
    assert [reflected(i, 2) for i in (-1, 0, 1, 2, 3)] == [1, 0, 1, 0, 1]


def test_dilation_is_a_box_of_ten_rows_and_six_columns():
    masks = torch.zeros(1, 1, 30, 30)
    masks[..., 12, 14] = 1
    rows, columns = dilated(masks)[0, 0].nonzero().T
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 17, 12, 17)


def test_any_size_and_pixels_outside_the_holes_stay(model):
    frames, masks = clip(2, 21, 27)
    out = inpaint(model, frames, masks)
    assert out.shape == frames.shape
    assert torch.equal(out * (1 - masks), frames * (1 - masks))
    raw = inpaint(model, frames, masks, Options(composite=False))
    torch.testing.assert_close(raw * masks, out * masks)
    assert not torch.allclose(raw, out)


def test_memory_is_kept_unless_told_otherwise(model):
    frames, masks = clip(3, 16, 16)
    kept, forgotten = (
        inpaint(model, frames, masks, Options(keep_memory=keep, composite=False))
        for keep in (True, False)
    )
    assert torch.equal(kept[0], forgotten[0])
    assert not torch.equal(kept[1], forgotten[1])


def test_warm_up_runs_the_beginning_backwards(model):
    frames, masks = clip(4, 16, 16)
    wanted = inpaint(model, torch.cat((frames[:2].flip(0), frames)), torch.cat((masks[:2], masks)))
    found = inpaint(model, frames, masks, Options(warm_up=2))
    assert torch.equal(found, wanted[2:])


def test_first_frame_is_not_dropped_unless_told(model):
    frames, masks = clip(3, 16, 16)
    everything = inpaint(model, frames, masks)
    assert len(everything) == 3
    assert torch.equal(inpaint(model, frames, masks, Options(drop_first=True)), everything[1:])


def test_demo_is_all_of_its_quirks(model, monkeypatch):
    assert DEMO == Options(False, 30, True, True, False, True)
    assert Options() == Options(True, 0, False, False, True, False)
    sizes = []

    def forward(frames, masks, memory=None, motion=None):
        sizes.append(frames.shape)
        return {"out": frames[:, 2], "hidden": frames, "cell": frames}

    monkeypatch.setattr(model, "forward", forward)
    frames, masks = clip(4, 40, 30)
    out = inpaint(model, frames, masks, DEMO)
    assert sizes == [(1, 5, 3, 256, 256)] * 8  # the warm-up is as long as the clip allows
    assert out.shape == (3, 3, 256, 256)
    shorter = inpaint(model, frames, masks, replace(DEMO, warm_up=1, drop_first=False))
    assert len(shorter) == 4 and len(sizes) == 8 + 5
    assert vinet_clip.OFFSETS == (-6, -3, 0, 3, 6)
