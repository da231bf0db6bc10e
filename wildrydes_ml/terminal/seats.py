"""The rows of a class in the live view: a line for each student."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from ..reporting import printable

# More rows than these show only who is at work, and who failed.
_MOST = 20
_NAME_COLUMNS, _STAGE_COLUMNS = 16, 22
# State → mark, mark without Unicode, style.
_STATES = {
    "waits": ("·", ".", "dim"),
    "works": ("▸", ">", "cyan"),
    "done": ("✓", "+", "green"),
    "failed": ("✗", "x", "red"),
}


def rows(seats: Mapping[str, Mapping[str, Any]], is_plain: bool) -> Iterator[Text]:
    """A line for each student, in the order of the class: id, stage, idle cost, address and verdict."""
    shown = [one for one in seats.values() if len(seats) <= _MOST or one["state"] in ("works", "failed")]
    names = min(_NAME_COLUMNS, max((len(one["student"]) for one in shown), default=0))
    for one in shown:
        yield _row(one, names, is_plain)


def _row(seat: Mapping[str, Any], names: int, is_plain: bool) -> Text:
    mark, plain, style = _STATES[seat["state"]]
    text = (
        Text("  ").append(plain if is_plain else mark, style=style).append(f" {seat['student']:<{names}}", style=style)
    )
    text.append(f"  {seat['stage'][:_STAGE_COLUMNS]:<{_STAGE_COLUMNS}}")
    rest = "  ".join(filter(None, (seat["url"], " ".join(str(seat["verdict"]).split()))))
    cost = f"{seat['dollars_a_month']:.2f} US$/month  " if seat["dollars_a_month"] else ""
    return text.append(printable(f"  {cost}{rest}"), style="dim")
