# SPDX-License-Identifier: MIT
"""Milliseconds of a new frame in real clips: libvfi beside FFmpeg's minterpolate.

    python3 benchmarks/speed.py [--model NAME@OPTION=VALUE,...] [--rounds N] [--json FILE]

Clips: those of 1280x720 and 1920x1080 of the evaluation set, played forth and back until there are
at least 24 frames, or a drawn one where there is no such set. Each round runs every method once on
every clip, so that a busy moment of the machine hits all alike. A clip counts with the median of
its rounds; printed are the mean over the clips, the quickest and the slowest one.

libvfi counts the stages that `vfi interpolate --stats` tells: conversion from and to the clip's
pixels is in them, reading and writing files is not. minterpolate counts the time of
`ffmpeg -vf minterpolate` less that of the same command without the filter.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from clips import MANIFEST, read_manifest
from machine import ROOT, describe, heading

DATA = ROOT.parent / "shared" / "data" / "eval"
GROUPS = ("vfi720", "vfi1080")
STAGES = re.compile(r"^per new frame: (.*) ms$", re.MULTILINE)
MODELS = (
    "default@motion=linear,threads=1",
    "default@motion=linear,threads=2",
    "default@motion=quadratic,threads=2",
    "ifrnet-s@threads=2",
)
FILTER = "minterpolate"
LEAST_FRAMES = 24


@dataclass(frozen=True)
class Source:
    path: Path
    size: str
    frames: int


def run(command: list[str]) -> tuple[float, str]:
    """Seconds of wall time, and what the program said."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return seconds, done.stdout + done.stderr


def forth_and_back(clip: Path, output: Path) -> None:
    """Longer, without cut or repetition: the frames, those between in reverse, and again."""
    entries = ["-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"]
    count = int(run(["ffprobe", "-v", "error", *entries, str(clip)])[1].strip())
    turn = 2 * count - 2
    graph = (
        f"setpts=N/FR/TB,split[a][b];[b]reverse,trim=start_frame=1:end_frame={count - 1}[r];"
        f"[a][r]concat,loop={-(-LEAST_FRAMES // turn) - 1}:{turn},setpts=N/FR/TB,format=yuv420p"
    )
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(clip), "-vf", graph]
    run([*command, "-fps_mode", "passthrough", str(output)])


def sources(data: Path, program: Path, folder: Path) -> list[Source]:
    if not (data / MANIFEST).exists():
        print(f"no evaluation clips at {data}: a drawn clip takes their place")
        path = folder / "drawn.mp4"
        shape = ["--width", "1280", "--height", "720", "--duration", "0.5"]
        run([str(program), "render-test-clip", str(path), *shape])
        clips = [("1280x720", path)]
    else:
        clips = [
            (f"{clip.width}x{clip.height}", clip.path)
            for clip in read_manifest(data)
            if clip.group in GROUPS
        ]
    found = []
    for number, (size, path) in enumerate(clips):
        output = folder / f"{number}.y4m"
        forth_and_back(path, output)
        # A header line, then equal frames: `FRAME`, a line feed and 12 bits a pixel.
        width, height = (int(side) for side in size.split("x"))
        frames = output.stat().st_size // (width * height * 3 // 2 + 6)
        found.append(Source(output, size, frames))
    return found


def libvfi(program: Path, model: str, source: Source, folder: Path) -> float:
    """Milliseconds of a new frame; `model` as quality.py takes it."""
    name, _, options = model.rpartition("@")
    command = [str(program), "interpolate", str(source.path), "-y", str(folder / "out.y4m")]
    command += ["--model", name or model, "--mult", "2", "--stats"]
    for option in options.split(",") if name else []:
        command += ["-o", option]
    stages = STAGES.search(run(command)[1])
    if not stages:
        raise RuntimeError(f"{program}: no times in its statistics")
    return sum(float(number) for number in re.findall(r"[0-9]+\.[0-9]+", stages[1]))


def minterpolate(source: Source) -> float:
    command = ["ffmpeg", "-v", "error", "-i", str(source.path)]
    without, _ = run([*command, "-f", "null", "-"])
    probe = ["ffprobe", "-v", "error", "-show_entries", "stream=r_frame_rate"]
    rate = run([*probe, "-of", "default=nw=1:nk=1", str(source.path)])[1].strip()
    graph = f"minterpolate=fps=2*{rate}:scd=none"
    seconds, _ = run([*command, "-vf", graph, "-f", "null", "-"])
    # It gives 2 n - 3 frames for n, of which every second one is new.
    return 1000 * (seconds - without) / (source.frames - 2)


def measure(
    program: Path, models: list[str], found: list[Source], rounds: int, folder: Path
) -> dict[str, dict[str, list[float]]]:
    """Method -> size -> milliseconds of each clip."""
    methods = [*models, FILTER]
    times = {(method, source): [] for method in methods for source in found}
    for _ in range(rounds):
        for source in found:
            for model in models:
                times[model, source].append(libvfi(program, model, source, folder))
            times[FILTER, source].append(minterpolate(source))
    result: dict[str, dict[str, list[float]]] = {method: {} for method in methods}
    for (method, source), values in times.items():
        result[method].setdefault(source.size, []).append(median(values))
    return result


def print_table(result: dict[str, dict[str, list[float]]]) -> None:
    sizes = list(next(iter(result.values())))
    print(f"\n{'ms per new frame':<36}" + "".join(f"{size:>22}" for size in sizes))
    for method, of_size in result.items():
        cells = [
            f"{mean(values):.0f} ({min(values):.0f}-{max(values):.0f})"
            for values in of_size.values()
        ]
        print(f"{method:<36}" + "".join(f"{cell:>22}" for cell in cells))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder with manifest_vfi.csv")
    parser.add_argument("--program", type=Path, default=ROOT / "build" / "vfi")
    parser.add_argument("--model", action="append", help="may be repeated; has 1 and 2 threads")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    print(heading(), flush=True)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            found = sources(arguments.data, arguments.program, folder)
            models = arguments.model or list(MODELS)
            result = measure(arguments.program, models, found, arguments.rounds, folder)
    except (RuntimeError, OSError) as error:
        print(f"speed.py: {error}", file=sys.stderr)
        return 1
    print_table(result)
    if arguments.json:
        report = describe() | {"milliseconds": result}
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
