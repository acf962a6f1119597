# SPDX-License-Identifier: MIT
"""The ctypes structures have the layout of include/vfi.h."""

import ctypes
import shutil
import subprocess

import pytest
from libvfi import (
    FORMAT_RGB24,
    INTERPOLATED,
    RANGE_FULL,
    Allocator,
    Executor,
    Frame,
    Info,
    Params,
)
from machine import ROOT

STRUCTURES = (Frame, Allocator, Executor, Params, Info)
CONSTANTS = {
    "VFI_FORMAT_RGB24": FORMAT_RGB24,
    "VFI_RANGE_FULL": RANGE_FULL,
    "VFI_INTERPOLATED": INTERPOLATED,
}


def c_values(expressions: list[str], folder) -> list[int]:
    prints = "".join(f'printf("%lld\\n", (long long)({text}));' for text in expressions)
    source = folder / "layout.c"
    source.write_text(f'#include <stdio.h>\n#include "vfi.h"\nint main(void) {{{prints}}}\n')
    command = ["cc", "-I", str(ROOT / "include"), str(source), "-o", str(folder / "layout")]
    subprocess.run(command, check=True)
    output = subprocess.run([folder / "layout"], capture_output=True, text=True, check=True)
    return [int(line) for line in output.stdout.split()]


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_layout_and_constants(tmp_path):
    expected = dict(CONSTANTS)
    for structure in STRUCTURES:
        name = f"vfi_{structure.__name__.lower()}"
        expected[f"sizeof({name})"] = ctypes.sizeof(structure)
        for field, *_ in structure._fields_:
            expected[f"offsetof({name}, {field})"] = getattr(structure, field).offset
    assert c_values(list(expected), tmp_path) == list(expected.values())
