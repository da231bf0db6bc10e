"""Tells by how much real detectors differ with float16 weights, and whether they would be taken.

`python -m benchmarks.formats DETECTOR... [--samples DIR]`: each SavedModel is prepared with float16 weights, and
compared with TensorFlow on generated pictures and on one's own. What both formats cost is in benchmarks.inference.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.report import table

_PREPARE = Path(__file__).resolve().parent.parent / "lambda_src" / "filling" / "prepare.py"


def tried(detector: Path, samples: Path | None) -> dict[str, Any]:
    """What the filling finds out about a detector with float16 weights, on generated pictures and on one's own."""
    asked = {"MODEL_WEIGHTS": "float16", "SAMPLES": str(samples.resolve()) if samples else ""}
    with tempfile.TemporaryDirectory() as out:
        packages = sysconfig.get_paths()["purelib"]
        command = [sys.executable, "-I", str(_PREPARE), packages, str(detector), out]
        subprocess.run(command, check=True, stdout=sys.stderr, env={**os.environ, **asked})
        litert = json.loads(Path(out, "prepared.json").read_text())["litert"]
    found: dict[str, Any] = litert.get("weights") or {"differs": litert.get("why", "")}
    return found


def detectors(found: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """The table of real detectors: by how much float16 differs from TensorFlow, and whether it would be taken."""
    rows = []
    for name, one in found:
        agreed = one.get("agreement", {})
        differs = [f"{agreed['score_difference']:.4f}", f"{agreed['iou']:.4f}"] if agreed else ["", ""]
        counts = [str(one.get(key, "")) for key in ("pictures", "detections")]
        rows.append([name, *counts, *differs, one.get("differs", "as good as float32")])
    return table(["detector", "pictures", "detections", "largest score difference", "lowest IoU", "float16 is"], rows)


def main() -> None:
    """Prepares, compares, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("detectors", type=Path, metavar="DETECTOR", nargs="+", help="a SavedModel")
    parser.add_argument("--samples", type=Path, metavar="DIR", help="a folder of pictures to compare on, too")
    arguments = parser.parse_args()
    print(detectors((one.name, tried(one.resolve(), arguments.samples)) for one in arguments.detectors))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
