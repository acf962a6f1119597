# SPDX-License-Identifier: MIT
"""Time IFRNet-S with the same weights in libvfi and in other engines.

    benchmarks/setup.sh --peers && .venv/bin/python benchmarks/peers.py --library libvfi.so

Each round runs every engine once, so that a busy moment of the machine hits all alike; printed are
median, fastest and slowest of the rounds, and the median of all threads' processor time, which
other programs disturb less. An engine that is not installed is left out.
"""

import argparse
import multiprocessing
import re
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from machine import heading
from peer_engines import ENGINES, Setup, write_models

MILLISECONDS = re.compile(r"([0-9]+(?:\.[0-9]+)?) ms\b")


def picture(setup: Setup, shift: float) -> np.ndarray:
    """Waves of several lengths that move by `shift` pixels: float32 [1, 3, H, W], 8-bit values."""
    y, x = np.mgrid[0 : setup.height, 0 : setup.width]
    planes = [
        sum(np.sin((x + shift) / (7 * k + c) + y / (5 * k + 2 * c)) for k in (1, 2, 4)) / 6 + 0.5
        for c in (1, 2, 3)
    ]
    return (np.rint(np.stack(planes)[None] * 255) / 255).astype(np.float32)


def serve(name: str, setup: Setup, pipe) -> None:
    """Child process: build the engine, then answer each request with a time and a picture."""
    try:
        frames = picture(setup, 0.0), picture(setup, 6.0)
        run = ENGINES[name](setup)
        pipe.send(np.array(run(*frames)))
        while pipe.recv():
            start = time.perf_counter(), time.process_time()
            run(*frames)
            end = time.perf_counter(), time.process_time()
            pipe.send([1000 * (end[k] - start[k]) for k in range(2)])
    except (ImportError, RuntimeError, OSError, AttributeError) as error:
        pipe.send(f"{type(error).__name__}: {error}".splitlines()[0])


@dataclass
class Peer:
    """An engine in its process, or the reason why there is none."""

    name: str
    setup: Setup
    times: list[float] = field(default_factory=list)
    processor_times: list[float] = field(default_factory=list)
    output: np.ndarray | None = None
    problem: str | None = None

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, child = context.Pipe()
        self._process = context.Process(target=serve, args=(self.name, self.setup, child))
        self._process.start()
        child.close()
        self._expect(np.ndarray)

    def round(self) -> None:
        if self.problem is None:
            self._pipe.send(True)
            self._expect(list)

    def stop(self) -> None:
        if self.problem is None:
            self._pipe.send(False)
        self._process.join()

    def _expect(self, kind: type) -> None:
        try:
            answer = self._pipe.recv()
        except EOFError:
            answer = "the process ended"
        if isinstance(answer, str):
            self.problem = answer
        elif kind is list:
            self.times.append(answer[0])
            self.processor_times.append(answer[1])
        else:
            self.output = answer


def run_command(command: str) -> float:
    """Milliseconds of one frame: the last `NUMBER ms` that the command prints."""
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True)
    found = MILLISECONDS.findall(done.stdout)
    if not found:
        raise RuntimeError(f"{command}: no line with `NUMBER ms`")
    return float(found[-1])


def print_table(peers: list[Peer], command_times: list[float]) -> None:
    reference = next((peer.output for peer in peers if peer.output is not None), None)
    # The reference is the first engine. libvfi rounds to 8 bit: half a code value is normal.
    columns = f"{'median ms':>11}{'min':>9}{'max':>9}{'CPU ms':>9}{'max difference':>16}"
    print(f"\n{'engine':<22}{columns}")
    for peer in peers:
        if peer.problem is not None:
            print(f"{peer.name:<22} {peer.problem}")
            continue
        difference = float(np.abs(peer.output - reference).max())
        processor = np.median(peer.processor_times)
        print(f"{peer.name:<22}{spread(peer.times)}{processor:>9.0f}{difference:>16.2g}")
    if command_times:
        print(f"{'command':<22}{spread(command_times)}")


def spread(times: list[float]) -> str:
    return f"{np.median(times):>11.0f}{min(times):>9.0f}{max(times):>9.0f}"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--size", default="1280x720", help="multiples of 16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--engines", help=f"comma-separated, of {', '.join(ENGINES)}")
    parser.add_argument("--library", type=Path, help="libvfi.so")
    parser.add_argument("--libvfi-command", help="run every round; prints `NUMBER ms` a frame")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    width, height = (int(side) for side in arguments.size.split("x"))
    names = arguments.engines.split(",") if arguments.engines else list(ENGINES)
    if arguments.library is None:
        names = [name for name in names if not name.startswith("libvfi")]
    if unknown := set(names) - ENGINES.keys():
        print(f"peers.py: unknown engines: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    print(heading())
    print(f"IFRNet-S, {width}x{height}, {arguments.threads} threads, {arguments.rounds} rounds")
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(width, height, arguments.threads, Path(folder), arguments.library)
        write_models(setup)
        peers = [Peer(name, setup) for name in names]
        for peer in peers:
            peer.start()
        command_times = []
        for _ in range(arguments.rounds):
            for peer in peers:
                peer.round()
            if arguments.libvfi_command:
                command_times.append(run_command(arguments.libvfi_command))
        for peer in peers:
            peer.stop()
    print_table(peers, command_times)
    return 0


if __name__ == "__main__":
    sys.exit(main())
