"""Prepares a model for a fast start, while EFS is filled and nobody waits.

`python -I prepare.py SITE_PACKAGES MODEL_DIR OUT_DIR`: tries to make a LiteRT model of the SavedModel, and to run it
by TensorFlow's C API, accepts what finds the same as TensorFlow in sample pictures, and lists what a cold start
reads. OUT_DIR becomes `prepared/` on EFS; its prepared.json becomes the manifest's `prepared`: by engine, whether it
is accepted and what it needs, or why it is not. Ends with 0 whether engines were accepted or not.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Entry = dict[str, Any]

_WHY_LENGTH = 300


def main(arguments: Sequence[str]) -> None:
    """Writes OUT_DIR/prepared.json and what it names."""
    site_packages, model, out = map(Path, arguments)
    sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(site_packages)]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from filling.preparation import Preparation

    out.mkdir(parents=True, exist_ok=True)
    preparation = Preparation(site_packages, model, out)
    entries = {name: _tried(name, step) for name, step in preparation.engines().items()}
    (out / "prepared.json").write_text(json.dumps(entries, indent=1), encoding="utf-8")


def _tried(engine: str, prepare: Callable[[], Entry]) -> Entry:
    """An engine's entry, also when preparing it fails: models are of all kinds, and there are slower engines."""
    began = time.monotonic()
    try:
        entry = {"accepted": True, **prepare()}
    except Exception as error:
        entry = {"accepted": False, "why": _why(error)}
    verdict = "accepted" if entry["accepted"] else f"not accepted: {entry['why']}"
    print(f"prepare: {engine} {verdict} ({time.monotonic() - began:.0f} s)", flush=True)
    return entry


def _why(error: Exception) -> str:
    """An error in one line; one that is not a refusal with its type."""
    text = " ".join(str(error).split())[:_WHY_LENGTH]
    return text if type(error).__name__ == "Refused" else f"{type(error).__name__}: {text}"


if __name__ == "__main__":
    main(sys.argv[1:])
