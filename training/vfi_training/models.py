# SPDX-License-Identifier: MIT
"""The networks that can be trained here, by the name that a configuration gives."""

import torch
from torch import Tensor, nn
from vfi_training import default_model
from vfi_training.default_model import DefaultModel, pad_to_multiple
from vfi_training.ifrnet import VARIANTS, IFRNet


def build(name: str) -> nn.Module:
    if name == default_model.NAME:
        return DefaultModel()
    if name in VARIANTS:
        return IFRNet(name)
    raise ValueError(f"no model {name!r}: {', '.join([default_model.NAME, *VARIANTS])}")


def predict(
    model: nn.Module, frame0: Tensor, frame1: Tensor, t: Tensor, flow01: Tensor, flow10: Tensor
) -> Tensor:
    """The frame at t from frames of fitting size; the flows serve the models that take them."""
    if isinstance(model, IFRNet):
        return model(frame0, frame1, t)["out"]
    return model(frame0, frame1, t, flow01, flow10)["frame"]


def interpolate(model: nn.Module, frame0: Tensor, frame1: Tensor, t: float) -> Tensor:
    """Any size: RGB [B, 3, h, w] in 0..1 -> the frame at t, same size."""
    if isinstance(model, DefaultModel):
        return default_model.interpolate(model, frame0, frame1, t)
    height, width = frame0.shape[-2:]
    instant = torch.full((len(frame0), 1, 1, 1), t)
    # The default model's multiple of 32 suits IFRNet, which needs 16.
    out = model(pad_to_multiple(frame0), pad_to_multiple(frame1), instant)["out"]
    return out[..., :height, :width]
