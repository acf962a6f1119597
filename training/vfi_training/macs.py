# SPDX-License-Identifier: MIT
"""Multiply-adds of the convolutions of a network, counted from their real shapes."""

import torch
from torch import nn
from vfi_training.default_model import DefaultModel


def multiply_adds(model: DefaultModel, height: int, width: int) -> dict[str, float]:
    """Multiply-adds per full-resolution pixel for one frame between two, by stage."""
    counts: dict[str, float] = {}
    hooks = []

    def count(stage: str):
        def hook(layer, inputs, output):
            # A convolution spends kernel * inputs on every output value, a transposed one
            # kernel * outputs on every input value; the weight has both factors either way.
            transposed = isinstance(layer, nn.ConvTranspose2d)
            positions = (inputs[0] if transposed else output)[0, 0].numel()
            spent = positions * layer.weight.numel() / (height * width)
            counts[stage] = counts.get(stage, 0.0) + spent

        return hook

    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            hooks.append(layer.register_forward_hook(count(name.split(".")[0])))
    frame = torch.rand(1, 3, height, width)
    with torch.no_grad():
        model(frame, frame, torch.full((1, 1, 1, 1), 0.5))
    for hook in hooks:
        hook.remove()
    counts["total"] = sum(counts.values())
    return counts


if __name__ == "__main__":
    for stage, value in multiply_adds(DefaultModel(), 64, 96).items():
        print(f"{stage:16} {value:8.0f}")
