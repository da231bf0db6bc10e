"""What stands in a pipe: plain lines, a sign of life in every silence, no escapes; and who gets the view."""

import fcntl
import io
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import threading

import pytest

from wildrydes_ml.terminal.choice import Asked, choose
from wildrydes_ml.terminal.course import Course
from wildrydes_ml.terminal.ending import Next
from wildrydes_ml.terminal.lines import Lines
from wildrydes_ml.terminal.several import Several
from wildrydes_ml.testing import Clock

from .seen import NEXT, STACK, Terminal, Watched, begin, end_well, filling, happens


class Piped:
    """Lines in a pipe, whose time passes by its clock."""

    def __init__(self, verb: str = "deploy", is_quiet: bool = False, following: Next = NEXT) -> None:
        self.clock, self.out, self.err = Clock(), io.StringIO(), io.StringIO()
        self.course = Course(self.clock)
        self.lines = Lines(
            self.course, verb, following, lambda: "/logs/a.log", self.out, self.err, self.clock, "asking AWS", is_quiet
        )
        self.said = Several(self.course, self.lines)

    def passes(self, seconds: float) -> list[str]:
        """The signs of life in so many seconds, looked for five times a second."""
        before = len(self.out.getvalue())
        for _ in range(round(seconds * 5)):
            self.clock.sleep(0.2)
            self.lines.beat()
        return self.out.getvalue()[before:].splitlines()


def test_steps_are_numbered() -> None:
    piped = Piped()
    begin(piped.said)
    assert "[    0 s] 2 of 3  create stack" in piped.out.getvalue().splitlines()


def test_a_silence_has_a_sign_of_life_every_two_seconds() -> None:
    piped = Piped()
    assert piped.passes(5) == ["[    2 s] ... asking AWS", "[    4 s] ... asking AWS"]
    begin(piped.said)
    assert piped.passes(2.2) == ["[    7 s] ... 2 of 3  create stack wildrydes-ml-mod5: 0 of 4 resources"]
    happens(piped.said, "Nat", "CREATE_IN_PROGRESS")
    assert piped.passes(2.2) == ["[    9 s] ... 2 of 3  create stack wildrydes-ml-mod5: 0 of 4 resources, Nat for 2 s"]
    filling(piped.said)
    assert piped.passes(2.2) == [
        "[   12 s] ... 2 of 3  create stack wildrydes-ml-mod5: EFS: installing the packages, 45 %"
    ]


def test_news_is_no_silence() -> None:
    piped = Piped()
    for number in range(10):
        piped.said.event(f"line {number}")
        assert piped.passes(1.8) == []


@pytest.mark.parametrize(("minutes", "lines"), [(0, 30), (1, 6), (12, 2)])
def test_signs_come_as_dots_behind_a_line_when_it_takes_long(minutes: int, lines: int) -> None:
    piped = Piped()
    piped.passes(60 * minutes + 0.4)
    came = "\n".join(piped.passes(60))
    told = came.count("... asking AWS")
    assert abs(told - lines) <= 2
    assert told + came.count(".") - 3 * told >= 26


@pytest.mark.parametrize("told", ["event", "output", "error"])
def test_what_is_told_after_dots_begins_a_line(told: str) -> None:
    piped = Piped()
    piped.passes(65)
    assert piped.out.getvalue().endswith("asking AWS ..")
    getattr(piped.said, told)("made")
    assert "asking AWS ..\n" in piped.out.getvalue()


def test_the_end_ends_a_line_of_dots() -> None:
    piped = Piped()
    piped.passes(70)
    piped.lines.close()
    assert piped.out.getvalue().endswith(".\n")


def test_a_command_that_only_asks_gives_signs_between_its_answers() -> None:
    piped = Piped("doctor", is_quiet=True)
    piped.said.output("ok      --local python      3.11")
    piped.passes(3)
    piped.said.result(True)
    piped.passes(3)
    assert piped.err.getvalue().splitlines() == ["[    2 s] ... asking AWS"]


def test_what_waits_for_a_person_or_has_ended_gives_no_sign() -> None:
    piped = Piped()
    piped.said.output("  makes stack a")
    assert piped.passes(10) == []
    piped.said.event("make bucket")
    assert piped.passes(2.2) != []
    piped.said.result(True)
    assert piped.passes(10) == []


