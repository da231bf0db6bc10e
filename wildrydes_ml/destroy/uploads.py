"""Which objects in a bucket are ours.

In our own bucket an object is ours if its key has the shape of an upload: deploy puts nothing else there. In a bucket
that the user names with `--bucket`, others may have objects with any key. There an object is ours if its labels say
so, or if one of our stacks names it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..aws.records import ObjectVersion, Stack
from ..errors import InterruptedWork, WildrydesError
from ..tags import TAG

# As desired.code_key, proven.note, Model.key, handover.key, texts.key and the command batch make them.
_SHAPE = re.compile(
    r"code/(?P<function>.+)-[0-9a-f]{16}\.zip|code/.+-[0-9a-f]{16}(\.\d+)?\.proven|model/.+-[0-9a-f]{16}\.tar"
    r"|template/.+-[0-9a-f]{16}\.template|template/.+-stacks\.json"
    r"|batches/[0-9a-f]{12}/(manifests|pictures|results|sample)/.+",
    re.DOTALL,
)
# The parameters that name uploads: keys, and the link to a model.
_NAMING = ("CodeKey", "PreparationKey", "ModelKey", "ModelUrl", "ModelSamples")


@dataclass(frozen=True)
class Sorted:
    """Objects in a bucket of the user's that look like uploads: ours, and keys whose owner is not known.

    `fault` says why the labels could not be read.
    """

    ours: tuple[ObjectVersion, ...] = ()
    unknown: tuple[str, ...] = ()
    fault: str = ""


def is_upload(key: str) -> bool:
    """Whether a key has the shape of an upload."""
    return bool(_SHAPE.fullmatch(key))


def functions(objects: Sequence[ObjectVersion]) -> set[str]:
    """The names of the functions whose code was uploaded; they are known here even after their stacks are deleted."""
    matches = (_SHAPE.fullmatch(item.key) for item in objects)
    return {match["function"] for match in matches if match and match["function"]}


def foreign(found: Sequence[ObjectVersion]) -> tuple[str, ...]:
    """The keys in our own bucket that deploy did not put there, without deleted objects that are kept as versions."""
    return tuple(item.key for item in found if item.is_latest and not item.is_mark and not is_upload(item.key))


def sort(
    found: Sequence[ObjectVersion],
    stacks: Sequence[Stack],
    name: str,
    labels: Callable[[ObjectVersion], Mapping[str, str]],
) -> Sorted:
    """Separates our uploads in a bucket of the user's from other people's objects.

    An object is ours by its labels, or because one of our stacks names it. `labels` reads the labels of a version.
    An error that it raises becomes the `fault`; only InterruptedWork ends the search.
    """
    shaped = [item for item in found if is_upload(item.key)]
    said, fault = _read(labels, [item for item in shaped if not item.is_mark])
    owners = {item: found.get(TAG, name if _is_named(item.key, stacks) else "") for item, found in said.items()}
    ours = [item for item, owner in owners.items() if owner == name]
    unknown = dict.fromkeys(item.key for item, owner in owners.items() if not owner)
    keys = {item.key for item in ours}
    marks = [item for item in shaped if item.is_mark and item.key in keys]
    return Sorted((*ours, *marks), tuple(unknown), fault)


def _read(
    labels: Callable[[ObjectVersion], Mapping[str, str]], versions: Sequence[ObjectVersion]
) -> tuple[dict[ObjectVersion, Mapping[str, str]], str]:
    """The labels of each version, and the first fault, after which nothing more is asked."""
    said: dict[ObjectVersion, Mapping[str, str]] = {item: {} for item in versions}
    try:
        for item in versions:
            said[item] = labels(item)
    except InterruptedWork:
        raise
    except WildrydesError as error:
        return said, str(error)
    return said, ""


def _is_named(key: str, stacks: Sequence[Stack]) -> bool:
    """Whether a stack names the key: earlier versions of the deployer put no labels on what they uploaded."""
    values = [stack.parameters.get(name, "") for stack in stacks for name in _NAMING]
    return any(value == key or f"/{key}?" in value for value in values)
