"""The training scripts are no package: they import each other by name, as `python training/train.py` does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training"))
