# SPDX-License-Identifier: MIT
"""Pseudo-labels of motion: OpenCV's dense inverse search (DIS), from the wanted frame to both ends.

The paper takes them from LiteFlowNet. DIS needs no weights and is quick enough to run while
samples are drawn; where it errs, the robust loss stops believing it.
"""

import cv2
import numpy as np
import torch
from torch import Tensor


def gray(frame: Tensor) -> np.ndarray:
    """RGB [3, H, W] in 0..1 -> uint8 [H, W]."""
    pixels = (frame.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0)
    return cv2.cvtColor(np.ascontiguousarray(pixels.numpy()), cv2.COLOR_RGB2GRAY)


def search(start: Tensor, end: Tensor) -> Tensor:
    """RGB [3, H, W] each -> flow start->end [2, H, W]: x, y."""
    cv2.setNumThreads(1)  # a loader worker shares the machine with the training itself
    dis = cv2.DISOpticalFlow_create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    return torch.from_numpy(dis.calc(gray(start), gray(end), None)).permute(2, 0, 1).contiguous()


def pseudo_flows(first: Tensor, wanted: Tensor, last: Tensor) -> Tensor:
    """RGB [3, H, W] each -> flows wanted->first and wanted->last [4, H, W]: x, y, x, y."""
    return torch.cat([search(wanted, end) for end in (first, last)])
