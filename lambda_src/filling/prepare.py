"""Prepares a model for a fast start, while EFS is filled and nobody waits.

`python -I prepare.py SITE_PACKAGES MODEL_DIR OUT_DIR`: tries to make a LiteRT model of the SavedModel, and to run it
by TensorFlow's C API, accepts what finds the same as TensorFlow in sample pictures, and lists what a cold start
reads. OUT_DIR becomes `prepared/` on EFS; its prepared.json becomes the manifest's `prepared`: by engine, whether it
is accepted and what it needs, or why it is not. Ends with 0 whether engines were accepted or not; with 3 when no
engine can serve the model, which OUT_DIR/refused then says in one sentence. The environment's SIGNATURE is the name of
the signature that counts, without it `default`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Entry = dict[str, Any]

_WHY_LENGTH = 300
_UNFIT = 3
_SECONDS = 900
"""After which the signal ALRM ends it: a fast start is not worth more."""


def main(arguments: Sequence[str]) -> None:
    """Writes OUT_DIR/prepared.json and what it names."""
    signal.alarm(_SECONDS)
    site_packages, model, out = map(Path, arguments)
    sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(site_packages)]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from filling.preparation import Preparation
    from filling.saved_graph import Unfit

    out.mkdir(parents=True, exist_ok=True)
    preparation = Preparation(site_packages, model, out, os.environ.get("SIGNATURE") or "default")
    try:
        entries = {name: _tried(name, step) for name, step in preparation.engines().items()}
    except Unfit as error:
        (out / "refused").write_text(str(error), encoding="utf-8")
        sys.exit(_UNFIT)
    (out / "prepared.json").write_text(json.dumps(entries, indent=1), encoding="utf-8")


def _tried(engine: str, prepare: Callable[[], Entry]) -> Entry:
    """An engine's entry, also when preparing it fails: models are of all kinds, and there are slower engines."""
    began = time.monotonic()
    try:
        entry = {"accepted": True, **prepare()}
    except Exception as error:
        if type(error).__name__ == "Unfit":
            raise
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
