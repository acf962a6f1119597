# SPDX-License-Identifier: MIT
"""IFRNet-S in other engines, all with the same hashed weights.

An engine is a function (Setup) -> callable(frame0, frame1) -> frame, on float32 RGB arrays
[1, 3, H, W] in [0, 1], with t = 1/2. Each runs in a process of its own, so that thread pools and
math libraries do not meet. Modules are imported where they are used: any may be missing.
"""

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from libvfi import INTERPOLATED, Interpolator
from machine import ROOT

sys.path.insert(0, str(ROOT / "training"))
ARCHITECTURE = "ifrnet-s"
ONNX_OPSET = 17  # GridSample came with 16
INSTANT = 0.5

Runner = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Setup:
    width: int
    height: int
    threads: int
    folder: Path  # holds the model files that write_models() made
    library: Path | None

    @property
    def onnx(self) -> Path:
        return self.folder / "ifrnet-s.onnx"

    @property
    def safetensors(self) -> Path:
        return self.folder / "ifrnet-s.safetensors"


def hashed_model():
    from vfi_training.hashed_weights import load_hashed_weights
    from vfi_training.ifrnet import IFRNet

    return load_hashed_weights(IFRNet(ARCHITECTURE)).eval()


def write_models(setup: Setup) -> None:
    """The network as ONNX for the other engines and as .safetensors for libvfi."""
    import torch
    from safetensors.torch import save_file

    class Middle(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = hashed_model()

        def forward(self, frame0, frame1):
            return self.network(frame0, frame1, INSTANT)["out"]

    frame = torch.zeros(1, 3, setup.height, setup.width)
    names = {"input_names": ["frame0", "frame1"], "output_names": ["out"]}
    model = Middle().eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sizes become constants, which is what we want
        # The tracing exporter: the newer one (dynamo=True) gave a result 0.15 off in PyTorch 2.15.
        torch.onnx.export(
            model, (frame, frame), setup.onnx, opset_version=ONNX_OPSET, dynamo=False, **names
        )
    metadata = {"architecture": ARCHITECTURE, "licence": "MIT", "source": "hashed weights"}
    save_file(model.network.state_dict(), setup.safetensors, metadata)


def torch_engine(setup: Setup, channels_last: bool = False, bfloat16: bool = False) -> Runner:
    import torch

    torch.set_num_threads(setup.threads)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = hashed_model().to(memory_format=layout)

    def run(frame0: np.ndarray, frame1: np.ndarray) -> np.ndarray:
        frames = [torch.from_numpy(f).to(memory_format=layout) for f in (frame0, frame1)]
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            return model(*frames, INSTANT)["out"].numpy()

    return run


def onnxruntime_engine(setup: Setup) -> Runner:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = setup.threads
    session = onnxruntime.InferenceSession(setup.onnx, options, providers=["CPUExecutionProvider"])
    return lambda frame0, frame1: session.run(None, {"frame0": frame0, "frame1": frame1})[0]


def openvino_engine(setup: Setup, precision: str = "f32") -> Runner:
    import openvino

    settings = {
        "INFERENCE_NUM_THREADS": setup.threads,
        "INFERENCE_PRECISION_HINT": precision,
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = openvino.Core().compile_model(setup.onnx, "CPU", settings)
    return lambda frame0, frame1: compiled([frame0, frame1])[0]


def libvfi_engine(setup: Setup, precision: str = "float32") -> Runner:
    """Through the C interface, on 8-bit RGB: conversion on both sides is inside the time."""
    model = str(setup.safetensors)
    interpolator = Interpolator(
        setup.library, model, threads=str(setup.threads), precision=precision
    )

    def run(frame0: np.ndarray, frame1: np.ndarray) -> np.ndarray:
        frames = [to_packed(frame) for frame in (frame0, frame1)]
        made, decision = interpolator.middle(*frames)
        if decision != INTERPOLATED:
            raise RuntimeError(f"libvfi did not interpolate: decision {decision}")
        return np.moveaxis(made, -1, 0)[None].astype(np.float32) / 255

    return run


def to_packed(frame: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(np.rint(frame[0] * 255).astype(np.uint8), 0, -1))


ENGINES: dict[str, Callable[[Setup], Runner]] = {
    "torch": torch_engine,
    "torch channels-last": lambda setup: torch_engine(setup, channels_last=True),
    "torch bf16": lambda setup: torch_engine(setup, channels_last=True, bfloat16=True),
    "onnxruntime": onnxruntime_engine,
    "openvino": openvino_engine,
    "openvino bf16": lambda setup: openvino_engine(setup, "bf16"),
    "libvfi": libvfi_engine,
    "libvfi bf16": lambda setup: libvfi_engine(setup, "bfloat16"),
    "libvfi int8": lambda setup: libvfi_engine(setup, "int8"),
}
