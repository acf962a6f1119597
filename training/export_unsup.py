# SPDX-License-Identifier: MIT
"""Writes the generator of a run of unsupervised inpainting as the engine reads it.

    python export_unsup.py --run RUN --data PACK --config configs/unsup.toml \
        --occlusion raindrops --weights FILE.safetensors

Norms of the averaged weights are measured on training clips and folded into the weights. `--frames`
is the length of the clip in the middle of which the engine fills a frame.
"""

import argparse
import tomllib
from pathlib import Path

import torch
from safetensors.torch import save_file
from vfi_training.models import build
from vfi_training.occlusion import PROCESSES, Occlusion
from vfi_training.pack import Pack
from vfi_training.train_unsup import Clips, steadied
from vfi_training.unsup import folded


def export(
    run: Path, data: Path, config: dict, occlusion: Occlusion, weights: Path, frames: int
) -> None:
    state = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
    model = build(state["architecture"])
    model.load_state_dict(state["average"])
    clips = Clips(Pack(data), config["frames"], config["reduce"])
    tensors = folded(steadied(model, clips, occlusion, config["crop"]))
    metadata = {
        "architecture": state["architecture"],
        "name": f"{state['architecture']}-{occlusion.process}",
        "licence": "MIT",
        "task": "inpaint",
        "frames": str(frames),
        "description": f"trained against {occlusion.process}, {state['step']} steps",
    }
    save_file(tensors, weights, metadata)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--run", "--data", "--config", "--weights"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--occlusion", choices=PROCESSES, required=True)
    parser.add_argument("--frames", type=int, default=7)
    arguments = parser.parse_args()
    if arguments.frames % 2 == 0:
        parser.error("--frames: the frame that is filled stands in the middle, so an odd number")
    config = tomllib.loads(arguments.config.read_text())
    occlusion = Occlusion(arguments.occlusion)
    export(arguments.run, arguments.data, config, occlusion, arguments.weights, arguments.frames)


if __name__ == "__main__":
    main()
