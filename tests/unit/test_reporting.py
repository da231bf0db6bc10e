"""What people and programs read: text with errors apart, or one JSON object a line."""

import fcntl
import io
import json
import os
import struct
import termios
from typing import Any

import pytest

from wildrydes_ml.reporting import JsonReporter, Progress, Reporter, TextReporter, terminal_columns
from wildrydes_ml.testing import Clock

STEPS = [
    {"step": "Upload", "text": "upload s3://b/k (1 bytes)"},
    {"step": "ApplyStack", "text": "update x\n  Modify y"},
]


def say_everything(reporter: Reporter, clock: Clock) -> None:
    reporter.plan(STEPS)
    clock.sleep(61.25)
    reporter.event("stack x  CREATE_COMPLETE", stack="x")
    reporter.output("URL: https://é", api_url="https://é")
    reporter.warning("this costs")
    reporter.error("broken\nin two lines")
    reporter.result(False, exit_code=1)


def spoken_as_json() -> list[dict[str, Any]]:
    clock, out = Clock(), io.StringIO()
    say_everything(JsonReporter(out, clock), clock)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_line_of_json_is_one_object_and_the_result_is_last() -> None:
    lines = spoken_as_json()
    assert [line["type"] for line in lines] == ["plan", "event", "output", "warning", "error", "result"]
    assert lines[-1] == {"type": "result", "ok": False, "seconds": 61.25, "exit_code": 1}


@pytest.mark.parametrize(("record", "code"), [({}, 1), ({"exit_code": 3}, 3)], ids=["failed", "interrupted"])
def test_a_failure_s_last_line_has_the_exit_code(record: dict[str, int], code: int) -> None:
    out = io.StringIO()
    JsonReporter(out).result(False, **record)
    assert json.loads(out.getvalue())["exit_code"] == code


def test_json_carries_text_and_record() -> None:
    plan, event, output, warning, error, _ = spoken_as_json()
    assert plan["steps"] == STEPS
    assert event == {"type": "event", "text": "stack x  CREATE_COMPLETE", "seconds": 61.25, "stack": "x"}
    assert output == {"type": "output", "text": "URL: https://é", "api_url": "https://é"}
    assert (warning["text"], error["text"]) == ("this costs", "broken\nin two lines")


def test_text_keeps_errors_and_warnings_apart() -> None:
    clock, out, err = Clock(), io.StringIO(), io.StringIO()
    say_everything(TextReporter(out, err, clock), clock)
    assert out.getvalue().splitlines() == [
        "Plan:",
        "  1. upload s3://b/k (1 bytes)",
        "  2. update x",
        "       Modify y",
        "[   61 s] stack x  CREATE_COMPLETE",
        "URL: https://é",
    ]
    assert err.getvalue().splitlines() == ["warning: this costs", "error: broken", "in two lines"]


def test_an_empty_plan_says_so() -> None:
    out = io.StringIO()
    TextReporter(out).plan([])
    assert out.getvalue() == "Nothing to change.\n"
    JsonReporter(machine := io.StringIO()).plan([])
    assert json.loads(machine.getvalue()) == {"type": "plan", "steps": []}


def test_what_would_steer_a_terminal_is_not_printed() -> None:
    out, err = io.StringIO(), io.StringIO()
    reporter = TextReporter(out, err)
    reporter.output("a\x1b[2J\tb\n\udcff.png é\u202f1")
    reporter.warning("\x9bclear")
    reporter.error("\x07bell")
    assert out.getvalue() == "a?[2J\tb\n?.png é\u202f1\n"
    assert err.getvalue() == "warning: ?clear\nerror: ?bell\n"


@pytest.mark.parametrize("name", ["\udcff.png", "独角兽.png", "line\nbreak"], ids=ascii)
def test_any_file_name_is_a_line_of_json(name: str) -> None:
    out = io.StringIO()
    JsonReporter(out).output("", picture=name)
    assert out.getvalue().isascii()
    assert [json.loads(line)["picture"] for line in out.getvalue().splitlines()] == [name]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    @property
    def screen(self) -> str:
        """What stands on the last line."""
        shown = ""
        for part in self.getvalue().split("\r"):
            shown = part + shown[len(part) :]
        return shown.rstrip()


def test_the_bar_fills_up_and_goes() -> None:
    terminal = Terminal()
    progress = Progress(40, terminal)
    seen = []
    for done in (0, 10, 40):
        progress.show(done)
        seen.append(terminal.screen)
    progress.clear()
    assert seen == [
        "[........................] 0 of 40",
        "[######..................] 10 of 40",
        "[########################] 40 of 40",
    ]
    assert terminal.screen == ""
    assert terminal.getvalue().endswith("\r")


def test_no_bar_for_one_or_in_a_pipe() -> None:
    for total, err in ((40, io.StringIO()), (1, Terminal())):
        progress = Progress(total, err)
        progress.show(1)
        progress.clear()
        assert err.getvalue() == ""


def passes(progress: Progress, clock: Clock, seconds: float) -> None:
    for _ in range(round(seconds * 2)):
        clock.sleep(0.5)
        progress.beat()


def test_a_silence_of_a_pipe_has_a_line_every_two_seconds() -> None:
    clock, err = Clock(), io.StringIO()
    progress = Progress(12, err, clock)
    passes(progress, clock, 4.5)
    progress.show(3)
    passes(progress, clock, 2.5)
    progress.clear()
    passes(progress, clock, 10)
    assert err.getvalue().splitlines() == ["[    2 s] ... 0 of 12", "[    4 s] ... 0 of 12", "[    6 s] ... 3 of 12"]


def test_a_silence_of_a_terminal_has_the_seconds() -> None:
    clock, terminal = Clock(), Terminal()
    progress = Progress(4, terminal, clock)
    progress.show(1)
    passes(progress, clock, 1.5)
    assert terminal.screen == "[######..................] 1 of 4"
    passes(progress, clock, 1.5)
    assert terminal.screen == "[######..................] 1 of 4, 3 s"
    progress.show(2)
    assert terminal.screen == "[############............] 2 of 4"


def test_one_answer_that_takes_long_is_waited_for_aloud() -> None:
    clock, terminal = Clock(), Terminal()
    progress = Progress(1, terminal, clock)
    passes(progress, clock, 3)
    assert terminal.screen == "waiting for the answer, 3 s"
    progress.clear()
    assert terminal.screen == ""


def test_what_is_printed_meanwhile_stands_alone_on_its_line() -> None:
    clock, terminal = Clock(), Terminal()
    progress = Progress(1, terminal, clock)
    passes(progress, clock, 3)
    TextReporter(terminal, terminal).warning("no answer from lambda.eu-west-1: trying again")
    assert terminal.screen == "warning: no answer from lambda.eu-west-1: trying again"


def test_the_terminal_s_columns() -> None:
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 97, 0, 0))
    with os.fdopen(leader), os.fdopen(follower, "w") as terminal:
        assert terminal_columns(terminal) == 97
    assert terminal_columns(io.StringIO()) == terminal_columns(Terminal()) == 0
