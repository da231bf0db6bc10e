"""Chooses the engine: the fastest that the manifest vouches for and that loads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from threading import Thread

import manifest
import packages
import readahead
from detector import Detector, Loaded
from manifest import Option
from problems import Problem
from settings import Settings

Loader = Callable[[Settings, Option, list[Thread]], Detector]
"""Takes the threads that read ahead for it, too."""

_REASON_LENGTH = 200


def load(settings: Settings) -> Loaded:
    """The detector for the settings' model. Raises what went wrong when no engine that they leave open has one."""
    packages.add_to_path(settings.packages)
    return first_that_loads(manifest.options(settings), settings, LOADERS)


def first_that_loads(options: Iterable[Option], settings: Settings, loaders: Mapping[str, Loader]) -> Loaded:
    """The first of the engines that loads, and why those before it did not. Raises RuntimeError when none does."""
    reasons: list[str] = []
    failure: Exception | None = None
    for option in options:
        if option.why_not:
            reasons.append(option.why_not)
            continue
        readers = readahead.start(settings.root, option.files, readahead.THREADS[option.engine]) if option.files else []
        try:
            return Loaded(loaders[option.engine](settings, option, readers), tuple(dict.fromkeys(reasons)))
        except Exception as error:  # an engine can fail in any way; a slower one may work
            reasons.append(f"{option.engine}: {type(error).__name__}: {error}"[:_REASON_LENGTH])
            failure = error
    raise RuntimeError(f"ENGINE={settings.engine} is not available: {'; '.join(reasons)}") from failure


def _litert(settings: Settings, option: Option, readers: list[Thread]) -> Detector:
    from litert import LiteRTDetector

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
    """The detector after its first run, in which TensorFlow does what it put off: up to seconds, and it may fail."""
    import numpy as np

    with suppress(Problem):  # not every model can take every picture
        detector.detect(np.full((256, 256, 3), 128, np.uint8))
    return detector


LOADERS: dict[str, Loader] = {"litert": _litert, "capi": _capi, "tensorflow": _tensorflow}
