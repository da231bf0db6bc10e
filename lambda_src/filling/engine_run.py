"""A program: loads the engine that the environment sets, as the handler does, and runs it.

`engine_run.py detect RESULT` finds the detections in the pictures of the .npz file whose path comes on standard
input, `engine_run.py measure RESULT` how fast it does; `engine_run.py record RESULT` answers the event that comes
there, and notes what of EFS that reads.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

_PAGE = os.sysconf("SC_PAGE_SIZE")
_GAP = 128 * 1024
"""Ranges closer than this are one: a request for the bytes between costs less than another request."""

_ROUNDS = 6
"""Over all pictures; the first warms up."""

Range = tuple[int, int, str]
"""Start, length and real path."""


def detect(path: str) -> list[Any]:
    """The detections in each picture."""
    detector = _load()
    import numpy as np

    with np.load(path) as pictures:
        return [detector.detect(pictures[name]) for name in pictures.files]


def measure(path: str) -> dict[str, float]:
    """The median milliseconds of a detection when all sizes of pictures were seen, and the peak memory in MB."""
    detector = _load()
    import numpy as np

    with np.load(path) as file:
        pictures = [file[name] for name in file.files]
    times = []
    for round_number in range(_ROUNDS):
        for picture in pictures:
            began = time.perf_counter()
            detector.detect(picture)
            if round_number:
                times.append(time.perf_counter() - began)
    return {"milliseconds": 1000 * statistics.median(times), "peak_mb": _peak_mb()}


def _peak_mb() -> float:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def _load() -> Any:
    import engines
    from settings import from_environment

    return engines.load(from_environment(os.environ)).detector


def record(event: str) -> list[Range]:
    """What the first answer of a process reads."""
    recorder = Recorder(os.environ["EFS_PATH"])
    sys.addaudithook(recorder.hear)
    import lambda_function

    answer = lambda_function.lambda_handler(json.loads(event), None)
    if answer["statusCode"] != 200:
        raise SystemExit(f"the handler answered {answer['body']}")
    __import__("fetch")  # the way of a picture by its URL
    return recorder.ranges()


class Recorder:
    """Notes the files below a directory that Python opens and the linker maps, in their order."""

    def __init__(self, root: str) -> None:
        self._root = f"{root}/"
        self._paths: dict[str, bool] = {}  # in order; whether it was opened, so read whole
        self._own = threading.local()  # set while the recorder itself opens files; the handler has threads

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook."""
        if event not in ("open", "import", "ctypes.dlopen") or getattr(self._own, "busy", False):
            return
        self._own.busy = True
        path = arguments[event == "import"]
        if isinstance(path, (str, bytes, os.PathLike)) and os.fsdecode(path).startswith(self._root):
            self._note_mapped()
            if event == "open":
                self._paths[os.path.realpath(os.fsdecode(path))] = True
        self._own.busy = False

    def ranges(self) -> list[Range]:
        """What was read: opened files whole, of mapped files the pages that are in this process's memory."""
        self._note_mapped()
        mapped: dict[str, list[tuple[int, int]]] = {}
        for address, length, offset, path in _mappings():
            mapped.setdefault(path, []).extend(_present(address, length, offset))
        found: list[Range] = []
        for path, opened in self._paths.items():
            if not os.path.isfile(path):
                continue
            size = os.path.getsize(path)
            parts = [(0, size)] if opened else mapped.get(path, [])
            found.extend((start, min(end, size) - start, path) for start, end in _merged(parts) if start < size)
        return found

    def _note_mapped(self) -> None:
        for _, _, _, path in _mappings():
            self._paths.setdefault(path, False)


def _mappings() -> Iterator[tuple[int, int, int, str]]:
    """This process's mappings of files: address, length, offset in the file, path."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            addresses, _, offset, _, inode, *path = line.rstrip("\n").split(maxsplit=5)
            if inode != "0" and path:
                first, last = (int(end, 16) for end in addresses.split("-"))
                yield first, last - first, int(offset, 16), path[0]


def _present(address: int, length: int, offset: int) -> Iterator[tuple[int, int]]:
    """The parts (start, end) of a file that a mapping of it has in memory; bit 63 of the kernel's page map."""
    with open("/proc/self/pagemap", "rb") as pagemap:
        pagemap.seek(address // _PAGE * 8)
        pages = memoryview(pagemap.read(length // _PAGE * 8)).cast("Q")
    for number, page in enumerate(pages):
        if page >> 63:
            start = offset + number * _PAGE
            yield start, start + _PAGE


def _merged(parts: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Parts in the order of a file, those with small gaps between them as one."""
    start, end = None, 0
    for first, last in sorted(parts):
        if start is None or first > end + _GAP:
            if start is not None:
                yield start, end
            start, end = first, last
        end = max(end, last)
    if start is not None:
        yield start, end


if __name__ == "__main__":
    result = {"detect": detect, "measure": measure, "record": record}[sys.argv[1]](sys.stdin.read())
    Path(sys.argv[2]).write_text(json.dumps(result))
