"""Measures whether one archive of the packages' modules starts sooner than their files; prints a Markdown table.

`python -m benchmarks.archive [--pairs N] [--efs DIRECTORY]`: cold starts with LiteRT take turns, with the archive and
without, on a file system as slow as EFS. The development environment is needed, and what benchmarks.inference needs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import report, slowfs, surroundings
from benchmarks.inference import BUILD, filled_root
from benchmarks.processes import Place, started

FILES, ARCHIVE = "files", "archive"
THROUGHPUTS = (500, 45, 15)
"""In MiB/s, as in benchmarks.inference."""


@contextmanager
def without_archive(root: Path) -> Iterator[None]:
    """Makes the function import from files: the list that tells of the archive is away, the whole record is back."""
    manifest, packages = root / "manifest.json", root / "prepared" / "packages.files"
    text, away = manifest.read_text(), packages.with_suffix(".away")
    whole = json.loads(text)
    whole["prepared"]["litert"]["files"] = "prepared/litert.files"
    packages.rename(away)
    manifest.write_text(json.dumps(whole))
    try:
        yield
    finally:
        away.rename(packages)
        manifest.write_text(text)


def measured(program: Path, place: Place, throughput: int) -> tuple[float, dict[str, int]]:
    """The milliseconds of a cold start, and what it did to the file system."""
    with slowfs.mounted(program, place.root, throughput) as mount, started("litert", place.at(mount.path)) as process:
        total = process.cold().total_ms
    return total, mount.counters


def row(throughput: int, found: dict[str, list[tuple[float, dict[str, int]]]]) -> list[str]:
    """Medians, the part of the time that the archive saves, and what is opened."""
    files, archive = (statistics.median(total for total, _ in found[way]) for way in (FILES, ARCHIVE))
    opens = [f"{statistics.median(counters['opens'] for _, counters in found[way]):,.0f}" for way in (FILES, ARCHIVE)]
    return [f"{throughput} MiB/s", f"{files:,.0f}", f"{archive:,.0f}", f"{100 * (1 - archive / files):.0f} %", *opens]


def main() -> None:
    """Fills what is missing, measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5, help="cold starts of each way (default: 5)")
    parser.add_argument("--efs", type=Path, help="a directory that is filled already, in place of EFS")
    arguments = parser.parse_args()
    root = arguments.efs or filled_root()
    program, rows = slowfs.compiled(BUILD), []
    with tempfile.TemporaryDirectory() as code, surroundings.served(surroundings.picture()) as host:
        place = Place(root.resolve(), surroundings.unpack_code(Path(code)), host)
        for throughput in THROUGHPUTS:
            found: dict[str, list[tuple[float, dict[str, int]]]] = {FILES: [], ARCHIVE: []}
            for _ in range(arguments.pairs):
                with without_archive(place.root):
                    found[FILES].append(measured(program, place, throughput))
                found[ARCHIVE].append(measured(program, place, throughput))
            rows.append(row(throughput, found))
    print(report.table(["", "files, ms", "archive, ms", "saved", "opens, files", "opens, archive"], rows))


if __name__ == "__main__":
    main()
