"""What the scripts that fill EFS say, as facts: the part, its seconds, its last line. Without what no one can use.

populate.sh writes `populate: [ 34 s] packages: Collecting six`, bootstrap.sh `bootstrap: mounting fs-1`. Locally these
lines come from its output; on AWS from the console of the instance that runs it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ..durations import FILLING, filling_done

_LINE = re.compile(r"(?P<who>populate|bootstrap): (?:\[ *(?P<seconds>\d+) s\] )?(?P<text>.*)")
_FILLED = re.compile(r"(filled|nothing to do): ")
# What TensorFlow and pip say of themselves: times, levels and processors, and notices.
_NOISE = re.compile(
    r"\.\.\.$|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]*: |[IWEF]\d{4} \d|WARNING: All log messages|WARNING: Running pip as"
    r"|\[notice\]|.*\b(cuda|cuDNN|cuBLAS|TensorRT|XLA|oneDNN|AVX|rebuild TensorFlow|StreamExecutor)\b"
)
# pip's own words, as far as a person follows them.
_PIP = re.compile(r"(Collecting|Downloading|Processing|Using cached|Installing collected packages:) *(.*)")
# The parts in words.
WORDS = {
    "download": "fetching the model",
    "unpack": "unpacking the model",
    "venv": "creating a Python environment",
    "packages": "installing the packages",
    "bytecode": "compiling the packages",
    "check": "testing packages and model",
    "pictures": "fetching your own pictures",
    "prepare": "preparing the model for a fast start",
    "copy": "copying to EFS",
}


@dataclass(frozen=True)
class Said:
    """One line of a script: when, in its own seconds, of which part, and what; `text` is fit to be shown."""

    seconds: int
    part: str
    text: str

    @property
    def words(self) -> str:
        """The part in words; the line itself where it belongs to none."""
        return WORDS.get(self.part, self.text)


def read(line: str) -> Said | None:
    """A line of one of the scripts; None for one of another."""
    found = _LINE.match(line.strip())
    if not found:
        return None
    part, colon, rest = found["text"].partition(": ")
    text = "" if part in FILLING and _NOISE.match(rest) else rest.strip() if part in FILLING else found["text"]
    if part in FILLING or found["text"] in FILLING:
        return Said(int(found["seconds"] or 0), part if colon else found["text"], _shortened(text))
    return Said(int(found["seconds"] or 0), "", found["text"].rstrip())


def _shortened(text: str) -> str:
    """pip's lines without directories, addresses and who needs a package: the line is short."""
    if not (pip := _PIP.match(text)):
        return text
    if pip[1].startswith("Installing"):
        return f"Installing {pip[2].count(',') + 1} packages"
    what = pip[2].partition(" (from")[0]
    first, blank, size = what.partition(" (")
    return f"{pip[1]} {first.rpartition('/')[2]}{blank}{size}"


@dataclass
class Filling:
    """One filling as it goes on: tells of each line what is new in it."""

    source: str = ""
    expected: Collection[str] = ("packages", "bytecode", "check", "prepare")
    """The parts that come, as far as that is known before; others count once they are seen."""
    _part: str = ""
    _began: int = 0
    _shown: str = ""
    _seen: set[str] = field(default_factory=set)

    def take(self, line: str) -> tuple[str, dict[str, Any]] | None:
        """What to say of a line, as text and record; None when it says nothing new.

        The record's `filling` has `part`, `words`, `percent` (an estimate), `line` and, on AWS, `source`.
        """
        said = read(line)
        if said is None:
            return None
        if said.part != self._part:
            self._part, self._began, self._shown = said.part, said.seconds, ""
            self._seen.add(said.part)
        elif said.text in ("", self._shown):
            return None
        self._shown = said.text
        if not said.part:
            return said.text, self._record(said, 100 if _FILLED.match(said.text) else None)
        percent = round(100 * filling_done(said.part, said.seconds - self._began, self._seen | {*self.expected}))
        tail = f": {said.text}" if said.text else ""
        return f"{said.words}{tail}", self._record(said, percent)

    def _record(self, said: Said, percent: int | None) -> dict[str, Any]:
        facts = {"part": said.part, "words": said.words, "percent": percent, "line": said.text, "source": self.source}
        return {"filling": {name: value for name, value in facts.items() if value not in ("", None)}}
