"""What the manifest on EFS says: which engines can run the model and why others cannot, and what the model knows.

The manifest is written while EFS is filled. It vouches for one model, on one version of Python and one kind of
machine; without it, or when it is about something else, only Python TensorFlow is sure to work.

In a function's zip the manifest lists the `files` of the prepared model. There LiteRT is the only engine, the
SavedModel itself is not there, and the zip is for one version of Python and one kind of machine anyway.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from detector import label_names
from intact import is_whole
from settings import ENGINES, Settings

FORMAT = 2
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MACHINE = os.uname().machine

_NAME = "manifest.json"
_WHY_LENGTH = 200
_DAMAGED = f"{_NAME} is damaged"


class Option(NamedTuple):
    """An engine that can be tried, or, with `why_not`, one that cannot.

    `needs` is what the manifest has for its constructor; `files` lists what its cold start reads, relative to
    the root of EFS, '' when there is no list. `lists` are the checksums of all such lists, by their paths; none on an
    EFS that was filled before there were any.
    """

    engine: str
    why_not: str = ""
    needs: Mapping[str, Any] = {}
    files: str = ""
    lists: Mapping[str, Any] = {}


class About(NamedTuple):
    """What people are told of the model: its maker's own words, and what it can name; empty where nobody said."""

    description: str = ""
    labels: Sequence[str] = ()


def is_filled(settings: Settings) -> bool:
    """Whether all is there: the manifest is what the filling of EFS writes last."""
    path = settings.root / _NAME
    return path.exists() and (any(settings.model.glob("saved_model.pb*")) or _is_packed(_read(path)[0]))


def _is_packed(manifest: Any) -> bool:
    """Whether the prepared model is in the function's zip."""
    return isinstance(manifest, dict) and isinstance(manifest.get("files"), dict)


def about(settings: Settings) -> About:
    """What the model knows, as far as EFS has it; a manifest that cannot be used says nothing."""
    manifest, why_not = _read(settings.root / _NAME)
    if why_not or _unfit(manifest) or _other_model(manifest, settings):
        return About()
    try:
        labels = _labels(manifest, settings)
    except (OSError, ValueError, TypeError, RecursionError):  # damaged, which is no reason to show no page
        labels = []
    return About(str(manifest.get("description", "")), tuple(dict.fromkeys(filter(None, labels))))


def _labels(manifest: Any, settings: Settings) -> list[str]:
    """What the conversion to LiteRT found, or what stands beside the model; a model may keep its labels to itself."""
    match manifest.get("prepared"):
        case {"litert": {"labels": str(path)}}:
            return [str(label) for label in json.loads((settings.root / path).read_bytes())]
    return label_names(settings.model)


def options(settings: Settings) -> list[Option]:
    """The engines that the settings leave open, the best first, as the manifest on EFS sees them.

    One that cannot be tried stands before the first that can if it is usually faster: it is a reason then.
    """
    manifest, why_not = _read(settings.root / _NAME)
    why_not = why_not or _unfit(manifest) or _other_model(manifest, settings)
    engines = ENGINES if settings.engine == "auto" else [settings.engine]
    found = [_option(engine, manifest, why_not) for engine in engines]
    return found if why_not else _by_times(found, _measured_order(manifest))


def _by_times(found: list[Option], order: Sequence[Any]) -> list[Option]:
    """The engines in a measured order. Those that were not measured come last, in their own."""
    usable = sorted(
        (option for option in found if not option.why_not),
        key=lambda option: order.index(option.engine) if option.engine in order else len(order),
    )
    if not usable or not order:
        return found
    first = found.index(usable[0])
    before, after = ([option for option in some if option.why_not] for some in (found[:first], found[first:]))
    return [*before, *usable, *after]


def _measured_order(manifest: Any) -> list[Any]:
    """The engines in the order of the times that they had on such a machine when EFS was filled; empty if not known."""
    match manifest.get("prepared"):
        case {"choice": dict(choices)}:
            match choices.get(MACHINE):
                case {"order": [*order]}:
                    return order
    return []


def _read(path: Path) -> tuple[Any, str]:
    """The manifest, or why there is none."""
    try:
        return json.loads(path.read_bytes()), ""
    except FileNotFoundError:
        return None, f"no {_NAME}"
    except OSError as error:
        return None, f"{_NAME} cannot be read: {error.strerror}"
    except (ValueError, RecursionError):
        return None, _DAMAGED


def _unfit(manifest: Any) -> str:
    """Why the manifest says nothing about this function; '' when it does."""
    match manifest:
        case {"format": int(number)} if number != FORMAT:
            return f"{_NAME} has format {number}, not {FORMAT}"
        case {"format": int(), "files": {}, "signature": {}}:
            return ""
        case {
            "format": int(),
            "inputs": {"python": str(python), "machine": str(machine)},
            "signature": {"saved_model": [_, _]},
        }:
            if (python, machine) != (PYTHON, MACHINE):
                return f"{_NAME} is for Python {python} on {machine}, this is {PYTHON} on {MACHINE}"
            return ""
    return _DAMAGED


def _other_model(manifest: Any, settings: Settings) -> str:
    """Why the manifest is not about the model that the settings name; '' when it is."""
    if settings.model != settings.root / "model":
        return f"{_NAME} is not about MODEL_DIR"
    if _is_packed(manifest):
        return ""
    try:
        found = (settings.model / "saved_model.pb").stat()
    except OSError as error:
        return f"saved_model.pb cannot be read: {error.strerror}"
    if manifest["signature"]["saved_model"] != [found.st_size, int(found.st_mtime)]:
        return f"{_NAME} is about another saved_model.pb"
    return ""


def _option(engine: str, manifest: Any, why_not: str) -> Option:
    if _is_packed(manifest) and engine != "litert":
        return Option(engine, f"{engine} is not in the function's zip")
    if engine == "tensorflow":
        name = "default" if why_not else manifest["signature"].get("name", "default")
        return Option(engine, needs={} if name == "default" else {"name": name})
    if why_not:
        return Option(engine, why_not)
    prepared = manifest.get("prepared", {})
    match prepared.get(engine) if isinstance(prepared, dict) else prepared:
        case {"accepted": True, **entry} if is_whole(prepared[engine]):
            needs: Any = {**manifest["signature"], **entry} if engine == "capi" else entry
            return Option(engine, needs=needs, files=str(entry.get("files", "")), lists=_lists(prepared))
        case {"accepted": False, **entry}:
            return Option(engine, f"{engine} was not accepted: {str(entry.get('why'))[:_WHY_LENGTH]}")
        case None if engine == "capi":  # it takes the model as it is
            return Option(engine, needs=manifest["signature"])
        case None:
            return Option(engine, f"{engine} was not prepared")
    return Option(engine, _DAMAGED)


def _lists(prepared: Mapping[str, Any]) -> Mapping[str, Any]:
    found = prepared.get("lists")
    return found if isinstance(found, dict) else {}
