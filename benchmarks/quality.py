# SPDX-License-Identifier: MIT
"""PSNR and SSIM of libvfi and of simpler methods on the evaluation clips: `make quality`.

Protocol: of each clip of 7 frames, 1,3 -> 2, 3,5 -> 4 and 5,7 -> 6 (of 3 frames: 1,3 -> 2), RGB,
8 bit. A clip's PSNR comes from its mean squared error over all wanted frames; its SSIM is the mean
over them; then come means over clips, and the same with the mean of the frames' own PSNR, which is
what most papers give.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from baselines import BASELINES, DEFAULT_BASELINES
from clips import MANIFEST, Clip, decode, read_manifest, triplets
from libvfi import INTERPOLATED, Interpolator
from machine import ROOT, describe, heading
from metrics import mean_squared_error, psnr, ssim

DATA = ROOT.parent / "shared" / "data" / "eval"
LIBRARY = ROOT / ".build" / "release" / "libvfi.so"
MOTION_LIMITS = (2.0, 6.0)  # pixels between neighbouring frames
PROCESSES = 2
OURS = "vfi "  # prefix of the methods that are models of libvfi


@dataclass
class Score:
    """One method on one clip. `frame_psnr` is the mean of the frames' own PSNR, for comparison."""

    clip: str
    group: str
    motion: float
    method: str
    psnr: float
    frame_psnr: float
    ssim: float
    worst_frame: int
    held: int  # frames that libvfi copied or held because it saw a cut or a duplicate


# What is scored without --model: pairs, and pairs whose motion the frames around them bend.
MODELS = ["default", "default@motion=quadratic"]


class Methods:
    """The baselines and models of one process."""

    def __init__(self, baselines: list[str], models: list[str], library: Path):
        self._baselines = baselines
        self._models = {f"{OURS}{model}": open_model(library, model) for model in models}

    def run(self, frames: np.ndarray) -> dict[str, tuple[list[np.ndarray], int]]:
        """Every second frame -> method: (the frames between them, how many were held)."""
        results = {name: (BASELINES[name](frames), 0) for name in self._baselines}
        for name, model in self._models.items():
            made = [middle_of(model, frames, k) for k in range(len(frames) - 1)]
            held = sum(decision != INTERPOLATED for _, decision in made)
            results[name] = ([frame for frame, _ in made], held)
        return results


def middle_of(model: Interpolator, frames: np.ndarray, k: int) -> tuple[np.ndarray, int]:
    """The frame between sources k and k + 1."""
    if not model.looks_around:
        return model.middle(frames[k], frames[k + 1])
    return model.middle_among(
        [frames[n] if 0 <= n < len(frames) else None for n in range(k - 1, k + 3)]
    )


def open_model(library: Path, model: str) -> Interpolator:
    """`model` is a name or a file, with options behind it: "default@sparsity=off,threads=2"."""
    name, _, options = model.rpartition("@")
    if not name:
        return Interpolator(library, model)
    return Interpolator(library, name, **dict(text.split("=", 1) for text in options.split(",")))


def score_clip(clip: Clip, baselines: list[str], models: list[str], library: Path) -> list[Score]:
    cv2.setNumThreads(1)
    frames = decode(clip)
    wanted = [middle for _, middle, _ in triplets(len(frames))]
    scores = []
    for method, (made, held) in Methods(baselines, models, library).run(frames[::2]).items():
        errors = [mean_squared_error(made[i], frames[k]) for i, k in enumerate(wanted)]
        similarity = float(np.mean([ssim(made[i], frames[k]) for i, k in enumerate(wanted)]))
        frame_psnr = float(np.mean([psnr(error) for error in errors]))
        worst = wanted[int(np.argmax(errors))]
        total = psnr(float(np.mean(errors)))
        common = (clip.name, clip.group, clip.motion, method)
        scores.append(Score(*common, total, frame_psnr, similarity, worst, held))
    return scores


def motion_range(score: Score) -> str:
    low, high = MOTION_LIMITS
    if score.motion < low:
        return f"{score.group} < {low:g} px"
    if score.motion <= high:
        return f"{score.group} {low:g}-{high:g} px"
    return f"{score.group} > {high:g} px"


def group_means(scores: list[Score], methods: list[str]) -> dict[str, dict[str, list[float]]]:
    """Row title -> method -> [clips, PSNR, SSIM, PSNR by frames]; rows are groups and motions."""
    members: dict[str, list[Score]] = {}
    for score in scores:
        members.setdefault(score.group, []).append(score)
    for score in sorted(scores, key=lambda score: score.motion):
        if score.group == "vfi448":
            members.setdefault(motion_range(score), []).append(score)
    means: dict[str, dict[str, list[float]]] = {}
    for title, rows in members.items():
        for method in methods:
            of_method = [row for row in rows if row.method == method]
            values = [(row.psnr, row.ssim, row.frame_psnr) for row in of_method]
            mean = np.mean(values, axis=0).tolist()
            means.setdefault(title, {})[method] = [len(of_method), *mean]
    return means


def print_table(scores: list[Score], methods: list[str]) -> None:
    width = max(13, *(len(method) + 1 for method in methods))
    print(f"\n{'clip':<28}{'px':>6}" + "".join(f"{method:>{width}}" for method in methods))
    for clip in dict.fromkeys((score.group, score.clip) for score in scores):
        rows = {s.method: s for s in scores if (s.group, s.clip) == clip}
        title = f"{clip[0].removeprefix('vfi')} {clip[1]}"
        cells = "".join(cell(rows[m].psnr, rows[m].ssim, width) for m in methods)
        print(f"{title:<28.28}{rows[methods[0]].motion:>6.2f}{cells}")
    means = group_means(scores, methods)
    for caption, column in (("means over clips", 1), ("the same, PSNR frame by frame", 3)):
        print(f"\n{caption}")
        for title, row in means.items():
            count = int(row[methods[0]][0])
            cells = "".join(cell(row[m][column], row[m][2], width) for m in methods)
            print(f"{title:<28}{count:>6}{cells}")


