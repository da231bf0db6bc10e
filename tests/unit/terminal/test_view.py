"""What a person sees at a terminal: frames at several widths, the summary, the box of a failure."""

import io
import re

import pytest
from rich.text import Text

from wildrydes_ml.terminal.ending import Next
from wildrydes_ml.terminal.frame import console_link
from wildrydes_ml.terminal.screen import Screen

from .seen import ARN, NAT, STACK, Watched, begin, end_well, filling, happens

INSTANCE_FAILS = "Failed to receive 1 resource signal(s)"


def under_way(columns: int, **more: object) -> Watched:
    """One resource is made, the NAT gateway is being made for 48 s."""
    watched = Watched(columns, **more)  # type: ignore[arg-type]
    begin(watched.said)
    happens(watched.said, "Vpc", "CREATE_IN_PROGRESS")
    happens(watched.said, "Nat", "CREATE_IN_PROGRESS", NAT)
    happens(watched.said, "Vpc", "CREATE_COMPLETE")
    watched.frame(48)
    return watched


def test_a_wide_window_has_one_line_for_each_stack() -> None:
    assert under_way(100).terminal.lines[-4:] == [
        "⠼ 2 of 3  create stack wildrydes-ml-mod5" + " " * 56 + "48 s",
        "  ⠼ wildrydes-ml-mod5      ━━━━────────────  1 of 4     Nat 48 s, about 2 min    48 s of about 2 min",
        "  · wildrydes-ml-mod5-inf  waits",
        "log /logs/deploy.log",
    ]


@pytest.mark.parametrize("columns", [60, 40])
def test_a_narrow_window_has_the_same_in_more_lines(columns: int) -> None:
    head, *rest, log = under_way(columns).terminal.lines[-6:]
    assert head.startswith("⠼ 2 of 3  create stack wildrydes")
    assert head.endswith(" 48 s")
    assert len(head) == columns
    assert [line.split("  ")[-1].strip() for line in rest] == [
        "1 of 4", "48 s of about 2 min", "Nat 48 s, about 2 min", "waits",
    ]  # fmt: skip
    assert "━━──────" in rest[1]
    assert log == "log /logs/deploy.log"


@pytest.mark.parametrize("columns", [100, 60, 40])
def test_no_line_is_wider_than_the_window(columns: int) -> None:
    watched = under_way(columns)
    filling(watched.said)
    rows = watched.frame(1)
    assert all(len(line) <= columns for line in rows)
    assert sum(STACK[:9] in line and ("of 4" in line or "waits" in line) for line in rows) == 2


@pytest.mark.parametrize("columns", [100, 60, 40])
def test_a_frame_takes_the_place_of_the_one_before(columns: int) -> None:
    watched = under_way(columns)
    before = len(watched.terminal.lines)
    for _ in range(5):
        watched.frame(1)
    assert len(watched.terminal.lines) == before
    assert sum("of 4" in line for line in watched.terminal.lines) == 1


def test_the_plan_counts_what_a_new_stack_makes_and_breaks_at_words() -> None:
    watched = under_way(60)
    assert watched.terminal.lines[:7] == [
        "Plan:",
        "  1. make bucket wildrydes-ml-1 (private, encrypted, TLS",
        "     only)",
        "  2. create stack wildrydes-ml-mod5 from efs_99.yml: 2",
        "     resources",
        "  3. create stack wildrydes-ml-mod5-inf from",
        "     5_lambda_function.yml: 1 resource",
    ]


def test_a_plan_shows_every_parameter_that_changes_and_the_first_resources() -> None:
    watched = Watched(60)
    changes = "".join(f"\n  Modify R{number} (AWS::EC2::Route)" for number in range(30))
    step = {
        "step": "ApplyStack", "stack": "a", "kind": "update", "changes": [{}] * 30, "parameters": [{}],
        "text": f"update stack a from a.yml\n  ApiAuth API_KEY → NONE: everybody on the internet may call it{changes}",
    }  # fmt: skip
    watched.said.plan([step, {"step": "WarmUp", "text": f"ask {'word ' * 90}"}])
    rows = watched.terminal.lines
    assert rows[2:4] == ["       ApiAuth API_KEY → NONE: everybody on the internet", "         may call it"]
    assert sum("Modify" in row for row in rows) == 8
    assert "       and 22 more, see the log" in rows
    assert rows[-1].endswith(" …"), "what is very long is cut"
    assert len(rows) < 18


