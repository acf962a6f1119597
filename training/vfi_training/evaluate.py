# SPDX-License-Identifier: MIT
"""PSNR and SSIM of a model file on the evaluation clips (never used to choose anything).

    python -m vfi_training.evaluate --weights FILE.safetensors --clips ../shared/data/eval/vfi448

For every clip of seven frames: 1,3 -> 2, 3,5 -> 4, 5,7 -> 6 (and 1,7 -> 2..6 with --six), from
8-bit RGB, the result rounded to 8 bit. PSNR of one frame from its mean squared error, then the mean
over the frames of a clip, then over clips. SSIM: Gaussian window 11, sigma 1.5, each channel by
itself, positions where the window fits.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from vfi_training.models import build, interpolate
from vfi_training.pack import decode


def tensor(frame: np.ndarray) -> Tensor:
    """uint8 [H, W, 3] -> float [1, 3, H, W] in 0..1."""
    return torch.from_numpy(frame.copy()).permute(2, 0, 1)[None].float() / 255


def psnr(found: Tensor, wanted: Tensor) -> float:
    return float(-10 * torch.log10((found - wanted).square().mean().clamp(min=1e-10)))


def ssim(found: Tensor, wanted: Tensor) -> float:
    x = torch.arange(11, dtype=torch.float32) - 5
    window = torch.exp(-x.square() / (2 * 1.5**2))
    window = (window / window.sum()).view(1, 1, 1, 11)

    def blur(image: Tensor) -> Tensor:
        planes = image.flatten(0, 1)[:, None]
        return functional.conv2d(functional.conv2d(planes, window), window.transpose(2, 3))

    mean_a, mean_b = blur(found), blur(wanted)
    variance_a = blur(found.square()) - mean_a.square()
    variance_b = blur(wanted.square()) - mean_b.square()
    covariance = blur(found * wanted) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    numerator = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    denominator = (mean_a.square() + mean_b.square() + c1) * (variance_a + variance_b + c2)
    return float((numerator / denominator).mean())


def tasks(count: int, six: bool) -> list[tuple[int, int, int]]:
    """(first, wanted, last), counted from 0."""
    if six:
        return [(0, k, 6) for k in range(1, 6)] if count == 7 else []
    return [(i, i + 1, i + 2) for i in range(0, count - 2, 2)]


def load(path: Path) -> nn.Module:
    """The model that a file's metadata names, with its weights."""
    with safe_open(path, "pt") as file:
        model = build(file.metadata()["architecture"])
    model.load_state_dict(load_file(path))
    return model.eval()


@torch.no_grad()
def score(model: nn.Module, path: Path, six: bool) -> dict[str, float] | None:
    frames = [tensor(frame) for frame in decode(path)]
    rows = []
    for first, wanted, last in tasks(len(frames), six):
        t = (wanted - first) / (last - first)
        found = interpolate(model, frames[first], frames[last], t)
        found = (found * 255).round() / 255
        averaged = ((frames[first] * (1 - t) + frames[last] * t) * 255).round() / 255
        truth = frames[wanted]
        rows.append((psnr(found, truth), ssim(found, truth), psnr(averaged, truth)))
    if not rows:
        return None
    mean = np.mean(rows, axis=0)
    return {"psnr": mean[0], "ssim": mean[1], "averaging": mean[2]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--six", action="store_true", help="1,7 -> 2..6 instead of doubling")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    arguments = parser.parse_args()
    model = load(arguments.weights)
    figures = {}
    for path in sorted(arguments.clips.glob("*.mkv")):
        row = score(model, path, arguments.six)
        if row is not None:
            figures[path.stem] = row
            print(f"{path.stem:32} {row['psnr']:6.2f} {row['ssim']:.4f}", end="")
            print(f"  averaging {row['averaging']:6.2f}  {row['psnr'] - row['averaging']:+.2f}")
    values = list(figures.values())
    psnrs, ssims = [row["psnr"] for row in values], [row["ssim"] for row in values]
    worst = min(row["psnr"] - row["averaging"] for row in values)
    print(f"mean {np.mean(psnrs):.3f} dB, SSIM {np.mean(ssims):.4f}", end="")
    print(f", least gain over averaging {worst:+.2f} dB, {len(values)} clips")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