def cell(decibel: float, similarity: float, width: int) -> str:
    text = f"{decibel:.2f} {f'{similarity:.4f}'.removeprefix('0')}"
    return f"{text:>{width}}"


def print_verdict(scores: list[Score], method: str) -> None:
    """How `method` stands against averaging, clip by clip."""
    averaging = {(s.group, s.clip): s.psnr for s in scores if s.method == "average"}
    ours = [s for s in scores if s.method == method]
    gains = [(s.psnr - averaging[s.group, s.clip], s) for s in ours if averaging]
    below = sorted((g for g in gains if g[0] < 0), key=lambda g: g[0])
    print(f"\n{method}: {len(below)} of {len(ours)} clips below averaging")
    for gain, score in below:
        print(f"  {score.group}/{score.clip}: {gain:+.2f} dB")
    if held := sum(score.held for score in ours):
        print(f"  {held} frames were held or copied, not interpolated")


def write_worst(clip: Clip, worst: Score, library: Path, output: Path) -> None:
    """before | truth | made | after at the worst frame of the worst clip."""
    model = worst.method.removeprefix(OURS)
    chosen = ([], [model]) if worst.method.startswith(OURS) else ([worst.method], [])
    methods = Methods(*chosen, library)
    frames = decode(clip)
    made = methods.run(frames[::2])[worst.method][0][worst.worst_frame // 2]
    before, truth, after = (frames[worst.worst_frame + k] for k in (-1, 0, 1))
    output.parent.mkdir(parents=True, exist_ok=True)
    strip = np.hstack([before, truth, made, after])
    cv2.imwrite(str(output), cv2.cvtColor(strip, cv2.COLOR_RGB2BGR))
    print(f"  worst: {clip.group}/{clip.name} frame {worst.worst_frame + 1}, {worst.psnr:.2f} dB")
    print(f"  before | truth | made | after: {output}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder with manifest_vfi.csv")
    parser.add_argument("--library", type=Path, default=LIBRARY, help="libvfi.so")
    parser.add_argument(
        "--model",
        action="append",
        help='model name or file, as "default" or "default@precision=float32,sparsity=off"; '
        "may be repeated",
    )
    parser.add_argument("--no-library", action="store_true", help="baselines only")
    parser.add_argument(
        "--baselines",
        default=",".join(DEFAULT_BASELINES),
        help=f"comma-separated, of {', '.join(BASELINES)}",
    )
    parser.add_argument("--groups", default="vfi448,vfi720,vfi1080", help="comma-separated")
    parser.add_argument("--clips", default="", help="only clips whose name contains this")
    parser.add_argument("--json", type=Path, help="write all scores to this file")
    parser.add_argument(
        "--picture", type=Path, default=ROOT / "build" / "quality-worst.png", help="worst frame"
    )
    return parser.parse_args()


def problem_with(
    arguments: argparse.Namespace, baselines: list[str], models: list[str]
) -> str | None:
    if not (arguments.data / MANIFEST).exists():
        return f"no evaluation clips at {arguments.data}: give their folder with --data"
    if models and not arguments.library.exists():
        return f"no library at {arguments.library}: build it, or give --library or --no-library"
    if unknown := set(baselines) - BASELINES.keys():
        return f"unknown baselines: {', '.join(sorted(unknown))}"
    if broken := [model for model in models if "@" in model and "=" not in model.split("@")[-1]]:
        return f"options are given as NAME@OPTION=VALUE,...: {broken[0]}"
    return None if baselines or models else "nothing to compare"


def main() -> int:
    arguments = parse_arguments()
    baselines = [name for name in arguments.baselines.split(",") if name]
    models = [] if arguments.no_library else arguments.model or MODELS
    if problem := problem_with(arguments, baselines, models):
        print(f"quality.py: {problem}", file=sys.stderr)
        return 1
    groups = arguments.groups.split(",")
    clips = [clip for clip in read_manifest(arguments.data) if clip.group in groups]
    clips = [clip for clip in clips if arguments.clips in clip.name]
    if not clips:
        print("quality.py: no clip is left to score", file=sys.stderr)
        return 1
    print(heading(), flush=True)

    settings = {"baselines": baselines, "models": models, "library": arguments.library}
    try:
        with ProcessPoolExecutor(PROCESSES) as pool:
            of_clips = pool.map(partial(score_clip, **settings), clips)
            scores = [score for of_clip in of_clips for score in of_clip]
    except RuntimeError as error:
        print(f"quality.py: {error}", file=sys.stderr)
        return 1
    methods = list(dict.fromkeys(score.method for score in scores))
    print_table(scores, methods)
    for method in methods:
        if method.startswith(OURS):
            print_verdict(scores, method)
    judged = [score for score in scores if score.method == methods[-1]]
    worst = min(judged, key=lambda score: score.psnr)
    clip = next(c for c in clips if (c.group, c.name) == (worst.group, worst.clip))
    write_worst(clip, worst, arguments.library, arguments.picture)
    if arguments.json:
        report = describe() | {"means": group_means(scores, methods)}
        report |= {"scores": [asdict(score) for score in scores]}
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
