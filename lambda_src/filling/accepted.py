"""`python -ISB accepted.py PREPARED_JSON`: the accepted engines, as words for the end of the summary."""

import json
import sys
from pathlib import Path
from typing import Any


def words(prepared: dict[str, Any]) -> str:
    """`, prepared for litert and capi`; empty without an engine."""
    engines = [name for name, one in prepared.items() if isinstance(one, dict) and one.get("accepted")]
    return f", prepared for {' and '.join(engines)}" if engines else ""


if __name__ == "__main__":
    print(words(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
