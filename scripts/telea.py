#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fills the same hole of each frame by itself with OpenCV's Telea, for comparison.

telea.py IN MASK.png OUT.mkv
"""

import subprocess
import sys

import cv2


def main() -> None:
    source, mask_path, target = sys.argv[1:]
    mask = cv2.dilate(cv2.imread(mask_path, cv2.IMREAD_GRAYSCALE), None, iterations=4)
    video = cv2.VideoCapture(source)
    size = f"{mask.shape[1]}x{mask.shape[0]}"
    rate = str(video.get(cv2.CAP_PROP_FPS))
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", size]
    command += ["-r", rate, "-i", "-", "-c:v", "ffv1", "-pix_fmt", "yuv420p", target]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        while True:
            found, frame = video.read()
            if not found:
                break
            encoder.stdin.write(cv2.inpaint(frame, mask, 3, cv2.INPAINT_TELEA).tobytes())
        encoder.stdin.close()
    if encoder.returncode != 0:
        sys.exit(f"{target}: FFmpeg failed")


if __name__ == "__main__":
    main()