def test_the_filling_is_part_of_the_view_and_says_where_it_comes_from() -> None:
    watched = under_way(100)
    filling(watched.said)
    assert watched.frame(1)[-4:-1] == [
        "  ⠹ EFS ━━━━────── about 45 %  installing the packages  1 s, about 25 s",
        "    Downloading tensorflow.whl",
        "    from the console of the instance (ec2:GetConsoleOutput)",
    ]


@pytest.mark.parametrize("columns", [60, 80])
def test_what_is_filled_and_its_time_are_never_cut(columns: int) -> None:
    watched = under_way(columns)
    facts = {"part": "prepare", "words": "preparing the model for a fast start", "percent": 99}
    watched.said.event("EFS: preparing the model", stack=STACK, filling=facts)
    assert any(re.search(r"for a fast start  12 s, about 30 s$", row) for row in watched.frame(12))
    later = watched.frame(86)
    assert any(row.endswith("for a fast start  1 min 38 s") for row in later), "an estimate that was wrong is left out"
    assert any("about 99 %" in row for row in later)


def test_what_has_no_measure_has_a_spinner_that_turns() -> None:
    watched = Watched(waiting_for="asking AWS which account this is")
    watched.said.event("checking what is already deployed")
    seen = {watched.frame(1 / 8)[0].partition(" ")[0] for _ in range(10)}
    assert len(seen) == 10
    watched.said.event("stack s is DELETE_IN_PROGRESS", stack="s", operation="delete", stack_id="")
    bars = {watched.frame(0.5)[1] for _ in range(4)}
    assert len(bars) == 4, "a stack whose resources nobody knows has a bar that moves"


def test_eighty_events_are_no_eighty_lines() -> None:
    watched = under_way(80)
    before = len(watched.terminal.lines)
    for number in range(80):
        happens(watched.said, f"R{number}", "UPDATE_COMPLETE")
        watched.frame(0.1)
    assert len(watched.terminal.lines) == before


@pytest.mark.parametrize(("status", "colour"), [("CREATE_IN_PROGRESS", "cyan"), ("ROLLBACK_IN_PROGRESS", "brown")])
def test_a_state_has_its_colour(status: str, colour: str) -> None:
    watched = under_way(100)
    happens(watched.said, STACK, status, "AWS::CloudFormation::Stack")
    watched.frame()
    assert watched.terminal.colours(f" {STACK}  ") == {colour}


def test_done_is_green_and_failed_is_red() -> None:
    watched = under_way(100)
    happens(watched.said, STACK, "CREATE_COMPLETE", "AWS::CloudFormation::Stack")
    watched.frame()
    assert watched.terminal.colours("✓") == {"green"}
    watched = under_way(100)
    happens(watched.said, STACK, "ROLLBACK_COMPLETE", "AWS::CloudFormation::Stack")
    watched.frame()
    assert watched.terminal.colours("✗") == {"red"}


def test_no_color_leaves_no_colour_anywhere() -> None:
    watched = Watched(100, {"NO_COLOR": "1"})
    begin(watched.said)
    watched.frame(1)
    happens(watched.said, "Nat", "CREATE_FAILED", NAT, "no more addresses")
    watched.said.warning("slow")
    watched.said.error("stack s ended as ROLLBACK_COMPLETE")
    watched.said.result(False, error="x", exit_code=1)
    cells = [cell for row in watched.terminal.screen.buffer.values() for cell in row.values()]
    assert {(cell.fg, cell.bg) for cell in cells} == {("default", "default")}
    assert any("Failed" in line for line in watched.terminal.lines)


def test_a_stack_s_name_leads_to_its_page_in_the_console() -> None:
    link = console_link(ARN)
    assert link == (
        "https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1#/stacks/stackinfo?stackId="
        "arn%3Aaws%3Acloudformation%3Aeu-west-1%3A123456789012%3Astack%2Fwildrydes-ml-mod5%2F1"
    )
    assert f";{link}\x1b\\" in under_way(100).terminal.raw, "as a hyperlink: OSC 8"
    assert link not in under_way(100, is_local=True).terminal.raw, "an emulator has no console"


