"""How a command ends, as plain rows: the summary of what was done, or where it failed, of what, and what to do."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import durations
from .course import Course

# The exit code after a Ctrl-C.
STOPPED = 130
# That of settings that cannot work: nothing was touched, so there is nothing to look up.
UNUSABLE = 2
_LOG_LINES = 8
# Changes of resources that a plan shows of a stack.
_CHANGES = 8
# More of these steps are counted.
_NAMED = 5


@dataclass(frozen=True)
class Next:
    """Commands that a person can paste: the same again, a use of what was deployed, its removal, a new deploy.

    `takes_options` says whether the new deploy takes what the old one was set to.
    """

    again: str = ""
    use: str = ""
    remove: str = ""
    deploy: str = ""
    takes_options: bool = False

    def deploy_with(self, options: Sequence[str] | None) -> str:
        """The new deploy with these options; empty when it takes them, and they are not known."""
        if not self.takes_options:
            return self.deploy
        return "" if options is None else shlex.join([*shlex.split(self.deploy), *options])


Rows = list[tuple[str, str]]


def plan(steps: Sequence[Mapping[str, Any]], idle_before: float = 0, idle_after: float = 0) -> list[str]:
    """A plan for a person: what a new stack makes is counted; of what changes in another, the first is shown."""
    if not steps:
        return ["Nothing to change."]
    lines = ["Plan:"]
    for number, step in enumerate(steps, start=1):
        first, *more = str(step["text"]).split("\n")
        shown = len(step.get("parameters", ())) + _CHANGES
        rest = len(more) - shown
        if step.get("kind") == "create" and step.get("changes"):
            first = f"{first}: {_resources(len(step['changes']))}"
            more, rest = more[: len(step.get("parameters", ()))], 0
        lines.append(f"  {number}. {first}")
        lines += [f"     {line}" for line in more[:shown]]
        if rest > 0:
            lines.append(f"       and {rest} more, see the log")
    if idle_before != idle_after:
        lines.append(f"  idle {idle_before:.2f} → {idle_after:.2f} US$ a month")
    return lines


def kind(verb: str, record: Mapping[str, Any]) -> str:
    """Of what a good result is the end, `deploy` or `destroy`; empty for what changes nothing, such as a plan.

    Of a class it is a removal: when one is made, its table is the summary.
    """
    if "changed" not in record or "changes" in record or verb not in ("deploy", "destroy", "demo", "class"):
        return ""
    return "deploy" if "api_url" in record else "destroy"


def title(course: Course, verb: str, record: Mapping[str, Any]) -> str:
    """The head of a summary."""
    spent = f" in {durations.words(course.elapsed)}"
    if verb == "destroy":
        return ("Deleted" if record.get("changed") else "Nothing to delete") + spent
    if record.get("changed"):
        return "Deployed" + spent
    # In brackets: "answers in 3 s" would tell of the API, and not of the command.
    answers = ", the API answers" if record.get("api_url") else ""
    return f"Nothing changed{answers} ({durations.words(course.elapsed)})"


def summary(course: Course, verb: str, record: Mapping[str, Any], following: Next, log: str = "") -> Rows:
    """What was done, what answers, where, what it costs idle, and what to run next; each with its label."""
    notes = course.notes
    is_removal = verb == "destroy"
    idle = notes.get("idle cost", "").removeprefix("verified: " if is_removal else "idle cost: ")
    command = notes.get("command", "").removeprefix("Try: ")
    use = following.use if record.get("api_url") else ""
    rows = [
        ("Deleted" if is_removal else "Changed", _changes(course)),
        ("Verdict", notes.get("verdict", "")),
        ("URL", notes.get("URL", "").removeprefix("URL: ")),
        ("Checked" if is_removal else "Idle", idle),
        ("Burst", notes.get("burst", "")),
        ("Expiry", notes.get("expiry", "")),
        ("Try", command),
        ("Next", use if sorted(use.split()) != sorted(command.split()) else ""),
        ("Delete", "" if is_removal else following.remove),
        ("Again", following.deploy_with(course.options) if is_removal else ""),
        ("Log", log),
    ]
    return [(label, text) for label, text in rows if text]


def after_table(record: Mapping[str, Any], following: Next) -> Rows:
    """What comes next where a table of a class is the summary."""
    rows = [("Next", following.use), ("Delete", following.remove)] if "students" in record else []
    return [(label, text) for label, text in rows if text]


def _changes(course: Course) -> str:
    """The steps that were taken, each with the size of its stack, after the students' parts of a class."""
    seats = sum(one["state"] == "done" for one in course.seats.values())
    done = [f"the stack{'s' * (seats != 1)} of {seats} student{'s' * (seats != 1)}"] * bool(seats)
    done += [_sized(course, step).removeprefix("delete ") for step in course.done]
    shown = done[:_NAMED]
    return "; ".join(shown) + (f"; {len(done) - len(shown)} more" if len(done) > len(shown) else "")


def _sized(course: Course, step: str) -> str:
    work = next((one for one in course.works.values() if step.endswith(f" {one.name}") and one.total), None)
    return f"{step} ({_resources(work.total)})" if work and work.total else step


def _resources(number: int) -> str:
    return f"{number} resource{'s' * (number != 1)}"


def failure(course: Course, text: str, exit_code: int, has_remedy: bool = True) -> Rows:
    """Where it failed, of what, what to do unless the text says it, and the last lines of the log that tell why."""
    if exit_code == STOPPED:
        return [("", text)]
    rows = [("Where", _where(course)), ("What", text), ("To do", _remedy(course, exit_code) if has_remedy else "")]
    lines = course.log_lines[-_LOG_LINES:]
    if any(line.strip() not in text for line in lines):
        rows.append(("Log says", "\n".join(lines)))
    return [(label, words) for label, words in rows if words]


def has_log(course: Course, exit_code: int) -> bool:
    """Whether there is anything to look up: not after a no at a question, nor after settings that cannot work."""
    return course.has_begun or bool(course.following) or exit_code not in (UNUSABLE, STOPPED)


def below(course: Course, exit_code: int, following: Next, log: str) -> Rows:
    """What a person copies after a failure: the command that goes on, and where all of the log is."""
    if not has_log(course, exit_code):
        return []
    again = following.again if exit_code not in (UNUSABLE, 4, STOPPED) else ""
    return [(label, words) for label, words in (("Again", again), ("Log", log)) if words]


def head(exit_code: int) -> str:
    """The title of a failure."""
    return {2: "Not started", 3: "Interrupted", 4: "Refused", STOPPED: "Stopped"}.get(exit_code, "Failed")


def _where(course: Course) -> str:
    at = f"step {course.step} of {course.steps}, {course.doing}" if course.step else ""
    if course.failure is None:
        return at
    kind = f" ({course.failure.kind})" if course.failure.kind else ""
    return ", ".join(filter(None, (at, f"resource {course.failure.resource}{kind}")))


def _remedy(course: Course, exit_code: int) -> str:
    if exit_code in (2, 4):
        return ""
    if exit_code == 3:
        return "run the same command again; it continues from there"
    mend = "fix this, and run the same command again"
    return f"{mend}; it continues from there" if course.has_begun else f"nothing was changed; {mend}"
