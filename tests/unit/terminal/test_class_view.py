"""What a teacher sees while a class is made: a row for each student, what is true at a Ctrl-C, a sign of life."""

from typing import Any

import pytest

from wildrydes_ml.terminal.choice import Asked, choose
from wildrydes_ml.terminal.course import Course
from wildrydes_ml.terminal.ending import Next
from wildrydes_ml.terminal.stopping import words

from .seen import Terminal, Watched
from .test_lines import Piped

URL = "https://api1.execute-api.eu-west-1.amazonaws.com/prod"


def seat(student: str, state: str = "waits", stage: str = "", **more: Any) -> dict[str, Any]:
    known = {"name": student, "url": "", "verdict": "", "dollars_a_month": 0.0}
    return {"student": student, "state": state, "stage": stage or state, **known, **more}


def room(said: Any, count: int = 3) -> None:
    said.event(f"{count} students", seats=[seat(f"student-{number:02}") for number in range(1, count + 1)])


def under_way(columns: int = 100, count: int = 3, **more: Any) -> Watched:
    watched = Watched(columns, **more)
    room(watched.said, count)
    watched.said.event(
        "a", seat=seat("student-01", "done", url=URL, verdict="Unicorn\nis validated", dollars_a_month=1.5)
    )
    watched.said.event("b", seat=seat("student-02", "failed", verdict="stack x ended as ROLLBACK_COMPLETE"))
    watched.said.event("c", seat=seat("student-03", "works", "create stack"))
    return watched


def test_each_student_has_a_row_with_stage_address_verdict_and_cost() -> None:
    head, *rows = under_way(140).frame(5)[-5:-1]
    assert "1 of 3 students done, 1 failed, 1 at work" in head
    assert rows == [
        f"  ✓ student-01  done                    1.50 US$/month  {URL}  Unicorn is validated",
        "  ✗ student-02  failed                  stack x ended as ROLLBACK_COMPLETE",
        "  ▸ student-03  create stack",
    ]


@pytest.mark.parametrize("columns", [100, 60, 40])
def test_no_row_is_wider_than_the_window(columns: int) -> None:
    frame = under_way(columns).frame(5)
    assert all(len(line) <= columns for line in frame)
    assert len([line for line in frame if "student-0" in line]) == 3


def test_of_a_large_class_those_are_shown_who_need_a_look() -> None:
    frame = under_way(100, 30).frame(5)
    assert [line.split()[1] for line in frame if "student-" in line] == ["student-02", "student-03"]
    assert any("1 of 30 students done, 1 failed, 1 at work, 27 waiting" in line for line in frame)


def test_a_name_with_an_escape_draws_nothing() -> None:
    watched = Watched(100)
    watched.said.event("x", seats=[seat("anna", "failed", verdict="\x1b[31mred")])
    assert "\x1b[31m" not in watched.terminal.raw
    watched.frame(1)
    assert "?[31mred" in "\n".join(watched.terminal.lines)


def test_a_ctrl_c_says_how_many_are_done_and_how_to_go_on() -> None:
    course = Course()
    room(course)
    assert "nothing had started" in words(course, "deploy", "class.py deploy", False)
    course.event("a", seat=seat("student-01", "done"))
    course.event("b", seat=seat("student-02", "works", "create stack"))
    assert words(course, "deploy", "class.py deploy s.csv", False) == (
        "stopped: 1 of 3 students done, 1 at work, 1 waiting; AWS carries on with what had begun there. To continue "
        "from there, run: class.py deploy s.csv"
    )
    assert words(course, "status", "class.py status", False) == "stopped"


def test_what_all_share_is_told_again_after_the_students() -> None:
    """A destroy comes to the stacks for all at its end."""
    course = Course()
    course.event("x", seats=[seat("anna", "done")])
    course.event("delete stack room-mod5", step=1, steps=2, doing="delete stack room-mod5", on="room-mod5")
    assert course.words() == "1 of 2  delete stack room-mod5"


def test_in_a_pipe_a_silence_tells_how_far_the_class_is() -> None:
    piped = Piped()
    room(piped.said)
    piped.said.event("student-01  create stack", seat=seat("student-01", "works", "create stack"))
    assert any("0 of 3 students done, 1 at work, 2 waiting" in line for line in piped.passes(3))
    assert "\x1b" not in piped.out.getvalue()


def test_a_class_has_the_view_on_a_terminal() -> None:
    terminal = Terminal()
    told = choose(Asked("class"), terminal, terminal, {"TERM": "xterm", "HOME": "/nowhere"})
    try:
        assert type(told.reporter._reporters[-1]).__name__ == "View"  # type: ignore[attr-defined]
    finally:
        told.close()


def test_a_class_that_was_deleted_has_a_summary_on_a_terminal_and_in_a_pipe() -> None:
    following = Next("class.py destroy", deploy="class.py deploy STUDENTS.csv", takes_options=True)
    watched = Watched(80, verb="class", following=following)
    piped = Piped(verb="class", following=following)
    for said in (watched.said, piped.said):
        said.event("x", seats=[seat("anna", "done", "deleted"), seat("bob", "done", "deleted")])
        said.event("delete", step=1, steps=1, doing="delete stack room-mod5", on="room-mod5")
        said.event("verified: no billable resource of class room remains", about="idle cost")
        said.event("deleted: a class", about="gone", options=["--preset", "lean", "--tag", "team=two words"])
        said.result(True, changed=True)
    rows = [" ".join(line.split()) for line in watched.terminal.lines]
    again = "class.py deploy STUDENTS.csv --preset lean --tag 'team=two words'"
    assert rows[-5:] == [
        "✓ Deleted in 0 s",
        "Deleted the stacks of 2 students; stack room-mod5",
        "Checked no billable resource of class room remains",
        f"Again {again}",
        "Log /logs/deploy.log",
    ]
    assert "Deleted: the stacks of 2 students; stack room-mod5" in piped.out.getvalue()
    assert f"Again: {again}" in piped.out.getvalue()


def test_a_class_that_was_made_has_its_table_and_no_other_summary_but_what_comes_next() -> None:
    following = Next("class.py deploy s.csv", "class.py status", "class.py destroy")
    watched = under_way(80, verb="class", following=following)
    piped = Piped(verb="class", following=following)
    for said in (watched.said, piped.said):
        said.output("3 of 3 students done")
        said.result(True, students=3, failed=[])
    told = ["3 of 3 students done", "  Next     class.py status", "  Delete   class.py destroy"]
    assert watched.terminal.lines == told
    assert piped.out.getvalue().splitlines()[-2:] == ["Next: class.py status", "Delete: class.py destroy"]


def test_of_a_class_that_failed_only_the_same_command_comes_next() -> None:
    watched = under_way(
        80, verb="class", following=Next("class.py deploy s.csv", "class.py status", "class.py destroy")
    )
    watched.said.error("2 of 3 students done, 1 failed: bob. Run class deploy again; what is done stays")
    watched.said.result(False, students=3, failed=["bob"], exit_code=1)
    assert "the same command" not in watched.terminal.raw, "which after class status would be in vain"
    rows = [" ".join(line.split()) for line in watched.terminal.lines]
    assert "Again class.py deploy s.csv" in rows
    assert not any("class.py status" in row or "class.py destroy" in row for row in rows)
