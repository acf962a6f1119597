# SPDX-License-Identifier: MIT
"""Draws quality against time from the figures of quality.py and speed.py.

    .venv/bin/python benchmarks/plot.py QUALITY.json SPEED.json docs/quality-time.png

Both files must know the same models, written in the same way, `REFERENCE` among them: times are
in its own, since machines are busy to different degrees. Averaging has no time of its own here: it
stands as a line.
"""

import argparse
import json
from pathlib import Path
from statistics import mean

import matplotlib

matplotlib.use("agg")
from matplotlib import pyplot

GROUP, SIZE = "vfi720", "1280x720"
REFERENCE = "default@motion=linear,threads=2"
BASELINE, FILTER = "average", ("minterp", "minterpolate")
UNSAID = ("threads=", "motion=linear")  # what is usual
OURS, OTHERS = "#c0392b", "#34495e"


def points(quality: dict, speed: dict) -> dict[str, tuple[float, float]]:
    """Method of speed.py -> time of a new frame in that of `REFERENCE`, PSNR."""
    means = quality["means"][GROUP]
    unit = mean(speed["milliseconds"][REFERENCE][SIZE])
    found = {}
    for method, of_size in speed["milliseconds"].items():
        scored = FILTER[0] if method == FILTER[1] else f"vfi {method}"
        if scored in means and SIZE in of_size:
            found[method] = mean(of_size[SIZE]) / unit, means[scored][1]
    return found


def label(method: str) -> str:
    name, _, options = method.partition("@")
    shown = [text for text in options.split(",") if text and not text.startswith(UNSAID)]
    return ", ".join([Path(name).stem, *shown])


def draw(quality: dict, speed: dict, output: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(7.2, 4.2), dpi=150, layout="constrained")
    found = points(quality, speed)
    family = sorted(point for method, point in found.items() if method.startswith("default"))
    axes.plot(*zip(*family, strict=True), color=OURS, linewidth=1, zorder=1)
    for method, (time, decibel) in found.items():
        colour = OTHERS if method == FILTER[1] else OURS
        axes.scatter(time, decibel, color=colour, s=28, zorder=2)
        axes.annotate(
            label(method),
            (time, decibel),
            xytext=(-2, -6),
            textcoords="offset points",
            fontsize=8,
            rotation=-60,  # neighbours stand close
            rotation_mode="anchor",
            verticalalignment="top",
        )
    averaging = quality["means"][GROUP][BASELINE][1]
    axes.axhline(averaging, color=OTHERS, linewidth=1, linestyle=":")
    axes.set_xscale("log")
    least, most = (limit(time for time, _ in found.values()) for limit in (min, max))
    axes.set_xlim(least / 1.2, 1.5 * most)  # room for labels
    axes.text(least, averaging, "averaging", fontsize=8, verticalalignment="bottom")
    ticks = [time for time in (0.5, 1, 2, 4, 8, 16) if least / 1.2 < time < 1.5 * most]
    axes.set_xticks(ticks, [f"{time:g}" for time in ticks])
    axes.minorticks_off()
    axes.set_xlabel(f"time of a new frame, {SIZE}, in that of the default model (log)")
    axes.set_ylabel(f"PSNR in dB, mean of the {SIZE} clips")
    axes.grid(visible=True, linewidth=0.3)
    figure.savefig(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("quality", type=Path)
    parser.add_argument("speed", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    quality, speed = (json.loads(path.read_text()) for path in (arguments.quality, arguments.speed))
    draw(quality, speed, arguments.output)


if __name__ == "__main__":
    main()
