# SPDX-License-Identifier: MIT
"""Turn an official IFRNet or UGSP checkpoint into the .safetensors file that libvfi reads.

    python training/convert.py IFRNet_S_Vimeo90K.pth ifrnet-s.safetensors
    python training/convert.py flownet.pkl ugsp.safetensors
    python training/convert.py --architecture vinet-512 save_agg_rec_512.pth vinet-512.safetensors

The architecture follows from names and shapes, except that `ugsp-distill` has those of `ugsp`, and
both forms of VINet have the same: these are chosen by --architecture. The file keeps the official
weight names, is float32 throughout, and carries `architecture`, `licence` and `source` in its
metadata. UGSP's and VINet's official networks work in BGR: the channels of the weights that touch
pixels are reversed, so that the converted network works in RGB.
"""

import argparse
import hashlib
import pickle
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from vfi_training.ifrnet import VARIANTS
from vfi_training.models import build
from vfi_training.ugsp import ARCHITECTURES as UGSP_ARCHITECTURES
from vfi_training.ugsp import OUTPUTS
from vfi_training.ugsp_refine import UNET_INPUTS
from vfi_training.vinet import OFFICIAL as VINET_ARCHITECTURES

DISTINGUISHING_WEIGHT = "encoder.pyramid1.0.0.weight"
UGSP_WEIGHT = "context.pyramid1.0.0.weight"
REFINE_WEIGHT = "unet.conv.weight"
VINET_WEIGHT = "st_agg.stAgg.conv.weight"

REVERSED = [2, 1, 0]
# name -> (dimension, order of its channels): what reads or writes pixels in UGSP and VINet.
PIXEL_WEIGHTS = {UGSP_WEIGHT: (1, REVERSED)}
for block in ("glblock_final", "glblock_final_teacher"):
    residual_last = [*range(OUTPUTS - 3), *(OUTPUTS - 3 + c for c in REVERSED)]
    PIXEL_WEIGHTS[f"{block}.dconv_last.weight"] = (1, residual_last)
    PIXEL_WEIGHTS[f"{block}.dconv_last.bias"] = (0, residual_last)
PIXEL_WEIGHTS["contextnet.conv1.conv1.0.weight"] = (1, REVERSED)
PIXEL_WEIGHTS["unet.down0.conv1.0.weight"] = (
    1,
    [3 * frame + c for frame in range(4) for c in REVERSED] + [*range(12, UNET_INPUTS)],
)
PIXEL_WEIGHTS["unet.conv.weight"] = PIXEL_WEIGHTS["unet.conv.bias"] = (0, REVERSED)
for encoder in ("encoder1", "encoder2"):
    PIXEL_WEIGHTS[f"{encoder}.ec0.conv.weight"] = (1, [*REVERSED, 3, 4])
PIXEL_WEIGHTS["decoder.dc6.weight"] = (0, REVERSED)

# Networks for BGR: who published them, and the licence that the official code has.
OFFICIAL_BGR = dict.fromkeys(UGSP_ARCHITECTURES, ("Orange066/UGSP_Models", "GPL-3.0-only"))
OFFICIAL_BGR |= dict.fromkeys(
    VINET_ARCHITECTURES, ("mcahny/Deep-Video-Inpainting", "unknown: published without a licence")
)


class ConversionError(Exception):
    """The checkpoint is not a network this project knows; the message says why."""


def load_checkpoint(path: Path) -> object:
    try:
        # weights_only: a pickle may otherwise run any code.
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConversionError(f"cannot be loaded as a PyTorch checkpoint: {reason}") from error


def convert(
    checkpoint: object, architecture: str | None = None
) -> tuple[str, dict[str, torch.Tensor]]:
    """A loaded checkpoint -> (architecture, contiguous float32 weights by official name)."""
    weights = {strip_wrapper(name): value for name, value in tensors_of(checkpoint).items()}
    architecture = architecture or detect_architecture(weights)
    check_layout(architecture, weights)
    weights = {name: as_float32(name, value) for name, value in weights.items()}
    return architecture, in_rgb(weights) if architecture in OFFICIAL_BGR else weights


