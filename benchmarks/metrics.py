# SPDX-License-Identifier: MIT
"""PSNR and SSIM of 8-bit RGB frames, [H, W, 3]."""

import cv2
import numpy as np

WINDOW, SIGMA = 11, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def mean_squared_error(found: np.ndarray, truth: np.ndarray) -> float:
    """Over all pixels and channels."""
    return float(np.square(found.astype(np.float64) - truth).mean())


def psnr(error: float) -> float:
    """dB of a mean squared error on the range 255; infinite for 0."""
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(found: np.ndarray, truth: np.ndarray) -> float:
    """Wang et al. 2004, each channel by itself, mean over the positions where the window fits."""
    x, y = found.astype(np.float64), truth.astype(np.float64)
    mean_x, mean_y = smooth(x), smooth(y)
    variance_x = smooth(x * x) - mean_x * mean_x
    variance_y = smooth(y * y) - mean_y * mean_y
    covariance = smooth(x * y) - mean_x * mean_y
    numerator = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
    denominator = (mean_x**2 + mean_y**2 + C1) * (variance_x + variance_y + C2)
    margin = WINDOW // 2
    return float((numerator / denominator)[margin:-margin, margin:-margin].mean())


def smooth(image: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(image, (WINDOW, WINDOW), SIGMA)
