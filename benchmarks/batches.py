"""Measures what a batch of pictures loses beside the bare engine; prints a Markdown table.

`python -m benchmarks.batches [--turns N] [--pictures N]`: in one process of the function, a batch of pictures in S3 and
as many calls of the engine on a decoded picture take turns. S3 is a server on this machine, which has its share of the
processors, too.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks import surroundings
from benchmarks.inference import filled_root
from benchmarks.processes import LITERT, Place, started
from benchmarks.report import table

GOAL = 0.9
"""The least part of the bare engine's pictures a second that a batch must have."""

Turn = Mapping[str, tuple[float, float]]
"""Milliseconds by the clock and of CPU, of `batch` and of `bare` calls."""


def rows(turns: Iterable[Turn], pictures: int) -> list[list[str]]:
    """Medians of pictures a second, and the part of the bare engine's that a batch has; its CPU time likewise."""
    found = list(turns)
    rates = {way: statistics.median(1000 * pictures / one[way][0] for one in found) for way in ("batch", "bare")}
    part = statistics.median(one["bare"][0] / one["batch"][0] for one in found)
    cpu = statistics.median(one["bare"][1] / one["batch"][1] for one in found)
    verdict = f"goal {GOAL:g}: {'met' if part >= GOAL else '**not met**'}"
    return [[f"{rates['batch']:.1f}", f"{rates['bare']:.1f}", f"{part:.3f}; {verdict}", f"{cpu:.3f}"]]


def main() -> None:
    """Measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=5, help="batches (default: 5)")
    parser.add_argument("--pictures", type=int, default=100, help="pictures in a batch (default: 100)")
    parser.add_argument("--efs", type=Path, help="a directory that is filled already, in place of EFS")
    arguments = parser.parse_args()
    root = (arguments.efs or filled_root()).resolve()
    asked = {"batch": arguments.pictures, "runtime": sysconfig.get_paths()["purelib"]}
    with tempfile.TemporaryDirectory() as code, surroundings.served(surroundings.picture()) as host:
        place = Place(root, surroundings.unpack_code(Path(code)), host)
        with started(LITERT, place) as process:
            process.cold()
            turns = [process.ask(**asked) for _ in range(arguments.turns + 1)][1:]  # the first one imports boto3
    print(f"{surroundings.machine(root)}; batches of {arguments.pictures}.\n")
    titles = ["pictures a second in a batch", "bare engine", "part of the bare engine", "by CPU time"]
    print(table(titles, rows(turns, arguments.pictures)))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
