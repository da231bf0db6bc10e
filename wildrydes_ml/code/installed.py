"""What pip left in a directory, without what tells of the machine on which it ran.

That are the programs that start with the path of that machine's Python, and what pip notes for itself.
"""

import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

# https://packaging.python.org/en/latest/specifications/recording-installed-packages/
_NOTES = ("INSTALLER", "REQUESTED", "direct_url.json")
_RECORD = "RECORD"


def sizes(place: Path) -> dict[str, int]:
    """Name and size of each file in bytes."""
    return {path.relative_to(place).as_posix(): path.stat().st_size for path in _paths(place)}


def files(place: Path, *, bytecode: bool = False) -> dict[str, bytes]:
    """Name and content of each file that the packages need, the same after each installation of the same packages.

    With `bytecode` the directories `__pycache__` count, too.
    """
    paths = {path.relative_to(place).as_posix(): path for path in _paths(place, bytecode)}
    records = [name for name in paths if _is_note(name, (_RECORD,))]
    programs = {program for name in records for program in _programs(paths[name].read_text(encoding="utf-8"))}
    kept = {name: path for name, path in paths.items() if name not in programs and not _is_note(name, _NOTES)}
    return {name: _record(path, kept) if name in records else path.read_bytes() for name, path in sorted(kept.items())}


def _paths(place: Path, bytecode: bool = False) -> Iterator[Path]:
    return (path for path in place.rglob("*") if path.is_file() and (bytecode or "__pycache__" not in path.parts))


def _is_note(name: str, notes: Collection[str]) -> bool:
    """Whether it is one of the files that are pip's, in a package's `*.dist-info`."""
    path = PurePosixPath(name)
    return path.name in notes and path.parent.suffix == ".dist-info" and len(path.parts) == 2


def _programs(record: str) -> Iterator[str]:
    """The programs of a package, by their place here: its record has them outside, in `../../bin/`."""
    names = (PurePosixPath(row[0]) for row in csv.reader(io.StringIO(record)) if row)
    return (f"bin/{name.name}" for name in names if name.parts[0] == ".." and name.parent.name == "bin")


def _record(path: Path, kept: Collection[str]) -> bytes:
    """A package's record of what is left of it."""
    rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(row for row in rows if row and row[0] in kept))
    return text.getvalue().encode()
