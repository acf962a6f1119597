# SPDX-License-Identifier: MIT
"""Makes `vfi_training` and the scripts beside it importable from any working directory."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
