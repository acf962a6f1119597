# SPDX-License-Identifier: MIT
"""What a figure depends on: machine, commit, command. Printed above every table."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def describe() -> dict[str, str]:
    return {"machine": machine(), "commit": commit(), "command": shlex.join(sys.argv)}


def machine() -> str:
    """Processor and number of usable CPUs."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return f"{model}, {len(os.sched_getaffinity(0))} CPUs"


def commit() -> str:
    """Short hash, with `+` when tracked files are changed."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def heading() -> str:
    return "\n".join(f"{name}: {value}" for name, value in describe().items())
