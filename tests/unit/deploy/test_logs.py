"""Reading the logs of stacks: all lines in order, each once, and plain words where there are none."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import FakeAws
from wildrydes_ml.aws.facts import Unknown
from wildrydes_ml.aws.records import Console, LogEvent, StackResource
from wildrydes_ml.deploy.logs import Reading
from wildrydes_ml.errors import InterruptedWork, OutOfReach, WildrydesError
from wildrydes_ml.testing import Clock, Said

NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
WORDS = StackResource("Words", "AWS::Lambda::Function", "words")
FILLER = StackResource("Filler", "AWS::EC2::Instance", "i-1")
GROUP = "/aws/lambda/words"
ALLOWED = "ec2:GetConsoleOutput"


class Stopped(Exception):
    """Somebody has pressed Ctrl-C."""


def event(number: int, text: str = "", seconds: float | None = None) -> LogEvent:
    seconds = number if seconds is None else seconds
    return LogEvent(f"e{number}", NOW + timedelta(seconds=seconds), text or f"line {number}")


def console(*lines: str, seconds: float = 0) -> Console:
    return Console("".join(f"{line}\n" for line in lines), NOW + timedelta(seconds=seconds))


def stack_with(*resources: StackResource) -> FakeAws:
    aws = FakeAws()
    aws.stacks.put("one", "CREATE_COMPLETE", resources=resources)
    return aws


def reading(aws: FakeAws, said: Said, **more: Any) -> Reading:
    return Reading(aws.gateways, lambda: list(aws.stacks.stacks.values()), said, NOW, **more)


def followed(aws: FakeAws, said: Said, *looks: Callable[[], object], **more: Any) -> None:
    """Follows; each of the functions runs between two looks, and then somebody stops it."""
    coming, clock = list(looks), Clock()

    def pause() -> None:
        clock.sleep(3)
        if not coming:
            raise Stopped
        coming.pop(0)()

    with pytest.raises(Stopped):
        reading(aws, said, **more).follow(pause, clock)


def test_function_and_instance_are_one_log_in_the_order_of_time() -> None:
    aws, said = stack_with(WORDS, FILLER), Said()
    aws.logs.groups[GROUP] = [event(1), event(3, "two\nrows")]
    aws.logs.consoles["i-1"] = console("[    8.000000] filled", seconds=2)
    assert reading(aws, said).show() == 3
    assert said.texts("output") == [
        "2026-01-31T12:00:01Z  Words  line 1",
        "2026-01-31T12:00:02Z  Filler  filled",
        "2026-01-31T12:00:03Z  Words  two\nrows",
    ]
    assert said.lines[0][2] == {"time": "2026-01-31T12:00:01+00:00", "source": "Words", "message": "line 1"}


def test_the_logs_of_all_stacks_are_read() -> None:
    aws, said = stack_with(FILLER), Said()
    aws.stacks.put("two", "CREATE_COMPLETE", resources=[WORDS])
    aws.logs.groups[GROUP], aws.logs.consoles["i-1"] = [event(1)], console("filled")
    assert reading(aws, said).show() == 2


def test_what_is_older_is_left_out() -> None:
    aws, said = stack_with(WORDS, FILLER), Said()
    aws.logs.groups[GROUP] = [event(1, seconds=-1)]
    aws.logs.consoles["i-1"] = console("[    1.000000] old", "[    9.000000] new", seconds=4)
    reading(aws, said).show()
    assert said.texts("output") == ["2026-01-31T12:00:04Z  Filler  new"]


@pytest.mark.parametrize(
    ("prepared", "words"),
    [
        (None, "Filler (instance i-1) no longer exists, nor does its console"),
        (Console(), "Filler (instance i-1) has no console output yet: EC2 shows it some minutes after the start"),
        (Unknown("denied", ALLOWED), f"Filler (instance i-1): no permission to read its console: allow {ALLOWED}"),
    ],
)
def test_an_instance_without_lines_is_told_and_hides_nothing(prepared: Console | Unknown | None, words: str) -> None:
    aws, said = stack_with(WORDS, FILLER), Said()
    aws.logs.groups[GROUP] = [event(1)]
    if prepared is not None:
        aws.logs.consoles["i-1"] = prepared
    assert reading(aws, said).show() == 1
    assert said.texts("warning") == [words]


def test_a_function_without_a_log_is_told() -> None:
    aws, said = stack_with(WORDS), Said()
    assert reading(aws, said).show() == 0
    assert said.texts("warning") == [f"Words has no log yet: there is no log group {GROUP}"]


def test_no_lines_are_told() -> None:
    aws, said = stack_with(WORDS), Said()
    aws.logs.groups[GROUP] = []
    assert reading(aws, said).show() == 0
    assert said.texts("warning") == ["no lines since 2026-01-31T12:00:00Z: name an earlier time, such as --since 1d"]


def test_logs_that_may_not_be_read_are_an_error() -> None:
    aws, said = stack_with(WORDS), Said()
    aws.logs.groups[GROUP] = Unknown("denied", "logs:FilterLogEvents")
    with pytest.raises(WildrydesError, match="`policy --for logs` prints what they need"):
        reading(aws, said).show()
    assert said.texts("warning") == [f"Words: no permission to read its log {GROUP}: allow logs:FilterLogEvents"]


def test_without_a_stack_there_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(WildrydesError, match=r"nothing is deployed under this name here.*run deploy first"):
        reading(FakeAws(), Said(), file=tmp_path / "none").show()


def test_a_stack_without_anything_that_speaks_has_no_log() -> None:
    with pytest.raises(WildrydesError, match="one: no function, log group or instance yet"):
        reading(stack_with(StackResource("Vpc", "AWS::EC2::VPC", "vpc-1")), Said()).show()


def test_a_log_out_of_reach_does_not_hide_the_others() -> None:
    aws, said = stack_with(WORDS, FILLER), Said()
    aws.logs.groups[GROUP] = OutOfReach("log group: AWS throttles")
    aws.logs.consoles["i-1"] = console("filled")
    with pytest.raises(OutOfReach, match="AWS throttles"):
        reading(aws, said).show()
    assert said.texts("output") == ["2026-01-31T12:00:00Z  Filler  filled"]


def test_a_file_s_lines_are_as_new_as_the_file(tmp_path: Path) -> None:
    file, said = tmp_path / "populate.log", Said()
    file.write_text("one\ntwo\n")
    os.utime(file, (NOW.timestamp() + 7,) * 2)
    assert reading(FakeAws(), said, file=file).show() == 2
    assert said.texts("output")[0] == "2026-01-31T12:00:07Z  populate.log  one"
    os.utime(file, (NOW.timestamp() - 7,) * 2)
    assert reading(FakeAws(), Said(), file=file).show() == 0


# Following.


def test_who_follows_sees_each_line_once_also_one_that_arrives_late(tmp_path: Path) -> None:
    aws, said, file = stack_with(WORDS, FILLER), Said(), tmp_path / "populate.log"
    group = [event(1, seconds=60), event(2, seconds=200)]
    aws.logs.groups[GROUP] = group
    aws.logs.consoles["i-1"] = console("a", "b")

    def more() -> None:
        group.append(event(3, seconds=150))
        group.append(event(4, seconds=200))
        aws.logs.consoles["i-1"] = console("b", "b", "c")
        file.write_text("whole\nhal")
        os.utime(file, (NOW.timestamp() + 300,) * 2)

    def rest() -> None:
        file.write_text("whole\nhalf\n")
        os.utime(file, (NOW.timestamp() + 300,) * 2)

    followed(aws, said, more, rest, lambda: None, file=file)
    messages = [record["message"] for _, _, record in said.lines]
    assert messages == ["a", "b", "line 1", "line 2", "b", "c", "line 3", "line 4", "whole", "half"]


def test_who_follows_does_not_read_everything_anew() -> None:
    aws = stack_with(WORDS)
    aws.logs.groups[GROUP] = [event(1, seconds=3600)]
    followed(aws, Said(), lambda: None)
    assert aws.logs.asked == [NOW, NOW + timedelta(seconds=3600 - 120)]


def test_who_follows_never_sees_what_is_older_than_asked() -> None:
    aws, said = stack_with(WORDS), Said()
    aws.logs.groups[GROUP] = [event(1, seconds=-5), event(2)]
    followed(aws, said, lambda: None)
    assert said.texts("output") == ["2026-01-31T12:00:02Z  Words  line 2"]


def test_what_is_made_meanwhile_is_followed_too() -> None:
    aws, said = stack_with(WORDS), Said()
    aws.logs.consoles["i-1"] = console("filled")
    followed(aws, said, lambda: aws.stacks.held["one"].append(FILLER), *[lambda: None] * 10)
    assert said.texts("output") == ["2026-01-31T12:00:00Z  Filler  filled"]
    assert said.texts("warning") == [f"Words has no log yet: there is no log group {GROUP}"]


def test_who_follows_bears_it_for_a_while_when_aws_is_out_of_reach() -> None:
    aws, said = stack_with(WORDS), Said()
    aws.logs.groups[GROUP] = OutOfReach("log group: AWS throttles")
    followed(aws, said, lambda: None, lambda: aws.logs.groups.update({GROUP: [event(1)]}))
    assert said.texts("output") == ["2026-01-31T12:00:01Z  Words  line 1"]
    assert said.texts("warning") == ["log group: AWS throttles. Trying again"]


def test_out_of_reach_for_long_ends_it() -> None:
    aws, clock = stack_with(WORDS), Clock()
    aws.logs.groups[GROUP] = OutOfReach("log group: AWS throttles")
    with pytest.raises(OutOfReach):
        reading(aws, Said()).follow(lambda: clock.sleep(100), clock)
    assert clock.now == 700


def test_expired_credentials_end_it() -> None:
    aws = stack_with(WORDS)
    aws.logs.groups[GROUP] = InterruptedWork("the credentials have expired")
    with pytest.raises(InterruptedWork):
        reading(aws, Said()).follow(lambda: None)
