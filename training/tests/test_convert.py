# SPDX-License-Identifier: MIT
"""convert.py accepts what the official training writes and refuses everything else."""

import sys

import convert
import pytest
import torch
from safetensors import safe_open
from vfi_training.hashed_weights import load_hashed_weights
from vfi_training.ifrnet import VARIANTS, IFRNet
from vfi_training.ugsp import ARCHITECTURES, UGSP
from vfi_training.vinet import OFFICIAL as VINET_ARCHITECTURES
from vfi_training.vinet import VINet

import fixtures_vinet


@pytest.fixture
def weights():
    return load_hashed_weights(IFRNet("ifrnet-s")).state_dict()


def run_main(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["convert.py", *map(str, arguments)])
    return convert.main()


def test_checkpoint_round_trip(tmp_path, monkeypatch, weights):
    source, target = tmp_path / "IFRNet_S.pth", tmp_path / "s.safetensors"
    torch.save({f"module.{name}": value for name, value in weights.items()}, source)
    assert run_main(monkeypatch, source, target) == 0
    with safe_open(target, "pt") as file:
        metadata = file.metadata()
        assert metadata["architecture"] == "ifrnet-s"
        assert metadata["licence"] == "MIT"
        assert "IFRNet_S.pth, sha256 " in metadata["source"]
        assert set(file.keys()) == set(weights)
        for name, value in weights.items():
            assert torch.equal(file.get_tensor(name), value)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_ugsp_in_bgr_becomes_one_in_rgb(tmp_path, monkeypatch, architecture):
    official = load_hashed_weights(UGSP(architecture))
    source, target = tmp_path / "flownet.pkl", tmp_path / "ugsp.safetensors"
    state = {f"module.{name}": value for name, value in official.state_dict().items()}
    torch.save({"epoch": 299, "state_dict": state}, source)
    chosen = ["--architecture", architecture] if architecture == "ugsp-distill" else []
    assert run_main(monkeypatch, source, target, *chosen) == 0
    with safe_open(target, "pt") as file:
        metadata = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}
    assert metadata["architecture"] == architecture
    assert metadata["licence"] == "GPL-3.0-only"
    assert "Orange066/UGSP_Models, flownet.pkl, sha256 " in metadata["source"]
    converted = UGSP(architecture)
    converted.load_state_dict(weights)
    frames = torch.rand(2, 1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    wanted = official(*frames)
    found = converted(*frames.flip(2))
    torch.testing.assert_close(found["out"].flip(1), wanted["out"], atol=1e-5, rtol=0)
    torch.testing.assert_close(found["flow_0"], wanted["flow_0"], atol=1e-5, rtol=1e-5)
    assert (wanted["out"] - wanted["out"].flip(1)).abs().max() > 0.01  # the order matters


@pytest.mark.parametrize("architecture", VINET_ARCHITECTURES)
def test_vinet_in_bgr_becomes_one_in_rgb(tmp_path, monkeypatch, capsys, architecture):
    official = fixtures_vinet.hashed_model(architecture).float()
    source, target = tmp_path / "save_agg_rec.pth", tmp_path / "vinet.safetensors"
    state = {f"module.{name}": value for name, value in official.state_dict().items()}
    torch.save({"epoch": 99, "state_dict": state}, source)
    assert run_main(monkeypatch, source, target) == 1
    assert "--architecture, vinet-256 or vinet-512" in capsys.readouterr().err
    assert run_main(monkeypatch, source, target, "--architecture", architecture) == 0
    with safe_open(target, "pt") as file:
        metadata = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}
    assert metadata["architecture"] == architecture
    assert metadata["licence"] == "unknown: published without a licence"
    assert "mcahny/Deep-Video-Inpainting, save_agg_rec.pth, sha256 " in metadata["source"]
    converted = VINet(architecture)
    converted.load_state_dict(weights)
    frames, masks = (value[None, :5] for value in fixtures_vinet.clip(architecture))
    with torch.no_grad():
        memories = None, None
        for _ in range(2):
            wanted = official(2 * frames - 1, masks, memories[0])
            found = converted((2 * frames - 1).flip(2), masks, memories[1])
            memories = official.remember(wanted, masks), converted.remember(found, masks)
    torch.testing.assert_close(found["out"].flip(1), wanted["out"], atol=1e-4, rtol=1e-4)
    assert (wanted["out"] - wanted["out"].flip(1)).abs().max() > 0.1  # the order matters


def test_wrong_architecture_is_refused(weights):
    with pytest.raises(convert.ConversionError, match="ugsp: "):
        convert.convert(weights, "ugsp")


@pytest.mark.parametrize("architecture", VARIANTS)
def test_architecture_is_detected(architecture):
    detected, converted = convert.convert(IFRNet(architecture).half().state_dict())
    assert detected == architecture
    assert all(value.dtype == torch.float32 for value in converted.values())


def test_wrapped_state_dict(weights):
    assert convert.convert({"state_dict": weights, "epoch": 3})[0] == "ifrnet-s"


def test_unknown_weight_is_refused(weights):
    weights["extra.weight"] = torch.zeros(1)
    with pytest.raises(convert.ConversionError, match=r"1 unknown weights \(extra.weight\)"):
        convert.convert(weights)


def test_missing_weight_is_refused(weights):
    del weights["decoder1.convblock.2.bias"]
    with pytest.raises(convert.ConversionError, match=r"missing weights \(decoder1.convblock.2"):
        convert.convert(weights)


def test_wrong_shape_is_refused(weights):
    weights["decoder1.convblock.2.bias"] = torch.zeros(9)
    with pytest.raises(convert.ConversionError, match=r"shape \[9\], expected \[8\]"):
        convert.convert(weights)


def test_other_network_is_refused(weights):
    weights["encoder.pyramid1.0.0.weight"] = torch.zeros(40, 3, 3, 3)
    with pytest.raises(convert.ConversionError, match="none of ifrnet-s"):
        convert.convert(weights)


def test_not_finite_is_refused(weights):
    weights["decoder1.convblock.2.bias"][0] = float("nan")
    with pytest.raises(convert.ConversionError, match="not finite"):
        convert.convert(weights)


@pytest.mark.parametrize("checkpoint", [None, [], {}, {"a": 1}, torch.zeros(1)])
def test_no_table_of_weights_is_refused(checkpoint):
    with pytest.raises(convert.ConversionError):
        convert.convert(checkpoint)


def test_damaged_file_is_one_line_on_stderr(tmp_path, monkeypatch, capsys):
    source = tmp_path / "broken.pth"
    source.write_bytes(b"not a checkpoint")
    assert run_main(monkeypatch, source, tmp_path / "out.safetensors") == 1
    assert run_main(monkeypatch, tmp_path / "absent.pth", tmp_path / "out.safetensors") == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("cannot be loaded" in line for line in lines)
    assert not (tmp_path / "out.safetensors").exists()


class Malicious:
    def __reduce__(self):
        return (print, ("executed",))


def test_code_in_a_pickle_does_not_run(tmp_path, monkeypatch, capsys):
    torch.save({"x": Malicious()}, tmp_path / "bad.pth")
    assert run_main(monkeypatch, tmp_path / "bad.pth", tmp_path / "out.safetensors") == 1
    assert "executed" not in capsys.readouterr().out
