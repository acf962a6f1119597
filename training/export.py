# SPDX-License-Identifier: MIT
"""Writes the weights of a training run as safetensors, ready to embed.

    python export.py --run RUN [--weights ../Sources/EmbeddedModel/default.safetensors]

The averaged weights of RUN/checkpoint.pt are written in float32 under their PyTorch names, with
the metadata that the engine reads. Nothing of the optimiser is kept.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file
from vfi_training.default_model import MULTIPLE, NAME, DefaultModel

REPOSITORY = Path(__file__).resolve().parents[1]
METADATA = {
    "architecture": NAME,
    "name": NAME,
    "version": "0",
    "licence": "MIT",
    "task": "interpolation",
    "multiple": str(MULTIPLE),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    default = REPOSITORY / "Sources" / "EmbeddedModel" / "default.safetensors"
    parser.add_argument("--weights", type=Path, default=default)
    arguments = parser.parse_args()
    state = torch.load(arguments.run / "checkpoint.pt", map_location="cpu", weights_only=True)
    model = DefaultModel()
    model.load_state_dict(state["average"])
    tensors = {name: value.float().contiguous() for name, value in model.state_dict().items()}
    arguments.weights.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, arguments.weights, METADATA)
    count = sum(value.numel() for value in tensors.values())
    print(f"{arguments.weights}: step {state['step']}, {count} parameters")


if __name__ == "__main__":
    main()
