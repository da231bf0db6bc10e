"""The benchmark of deploys: its counting, goals and tables, on made-up runs."""

from typing import Any
from urllib.parse import urlencode

import pytest

from benchmarks.deploys import peers, table
from benchmarks.deploys.table import CLEAN, CODE_ONLY, OURS, UNCHANGED, Figures, Results, Run
from benchmarks.deploys.updates import UpdateWire, changes_nothing
from tests.operations import Request

OTHER = "Other 1.0"
LOOK, CHECK, ACT = "cloudformation:DescribeStacks", "ec2:DescribeVpcs", "cloudformation:CreateStack"


def results() -> Results:
    """Ours with a check when clean, the other with more calls and more time but for its clean deploy's calls."""
    return Results(
        {
            (OURS, CLEAN): [Run((CHECK, LOOK, ACT), 2.0), Run((CHECK, LOOK, LOOK, ACT), 1.0), Run((ACT,), 9.0)],
            (OURS, UNCHANGED): [Run((LOOK,), 0.5)],
            (OTHER, CLEAN): [Run((CHECK, ACT), 3.0)],
            (OTHER, UNCHANGED): [Run((LOOK, LOOK), 1.25)],
        },
        {"Absent 2.0": "npm is not installed"},
    )


def test_figures_are_medians_of_all_calls_and_of_the_checks_among_them() -> None:
    found = table.all_figures(results())
    assert found[OURS, CLEAN] == Figures(calls=3, checks=1, seconds=2.0)
    assert found[OURS, CLEAN].work == 2


def test_others_have_no_checks() -> None:
    assert table.all_figures(results())[OTHER, CLEAN] == Figures(calls=2, checks=0, seconds=3.0)


def figures(calls: float, seconds: float, checks: float = 0) -> Figures:
    return Figures(calls, checks, seconds)


@pytest.mark.parametrize(
    ("ours", "theirs", "missed"),
    [
        (figures(10, 1.0), figures(11, 1.1), []),
        (figures(10, 1.0), figures(10, 1.1), ["calls"]),
        (figures(15, 1.0, checks=6), figures(10, 1.1), []),
        (figures(9, 1.0), figures(10, 1.0), ["time"]),
        (figures(11, 1.2), figures(10, 1.0), ["calls", "time"]),
    ],
)
def test_goals_are_fewer_calls_without_checks_and_less_time(ours: Figures, theirs: Figures, missed: list[str]) -> None:
    lines = table.goals({(OURS, CLEAN): ours, (OTHER, CLEAN): theirs, (f"{OURS} as on AWS", CLEAN): theirs})
    by_goal = dict(zip(("calls", "time"), lines, strict=True))
    for goal, line in by_goal.items():
        assert line.endswith(f"**not met**: clean, {OTHER}" if goal in missed else ": met")


@pytest.mark.parametrize(("seconds", "verdict"), [(0.99, "met"), (1.0, "**not met**: 1.00 s")])
def test_a_deploy_that_changes_nothing_has_a_second(seconds: float, verdict: str) -> None:
    assert table.goals({(OURS, UNCHANGED): figures(1, seconds)})[-1].endswith(f"less than 1 s: {verdict}")


def test_the_report_shows_figures_ratios_operations_and_who_is_left_out() -> None:
    text = table.markdown(results(), ["a condition"])
    assert f"| {OURS} | 2 + 1 checks | 2,000 | 1.0 | 1 | 500 | 1.0 |  |  |  |" in text
    assert f"| {OTHER} | 2 | 3,000 | 1.5 | 2 | 1,250 | 2.5 |  |  |  |" in text
    assert "| Absent 2.0 | does not run: npm is not installed |" in text
    assert text.endswith("\n\n- a condition")
    assert f"| calls, {CLEAN} | {OURS} | {OTHER} |" in text
    assert f"| {ACT} | 1 | 1 |" in text
    assert f"| {LOOK} | 1 | 2 |" in text
    assert CODE_ONLY in text


def test_who_fails_after_a_run_has_its_row_and_is_left_out_from_then_on() -> None:
    found = results()
    found.absent[OTHER] = "it makes something else"
    text = table.markdown(found, [])
    assert text.count(f"\n| {OTHER} | ") == 1
    assert f"- {OTHER} is left out from then on: it makes something else" in text


def test_every_row_of_a_table_has_its_columns() -> None:
    tables = [part.splitlines() for part in table.markdown(results(), []).split("\n\n") if part.startswith("|")]
    assert len(tables) == 4
    assert all(len({line.count("|") for line in lines}) == 1 for lines in tables)


def test_why_one_does_not_run_is_its_last_line() -> None:
    assert peers.last_line("trace\nError: a | b\n\n") == "Error: a / b"
    assert peers.last_line("\n") == "it said nothing"


STACK = {
    "Parameters": [{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "Default", "ParameterValue": "x"}],
    "Tags": [{"Key": "wildrydes-ml", "Value": "bench"}],
}
SAME = {
    "Action": "UpdateStack",
    "StackName": "bench-mod5",
    "TemplateBody": "Resources: {}",
    "Parameters.member.1.ParameterKey": "A",
    "Parameters.member.1.ParameterValue": "1",
    "Tags.member.1.Key": "wildrydes-ml",
    "Tags.member.1.Value": "bench",
}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, True),
        ({"TemplateBody": "Resources: {More: {}}"}, False),
        ({"Parameters.member.1.ParameterValue": "2"}, False),
        ({"Parameters.member.2.ParameterKey": "New", "Parameters.member.2.ParameterValue": ""}, False),
        ({"Tags.member.1.Value": "other"}, False),
    ],
)
def test_an_update_changes_nothing_when_template_parameters_and_tags_are_the_stacks(
    other: dict[str, str], expected: bool
) -> None:
    assert changes_nothing({**SAME, **other}, STACK, "Resources: {}") is expected


class CloudFormation:
    """Has one stack."""

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        return {"Stacks": [STACK]}

    def get_template(self, StackName: str) -> dict[str, Any]:
        return {"TemplateBody": "Resources: {}"}


def test_an_update_that_changes_nothing_is_refused_as_by_aws() -> None:
    signed = "AWS4-HMAC-SHA256 Credential=0/20260101/us-east-1/cloudformation/aws4_request, Signature=0"
    request = Request("POST", "/", {"Authorization": signed}, urlencode(SAME).encode())
    with UpdateWire("http://127.0.0.1:1", CloudFormation()) as wire:
        reply = wire.forward(request)
        assert (reply.status, b"No updates are to be performed." in reply.body) == (400, True)
        with pytest.raises(ConnectionRefusedError):  # it would have been the emulator's to answer
            wire.forward(
                Request("POST", "/", {"Authorization": signed}, urlencode({**SAME, "TemplateBody": ""}).encode())
            )
