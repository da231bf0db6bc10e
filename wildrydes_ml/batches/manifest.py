"""The manifest of a run: JSON Lines, a batch of keys a line.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from ..errors import SettingsError

KEYS = 100
"""Keys of a batch: a transition of Step Functions costs more than to look at a picture."""
MOST_BATCHES = 100_000
"""The outputs of all batches of a run together may have 256 KiB, two bytes each."""
MOST_BYTES = 200_000
"""Of a batch's keys as JSON: with it comes where they are, and both together may have 256 KiB."""
_SHOWN = 5


def refuse_odd(keys: Iterable[str], *, are_files: bool = False) -> None:
    """Raises SettingsError for keys with characters that do not pass through every service between here and there.

    With `are_files` they are the names of files in a folder.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
    """
    odd = [key for key in keys if any(unicodedata.category(char) in ("Cc", "Cs") for char in key)]
    if odd:
        shown = ", ".join(ascii(key) for key in odd[:_SHOWN])
        what, remedy = ("names", "files") if are_files else ("keys", "objects, or name another prefix")
        raise SettingsError(
            [f"{what} with control characters, or not in UTF-8 ({len(odd)}): {shown}: rename these {remedy}"]
        )


def batches(keys: Sequence[str], most: int) -> Iterator[tuple[str, ...]]:
    """The keys in batches of at most so many, fewer where keys are long."""
    held: list[str] = []
    size = 0
    for key in keys:
        bytes_of_key = len(json.dumps(key)) + 2
        if held and (len(held) >= most or size + bytes_of_key > MOST_BYTES):
            yield tuple(held)
            held, size = [], 0
        held.append(key)
        size += bytes_of_key
    if held:
        yield tuple(held)


def size(pictures: int, seconds: float, timeout: float) -> int:
    """How many keys a batch has: KEYS, fewer where that would not fit into the function's time, and more where there
    would be too many batches. `seconds` is the time for a picture, `timeout` the function's."""
    fitting = int(timeout * 0.7 / seconds) if seconds > 0 else KEYS
    return max(1, min(KEYS, fitting), -(-pictures // MOST_BATCHES))


def text(found: Iterable[Sequence[str]]) -> str:
    """The manifest."""
    return "".join(json.dumps({"keys": list(keys)}) + "\n" for keys in found)


def digest(body: bytes) -> str:
    """What tells whether a manifest is whole; it is a part of the manifest's key."""
    return hashlib.sha256(body).hexdigest()[:32]


def keys_of(body: bytes) -> Iterator[str]:
    """The keys of a manifest."""
    for line in body.decode().splitlines():
        yield from json.loads(line)["keys"]