@pytest.mark.parametrize(
    ("arn", "host"),
    [(ARN.replace("aws", "aws-cn", 1), "console.amazonaws.cn"), ("id:stack", ""), ("", "")],
)
def test_the_console_is_that_of_the_partition(arn: str, host: str) -> None:
    assert (f"https://eu-west-1.{host}/" in console_link(arn)) if host else console_link(arn) == ""


@pytest.mark.parametrize("columns", [100, 60, 40])
def test_the_summary_says_what_changed_what_answers_and_what_is_next(columns: int) -> None:
    watched = under_way(columns)
    end_well(watched.said)
    rows = watched.terminal.lines
    text = "\n".join(rows)
    assert "✓ Deployed in 48 s" in rows
    for label in ("Changed", "Verdict", "URL", "Idle", "Try", "Next", "Delete", "Log"):
        assert f"  {label}" in text
    assert "Unicorn is validated: Horse 0.93" in " ".join(text.split())
    assert "https://a.example/prod" in text
    assert "about 193 US$ a month" in text
    assert "bin/classify.py PICTURE" in text
    assert "of 4" not in text, "the frame has gone"
    assert watched.terminal.raw.endswith("/logs/deploy.log\n")
    assert watched.terminal.raw.count("\x1b[?25l") == watched.terminal.raw.count("\x1b[?25h"), "the cursor is back"


def test_the_summary_has_six_to_ten_lines_where_nothing_is_long() -> None:
    watched = under_way(160)
    end_well(watched.said)
    after = [line for line in watched.terminal.lines if not line.startswith(("Plan:", "  1.", "  2.", "  3."))]
    assert 6 <= len(after) <= 10


def test_what_the_summary_shows_is_told_there_alone() -> None:
    watched = Watched(100)
    for about in ("verdict", "URL", "idle cost", "burst", "expiry", "command"):
        watched.said.output(f"<{about}>", about=about)
    watched.said.result(True, changed=True, api_url="https://a.example/prod")
    text = "\n".join(watched.terminal.lines)
    assert [text.count(f"<{about}>") for about in ("verdict", "URL", "idle cost", "burst", "expiry", "command")] == [
        1
    ] * 6


def test_one_command_is_not_told_twice() -> None:
    watched = Watched(100, following=Next(use="wildrydes-ml ask --local --app a.py"))
    watched.said.output("Try: wildrydes-ml ask --app a.py --local", ask="…", about="command")
    watched.said.result(True, changed=True, api_url="https://a.example/prod")
    assert [line.split()[0] for line in watched.terminal.lines] == ["✓", "Try", "Log"]


def test_a_command_to_copy_has_no_line_end_of_ours() -> None:
    watched = under_way(40)
    end_well(watched.said)
    assert f"curl -d '{'x' * 120}' https://a.example/prod" in watched.terminal.raw


def test_a_removal_ends_with_what_is_gone() -> None:
    watched = Watched(80, verb="destroy")
    watched.said.event("delete stack a", step=1, steps=1, doing="delete stack a", on="a")
    watched.said.event("deleting stack a", stack="a", operation="delete", stack_id="", resources={"V": NAT})
    for status in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"):
        watched.said.event("", stack="a", resource="V", status=status, reason="", resource_type=NAT)
    watched.said.event("verified: no billable resource of a remains", about="idle cost")
    watched.clock.sleep(125)
    watched.said.result(True, changed=True)
    assert watched.terminal.lines[:4] == [
        "✓ Deleted in 2 min 05 s",
        "  Deleted  stack a (1 resource)",
        "  Checked  no billable resource of a remains",
        "  Again    bin/deploy.py",
    ]


