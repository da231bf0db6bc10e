"""Prepared models whose weights are made up, and the filled directories that they come from."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wildrydes_ml.code import prepared

TFLITE = b"TFL3 not a real one"
LITERT: Mapping[str, Any] = {
    "accepted": True,
    "model": "prepared/detector.tflite",
    "labels": "prepared/labels.json",
    "files": "prepared/litert.files",
    "input_size": [300, 300],
}


def filled(directory: Path, litert: Mapping[str, Any] | None = LITERT, tflite: bytes = TFLITE) -> Path:
    """A directory as populate.sh leaves it, as far as a zip takes something of it."""
    (directory / "prepared").mkdir(parents=True)
    (directory / "tensorflow").mkdir()
    (directory / "prepared" / "detector.tflite").write_bytes(tflite)
    (directory / "prepared" / "labels.json").write_text('["Horse", "Tree"]')
    (directory / "prepared" / "litert.files").write_text("0 5 tensorflow/lib/numpy.pyc\n")
    manifest = {
        "format": 2,
        "inputs": {"python": "3.11", "machine": "x86_64", "model": "/home/me/secret"},
        "model": {"bytes": 7, "files": 1, "sha256": "ab" * 32, "archive_sha256": ""},
        "description": "Knows horses.",
        "signature": {"name": "default", "tags": ["serve"], "saved_model": [7, 1_700_000_000]},
        "prepared": {"litert": litert, "capi": {"accepted": True}},
        "finished": "2026-01-01T00:00:00Z",
    }
    (directory / "manifest.json").write_text(json.dumps(manifest))
    return directory


def prepared_model(directory: Path, tflite: bytes = TFLITE) -> Path:
    """A prepared model as a directory."""
    source = filled(directory.with_name(f"{directory.name}-filled"), tflite=tflite)
    prepared.write(prepared.of_filled(source, "my-model"), directory)
    return directory
