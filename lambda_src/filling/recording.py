"""Runs an engine like the handler, in a separate process, and records what a cold start reads from EFS.

The process sees EFS as it will be: links to packages, model and prepared/, and a manifest that names the engine as
accepted. So a crash in a library is only a reason not to use the engine; it does not end the filling.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import manifest
import numpy as np
from detector import Detection
from numpy.typing import NDArray
from PIL import ExifTags, Image

from filling.choice import Times
from filling.halving import Speed
from filling.saved_graph import Refused

_RUNNER = Path(__file__).with_name("engine_run.py")
_SECONDS = 300


@dataclass(frozen=True)
class Efs:
    """What will be on EFS: where it is now, by where it will be below EFS's root."""

    site_packages: Path
    model: Path
    prepared: Path

    def places(self) -> dict[str, Path]:
        """The real directories by their paths below the root."""
        site = f"tensorflow/lib/python{manifest.PYTHON}/site-packages"
        return {site: self.site_packages.resolve(), "model": self.model.resolve(), "prepared": self.prepared.resolve()}

    def relative(self, path: str) -> str | None:
        """A real path as one below EFS's root, or None for one elsewhere."""
        for place, directory in self.places().items():
            if path.startswith(f"{directory}/"):
                return place + path[len(str(directory)) :]
        return None


def detections(
    efs: Efs, signature: Mapping[str, Any], engine: str, entry: Mapping[str, Any], pictures: Sequence[NDArray[np.uint8]]
) -> list[list[Detection]]:
    """What an engine detects in pictures. Raises Refused when it does not load, or fails."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "pictures.npz")
        np.savez(path, *pictures)
        answers = _run(efs, signature, engine, entry, "detect", str(path))
    return [[Detection(label, score, tuple(box)) for label, score, box in answer] for answer in answers]


def speed(
    efs: Efs, signature: Mapping[str, Any], engine: str, entry: Mapping[str, Any], pictures: Sequence[NDArray[np.uint8]]
) -> Speed:
    """How fast an engine is when warm, and its memory, in a process of its own. Raises Refused when it fails."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "pictures.npz")
        np.savez(path, *pictures)
        return Speed(**_run(efs, signature, engine, entry, "measure", str(path)))


def times(
    efs: Efs, signature: Mapping[str, Any], engine: str, entry: Mapping[str, Any], pictures: Sequence[NDArray[np.uint8]]
) -> Times:
    """How fast an engine is in a process of its own, cold and warm. Raises Refused when it fails."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "pictures.npz")
        np.savez(path, *pictures)
        asked = json.dumps([_event(pictures[0]), str(path)])
        with filled(efs, signature, {engine: {**entry, "accepted": True}}) as root:
            began = time.monotonic()
            found = _result(root, engine, "time", asked)
    return Times(1000 * (found["answered"] - began), found["warm_ms"])


def cold_start(
    efs: Efs, signature: Mapping[str, Any], engine: str, entry: Mapping[str, Any], picture: NDArray[np.uint8]
) -> list[str]:
    """Lines `START LENGTH PATH`, in bytes, of what is read to answer one picture, in the order of the first access."""
    touched = _run(efs, signature, engine, entry, "record", _event(picture))
    named = ((start, length, efs.relative(path)) for start, length, path in touched)
    return [f"{start} {length} {path}" for start, length, path in named if path is not None]


def pack(
    efs: Efs,
    signature: Mapping[str, Any],
    engine: str,
    entry: Mapping[str, Any],
    picture: NDArray[np.uint8],
    archive: Path,
) -> None:
    """Writes an archive of the modules that answering a picture imports. Raises Refused when that fails."""
    _run(efs, signature, engine, entry, "pack", json.dumps([_event(picture), str(archive.resolve())]))


def _event(picture: NDArray[np.uint8]) -> str:
    """A request of the function about a picture."""
    file, exif = BytesIO(), Image.Exif()
    exif[ExifTags.Base.Orientation] = 1  # as cameras write it, which takes more modules to read
    Image.fromarray(picture).save(file, "JPEG", exif=exif)
    return json.dumps({"image": base64.b64encode(file.getvalue()).decode()})


def model_files(efs: Efs, entry: Mapping[str, Any]) -> list[str]:
    """Such lines for the model itself, whole, which is needed last.

    A record does not have it: TensorFlow's C++ reads a SavedModel without Python hearing of it, and LiteRT's file has
    left memory when its weights were copied.
    """
    if "model" in entry:
        paths = {entry["model"]: efs.prepared / Path(entry["model"]).name}
    else:
        found = [efs.model / "saved_model.pb", *sorted(efs.model.glob("variables/*"))]
        paths = {f"model/{path.relative_to(efs.model)}": path for path in found}
    return [f"0 {path.stat().st_size} {name}" for name, path in paths.items()]


def _run(efs: Efs, signature: Mapping[str, Any], engine: str, entry: Mapping[str, Any], *command: str) -> Any:
    with filled(efs, signature, {engine: {**entry, "accepted": True}}) as root:
        return _result(root, engine, *command)


def _result(root: Path, engine: str, command: str, text: str) -> Any:
    """What engine_run.py finds with the engine of a filled EFS. Raises Refused when it fails."""
    with tempfile.TemporaryFile() as log:
        done = subprocess.run(
            [sys.executable, "-I", str(_RUNNER), command, str(root / "result.json")],
            input=text.encode(),
            env={**os.environ, "EFS_PATH": str(root), "ENGINE": engine, "PY_PKG_PATH": "", "MODEL_DIR": ""},
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
        )
        if done.returncode:
            log.seek(0)
            raise Refused(_last_line(log.read().decode(errors="replace"), done.returncode))
        return json.loads((root / "result.json").read_bytes())


def _last_line(output: str, returncode: int) -> str:
    """The last line of a failed process, or how it ended."""
    lines = output.strip().splitlines()
    if returncode < 0 or not lines:
        return f"the engine's process ended with status {returncode}"
    return lines[-1][:300]


@contextmanager
def filled(efs: Efs, signature: Mapping[str, Any], prepared: Mapping[str, Any]) -> Iterator[Path]:
    """A directory that looks like filled EFS; `prepared` is that entry of its manifest."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory).resolve()
        for place, target in efs.places().items():
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            (root / place).symlink_to(target)
        found = (efs.model / "saved_model.pb").stat()
        vouched = {
            "format": manifest.FORMAT,
            "inputs": {"python": manifest.PYTHON, "machine": manifest.MACHINE},
            "signature": {**signature, "saved_model": [found.st_size, int(found.st_mtime)]},
            "prepared": prepared,
        }
        (root / "manifest.json").write_text(json.dumps(vouched))
        yield root
