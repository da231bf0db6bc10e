"""Lines of logs: times that a person writes, clocks of machines, and what is new in a text."""

from datetime import datetime, timedelta, timezone

import pytest

from wildrydes_ml.aws.records import Console, StackResource
from wildrydes_ml.deploy.loglines import GROUP, INSTANCE, Source, console_lines, fresh, since, sources, whole_lines
from wildrydes_ml.errors import SettingsError

NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
EPOCH = datetime.fromtimestamp(0, timezone.utc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", NOW - timedelta(seconds=30)),
        ("10m", NOW - timedelta(minutes=10)),
        ("2h", NOW - timedelta(hours=2)),
        ("1d", NOW - timedelta(days=1)),
        ("1w", NOW - timedelta(weeks=1)),
        ("2026-01-31T11:00:00Z", NOW - timedelta(hours=1)),
        ("2026-01-31T11:00:00", NOW - timedelta(hours=1)),
        ("2026-01-31T13:30:00+02:00", NOW - timedelta(minutes=30)),
        ("2026-01-30", datetime(2026, 1, 30, tzinfo=timezone.utc)),
        ("99999w", EPOCH),
        ("99999999999999d", EPOCH),
    ],
)
def test_since_is_a_while_ago_or_a_time(text: str, expected: datetime) -> None:
    assert since(text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("yesterday", "write how long ago"),
        ("10", "write how long ago"),
        ("-5m", "write how long ago"),
        ("", "write how long ago"),
        ("2026-01-31T12:00:01Z", "still to come; it is 2026-01-31T12:00:00Z now"),
    ],
)
def test_what_is_no_time_before_now_is_refused(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        since(text, NOW)


def test_a_stack_s_logs_are_its_groups_its_functions_and_its_consoles() -> None:
    found = sources(
        [
            StackResource("Words", "AWS::Lambda::Function", "words-1"),
            StackResource("WordsLogGroup", "AWS::Logs::LogGroup", "/aws/lambda/words-1"),
            StackResource("Answer", "AWS::Lambda::Function", "app-Answer-1"),
            StackResource("AnswerLogGroup", "AWS::Logs::LogGroup", "app-AnswerLogGroup-2"),
            StackResource("Plain", "AWS::Lambda::Function", "plain-1"),
            StackResource("Access", "AWS::Logs::LogGroup", "access"),
            StackResource("Filler", "AWS::EC2::Instance", "i-1"),
            StackResource("NotMadeYet", "AWS::EC2::Instance", ""),
            StackResource("Vpc", "AWS::EC2::VPC", "vpc-1"),
        ]
    )
    assert found == [
        Source("Words", GROUP, "/aws/lambda/words-1"),
        Source("Answer", GROUP, "app-AnswerLogGroup-2"),
        Source("Access", GROUP, "access"),
        Source("Plain", GROUP, "/aws/lambda/plain-1"),
        Source("Filler", INSTANCE, "i-1"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "ab", "ab"),
        ("ab", "ab", ""),
        ("ab", "abc", "c"),
        ("abcb", "cbd", "d"),
        ("aab", "abx", "x"),
        ("ab", "xy", "xy"),
        ("aaa", "aaaa", "a"),
        ("abc", "", ""),
    ],
)
def test_what_is_new_stands_behind_what_was_seen(old: str, new: str, expected: str) -> None:
    assert "".join(fresh(list(old), list(new))) == expected


def test_a_line_that_is_being_written_waits() -> None:
    assert whole_lines("one\r\n\x1b[32mtwo\x1b[0m\nthr") == ["one", "two"]
    assert whole_lines("") == []


SAYS = "Cloud-init v. 22.2.2 running"
BOOT = f"""[    0.000000] Linux version 6.1
[    5.200000] systemd[1]: Started.
[    9.100000] cloud-init[1590]: {SAYS} 'init' at Sat, 31 Jan 2026 11:00:09 +0000. Up 9.00 seconds.
[   13.800000] cloud-init[1700]: {SAYS} 'modules:final' at Sat, 31 Jan 2026 11:00:14 +0000. Up 14.00 seconds.
[   20.000000] cloud-init[1700]: bootstrap: installing
[   65.500000] Out of memory: Killed process 42 (python3)
[   66.000000] cloud-init[1700]: Traceback
  File "x.py"
ip-10-0-1-5 login: """
BEGAN = datetime(2026, 1, 31, 11, tzinfo=timezone.utc)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def test_a_console_s_lines_have_the_machine_s_time_and_begin_with_its_user_data() -> None:
    assert console_lines(Console(BOOT, NOW)) == [
        (at(20), "bootstrap: installing"),
        (at(65.5), "Out of memory: Killed process 42 (python3)"),
        (at(66), "Traceback"),
        (at(66), '  File "x.py"'),
    ]


def test_without_a_word_of_the_clock_the_last_line_is_as_new_as_the_console() -> None:
    text = "[    1.000000] one\n[   31.000000] two\n"
    assert console_lines(Console(text, NOW)) == [(NOW - timedelta(seconds=30), "one"), (NOW, "two")]
    assert console_lines(Console("plain\n", NOW)) == [(NOW, "plain")]
    assert console_lines(Console("", NOW)) == []


def test_a_clock_that_cannot_be_read_is_left_alone() -> None:
    text = "[    2.000000] cloud-init[1]: Cloud-init v. 1 running 'init' at some day. Up 2.00 seconds.\n"
    assert [time for time, _ in console_lines(Console(text, NOW))] == [NOW]


def test_after_a_restart_only_the_new_start_counts() -> None:
    again = "[    0.000000] Linux version 6.1\n[    3.000000] hello\n"
    assert [text for _, text in console_lines(Console(BOOT + "\n" + again, NOW))] == ["Linux version 6.1", "hello"]