def test_a_slow_part_is_heard_of_while_it_goes_on() -> None:
    """By the thread that beats, with a clock that a slow part lets pass."""
    clock, heard = Clock(), threading.Event()

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            if "... fetching the model" in text:
                heard.set()
            return super().write(text)

    lines = Lines(Course(clock), "deploy", out=Out(), clock=clock, waiting_for="fetching the model").start()
    clock.sleep(2.5)
    assert heard.wait(60)
    lines.close()


def test_the_end_says_what_changed_and_what_is_next() -> None:
    piped = Piped()
    begin(piped.said)
    happens(piped.said, "Vpc", "CREATE_COMPLETE")
    end_well(piped.said)
    assert piped.out.getvalue().splitlines()[-9:] == [
        "Unicorn is validated: Horse 0.93",
        "URL: https://a.example/prod",
        f"Try: curl -d '{'x' * 120}' https://a.example/prod",
        "idle cost: about 193 US$ a month",
        "Deployed in 0 s",
        f"Changed: create the bucket; create stack {STACK} (4 resources); create stack {STACK}-inf",
        "Next: bin/classify.py PICTURE",
        "Delete: bin/destroy.py",
        "Log: /logs/a.log",
    ]
    assert "\x1b" not in piped.out.getvalue()
    assert "\r" not in piped.out.getvalue()


def test_what_has_no_api_is_not_to_be_asked_next() -> None:
    piped = Piped()
    begin(piped.said)
    piped.said.result(True, changed=True, api_url="", outputs={})
    ended = piped.out.getvalue()
    assert "Next:" not in ended
    assert "Delete: bin/destroy.py" in ended
    again = Piped()
    again.said.result(True, changed=False, api_url="", outputs={})
    assert again.out.getvalue().startswith("Nothing changed (0 s)\n")


def test_an_answer_that_somebody_pipes_has_its_signs_of_life_on_stderr() -> None:
    piped = Piped("ask", is_quiet=True)
    assert piped.passes(5) == []
    assert piped.err.getvalue().splitlines() == ["[    2 s] ... asking AWS", "[    4 s] ... asking AWS"]


def test_a_failure_names_the_log() -> None:
    piped = Piped()
    piped.said.error("broken")
    piped.said.result(False, error="broken", exit_code=1)
    assert piped.err.getvalue().splitlines() == ["error: broken", "Log: /logs/a.log"]


# Who gets the view


def drawn(asked: Asked, out: io.StringIO, tmp: str, **environment: str) -> str:
    told = choose(asked, out, io.StringIO(), {"XDG_STATE_HOME": tmp, **environment})
    told.reporter.event("looking", step=1, steps=2, doing="look")
    told.reporter.result(True, changed=True, api_url="u")
    told.close()
    return out.raw if isinstance(out, Terminal) else out.getvalue()


@pytest.mark.parametrize("verb", ["prepare", "package"])
def test_what_takes_minutes_and_asks_nothing_is_drawn_and_ends_with_what_it_says(verb: str) -> None:
    terminal = Terminal(80)
    told = choose(Asked(verb), terminal, terminal, {"TERM": "xterm"})
    told.reporter.event("preparing", filling={"part": "packages", "words": "installing the packages", "percent": 45})
    told.reporter.output("wrote prepared")
    told.reporter.result(True, path="prepared")
    told.close()
    assert terminal.lines == ["wrote prepared"]
    piped = io.StringIO()
    told = choose(Asked(verb), piped, io.StringIO(), {"TERM": "xterm"})
    told.reporter.event("preparing")
    told.close()
    assert piped.getvalue() == "[    0 s] preparing\n"


def test_where_no_step_fills_efs_nothing_is_said_of_it() -> None:
    watched, piped = Watched(100, verb="prepare"), Piped("prepare")
    for said in (watched.said, piped.said):
        said.event("preparing", filling={"part": "packages", "words": "installing the packages", "percent": 45})
    frame = "\n".join(watched.frame(3))
    assert "about 45 %  installing the packages" in frame
    assert piped.passes(2.2) == ["[    2 s] ... installing the packages, 45 %"]
    assert "EFS" not in frame


