# SPDX-License-Identifier: MIT
"""Writes the weights of a training run as safetensors, ready to embed.

    python export.py --run RUN [--weights ../Sources/EmbeddedModel/default.safetensors]

The averaged weights of RUN/checkpoint.pt are written in float32 under their PyTorch names, with
the metadata that the engine reads. Nothing of the optimiser is kept. The default model needs no
--weights; every other does.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file
from vfi_training.default_model import MULTIPLE, NAME
from vfi_training.models import build
from vfi_training.ugsp import ARCHITECTURES as UGSP_ARCHITECTURES
from vfi_training.vinet import ARCHITECTURES as VINET_ARCHITECTURES
from vfi_training.vinet import multiple as vinet_multiple

REPOSITORY = Path(__file__).resolve().parents[1]
OTHER_MULTIPLE = 16
DESCRIPTIONS = {
    "ifrnet-s": "IFRNet-S (CVPR 2022) after a short training, to compare with:"
    " official weights are far better",
}


def metadata(architecture: str) -> dict[str, str]:
    is_default = architecture == NAME
    if architecture in VINET_ARCHITECTURES:
        return {
            "architecture": architecture,
            "name": architecture,
            "version": "0",
            "licence": "MIT",
            "task": "inpaint",
            "any_instant": "false",
            "multiple": str(vinet_multiple(architecture)),
            "description": "corrects and steadies the fill of vfi inpaint; VINet with few channels",
        }
    return {
        "architecture": architecture,
        "name": "default" if is_default else architecture,
        "version": "0",
        "licence": "MIT",
        "task": "interpolate",
        "any_instant": "false" if architecture in UGSP_ARCHITECTURES else "true",
        "multiple": str(MULTIPLE if is_default else OTHER_MULTIPLE),
        "description": DESCRIPTIONS.get(architecture, ""),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    default = REPOSITORY / "Sources" / "EmbeddedModel" / "default.safetensors"
    parser.add_argument("--weights", type=Path)
    arguments = parser.parse_args()
    state = torch.load(arguments.run / "checkpoint.pt", map_location="cpu", weights_only=True)
    architecture = state.get("architecture", NAME)
    if arguments.weights is None and architecture != NAME:
        parser.error(f"say where to write {architecture}: --weights FILE")
    weights = arguments.weights or default
    model = build(architecture)
    model.load_state_dict(state["average"])
    tensors = {name: value.float().contiguous() for name, value in model.state_dict().items()}
    weights.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, weights, metadata(architecture))
    count = sum(value.numel() for value in tensors.values())
    print(f"{weights}: {architecture}, step {state['step']}, {count} parameters")


if __name__ == "__main__":
    main()
