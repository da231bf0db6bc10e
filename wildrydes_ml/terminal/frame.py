"""One picture of a course, for a width: a head, a line for each stack, what fills EFS, where the log is."""

from collections.abc import Iterator
from urllib.parse import quote

from rich.text import Text

from .. import durations
from . import seats
from .course import Course, Work

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_SPINNER = "|/-\\"
_TURNS_PER_SECOND = 8
# Below this width a stack takes two lines.
WIDE = 80
_NAME_COLUMNS = 26
# State → mark, mark without Unicode, style.
_STATES = {
    "waits": ("·", ".", "dim"),
    "works": ("", "", "cyan"),
    "undoes": ("", "", "yellow"),
    "done": ("✓", "+", "green"),
    "failed": ("✗", "x", "red"),
}
_CONSOLES = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}


def console_link(arn: str) -> str:
    """The page of a stack in CloudFormation's console, by the stack's ARN; empty for what is none."""
    parts = arn.split(":")
    if len(parts) < 6 or not parts[3]:
        return ""
    region, host = parts[3], _CONSOLES.get(parts[1], "console.aws.amazon.com")
    return (
        f"https://{region}.{host}/cloudformation/home?region={region}#/stacks/stackinfo?stackId={quote(arn, safe='')}"
    )


class Frame:
    """How a course looks at a moment; `width` in columns, with or without what is not ASCII."""

    def __init__(
        self, course: Course, width: int, log: str = "", is_local: bool = False, is_plain: bool = False
    ) -> None:
        self._course = course
        self._width = width
        self._log = log
        self._is_local = is_local
        self._is_plain = is_plain
        self._now = course.clock()
        longest = max((len(name) for name in course.works), default=0)
        self._name_columns = max(8, min(longest, _NAME_COLUMNS, width - 16))

    def lines(self) -> list[Text]:
        """The lines, each no wider than the terminal."""
        found = [self._head(), *self._stacks(), *self._filling(), *seats.rows(self._course.seats, self._is_plain)]
        if self._log:
            found.append(Text(self._cut_left(f"log {self._log}"), style="dim"))
        for line in found:
            line.truncate(self._width, overflow="crop" if self._is_plain else "ellipsis")
        return found

    def _spin(self) -> str:
        turns = _PLAIN_SPINNER if self._is_plain else _SPINNER
        return turns[int(self._now * _TURNS_PER_SECOND) % len(turns)]

    def _head(self) -> Text:
        course = self._course
        text = Text().append(f"{self._spin()} ", style="cyan")
        if course.is_seating:
            text.append(course.counted(), style="bold")
            return self._with_end(text, durations.words(course.elapsed))
        if course.step:
            text.append(f"{course.step} of {course.steps}  ", style="bold")
        text.append(course.doing or course.last or "getting ready", style="bold" if course.doing else "")
        return self._with_end(text, durations.words(course.elapsed))

    def _with_end(self, text: Text, end: str) -> Text:
        """The text with its end at the right edge, cut so that there is room for both."""
        room = self._width - len(end) - 1
        text.truncate(room, overflow="crop" if self._is_plain else "ellipsis")
        text.append(" " * (room - text.cell_len + 1))
        return text.append(end, style="dim")

    def _stacks(self) -> Iterator[Text]:
        for work in self._course.works.values():
            yield from self._wide(work) if self._width >= WIDE else self._narrow(work)

    def _wide(self, work: Work) -> Iterator[Text]:
        text = self._name(work)
        if work.state == "waits":
            yield text.append("  waits", style="dim")
            return
        text.append("  ").append_text(self._bar(work, 16)).append(f"  {self._count(work):<9}")
        text.append(f"  {self._longest(work)}", style="dim")
        yield self._with_end(text, self._time(work))

    def _narrow(self, work: Work) -> Iterator[Text]:
        text = self._name(work)
        if work.state == "waits":
            yield text.append("  waits", style="dim")
            return
        yield text.append(f"  {self._count(work)}")
        if work.state in ("works", "undoes"):
            below = Text("    ").append_text(self._bar(work, 10)).append(f"  {self._time(work)}", style="dim")
            yield below
            if found := self._longest(work):
                yield Text(f"    {found}", style="dim")

    def _name(self, work: Work) -> Text:
        columns = self._name_columns
        mark, plain, style = _STATES[work.state]
        text = Text("  ").append((plain if self._is_plain else mark) or self._spin(), style=style)
        name = work.name
        if len(name) > columns:  # the end tells stacks of one deployment apart
            dots = "..." if self._is_plain else "…"
            name = f"{name[: columns // 2 - len(dots)]}{dots}{name[-(columns - columns // 2) :]}"
        link = "" if self._is_local else console_link(work.id)
        text.append(" ").append(name, style=f"{style} link {link}" if link else style)
        return text.append(" " * (columns - len(name)))

    def _bar(self, work: Work, columns: int) -> Text:
        """How much is done; while nobody knows of how much, something that moves."""
        style = _STATES[work.state][2]
        if work.total is None:
            at = int(self._now * _TURNS_PER_SECOND / 2) % (columns - 2) if work.ended is None else 0
            lit = range(at, at + 3) if work.ended is None else range(columns)
            return self._cells([number in lit for number in range(columns)], style)
        done = columns if work.state == "done" else columns * min(len(work.done), work.total) // max(1, work.total)
        return self._cells([number < done for number in range(columns)], style)

    def _cells(self, lit: list[bool], style: str) -> Text:
        on, off = ("#", ".") if self._is_plain else ("━", "─")
        text = Text()
        for is_on in lit:
            text.append(on if is_on else off, style=style if is_on else "dim")
        return text

    def _count(self, work: Work) -> str:
        if work.state == "undoes":
            return "undoing"
        if work.state == "failed":
            return "failed"
        done = work.total if work.total is not None and work.state == "done" else len(work.done)
        return f"{done} of {work.total}" if work.total is not None else f"{done} done"

    def _longest(self, work: Work) -> str:
        found = work.longest
        if found is None:
            return ""
        name, kind, began = found
        operation = "delete" if work.operation == "delete" or work.is_turning else "create"
        usual = durations.resource(kind, operation, self._is_local)
        passed = durations.words(self._now - began)
        return f"{name} {passed}" if self._is_local else f"{name} {passed}, {durations.about(usual)}"

    def _time(self, work: Work) -> str:
        if work.began is None:
            return ""
        passed = durations.words((work.ended or self._now) - work.began)
        if work.about is None or work.state != "works" or self._is_local:
            return passed
        return f"{passed} of {durations.about(work.about)}"

    def _filling(self) -> Iterator[Text]:
        filling = self._course.filling
        if not filling:
            return
        about = self._course.filling_about
        text = Text("  ").append(self._spin(), style="cyan").append(f" {self._course.fills} ".replace("  ", " "))
        if "percent" in filling:
            lit = 10 * filling["percent"] // 100
            text.append_text(self._cells([number < lit for number in range(10)], "cyan"))
            text.append(f" about {filling['percent']} %  ")
        words = Text(filling["words"])
        if about is not None:
            passed = self._now - self._course.filling_began
            of = f", {durations.about(about)}" * (passed <= about)  # what took longer shows that the estimate is wrong
            words.append(f"  {durations.words(passed)}{of}", style="dim")
        if max(WIDE, text.cell_len + words.cell_len) > self._width:
            yield text
            text = Text("    ")
        yield text.append_text(words)
        if line := filling.get("line"):
            yield Text(f"    {line}", style="dim")
        if source := filling.get("source"):
            yield Text(f"    from the {source}", style="dim")

    def _cut_left(self, text: str) -> str:
        """The end of a path is what tells it from others."""
        if len(text) <= self._width:
            return text
        dots = "..." if self._is_plain else "…"
        return f"{text[:4]}{dots}{text[len(text) - self._width + 4 + len(dots) :]}"