def in_rgb(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A network for BGR -> the same for RGB."""
    return {
        name: value.index_select(PIXEL_WEIGHTS[name][0], torch.tensor(PIXEL_WEIGHTS[name][1]))
        if name in PIXEL_WEIGHTS
        else value
        for name, value in weights.items()
    }


def tensors_of(checkpoint: object) -> dict[str, torch.Tensor]:
    """Unwrap {"state_dict": ...} and refuse everything that is not a table of tensors."""
    for wrapper in ("state_dict", "model"):
        if isinstance(checkpoint, dict) and isinstance(checkpoint.get(wrapper), dict):
            checkpoint = checkpoint[wrapper]
    if not isinstance(checkpoint, dict) or not checkpoint:
        raise ConversionError("the checkpoint holds no table of weights")
    for name, value in checkpoint.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise ConversionError(f"entry {name!r} is a {type(value).__name__}, not a tensor")
    return checkpoint


def strip_wrapper(name: str) -> str:
    """DistributedDataParallel prefixes every name with `module.`."""
    return name.removeprefix("module.")


def expected_shapes(architecture: str) -> dict[str, torch.Size]:
    with torch.device("meta"):
        return {name: value.shape for name, value in build(architecture).state_dict().items()}


def detect_architecture(weights: dict[str, torch.Tensor]) -> str:
    """IFRNet's first convolution differs in width or kernel between all variants."""
    if UGSP_WEIGHT in weights:
        return "ugsp-refine" if REFINE_WEIGHT in weights else "ugsp"
    if VINET_WEIGHT in weights:
        raise ConversionError(
            "both forms of VINet have these weights: say which one by --architecture, "
            + " or ".join(VINET_ARCHITECTURES)
        )
    first = weights.get(DISTINGUISHING_WEIGHT)
    if first is None:
        raise ConversionError(
            f"no weight named {DISTINGUISHING_WEIGHT}, {UGSP_WEIGHT} or {VINET_WEIGHT}: "
            "not a checkpoint of IFRNet, UGSP or VINet"
        )
    for architecture in VARIANTS:
        if expected_shapes(architecture)[DISTINGUISHING_WEIGHT] == first.shape:
            return architecture
    raise ConversionError(
        f"{DISTINGUISHING_WEIGHT} has shape {list(first.shape)}, which is none of "
        + ", ".join(VARIANTS)
    )


def check_layout(architecture: str, weights: dict[str, torch.Tensor]) -> None:
    expected = expected_shapes(architecture)
    missing, unknown = sorted(expected.keys() - weights), sorted(weights.keys() - expected)
    if missing or unknown:
        raise ConversionError(
            f"{architecture}: {summary('missing', missing)}; {summary('unknown', unknown)}"
        )
    for name, shape in expected.items():
        if weights[name].shape != shape:
            raise ConversionError(
                f"{architecture}: {name} has shape {list(weights[name].shape)}, "
                f"expected {list(shape)}"
            )


def summary(label: str, names: list[str]) -> str:
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return f"{len(names)} {label} weights" + (f" ({shown})" if names else "")


def as_float32(name: str, value: torch.Tensor) -> torch.Tensor:
    if not value.is_floating_point():
        raise ConversionError(f"{name} is {value.dtype}, expected floating point")
    value = value.detach().to(torch.float32).contiguous()
    if not torch.isfinite(value).all():
        raise ConversionError(f"{name} has values that are not finite")
    return value


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("input", type=Path, help="official checkpoint, .pth or .pkl")
    parser.add_argument("output", type=Path, help="file to write, .safetensors")
    parser.add_argument(
        "--architecture",
        choices=[*VARIANTS, *UGSP_ARCHITECTURES, *VINET_ARCHITECTURES],
        help="which network it is (default: what names and shapes say)",
    )
    parser.add_argument("--licence", help="of the weights (default: that of the official code)")
    parser.add_argument("--source", help="where the weights come from (default: name and SHA-256)")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    try:
        architecture, weights = convert(load_checkpoint(arguments.input), arguments.architecture)
    except ConversionError as error:
        print(f"convert.py: {arguments.input}: {error}", file=sys.stderr)
        return 1
    digest = hashlib.sha256(arguments.input.read_bytes()).hexdigest()
    origin, licence = OFFICIAL_BGR.get(architecture, ("ltkong218/IFRNet", "MIT"))
    source = arguments.source or f"{origin}, {arguments.input.name}"
    metadata = {
        "architecture": architecture,
        "licence": arguments.licence or licence,
        "source": f"{source}, sha256 {digest}",
    }
    save_file(weights, arguments.output, metadata)
    count = sum(value.numel() for value in weights.values())
    print(f"{arguments.output}: {architecture}, {len(weights)} tensors, {count} parameters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
