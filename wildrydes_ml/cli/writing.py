"""Files that a command writes at its end: whether they can be is known at its start, before anything is paid for."""

import os
from pathlib import Path

from ..errors import SettingsError, naming


def refuse_unwritable(directory: Path, *, is_made: bool) -> None:
    """Raises SettingsError for a directory in which no file can be written; with `is_made` it need not be there yet."""
    above = (directory, *directory.parents) if is_made else (directory,)
    there = next((one for one in above if one.exists()), directory)
    if not os.access(there, os.W_OK | os.X_OK) or not there.is_dir():
        why = "you may not write in this directory" if there.is_dir() else "there is no such directory"
        raise SettingsError([f"{there}: {why}; name another place with --out"])


def write_private(path: Path, text: str) -> None:
    """Writes a file that nobody else may read, wholly or not at all: what was there before stays until then."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with naming(path):
            draft.touch(mode=0o600, exist_ok=False)
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
