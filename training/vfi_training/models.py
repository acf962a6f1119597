# SPDX-License-Identifier: MIT
"""The networks that can be trained here, by the name that a configuration gives."""

import torch
from torch import Tensor, nn
from vfi_training import default_model, uncertainty, unsup, vinet
from vfi_training.baseline import warp_mean
from vfi_training.default_model import DefaultModel, pad_to_multiple
from vfi_training.ifrnet import VARIANTS, IFRNet
from vfi_training.ugsp import ARCHITECTURES, UGSP
from vfi_training.uncertainty import UncertaintyNet
from vfi_training.unsup import Generator
from vfi_training.vinet import VINet


def build(name: str) -> nn.Module:
    if name == default_model.NAME:
        return DefaultModel()
    if name in VARIANTS:
        return IFRNet(name)
    if name in ARCHITECTURES:
        return UGSP(name)
    if name == uncertainty.NAME:
        return UncertaintyNet()
    if name in vinet.ARCHITECTURES:
        return VINet(name)
    if name in unsup.ARCHITECTURES:
        return Generator(name)
    names = [default_model.NAME, *VARIANTS, *ARCHITECTURES, uncertainty.NAME]
    names += [*vinet.ARCHITECTURES, *unsup.ARCHITECTURES]
    raise ValueError(f"no model {name!r}: {', '.join(names)}")


def predict(
    model: nn.Module, frame0: Tensor, frame1: Tensor, t: Tensor, flow01: Tensor, flow10: Tensor
) -> Tensor:
    """The frame at t from frames of fitting size; the flows serve the models that take them."""
    if isinstance(model, IFRNet):
        return model(frame0, frame1, t)["out"]
    if isinstance(model, UGSP):
        return model(frame0, frame1)["out"]
    if isinstance(model, UncertaintyNet):
        return model(frame0, frame1, warp_mean(frame0, frame1, flow01, flow10, t))["estimate"]
    return model(frame0, frame1, t, flow01, flow10)["frame"]


def interpolate(model: nn.Module, frame0: Tensor, frame1: Tensor, t: float) -> Tensor:
    """Any size: RGB [B, 3, h, w] in 0..1 -> the frame at t, same size. Not for `uen`."""
    if isinstance(model, DefaultModel):
        return default_model.interpolate(model, frame0, frame1, t)
    height, width = frame0.shape[-2:]
    # The default model's multiple of 32 suits the others, which need 16.
    padded = pad_to_multiple(frame0), pad_to_multiple(frame1)
    if isinstance(model, UGSP):  # whatever t is: it knows the middle only
        out = model(*padded)["out"]
    else:
        out = model(*padded, torch.full((len(frame0), 1, 1, 1), t))["out"]
    return out[..., :height, :width]
