"""The results of a run: lines from many objects become one line for each key, and are counted.

A batch may have been asked twice, and a key may be in two batches: after a lost reply, or because a batch was left
half done. The first line with an answer counts, whatever batch it came in.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

NO_ANSWER = "no-answer"
ANSWERED = "answered"
DENIED = "picture-denied"
"""The function may not read the picture."""

Line = dict[str, Any]


@dataclass
class Results:
    """The lines by key. `seconds` is the time that the function took for them, as far as it is known."""

    lines: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    objects: int = 0

    def add(self, body: bytes, labels: Mapping[str, str]) -> None:
        """Takes in an object. A line that is no JSON, such as a cut one, counts as none: its picture is asked again."""
        self.objects += 1
        self.seconds += _number(labels.get("seconds", ""))
        for text in body.decode("utf-8", "replace").splitlines():
            line = _line(text)
            if line is None:
                continue
            key = line["key"]
            if key not in self.lines or ("problem" in json.loads(self.lines[key]) and "problem" not in line):
                self.lines[key] = text

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that have no line, in their order, each once."""
        return [key for key in dict.fromkeys(keys) if key not in self.lines]

    def passing(self, keys: Iterable[str]) -> list[str]:
        """Those that may get an answer: without a line, or denied, which somebody may have allowed since."""
        denied = f'"{DENIED}"'
        return [
            key
            for key in dict.fromkeys(keys)
            if key not in self.lines
            or (denied in self.lines[key] and json.loads(self.lines[key]).get("problem") == DENIED)
        ]


def merged(results: Results, keys: Iterable[str], prefix: str = "") -> Iterator[Line]:
    """One line for each key, in the order of the keys; NO_ANSWER for a key without a result.

    `prefix` is left out of the keys: the pictures of a folder are called as in the folder.
    """
    for key in dict.fromkeys(keys):
        line = json.loads(results.lines[key]) if key in results.lines else {"problem": NO_ANSWER}
        yield {**line, "key": key.removeprefix(prefix)}


def verdict(line: Line) -> str:
    """What a line counts as: its message, or its problem's code."""
    if "problem" in line:
        return f"problem: {line['problem']}"
    return str(line.get("message") or ANSWERED)


def counted(lines: Iterable[Line]) -> Counter[str]:
    """How many lines there are of each verdict."""
    return Counter(verdict(line) for line in lines)


def _line(text: str) -> Line | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("key"), str) else None


def _number(text: str) -> float:
    """The number of a label; 0 for one that is none, which anybody with the bucket may write."""
    try:
        found = float(text)
    except ValueError:
        return 0.0
    return found if math.isfinite(found) and found > 0 else 0.0
