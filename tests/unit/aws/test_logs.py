"""The gateway of CloudWatch Logs and of EC2's consoles, on boto's own clients."""

import base64
from datetime import datetime, timezone
from typing import Any

import pytest

from tests.unit.stubs import NOW, Stub
from wildrydes_ml.aws.facts import Unknown
from wildrydes_ml.aws.logs import Logs
from wildrydes_ml.aws.records import Console, LogEvent
from wildrydes_ml.errors import InterruptedWork, OutOfReach, WildrydesError

MILLISECONDS = int(NOW.timestamp() * 1000)
ASKED = {"logGroupName": "/g", "startTime": MILLISECONDS}


def told(number: int, message: str) -> dict[str, Any]:
    return {"eventId": f"e{number}", "timestamp": MILLISECONDS + number, "message": message}


def line(number: int, text: str) -> LogEvent:
    return LogEvent(f"e{number}", datetime.fromtimestamp((MILLISECONDS + number) / 1000, timezone.utc), text)


def shown(text: str) -> dict[str, Any]:
    return {"InstanceId": "i-1", "Timestamp": NOW, "Output": base64.b64encode(text.encode()).decode()}


def test_lines_come_from_all_pages_also_behind_an_empty_one(stub: Stub) -> None:
    client, stubber = stub("logs")
    stubber.add_response("filter_log_events", {"events": [told(1, "one\n")], "nextToken": "a"}, ASKED)
    stubber.add_response("filter_log_events", {"events": [], "nextToken": "b"}, {**ASKED, "nextToken": "a"})
    stubber.add_response("filter_log_events", {"events": [told(2, "two\nlines")]}, {**ASKED, "nextToken": "b"})
    assert Logs(client, None).events("/g", NOW) == [line(1, "one"), line(2, "two\nlines")]


def test_lines_without_an_id_are_told_apart_and_known_again(stub: Stub) -> None:
    client, stubber = stub("logs")
    plain = {"timestamp": MILLISECONDS, "message": "same", "logStreamName": "one"}
    first = [plain, plain, {**plain, "logStreamName": "two"}]
    stubber.add_response("filter_log_events", {"events": first}, ASKED)
    stubber.add_response("filter_log_events", {"events": [*first, {**plain, "timestamp": MILLISECONDS + 1}]}, ASKED)
    logs = Logs(client, None)
    before, after = logs.events("/g", NOW), logs.events("/g", NOW)
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert after[:3] == before
    assert len({event.id for event in after}) == 4


def test_a_time_before_all_times_is_the_first_one(stub: Stub) -> None:
    client, stubber = stub("logs")
    stubber.add_response("filter_log_events", {"events": []}, {"logGroupName": "/g", "startTime": 0})
    assert Logs(client, None).events("/g", datetime(1969, 1, 1, tzinfo=timezone.utc)) == []


def test_a_log_group_may_be_missing_or_not_be_read(stub: Stub) -> None:
    client, stubber = stub("logs")
    stubber.add_client_error("filter_log_events", "ResourceNotFoundException")
    stubber.add_client_error("filter_log_events", "AccessDeniedException", "no")
    logs = Logs(client, None)
    assert logs.events("/g", NOW) is None
    assert logs.events("/g", NOW) == Unknown("denied", "logs:FilterLogEvents")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ThrottlingException", OutOfReach),
        ("ExpiredTokenException", InterruptedWork),
        ("InvalidParameterException", WildrydesError),
    ],
)
def test_other_errors_are_translated(stub: Stub, code: str, error: type[WildrydesError]) -> None:
    client, stubber = stub("logs")
    stubber.add_client_error("filter_log_events", code)
    with pytest.raises(error, match="log group /g") as caught:
        Logs(client, None).events("/g", NOW)
    assert type(caught.value) is error


LATEST, KEPT = {"InstanceId": "i-1", "Latest": True}, {"InstanceId": "i-1"}


def test_a_console_is_read_as_it_is_now(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_response("get_console_output", shown("näher\r\n"), LATEST)
    assert Logs(None, client).console("i-1") == Console("näher\r\n", NOW)


@pytest.mark.parametrize("code", ["UnsupportedOperation", "IncorrectInstanceState"])
def test_where_there_is_no_latest_output_the_kept_one_is_read(stub: Stub, code: str) -> None:
    client, stubber = stub("ec2")
    stubber.add_client_error("get_console_output", code, expected_params=LATEST)
    stubber.add_response("get_console_output", shown("kept\n"), KEPT)
    assert Logs(None, client).console("i-1") == Console("kept\n", NOW)


def test_a_console_may_have_nothing_yet(stub: Stub) -> None:
    client, stubber = stub("ec2")
    for asked in (LATEST, KEPT):
        stubber.add_response("get_console_output", {"InstanceId": "i-1"}, asked)
    assert Logs(None, client).console("i-1") == Console()


def test_an_instance_may_be_gone_or_not_be_read(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_client_error("get_console_output", "InvalidInstanceID.NotFound")
    stubber.add_client_error("get_console_output", "UnauthorizedOperation")
    logs = Logs(None, client)
    assert logs.console("i-1") is None
    assert logs.console("i-1") == Unknown("denied", "ec2:GetConsoleOutput")
    stubber.add_client_error("get_console_output", "RequestLimitExceeded")
    with pytest.raises(OutOfReach, match="console of instance i-1"):
        logs.console("i-1")


def test_of_a_full_console_the_cut_first_line_is_left_out(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_response("get_console_output", shown("ut\n" + "x" * 65532 + "\n"), LATEST)
    found = Logs(None, client).console("i-1")
    assert isinstance(found, Console)
    assert found.text == "x" * 65532 + "\n"
