# SPDX-License-Identifier: MIT
"""UGSP's losses against loops and known values; the uncertainty network learns; runs of both."""

import numpy as np
import pytest
import torch
from safetensors import safe_open
from test_ifrnet_losses import seeded, small_config, write_pack
from vfi_training import ugsp_losses as losses
from vfi_training.data import MIDDLE_SPANS, Pool, draw_pairs
from vfi_training.models import build
from vfi_training.train import ModelRun, train
from vfi_training.ugsp import UGSP, gumbel
from vfi_training.uncertainty import HARD_SHARE, UncertaintyNet, uncertainty_loss

import export
import fixtures_ugsp


def blur_twin(plane: np.ndarray) -> np.ndarray:
    """Binomial blur [h, w], pixel by pixel; mirrored without repeating the edge."""
    weights = np.array([1, 4, 6, 4, 1]) / 16
    padded = np.pad(plane, 2, mode="reflect")
    out = np.zeros_like(plane)
    for y in range(plane.shape[0]):
        for x in range(plane.shape[1]):
            out[y, x] = weights @ padded[y : y + 5, x : x + 5] @ weights
    return out


def laplacian_twin(plane: np.ndarray, other: np.ndarray) -> float:
    """The Laplacian loss of two planes, from its definition."""
    total = 0.0
    for _ in range(5):
        bands = []
        for image in (plane, other):
            spread = np.zeros_like(image)
            spread[::2, ::2] = blur_twin(image)[::2, ::2]
            bands.append(image - 4 * blur_twin(spread))
        total += np.abs(bands[0] - bands[1]).mean()
        plane, other = (blur_twin(image)[::2, ::2] for image in (plane, other))
    return total


def test_laplacian_against_its_twin():
    x, y = seeded(1, 1, 64, 64).double(), seeded(1, 1, 64, 64, seed=1).double()
    wanted = laplacian_twin(x[0, 0].numpy(), y[0, 0].numpy())
    assert float(losses.laplacian(x, y)) == pytest.approx(wanted, rel=1e-9)


def test_laplacian_hardly_sees_an_offset():
    x = seeded(1, 3, 64, 64)
    assert float(losses.laplacian(x, x)) == 0
    assert float(losses.laplacian(x, x + 0.5)) < 1e-5
    assert float(losses.laplacian(x, 0.5 * x)) > 0.05


@pytest.mark.parametrize(
    ("epoch", "tau", "pruning", "label"),
    [
        (0, 1.0, 0.0, 0.5),
        (1, 1 - 1 / 150, 0.0, 0.5),
        (8.5, 1 - 8.5 / 150, 0.05, 0.5),
        (16, 1 - 16 / 150, 0.1, 0.5),
        (120, 0.4, 0.1, 0.5),
        (250, 0.4, 0.1, 0.25),
        (300, 0.4, 0.1, 0.1),
    ],
)
def test_schedules(epoch, tau, pruning, label):
    assert losses.tau(epoch) == pytest.approx(tau)
    assert losses.pruning_weight(epoch) == pytest.approx(pruning)
    assert losses.label_weight(epoch) == pytest.approx(label)


def test_label_error_is_a_tenth_of_the_mean_distances():
    out = {f"mask_{k}": torch.full((2, 1, 8 >> k, 8 >> k), 0.25 * k) for k in (1, 2, 3)}
    labels = {k: torch.ones(2, 1, 8 >> k, 8 >> k) for k in (1, 2, 3)}
    assert float(losses.label_error(out, labels)) == pytest.approx((0.75 + 0.5 + 0.25) / 10)


def stages(architecture: str) -> tuple[UGSP, torch.Tensor, dict[str, torch.Tensor]]:
    torch.manual_seed(0)
    model, frames = UGSP(architecture), seeded(2, 3, 3, 64, 64)
    teacher = frames[:, 1] if architecture == "ugsp-refine" else None
    out = model(frames[:, 0], frames[:, 2], gumbel(1.0), auxiliary=True, wanted=teacher)
    return model, frames[:, 1], out


