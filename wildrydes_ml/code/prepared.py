"""A model that is prepared for a function's zip: what LiteRT needs of it, and a manifest with the digest of each file.

Such a model suits every version of Python and every processor; the packages beside it in the zip do not. As a directory
it is `manifest.json` and `prepared/`, which the function finds under `packed/` in its zip.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import SettingsError

MANIFEST = "manifest.json"
_PARTS = {MANIFEST, "prepared"}
FORMAT = 2
"""Of the manifest, as the function reads it."""
_ENGINE = "litert"

Files: TypeAlias = Mapping[str, bytes]
"""Name and content of each file."""


def is_one(path: Path) -> bool:
    """Whether the directory has a prepared model, however damaged.

    It may lack a part when it has nothing else: a directory with more may have a manifest of another kind. A directory
    that stands for EFS has TensorFlow, too.
    """
    names = _names(path)
    return bool(names & _PARTS) and (names <= _PARTS or names >= _PARTS) and "tensorflow" not in names


def may_replace(directory: Path) -> bool:
    """Whether nothing but a prepared model, perhaps a part of one, is lost when one is written there."""
    names = _names(directory)
    return not directory.exists() or (directory.is_dir() and (not names or "prepared" in names <= _PARTS))


def _names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()} if directory.is_dir() else set()


def read(directory: Path) -> Files:
    """The files of a prepared model. Raises SettingsError when one is missing, damaged or of another version."""
    names = _listed(str(directory), _content(directory, MANIFEST))
    return checked(str(directory), {name: _content(directory, name) for name in (MANIFEST, *names)})


def checked(where: str, files: Files) -> Files:
    """The files, unchanged. Raises SettingsError when one is missing or damaged; `where` says which model it is."""
    for name, digest in _listed(where, files.get(MANIFEST, b"")).items():
        found = hashlib.sha256(files.get(name, b"")).hexdigest()
        if found != digest:
            raise _damaged(where, f"{name} has SHA-256 {found}, but {MANIFEST} says {digest}")
    return files


def of_filled(directory: Path, shown: str) -> Files:
    """What a filled directory has for a zip. `shown` is what people call the model.

    Raises SettingsError with the reason when LiteRT cannot run the model.
    """
    manifest: dict[str, Any] = json.loads(_content(directory, MANIFEST))
    entry = (manifest.get("prepared") or {}).get(_ENGINE) or {}
    if not entry.get("accepted"):
        why = entry.get("why") or "it was not prepared"
        raise SettingsError(
            [
                f"{shown}: LiteRT cannot run this model ({why}), and a function without EFS has no other engine: use "
                "another model, or deploy without --preset packaged, where TensorFlow runs it from EFS"
            ]
        )
    kept = {name: value for name, value in entry.items() if name != "files"}  # lists what is read from EFS
    names = sorted(value for value in kept.values() if isinstance(value, str) and value.startswith("prepared/"))
    files = {name: _content(directory, name) for name in names}
    return {MANIFEST: _manifest(manifest, kept, files), **files}


def write(files: Files, directory: Path) -> None:
    """Writes the files, the manifest last: a directory without one is no prepared model."""
    for name in sorted(files, key=lambda name: name == MANIFEST):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])


def summary(files: Files) -> str:
    """The model in words: its size, which weights it has and why, and how far its answers are TensorFlow's."""
    entry = json.loads(files[MANIFEST])["prepared"][_ENGINE]
    said = [f"{sum(map(len, files.values())):,} bytes for LiteRT"]
    if weights := entry.get("weights"):
        said.append(f"{weights['format']} weights ({weights['why']}{_differing(weights)})")
    if found := entry.get("agreement"):
        said.append(
            f"finds the same as TensorFlow: {found['compared']} detections of both in {found['pictures']} pictures, "
            f"scores differ by at most {found['score_difference']:.1g}"
        )
    return ", ".join(said)


def _differing(weights: Mapping[str, Any]) -> str:
    """By how much the chosen weights find other things, where that was looked at."""
    if "differs" in weights:
        return f", although {weights['differs']}"
    found = weights.get("agreement") if weights["format"] == "float16" else None
    return f", scores differ by at most {found['score_difference']:.1g}" if found else ""


def _manifest(filled: Mapping[str, Any], entry: Mapping[str, Any], files: Files) -> bytes:
    """What the function and the deployer read of a prepared model; it does not say on which machine it was made."""
    model = filled.get("model") or {}
    signature = {name: value for name, value in filled["signature"].items() if name != "saved_model"}
    content: dict[str, Any] = {
        "format": filled["format"],
        "model": {name: model[name] for name in ("bytes", "files", "sha256", "archive_sha256") if model.get(name)},
        "description": filled.get("description", ""),
        "signature": signature,
        "prepared": {_ENGINE: entry},
        "files": {name: hashlib.sha256(body).hexdigest() for name, body in files.items()},
    }
    return json.dumps({**content, "sha256": _digest(content)}, indent=1, ensure_ascii=False).encode()


def _digest(manifest: Mapping[str, Any]) -> str:
    """Of a manifest's content: a changed number in it would not show otherwise."""
    content = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _listed(where: str, text: bytes) -> dict[str, str]:
    """The names of the files by a manifest, with their digests."""
    try:
        manifest = json.loads(text)
        number, files = manifest["format"], dict(manifest["files"])
        entry = manifest["prepared"][_ENGINE]
        names = [str(entry[name]) for name in ("model", "labels")]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _damaged(where, f"{MANIFEST} cannot be read ({type(error).__name__})") from None
    if number != FORMAT:
        raise _damaged(where, f"{MANIFEST} has format {number}, and this version reads {FORMAT}")
    if manifest.get("sha256", _digest(manifest)) != _digest(manifest):
        raise _damaged(where, f"{MANIFEST} has another content than was written")
    if strange := [name for name in (*files, *names) if name not in files or not _is_inside(name)]:
        raise _damaged(where, f"{MANIFEST} lists {strange[0]!r} wrongly")
    return files


def _is_inside(name: str) -> bool:
    return name.startswith("prepared/") and ".." not in name.split("/")


def _content(directory: Path, name: str) -> bytes:
    try:
        return (directory / name).read_bytes()
    except OSError as error:
        raise _damaged(str(directory), f"{name} cannot be read ({error.strerror})") from None


def _damaged(where: str, what: str) -> SettingsError:
    return SettingsError(
        [f"{where}: the prepared model is damaged: {what}. Prepare it again with wildrydes-ml prepare"]
    )
