# SPDX-License-Identifier: MIT
"""Makes the modules of benchmarks/ importable from any working directory."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
