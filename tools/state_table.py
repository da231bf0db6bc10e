"""Prints the table of stack states for docs/deploying.md, as the code has it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from wildrydes_ml.deploy.states import TABLE

HEAD = "| status | means | deploy | status says | destroy | you |\n|---|---|---|---|---|---|"


def table() -> str:
    """A line for each status."""
    rows = [
        f"| `{status}` | {row.meaning} | {row.deploy.value} | {row.status.value} | {row.destroy.value} | {row.advice} |"
        for status, row in TABLE.items()
    ]
    return "\n".join([HEAD, *rows])


if __name__ == "__main__":
    print(table())
