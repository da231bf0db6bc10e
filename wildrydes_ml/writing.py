"""Files that a command writes at its end, wholly or not at all; where they cannot be, it is known at its start."""

import os
from pathlib import Path

from .errors import SettingsError, naming

_PRIVATE, _USUAL = 0o600, 0o666


def refuse_unwritable(directory: Path, *, is_made: bool) -> None:
    """Raises SettingsError for a directory in which no file can be written; with `is_made` it need not be there yet."""
    above = (directory, *directory.parents) if is_made else (directory,)
    there = next((one for one in above if one.exists()), directory)
    if not os.access(there, os.W_OK | os.X_OK) or not there.is_dir():
        why = "you may not write in this directory" if there.is_dir() else "there is no such directory"
        raise SettingsError([f"{there}: {why}; name another place with --out"])


def write_whole(path: Path, content: str | bytes, *, is_private: bool = False) -> None:
    """Writes a file; what was there before stays until the new one is whole. What is no file, such as /dev/stdout, is
    written to. With `is_private` nobody else may read it, whoever could read what was there."""
    body = content.encode() if isinstance(content, str) else content
    with naming(path):
        if path.exists() and not path.is_file():
            path.write_bytes(body)
        else:
            _replace(path.resolve(), body, _PRIVATE if is_private else _USUAL)


def _replace(path: Path, body: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.touch(mode, exist_ok=False)
        draft.write_bytes(body)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
