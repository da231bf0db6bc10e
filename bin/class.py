#!/usr/bin/env python3
"""`wildrydes-ml class` from a checkout."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from wildrydes_ml.cli import run

if __name__ == "__main__":
    run("class")
