# SPDX-License-Identifier: MIT
"""VINet over a clip: which frames are looked at, what is kept, and what the released demo does."""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor
from vfi_training.inverse_search import inverse_search
from vfi_training.vinet import CENTRE, OFFSETS, VINet, multiple


@dataclass(frozen=True)
class Options:
    """The defaults are the sensible ones, `DEMO` holds those of the released demonstration."""

    keep_memory: bool = True  # of the ConvLSTM; else it forgets after every frame
    warm_up: int = 0  # first frames that are shown in reverse order before the clip
    drop_first: bool = False  # the first frame is computed, but not returned
    resize: bool = False  # to 256x256 or 512x512; else edges are repeated up to a multiple
    composite: bool = True  # outside of the masks the frames' own pixels; else the network's
    dilate: bool = False  # masks grow by a box of 10x6 pixels


DEMO = Options(
    keep_memory=False, warm_up=30, drop_first=True, resize=True, composite=False, dilate=True
)


def reflected(index: int, count: int) -> int:
    """An index beyond either end of `count` frames, mirrored there."""
    period = max(2 * (count - 1), 1)
    index = abs(index) % period
    return min(index, period - index) if count > 1 else 0


def dilated(masks: Tensor) -> Tensor:
    """The demo's box of 10 rows and 6 columns, which reaches one pixel more up and left."""
    return F.max_pool2d(F.pad(masks, (3, 2, 5, 4)), (10, 6), 1)


def fitted(x: Tensor, architecture: str) -> Tensor:
    """[T, C, h, w] with its right column and its bottom row repeated."""
    side = multiple(architecture)
    height, width = x.shape[-2:]
    return F.pad(x, (0, -width % side, 0, -height % side), mode="replicate")


@torch.no_grad()
def inpaint(
    model: VINet,
    frames: Tensor,
    masks: Tensor,
    options: Options | None = None,
    fills: Tensor | None = None,
) -> Tensor:
    """RGB [T, 3, h, w] in 0..1 and masks [T, 1, h, w], 1 = hole -> frames of the same size.

    `fills` are the frames with their holes filled, which a model of `Form.refines_fill` corrects.
    With `resize` they have the size 256x256 or 512x512, with `drop_first` there is one less.
    """
    options = options or Options()
    if model.form.refines_fill != (fills is not None):
        raise ValueError(f"fills are for networks that correct them; {model.architecture}")
    if options.resize:
        size = (int(model.architecture[-3:]),) * 2
        frames = F.interpolate(frames, size, mode="bicubic").clamp(0, 1)
        masks = F.interpolate(masks, size, mode="nearest")
    if options.dilate:
        masks = dilated(masks)
    count, (height, width) = len(frames), frames.shape[-2:]
    order = [*reversed(range(min(options.warm_up, count))), *range(count)]
    values, holes, begun = (
        fitted(x, model.architecture)
        for x in (2 * frames - 1, masks, 2 * (frames if fills is None else fills) - 1)
    )
    memory, results = None, []
    for place in range(len(order)):
        window = [order[reflected(place + offset, len(order))] for offset in OFFSETS]
        seen = values[None, window]
        if fills is not None:
            seen[:, CENTRE] = begun[order[place]]
        motion = None
        if fills is not None and memory is not None:
            pair = seen[:, CENTRE], memory.output
            motion = inverse_search(*((picture + 1) / 2 for picture in pair))[0] / 4
        stages = model(seen, holes[None, window], memory, motion)
        memory = model.remember(stages, holes[None, window])
        if not options.keep_memory:
            memory = replace(memory, state=None)
        results.append(((stages["out"] + 1) / 2).clamp(0, 1)[0, :, :height, :width])
    out = torch.stack(results[len(order) - count :])
    if options.composite:
        out = masks * out + (1 - masks) * frames
    return out[1:] if options.drop_first else out
