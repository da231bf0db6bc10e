"""Writes `bin/VERB.py` for each verb of the table in wildrydes_ml/cli/parser.py; all have one body."""

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from wildrydes_ml.cli.parser import VERBS

ROOT = Path(__file__).resolve().parent.parent
INSTALLED = ("completion",)
"""Verbs that are about the installed command alone."""
_TEXT = '''\
#!/usr/bin/env python3
"""`wildrydes-ml {verb}` from a checkout."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from wildrydes_ml.cli import run

if __name__ == "__main__":
    run("{verb}")
'''


def texts() -> dict[str, str]:
    """The scripts by their names."""
    return {f"{verb}.py": _TEXT.format(verb=verb) for verb in VERBS if verb not in INSTALLED}


def main(directory: Path = ROOT / "bin", show: Callable[[str], None] = print) -> None:
    """Writes those that differ, and removes those of verbs that are no more."""
    wanted = texts()
    for path in sorted(directory.glob("*.py")):
        if path.name not in wanted:
            path.unlink()
            show(f"removed {path.name}")
    for name, text in wanted.items():
        path = directory / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
            show(f"wrote {name}")


if __name__ == "__main__":
    main()
