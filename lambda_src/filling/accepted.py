"""`python -ISB accepted.py PREPARED_JSON`: accepted engines and what the best reads, for the end of the summary."""

import json
import os
import sys
from pathlib import Path
from typing import Any


def words(prepared: dict[str, Any], folder: Path) -> str:
    """`, prepared for litert and capi, a cold start reads 87 MB`; empty without an engine.

    The deployer reads the number from the stack's output (wildrydes_ml/costs/bursts.py).
    """
    engines = [name for name, one in prepared.items() if isinstance(one, dict) and one.get("accepted")]
    if not engines:
        return ""
    order = prepared.get("choice", {}).get(os.uname().machine, {}).get("order") or engines
    size = sum(map(_bytes, _lists(prepared.get(order[0], {}), folder)))
    read = f", a cold start reads {max(size, 1e6) / 1e6:.0f} MB" if size else ""
    return f", prepared for {' and '.join(engines)}{read}"


def _lists(entry: dict[str, Any], folder: Path) -> list[Path]:
    """The lists of what an engine's cold start reads; with one of the model alone, there is one of the packages."""
    found = folder / Path(entry.get("files", "")).name
    return [found, *([folder / "packages.files"] if found.name == "model.files" else [])]


def _bytes(path: Path) -> int:
    """How much a list has in all."""
    return sum(int(line.split(" ", 2)[1]) for line in path.read_text().splitlines()) if path.is_file() else 0


if __name__ == "__main__":
    path = Path(sys.argv[1])
    print(words(json.loads(path.read_text(encoding="utf-8")), path.parent))
