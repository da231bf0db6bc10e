"""Prepares a model for a fast start, while EFS is being filled.

`python -I prepare.py SITE_PACKAGES MODEL_DIR OUT_DIR` tries to convert the SavedModel to a LiteRT model, and to run it
with TensorFlow's C API. An engine is accepted if it detects the same as TensorFlow in sample pictures; then its reads
during a cold start are recorded. OUT_DIR becomes `prepared/` on EFS, and its prepared.json the manifest's `prepared`:
for each engine, whether it is accepted and what it needs, or why it is not; the engines in the order of their measured
times, as `choice`; and the checksums of the records, as `lists`. An accepted engine's entry has a seal (see intact.py).
The exit status is 0, with or without an accepted engine; it is 3 when no engine can serve the model, and
OUT_DIR/refused then has the reason in one sentence.
The environment's SIGNATURE is the name of the signature to use, by default `default`. Its MODEL_WEIGHTS is
`float32`, `float16` or `auto`, the default: float16 if the model detects the same with them and is not slower. SAMPLES
is a directory with pictures of the user's own, on which the engines are compared, too.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filling.preparation import Preparation

Entry = dict[str, Any]

_WHY_LENGTH = 300
_UNFIT = 3
_SECONDS = 900
"""After which the signal ALRM ends it: a fast start is not worth more."""


def main(arguments: Sequence[str]) -> None:
    """Writes OUT_DIR/prepared.json and the files that it names."""
    signal.alarm(_SECONDS)
    site_packages, model, out = map(Path, arguments)
    sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(site_packages)]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its warnings are about its own code
    from filling.preparation import Preparation
    from filling.saved_graph import Unfit

    out.mkdir(parents=True, exist_ok=True)
    asked = os.environ.get("SIGNATURE") or "default", os.environ.get("MODEL_WEIGHTS") or "auto"
    own = os.environ.get("SAMPLES")
    preparation = Preparation(site_packages, model, out, *asked, samples_at=Path(own) if own else None)
    try:
        entries = {name: _tried(name, step) for name, step in preparation.engines().items()}
    except Unfit as error:
        (out / "refused").write_text(str(error), encoding="utf-8")
        sys.exit(_UNFIT)
    _write(out, entries)  # before what may take too long
    choice = _chosen(preparation, entries)
    _write(out, {**entries, "choice": choice})
    if any(one["order"][0] == "litert" for one in choice.values()):
        entries["litert"] = preparation.cold_starts.packed(entries["litert"])
        _write(out, {**entries, "choice": choice})


def _write(out: Path, prepared: Entry) -> None:
    from intact import checksum, sealed

    written = {name: sealed(one) if one.get("accepted") else one for name, one in prepared.items()}
    lists = {f"prepared/{path.name}": checksum(path) for path in sorted(out.glob("*.files"))}
    (out / "prepared.tmp").write_text(json.dumps({**written, "lists": lists}, indent=1), encoding="utf-8")
    (out / "prepared.tmp").rename(out / "prepared.json")


def _chosen(preparation: Preparation, entries: dict[str, Entry]) -> Entry:
    """The engines in the order of their measured times; empty when that fails: then the usual order holds."""
    try:
        return preparation.cold_starts.choice(entries)
    except Exception as error:
        print(f"prepare: the engines were not measured: {_why(error)}", flush=True)
        return {}


def _tried(engine: str, prepare: Callable[[], Entry]) -> Entry:
    """An engine's entry, even if its preparation fails: not every model can be prepared, and slower engines exist."""
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
    """An error in one line, with its type unless it is a refusal."""
    text = " ".join(str(error).split())[:_WHY_LENGTH]
    return text if type(error).__name__ == "Refused" else f"{type(error).__name__}: {text}"


if __name__ == "__main__":
    main(sys.argv[1:])