@pytest.mark.parametrize("architecture", ["ugsp", "ugsp-distill", "ugsp-refine"])
def test_terms_and_gradients(architecture):
    model, wanted, out = stages(architecture)
    labels = {k: torch.ones(2, 1, 64 >> k, 64 >> k) for k in (1, 2, 3)}
    features = model.context(wanted - out["mu"])
    pseudo = 20 * seeded(2, 4, 64, 64, seed=1) - 10
    terms = losses.ugsp_loss(architecture, out, wanted, labels, 100, features, pseudo)
    expected = {"reconstruction", "unpruned", "contrast", "sparsity", "labels"}
    expected |= {"ugsp-distill": {"geometry", "distillation"}}.get(architecture, set())
    expected |= {"ugsp-refine": {"teacher", "distillation"}}.get(architecture, set())
    assert terms.keys() == expected
    target, weight = {
        "ugsp": (0.35, 0.1),
        "ugsp-distill": (0.365, 0.1),
        "ugsp-refine": (0.35, 0.15),
    }[architecture]
    wanted_term = 0.1 * weight * abs(out["sparsity"].item() - target)
    assert float(terms["sparsity"]) == pytest.approx(wanted_term, rel=1e-5)
    sum(terms.values()).backward()
    assert all(
        value.grad is not None and torch.isfinite(value.grad).all()
        for name, value in model.named_parameters()
    )


def test_contrast_teaches_the_pruned_branch_only():
    _, _, out = stages("ugsp")
    chosen = {}
    for name in ("ft_2", "ft_1", "join_1"):
        for suffix in ("", "_aux"):
            chosen[name + suffix] = out[name + suffix].detach().requires_grad_()
    found = losses.contrast(chosen)
    assert float(found) > 0
    found.backward()
    assert all((value.grad is None) == name.endswith("_aux") for name, value in chosen.items())


def test_only_a_better_teacher_teaches():
    flows = {f"flow_{k}": torch.zeros(1, 4, 8 >> k, 8 >> k) for k in (0, 1, 2)}
    wanted = torch.zeros(1, 3, 8, 8)
    out = flows | {
        "flow_0_teacher": torch.full((1, 4, 8, 8), 2.0),
        "blend": torch.full((1, 3, 8, 8), 0.5),
        "out_teacher": torch.full((1, 3, 8, 8), 0.4),
    }
    assert float(losses.teacher_distillation(out, wanted)) == pytest.approx(3 * 2.0)
    out["out_teacher"] = torch.full((1, 3, 8, 8), 0.495)
    assert float(losses.teacher_distillation(out, wanted)) == 0


def test_teacher_flows_are_in_pixels_of_the_full_size():
    target = torch.tensor([4.0, -8.0, 2.0, 6.0]).view(1, 4, 1, 1)
    out = {f"flow_{k}": (target / 2**k).expand(1, 4, 8 >> k, 8 >> k) for k in (0, 1, 2)}
    out |= {"flow_0_teacher": target.expand(1, 4, 8, 8)}
    out |= {"blend": torch.ones(1, 3, 8, 8), "out_teacher": torch.zeros(1, 3, 8, 8)}
    assert float(losses.teacher_distillation(out, torch.zeros(1, 3, 8, 8))) < 1e-4


def test_uncertainty_has_its_minimum_at_the_log_of_half_the_error():
    wanted = torch.zeros(1, 3, 8, 8)
    at = torch.full((1, 1, 8, 8), float(np.log(0.2 / 2))).requires_grad_()
    out = {"uncertainty": at, "estimate": torch.full((1, 3, 8, 8), 0.2)}
    uncertainty_loss(out, wanted).backward()
    assert float(at.grad.abs().max()) < 1e-6


