"""What the proof found, for people (Markdown) and for programs (JSON)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

DONE, FAILED, NOT_ASKED = "done", "failed", "not asked"
_MARKDOWN, _JSON = "aws-report.md", "aws-report.json"


@dataclass(frozen=True)
class Outcome:
    """What became of a step or a question: its answer, or why there is none."""

    route: str
    name: str
    why: str
    status: str
    answer: Any
    seconds: float


def write(folder: Path, facts: Mapping[str, str], steps: Sequence[Outcome], questions: Sequence[Outcome]) -> None:
    """Writes both files anew."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {**facts, "steps": [asdict(one) for one in steps], "questions": [asdict(one) for one in questions]}
    (folder / _JSON).write_text(json.dumps(whole, indent=2, default=str) + "\n", encoding="utf-8")
    told = [f"- {key}: {value}" for key, value in facts.items()]
    parts = ["# Proof of a deployment", "", *told, "", *_table("Steps", steps), "", *_table("Questions", questions)]
    (folder / _MARKDOWN).write_text("\n".join(parts) + "\n", encoding="utf-8")


def _table(title: str, outcomes: Sequence[Outcome]) -> list[str]:
    rows = [
        f"| {_cell(one.route)} | {_cell(one.name)} | {_cell(one.why)} | {_said(one)} | {one.seconds:.1f} |"
        for one in outcomes
    ]
    return [f"## {title}", "", "| route | what | why | outcome | seconds |", "|---|---|---|---|---|", *rows]


def _said(outcome: Outcome) -> str:
    answer = outcome.answer if isinstance(outcome.answer, str) else json.dumps(outcome.answer, default=str)
    return _cell(answer if outcome.status == DONE else f"{outcome.status}: {answer}")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
