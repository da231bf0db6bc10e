"""Templates to check: two files, and one of them with a single thing changed."""

import copy
import json
from pathlib import Path
from typing import Any

from cfnlint.decode import decode

HERE = Path(__file__).parent
SOUND, WORKSHOP_LIKE = HERE / "sound.yml", HERE / "workshop_like.yml"
ABSENT = object()


def load(path: Path) -> dict[str, Any]:
    """The body of a template file, its short forms spelt out, as plain dicts and lists."""
    template, mistakes = decode(str(path))
    assert not mistakes
    body: dict[str, Any] = json.loads(json.dumps(template))
    return body


def changed(body: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with other values at paths such as `Function.Properties.Timeout`, below Resources; ABSENT removes."""
    other = copy.deepcopy(body)
    for path, value in changes.items():
        *way, last = path.split(".")
        place = other["Resources"]
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        key: Any = int(last) if isinstance(place, list) else last
        if value is ABSENT:
            del place[key]
        else:
            place[key] = value
    return other
