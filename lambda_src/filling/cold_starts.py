"""How the engines start: what each reads, which is the best, and what makes the best one start sooner."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import manifest
import numpy as np
import packages
from numpy.typing import NDArray

from filling import choice, recording, untouched
from filling.saying import say

Entry = dict[str, Any]


@dataclass(frozen=True)
class ColdStarts:
    """The cold starts of engines, by their entries of the manifest; `out` is where the lists are written."""

    efs: recording.Efs
    signature: Mapping[str, Any]
    out: Path
    pictures: Sequence[NDArray[np.uint8]]

    def recorded(self, engine: str, entry: Entry) -> Entry:
        """Writes the list of what a cold start reads; without one the engine works, only slower."""
        lines = self._read(engine, entry)
        if not lines:
            return {}
        _write(self.out / f"{engine}.files", lines)
        return {"files": f"prepared/{engine}.files"}

    def choice(self, entries: Mapping[str, Entry]) -> Entry:
        """The engines that can serve, TensorFlow among them, in the order of their measured times, with the figures."""
        usable = {name: entry for name, entry in entries.items() if entry["accepted"]} | {"tensorflow": {}}
        if len(usable) == 1:
            return {}
        say(f"measuring {', '.join(usable)}")
        run = partial(recording.times, self.efs, self.signature, pictures=self.pictures)
        lists = {name: self.out / f"{name}.files" for name in usable}
        read = {name: _bytes(path.read_text().splitlines()) for name, path in lists.items() if path.exists()}
        found = choice.choice(
            lambda name: run(name, usable[name]),
            list(usable),
            read,
            lambda name: _bytes(self._read(name, usable[name])),
        )
        say(f"{found['order'][0]} serves: {found['measured']}")
        return {manifest.MACHINE: found}

    def packed(self, entry: Entry) -> Entry:
        """LiteRT's entry, after its modules were packed, and what it reads of the packages was listed apart.

        So the packages are read at once, and the model while they are imported. Without it all works, only slower.
        """
        say("packing the modules that are imported")
        archive, packages_list = (self.out / Path(path).name for path in (packages.ARCHIVE, packages.LIST))
        bare = {name: value for name, value in entry.items() if name != "files"}
        lines: list[str] = []
        try:
            recording.pack(self.efs, self.signature, "litert", bare, self.pictures[0], archive)
            packages_list.touch()  # with it the archive is used
            lines = self._touched(bare) or self._read("litert", bare)
        except Exception as error:
            say(f"the modules were not packed: {error}")
        if not lines:
            archive.unlink(missing_ok=True)
            packages_list.unlink(missing_ok=True)
            return entry
        of_model = [line for line in lines if _path(line) in (entry["model"], entry["labels"])]
        _write(packages_list, [line for line in lines if line not in of_model])
        _write(self.out / "model.files", of_model)
        return {**entry, "files": "prepared/model.files"}

    def _touched(self, entry: Entry) -> list[str]:
        """As `_read` of LiteRT, without what lies around the pages that it touches; none where that cannot be told.

        With EXACT_RECORD in the environment: what it does to the disk is only for a machine that does nothing else.
        """
        if not os.environ.get("EXACT_RECORD"):
            return []
        try:
            with untouched.copied(self.efs.site_packages) as site_packages:
                return replace(self, efs=replace(self.efs, site_packages=site_packages))._read("litert", entry)
        except OSError as error:
            say(f"more than a cold start touches will be read: {error}")
            return []

    def _read(self, engine: str, entry: Entry) -> list[str]:
        """The lines of what a cold start reads, the model last; none when that cannot be told."""
        say(f"recording a cold start of {engine}")
        try:
            lines = recording.cold_start(self.efs, self.signature, engine, entry, self.pictures[0])
        except Exception as error:  # a kernel may not tell, for one
            say(f"the reads of a cold start of {engine} were not recorded: {error}")
            return []
        model = recording.model_files(self.efs, entry)
        paths = {_path(line) for line in model}
        return [line for line in lines if _path(line) not in paths] + model


def _path(line: str) -> str:
    return line.split(" ", 2)[2]


def _bytes(lines: Iterable[str]) -> int:
    """How much a list of what a cold start reads has in all."""
    return sum(int(line.split(" ", 2)[1]) for line in lines)


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
