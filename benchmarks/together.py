"""Checks how long instances that start together wait for EFS: 1 to 8 of them, on one slow file system.

`python -m benchmarks.together [--efs ROOT] [--throughput MIB]`: each instance has files of its own there, since
Lambda's instances have no memory in common, and all share the throughput. What they wait is their time with the limit
less their time without it. It is compared with the formula that `deploy` uses (wildrydes_ml/costs/bursts.py).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import slowfs, surroundings
from benchmarks.inference import BUILD, filled_root
from benchmarks.processes import Place, started
from benchmarks.report import table
from wildrydes_ml.costs.bursts import Throughput

ENGINE = "litert"
TOGETHER = (1, 2, 4, 8)
# LiteRT reads nothing of TensorFlow.
_UNREAD = ("tensorflow", "tensorflow.libs", "keras")


@dataclass(frozen=True)
class Burst:
    """Instances that started together: how many, the bytes that each read, and seconds until the last answer, with the
    limit and without it."""

    instances: int
    bytes_each: float
    limited: float
    unlimited: float

    @property
    def waited(self) -> float:
        """Seconds that the limit took."""
        return self.limited - self.unlimited

    def formula(self, throughput: float) -> float:
        """Seconds that they wait by the formula; one client has no limit of its own here. MiB/s."""
        return Throughput(throughput, each=float("inf")).seconds(self.instances, self.bytes_each)


def measure(place: Place, program: Path, roots: Path, instances: int, throughput: float) -> Burst:
    """One burst with the limit, and one without it. `roots` has a directory for each instance: 0, 1 and so on."""
    limited, read = _answered(place, program, roots, instances, throughput)
    unlimited, _ = _answered(place, program, roots, instances, 0)
    return Burst(instances, read / instances, limited, unlimited)


def _answered(place: Place, program: Path, roots: Path, instances: int, throughput: float) -> tuple[float, int]:
    """Seconds until the last instance has answered, and the bytes that all read."""
    with slowfs.mounted(program, roots, throughput) as mount:
        began = time.monotonic()
        with ExitStack() as stack:
            places = [place.at(mount.path / str(number)) for number in range(instances)]
            for process in [stack.enter_context(started(ENGINE, one)) for one in places]:
                process.cold()
            seconds = time.monotonic() - began
    return seconds, mount.counters["bytes"]


@contextmanager
def copies(root: Path, count: int) -> Iterator[Path]:
    """A directory with so many copies of what an instance reads, which take no space: links to the same files."""
    with tempfile.TemporaryDirectory(dir=root.parent) as directory:
        for number in range(count):
            shutil.copytree(root, Path(directory, str(number)), ignore=_unread, copy_function=os.link)
        yield Path(directory)


def _unread(directory: str, names: list[str]) -> list[str]:
    return [name for name in names if Path(directory).name == "site-packages" and name in _UNREAD]


def markdown(bursts: Iterable[Burst], throughput: float) -> str:
    """The table: what the formula says beside what was measured."""
    rows = [
        [
            str(one.instances),
            f"{one.bytes_each * one.instances / 1e6:,.0f} MB",
            f"{one.formula(throughput):.1f} s",
            f"{one.waited:.1f} s",
            f"{one.waited / one.formula(throughput):.2f}",
            f"{one.limited:.1f} s",
        ]
        for one in bursts
    ]
    titles = ["instances", "read", "wait by the formula", "wait measured", "ratio", "until the last answer"]
    return table(titles, rows)


def main() -> None:
    """Measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--efs", type=Path, help="a directory that is filled already, in place of EFS")
    parser.add_argument("--throughput", type=int, default=45, metavar="MIB", help="MiB/s (default: 45)")
    arguments = parser.parse_args()
    root = (arguments.efs or filled_root()).resolve()
    body, found = surroundings.picture(), []
    with ExitStack() as stack:
        code = surroundings.unpack_code(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        place = Place(root, code, stack.enter_context(surroundings.served(body)))
        roots = stack.enter_context(copies(root, max(TOGETHER)))
        program = slowfs.compiled(BUILD)
        for instances in TOGETHER:
            print(f"{instances} together", file=sys.stderr, flush=True)
            found.append(measure(place, program, roots, instances, arguments.throughput))
    print(f"{surroundings.machine(root)}; {arguments.throughput} MiB/s for all together.\n")
    print(markdown(found, arguments.throughput))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except slowfs.Unavailable as error:
        sys.exit(f"the slow file system is not available: {error}")
