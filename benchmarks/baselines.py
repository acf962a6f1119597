# SPDX-License-Identifier: MIT
"""What libvfi is compared with: each takes the even frames of a clip and makes those between.

A baseline is a function (frames uint8 [n, H, W, 3], every second one of the clip) -> the n - 1
frames half-way. All but minterpolate look at two frames at a time.
"""

import subprocess

import cv2
import numpy as np

# minterpolate holds back its last frames, and drops what would follow them: repeat the last source.
PADDING = 3


def by_pairs(middle):
    """Turn a function of two frames into a baseline."""

    def baseline(frames: np.ndarray) -> list[np.ndarray]:
        return [middle(frames[k], frames[k + 1]) for k in range(len(frames) - 1)]

    return baseline


def to_8_bit(image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def repeat(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The earlier frame again."""
    return before


def average(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return to_8_bit((before.astype(np.float32) + after) / 2)


def flow(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """DIS, preset MEDIUM, on grey: source(x) matches target(x + flow). [H, W, 2], pixels."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (source, target)]
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*grey, None)


def sample(image: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """image(x + offset), bilinear, borders mirrored."""
    height, width = offset.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y, image = x + offset[..., 0], y + offset[..., 1], image.astype(np.float32)
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def dis(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean of before(x - F01/2) and after(x - F10/2): each frame moved by half its own flow."""
    forward, backward = flow(before, after), flow(after, before)
    return to_8_bit((sample(before, -forward / 2) + sample(after, -backward / 2)) / 2)


def dis_4(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean of each frame moved by both flows: a stronger use of the same two flows."""
    forward, backward = flow(before, after), flow(after, before)
    moved = [sample(before, -forward / 2), sample(before, backward / 2)]
    moved += [sample(after, -backward / 2), sample(after, forward / 2)]
    return to_8_bit(sum(moved) / 4)


def minterpolate(frames: np.ndarray, pixel_format: str = "yuv444p") -> list[np.ndarray]:
    """FFmpeg's motion-compensated filter without scene-cut detection, other options as they are."""
    height, width = frames.shape[1:3]
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-filter_threads", "1"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "10"]
    command += ["-i", "-", "-vf", f"format={pixel_format},minterpolate=fps=20:scd=none"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data = frames.tobytes() + PADDING * frames[-1].tobytes()
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    made = np.frombuffer(done.stdout, np.uint8)
    if done.returncode != 0 or made.size < (2 * len(frames) - 1) * frames[0].size:
        raise RuntimeError(f"minterpolate: {done.stderr.decode(errors='replace').strip()}")
    return list(made.reshape(-1, height, width, 3)[1 : 2 * len(frames) - 2 : 2])


def minterpolate_420(frames: np.ndarray) -> list[np.ndarray]:
    """The same on 4:2:0, which is what it is mostly run on, at the price of halving the chroma."""
    return minterpolate(frames, "yuv420p")


BASELINES = {
    "repeat": by_pairs(repeat),
    "average": by_pairs(average),
    "minterp": minterpolate,
    "minterp-420": minterpolate_420,
    "dis": by_pairs(dis),
    "dis-4": by_pairs(dis_4),
}
DEFAULT_BASELINES = ("repeat", "average", "minterp", "dis")
