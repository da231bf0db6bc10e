"""Chooses the engine: the fastest that the manifest vouches for and that loads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Thread

import manifest
import packages
import readahead
from detector import Detector, Loaded, LoadError
from intact import Check
from manifest import Option
from problems import Problem
from settings import Settings

Loader = Callable[[Settings, Option, list[Thread]], Detector]
"""Takes the threads that read ahead for it, too."""

_REASON_LENGTH = 200
_PLAIN_SIDES = (256, 1024)
"""Of two plain pictures, of which a model must take one: the first costs little, the second is large enough for any."""


def load(settings: Settings) -> Loaded:
    """The detector for the settings' model. Raises what went wrong when no engine that they leave open has one."""
    packages.add_to_path(settings.packages)
    read = packages.read(settings)
    options = manifest.options(settings)
    loaded = first_that_loads(options, settings, LOADERS)
    changed = {_changed(packages.LIST, read.list_checksum, option) for option in options} - {""}
    return loaded._replace(slower_because=(*loaded.slower_because, *read.slower_because, *changed))


def first_that_loads(options: Iterable[Option], settings: Settings, loaders: Mapping[str, Loader]) -> Loaded:
    """The first of the engines that loads, and why those before it did not. Raises LoadError when none does."""
    reasons: list[str] = []
    failure: Exception | None = None
    for option in options:
        if option.why_not:
            reasons.append(option.why_not)
            continue
        readers, slower = _read_ahead(settings, option)
        reasons += filter(None, [slower])
        try:
            return Loaded(loaders[option.engine](settings, option, readers), tuple(dict.fromkeys(reasons)))
        except Exception as error:  # an engine can fail in any way; a slower one may work
            reasons.append(f"{option.engine}: {_said(error)}"[:_REASON_LENGTH])
            failure = error
    text = f"ENGINE={settings.engine} is not available: {'; '.join(dict.fromkeys(reasons))}"
    raise LoadError(text, final=_is_final(settings, failure)) from failure


def _read_ahead(settings: Settings, option: Option) -> tuple[list[Thread], str]:
    """The threads that read what the engine will need, and why they do not read all of it; '' when they do."""
    if not option.files:
        return [], ""
    try:
        ahead = readahead.start(settings.root, option.files, readahead.THREADS[option.engine])
    except (OSError, ValueError) as error:  # ValueError: a path in a damaged manifest
        return [], f"{option.files}: {getattr(error, 'strerror', None) or error}"
    return ahead.readers, _changed(option.files, ahead.checksum, option)


def _changed(path: str, checksum: int | None, option: Option) -> str:
    """What is told of a list that was read and has another checksum than when it was prepared; '' of any other."""
    is_as_before = checksum in (None, option.lists.get(path, checksum))
    return "" if is_as_before else f"{path}: not what was prepared"


def _said(error: Exception) -> str:
    """An error in one line."""
    return error.reason if isinstance(error, Problem) else f"{type(error).__name__}: {' '.join(str(error).split())}"


def _is_final(settings: Settings, failure: Exception | None) -> bool:
    """Whether it will fail again: the model has run and failed, or all files are there, and were read."""
    if isinstance(failure, Problem):
        return True
    was_read = not (isinstance(failure, OSError) and failure.errno)  # TensorFlow's own OSErrors have no number
    return was_read and manifest.is_filled(settings)


def _litert(settings: Settings, option: Option, readers: list[Thread]) -> Detector:
    check = Check(settings.root, option.needs.get("checksums", {}))
    from litert import LiteRTDetector

    check.wait()  # first: LiteRT may crash over a damaged file
    return LiteRTDetector(settings.root, option.needs)


def _capi(settings: Settings, option: Option, readers: list[Thread]) -> Detector:
    from capi import CApiDetector

    for reader in readers:
        reader.join()  # or each page of the library that is missing would queue behind all that is being read
    return warmed(CApiDetector(settings.packages, settings.model, option.needs))


def _tensorflow(settings: Settings, option: Option, readers: list[Thread]) -> Detector:
    from tensorflow_engine import TensorFlowDetector

    return warmed(TensorFlowDetector(settings.model, option.needs.get("name", "default")))


def warmed(detector: Detector) -> Detector:
    """The detector after its first run, in which TensorFlow does what it put off: up to seconds, and it may fail.

    Raises Problem model-failed when the model can take no plain picture: then it is not a picture's fault later.
    """
    import numpy as np

    failure: Problem | None = None
    for side in _PLAIN_SIDES:
        try:
            detector.detect(np.full((side, side, 3), 128, np.uint8))
            return detector
        except Problem as problem:
            failure = failure or problem
    assert failure is not None
    if failure.code == "model-failed":
        raise failure
    raise Problem("model-failed", f"the model cannot take a plain picture: {failure.__cause__}") from failure


LOADERS: dict[str, Loader] = {"litert": _litert, "capi": _capi, "tensorflow": _tensorflow}
