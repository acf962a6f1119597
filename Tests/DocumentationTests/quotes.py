#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that every block of C on a page stands in a program, line for line.

quotes.py PAGE.md PROGRAM.c
"""

import re
import sys
from pathlib import Path

page, program = (Path(name).read_text() for name in sys.argv[1:])
blocks = re.findall(r"^```c\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
missing = [block for block in blocks if "\n" + block not in program]
for block in missing:
    print(f"{sys.argv[1]}: not in {sys.argv[2]}:\n{block}")
if not blocks:
    print(f"{sys.argv[1]} has no block of C")
sys.exit(bool(missing) or not blocks)