def test_labels_are_nested_and_have_the_wanted_share():
    torch.manual_seed(0)
    model = UncertaintyNet()
    uncertainty = torch.nn.functional.avg_pool2d(torch.randn(4, 1, 64, 64), 5, 1, 2)
    for _ in range(800):
        model.follow(uncertainty)
    labels = model.labels(uncertainty)
    assert float(labels[1].mean()) == pytest.approx(HARD_SHARE, abs=0.02)
    for level in (1, 2):
        parent = labels[level + 1].repeat_interleave(2, 2).repeat_interleave(2, 3)
        assert (parent >= labels[level]).all()
        assert labels[level].shape[-1] == 64 >> level
        assert labels[level + 1].mean() < 4 * labels[level].mean()
    assert not model.labels(uncertainty - 100)[3].any()


def moving_edges(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Frames with noise in the right half: there, the mean of both ends errs."""
    torch.manual_seed(1)
    base = torch.rand(count, 3, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)
    frames = base[:, None].repeat(1, 3, 1, 1, 1)
    frames[..., 32:] += 0.2 * torch.randn(count, 3, 3, 64, 32)
    return frames[:, 0], frames[:, 1], frames[:, 2]


def test_uncertainty_network_finds_where_the_estimate_errs():
    torch.manual_seed(0)
    model = UncertaintyNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    first, wanted, last = moving_edges(4)
    found = []
    for _ in range(80):
        out = model(first, last, (first + last) / 2)
        loss = uncertainty_loss(out, wanted)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        model.follow(out["uncertainty"])
        found.append(loss.item())
    assert found[-1] < found[0] - 2
    left, right = out["uncertainty"].chunk(2, dim=-1)
    assert right.mean() > left.mean() + 0.5


def test_pool_draws_the_middle(tmp_path):
    write_pack(tmp_path)
    shots = [{"first": 0, "frames": n, "motion": 3.0} for n in (3, 4, 6)]
    assert all(pair.span in MIDDLE_SPANS for pair in draw_pairs(shots, 50, 0, MIDDLE_SPANS))
    pool = Pool(tmp_path, pairs=4, crop=64, synthetic=0.0, seed=0, middle=True)
    sample = next(iter(pool))
    assert float(sample["t"]) == 0.5


def test_labelled_run_and_export(tmp_path, monkeypatch):
    """Both phases: two steps of UEN, then two of UGSP with its labels."""
    first, second = tmp_path / "uen", tmp_path / "ugsp"
    for folder in (first, second):
        folder.mkdir()
    write_pack(tmp_path)
    train(ModelRun(small_config("ugsp_uen"), first, "cpu"), tmp_path)
    assert float(torch.load(first / "checkpoint.pt")["average"]["threshold"]) != 0
    config = small_config("ugsp")
    with pytest.raises(ValueError, match="needs labels"):
        train(ModelRun(config, second, "cpu"), tmp_path)
    train(ModelRun(config, second, "cpu", first / "checkpoint.pt"), tmp_path)
    lines = (second / "log.txt").read_text().splitlines()
    assert "validation" in lines[-1] and "nan" not in "".join(lines)
    weights = tmp_path / "ugsp.safetensors"
    monkeypatch.setattr("sys.argv", ["export.py", "--run", str(second), "--weights", str(weights)])
    export.main()
    with safe_open(weights, "pt") as file:
        metadata = file.metadata()
    assert metadata["architecture"] == "ugsp" and metadata["any_instant"] == "false"


def test_builds_by_name():
    assert isinstance(build("uen"), UncertaintyNet)
    assert build("ugsp-refine").refines


def test_loss_falls_over_a_few_steps():
    """Twelve steps on one pair: masks soft, every term at its weight of epoch 50."""
    torch.manual_seed(0)
    model = UGSP()
    frame0, frame1 = fixtures_ugsp.inputs()
    frame0, frame1 = (torch.nn.functional.pad(x, (0, 0, 0, 16)) for x in (frame0, frame1))
    wanted = (frame0 + frame1) / 2
    labels = {k: torch.ones(1, 1, 64 >> k, 64 >> k) for k in (1, 2, 3)}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    found = []
    for _ in range(12):
        out = model(frame0, frame1, gumbel(losses.tau(50)), auxiliary=True)
        loss = sum(losses.ugsp_loss("ugsp", out, wanted, labels, 50).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    assert np.mean(found[-3:]) < 0.9 * np.mean(found[:3])
