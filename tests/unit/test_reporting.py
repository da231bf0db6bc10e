"""What people and programs read: text with errors apart, or one JSON object a line."""

import io
import json
from typing import Any

from tests.unit.fakes import Clock
from wildrydes_ml.reporting import JsonReporter, Reporter, TextReporter

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