@pytest.mark.parametrize("verb", ["deploy", "destroy", "demo"])
def test_a_terminal_gets_the_view(verb: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    told = drawn(Asked(verb), Terminal(), str(tmp_path_factory.mktemp("state")), TERM="xterm-256color")
    assert "✓" in told
    assert "[    0 s]" not in told


@pytest.mark.parametrize(
    ("asked", "terminal", "term"),
    [
        (Asked("deploy"), io.StringIO, "xterm"),
        (Asked("deploy"), Terminal, "dumb"),
        (Asked("deploy"), Terminal, ""),
        (Asked("deploy", is_verbose=True), Terminal, "xterm"),
        (Asked("deploy", is_plan=True), Terminal, "xterm"),
        (Asked("status"), Terminal, "xterm"),
    ],
    ids=["pipe", "dumb", "no TERM", "verbose", "plan", "status"],
)
def test_everybody_else_gets_lines_without_an_escape(
    asked: Asked, terminal: type[io.StringIO], term: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = drawn(asked, terminal(), str(tmp_path_factory.mktemp("state")), TERM=term)
    assert told.startswith("[    0 s] 1 of 2  looking\n")
    assert "\x1b" not in told


def test_a_program_gets_json_as_ever(tmp_path_factory: pytest.TempPathFactory) -> None:
    state = tmp_path_factory.mktemp("state")
    told = drawn(Asked("deploy", "json"), Terminal(), str(state), TERM="xterm")
    assert [json.loads(line)["type"] for line in told.splitlines()] == ["event", "result"]
    assert list(state.iterdir()) == []


@pytest.mark.parametrize(
    "program",
    [
        "import wildrydes_ml",
        "import wildrydes_ml.deploy.deployer, wildrydes_ml.destroy.destroyer",
        "from wildrydes_ml.cli import main; assert main(['render', '--check']) == 0",
        "from wildrydes_ml.cli import main; assert main(['policy', '--account', '123456789012']) == 0",
        "from wildrydes_ml.cli import main; assert main(['deploy', '--name', 'X Y']) == 2",
    ],
)
def test_rich_is_imported_for_the_view_alone(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\nassert 'rich' not in sys.modules"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("changed", [True, False])
def test_without_an_api_nothing_is_said_of_one(changed: bool) -> None:
    piped = Piped()
    begin(piped.said)
    piped.said.result(True, changed=changed, api_url="", outputs={})
    told = piped.out.getvalue().splitlines()
    assert ("Deployed in 0 s" if changed else "Nothing changed (0 s)") in told
    assert not any("API answers" in line or line.startswith("Next:") for line in told)
    assert f"Delete: {NEXT.remove}" in told


@pytest.mark.parametrize("is_verbose", [False, True])
def test_batch_tells_each_resource_only_when_asked(is_verbose: bool) -> None:
    out = io.StringIO()
    told = choose(Asked("batch", is_verbose=is_verbose), out, io.StringIO(), {"TERM": "xterm"})
    begin(told.reporter)
    happens(told.reporter, "Vpc", "CREATE_IN_PROGRESS")
    told.close()
    assert f"create stack {STACK}" in out.getvalue()
    assert ("CREATE_IN_PROGRESS" in out.getvalue()) == is_verbose
    assert "Vpc" in told.course.works[STACK].running


def part(terminal: int) -> str:
    """What the terminal has got; nothing when its other end is closed."""
    try:
        return os.read(terminal, 65536).decode()
    except OSError:
        return ""


@pytest.mark.parametrize("columns", [60, 120])
def test_a_plan_on_a_terminal_is_broken_at_words(columns: int) -> None:
    ours, its_end = pty.openpty()
    fcntl.ioctl(its_end, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    link = "Add PublicSubnet1RouteTableAssociation (AWS::EC2::SubnetRouteTableAssociation), perhaps replaced"
    address = "s3://wildrydes-ml-000000000000-us-east-1/code/ml_inferencefunction-d201c9bb921cef5f.zip"
    with os.fdopen(its_end, "w") as out:
        lines = Lines(Course(), "deploy", out=out)
        lines.plan([{"text": f"update stack a\n  {link}"}, {"text": f"upload {address}"}])
        lines.output(link)
    shown = "".join(iter(lambda: part(ours), "")).replace("\r", "").splitlines()
    os.close(ours)
    *plan, whole = shown
    assert whole == link, "what is no plan keeps its lines"
    assert [line for line in plan if len(line) > columns] == ([f"     {address}"] if columns == 60 else [])
    assert " ".join(" ".join(plan).split()) == f"Plan: 1. update stack a {link} 2. upload {address}"
