"""A program: loads the engine that the environment sets, as the handler does, and runs it.

`engine_run.py detect RESULT` finds the detections in the pictures of the .npz file whose path comes on standard
input, `engine_run.py measure RESULT` how fast it does. The other commands answer an event that comes there:
`engine_run.py record RESULT` notes what of EFS that reads, `engine_run.py pack RESULT` writes an archive of the modules
that it imports, `engine_run.py time RESULT` tells when it is done, and how long further pictures take.
"""

from __future__ import annotations

import json
import marshal
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
_GAP = 32 * 1024
"""Ranges closer than this are one: a request for the bytes between costs less than another request. Measured with 1 ms
for each request, and eight threads: with 16 KiB, a cold start takes 2 % less at 45 MiB/s, and 1 % more at 500."""

_ROUNDS = 6
"""Over all pictures; the first warms up."""
_STILL_LOADING = 5.0
"""An answer 503 that took so many seconds says that the model is still being loaded: one that failed comes at once."""
_FEW_ROUNDS = 3
"""Several processes take turns with these."""

Range = tuple[int, int, str]
"""Start, length and real path."""


def detect(path: str) -> list[Any]:
    """The detections in each picture."""
    detector = _load()
    import numpy as np

    with np.load(path) as pictures:
        return [detector.detect(pictures[name]) for name in pictures.files]


def measure(path: str) -> dict[str, float]:
    """The milliseconds of a detection when all sizes of pictures were seen, and the peak memory in MB.

    Of each picture its least time counts, in which other processes had the least part; of the pictures, the median.
    """
    least = (min(times) for times in zip(*_rounds(_load(), path, _ROUNDS), strict=True))
    return {"milliseconds": statistics.median(least), "peak_mb": _peak_mb()}


def _warm(detector: Any, path: str, rounds: int) -> float:
    """The median milliseconds of a detection in the pictures of an .npz file, after a first round."""
    return statistics.median(time for times in _rounds(detector, path, rounds) for time in times)


def _rounds(detector: Any, path: str, rounds: int) -> list[list[float]]:
    """The milliseconds of a detection in each picture of an .npz file, in each round after a first one."""
    import numpy as np

    with np.load(path) as file:
        pictures = [file[name] for name in file.files]
    return [[_milliseconds(detector, picture) for picture in pictures] for _ in range(rounds)][1:]


def _milliseconds(detector: Any, picture: Any) -> float:
    began = time.perf_counter()
    detector.detect(picture)
    return 1000 * (time.perf_counter() - began)


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
    _answer(event)
    import fetch  # noqa: F401  the way of a picture by its URL

    return recorder.ranges()


def pack(asked: str) -> None:
    """Writes an archive of the packages' modules that the first answer of a process imports.

    `asked` is a JSON list of an event and the archive's path.
    """
    event, path = json.loads(asked)
    _answer(event)
    import fetch  # noqa: F401
    import module_archive
    from settings import from_environment

    site = from_environment(os.environ).packages
    specs = {name: getattr(module, "__spec__", None) for name, module in list(sys.modules.items())}
    found = {}
    for name, spec in specs.items():
        origin = (spec and spec.name == name and spec.origin) or ""  # under other names there are aliases
        if spec and origin.startswith(f"{site}/") and origin.endswith((".py", ".pyc")):
            found[name] = origin.removeprefix(f"{site}/"), marshal.dumps(spec.loader.get_code(name))
    Path(path).write_bytes(module_archive.packed(site, found))


def time_answers(asked: str) -> dict[str, float]:
    """When the first answer was there, by the machine's clock, and the median milliseconds of later detections.

    `asked` is a JSON list of an event and the path of an .npz file with pictures.
    """
    event, path = json.loads(asked)
    handler = _answer(event)
    answered = time.monotonic()
    return {"answered": answered, "warm_ms": _warm(handler._service().detector.get(0).detector, path, _FEW_ROUNDS)}


def _answer(event: str) -> Any:
    """The handler's module, after it has answered an event."""
    import lambda_function

    took = _STILL_LOADING
    while took >= _STILL_LOADING:
        began = time.monotonic()
        answer = lambda_function.lambda_handler(json.loads(event), None)
        took = time.monotonic() - began if answer["statusCode"] == 503 else 0.0
    if answer["statusCode"] != 200:
        raise SystemExit(f"the handler answered {answer['body']}")
    return lambda_function


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
    result = {"detect": detect, "measure": measure, "record": record, "time": time_answers, "pack": pack}[sys.argv[1]](
        sys.stdin.read()
    )
    Path(sys.argv[2]).write_text(json.dumps(result))