@pytest.mark.parametrize("columns", [100, 60, 40])
def test_a_failure_is_told_in_a_box_with_its_place_and_what_to_do(columns: int) -> None:
    watched = under_way(columns)
    happens(watched.said, "EFSFilled", "CREATE_FAILED", "AWS::CloudFormation::WaitCondition", INSTANCE_FAILS)
    happens(watched.said, "Other", "CREATE_FAILED", NAT, "Resource creation cancelled")
    for number in range(20):
        watched.said.event(f"  line {number}", log="the console of EfsMountEC2Instance", message=f"line {number}")
    watched.frame()
    watched.said.error(f"stack {STACK} ended as ROLLBACK_COMPLETE: EFSFilled: pip failed")
    watched.said.result(False, error="x", exit_code=1)
    rows = watched.terminal.lines
    top = next(number for number, line in enumerate(rows) if line.startswith("╭─ Failed"))
    box = " ".join(" ".join(line.strip("│ ") for line in rows[top:]).split())
    assert len(rows[top]) <= columns
    assert "Where step 2 of 3, create stack wildrydes-ml-mod5, resource EFSFilled" in box
    assert "What stack wildrydes-ml-mod5 ended as ROLLBACK_COMPLETE: EFSFilled: pip failed" in box
    assert "To do fix this, and run the same command again" in box
    assert "line 11" not in box, "the last lines only"
    assert [f"line {number}" in box for number in range(12, 20)] == [True] * 8
    assert "bin/deploy.py --name a" in watched.terminal.raw.partition("╰")[2], "below, to be copied"
    assert rows[-1] == "  Log      /logs/deploy.log"


def test_what_failed_before_anything_was_changed_is_told_once_and_continues_nothing() -> None:
    watched = Watched(100)
    watched.said.event("  no route to host", log="populate.log", message="no route to host")
    watched.said.error("efs was not filled: no route to host")
    watched.said.result(False, error="x", exit_code=1)
    box = " ".join(" ".join(line.strip("│ ") for line in watched.terminal.lines).split())
    assert "To do nothing was changed; fix this, and run the same command again" in box
    assert "continues" not in box
    assert box.count("no route to host") == 1, "the log says no more than the reason"


@pytest.mark.parametrize(("code", "title"), [(3, "Interrupted"), (4, "Refused"), (130, "Stopped")])
def test_the_box_says_what_kind_of_end_it_is(code: int, title: str) -> None:
    watched = under_way(60)
    watched.said.error("words")
    watched.said.result(False, error="words", exit_code=code)
    assert any(line.startswith(f"╭─ {title} ─") for line in watched.terminal.lines)


def test_an_error_is_on_stderr_when_that_goes_elsewhere() -> None:
    err = io.StringIO()
    watched = Watched(60, err=err)
    watched.said.warning("slow")
    watched.said.error("broken")
    watched.said.result(False, error="broken", exit_code=1)
    assert err.getvalue() == "warning: slow\nerror: broken\n"


def test_while_a_person_is_asked_nothing_is_drawn() -> None:
    watched = under_way(60)
    watched.said.output("  makes stack a in account 123456789012")
    before = watched.terminal.raw
    assert watched.frame(5)[-1] == "  makes stack a in account 123456789012"
    assert watched.terminal.raw == before
    watched.said.event("wire", step=3, steps=3, doing="connect the API")
    assert "3 of 3  connect the API" in watched.frame()[-6]


@pytest.mark.parametrize(("environment", "rows"), [({}, 1), ({"TMUX": "x"}, 2)], ids=["xterm", "one that reflows"])
def test_a_window_that_becomes_narrower_is_drawn_anew(environment: dict[str, str], rows: int) -> None:
    watched = Watched(100)
    screen = Screen(watched.console, environment)
    screen.draw([Text("x" * 100)])
    watched.console.width = 60
    screen.draw([Text("y" * 60)])
    assert f"\r\x1b[{rows}A\x1b[J" in watched.terminal.raw, "a terminal that breaks a line makes two rows of it"


def test_a_resized_window_has_the_frame_once() -> None:
    watched = under_way(100)
    watched.console.width = 60
    watched.terminal.screen.resize(30, 60)
    rows = watched.frame(1)
    assert sum("create stack wildrydes-ml-mod5  " in line for line in rows) == 1
    assert all(len(line) <= 60 for line in rows)


def test_a_name_with_dashes_is_not_broken_where_a_line_has_room_for_it() -> None:
    name = "wildrydes-ml-class-000000000000-us-east-1"
    watched = Watched(60, verb="destroy")
    watched.said.plan([{"text": f"create bucket of a class {name} (private, encrypted)"}])
    watched.said.event("x", step=1, steps=1, doing=f"delete the bucket of a class {name}")
    watched.said.result(True, changed=True)
    assert sum(name in line for line in watched.terminal.lines) == 2
