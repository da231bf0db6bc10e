"""The gateway of this service, on boto's own client: what AWS is asked and what its answers mean."""

import io
import json
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.response import StreamingBody

from tests.unit.stubs import Stub
from wildrydes_ml.aws.facts import Unknown
from wildrydes_ml.aws.functions import Functions
from wildrydes_ml.aws.records import Invocation
from wildrydes_ml.errors import OutOfReach, WildrydesError

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
STACK = {"StackName": "s", "StackId": "id:s", "StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}
ARN = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c/1"


def reply(payload: object, **more: Any) -> dict[str, Any]:
    body = json.dumps(payload).encode()
    return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(body), len(body)), **more}


def refused(returned: str) -> Invocation:
    """What came of an answer that API Gateway does not take."""
    wanted = '{"statusCode": 200, "body": json.dumps(...)}'
    return Invocation(0, "", f"the function returned {returned}, which API Gateway does not accept: return {wanted}")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply({"statusCode": 200, "body": "{}"}), Invocation(200, "{}")),
        (reply({"statusCode": 503, "body": "x"}), Invocation(503, "x")),
        (reply({"errorMessage": "Task timed out"}, FunctionError="Unhandled"), Invocation(0, "", "Task timed out")),
        (
            reply({"errorMessage": "'TABEL'", "errorType": "KeyError"}, FunctionError="Unhandled"),
            Invocation(0, "", "KeyError: 'TABEL'"),
        ),
        (
            reply({"errorMessage": "no", "errorType": "Runtime.Exit"}, FunctionError="Unhandled"),
            Invocation(0, "", "no"),
        ),
        (reply({"statusCode": "204"}), Invocation(204, "")),
        (reply({"statusCode": 200, "body": None}), Invocation(200, "")),
        (reply({"errorMessage": "out", "errorType": "Sandbox.Timedout"}, FunctionError="x"), Invocation(0, "", "out")),
        (reply({"y": 1}), refused("no statusCode")),
        (reply({"statusCode": None}), refused("statusCode null")),
        (reply({}), refused("no statusCode")),
        (reply(None), refused("nothing")),
        (reply("hello"), refused("no object")),
        (reply({"statusCode": "fine", "body": ""}), refused('statusCode "fine"')),
        (reply({"statusCode": 200, "body": {"a": 1}}), refused("a body that is not text")),
    ],
    ids=[
        "answer",
        "problem",
        "timeout",
        "key",
        "exit",
        "as text",
        "no body",
        "lambda",
        "no status",
        "null status",
        "empty",
        "null",
        "text",
        "odd status",
        "odd body",
    ],
)
def test_an_invocation_s_answer(stub: Stub, answer: dict[str, Any], expected: Invocation) -> None:
    client, stubber = stub("lambda")
    stubber.add_response("invoke", answer, {"FunctionName": "f:live", "Payload": b'{"image": ""}'})
    assert Functions(client, None).invoke("f:live", {"image": ""}) == expected


def test_a_log_group_is_known_by_its_whole_name_and_may_be_gone(stub: Stub) -> None:
    client, stubber = stub("logs")
    functions = Functions(None, client)
    for names, expected in ((["/g-other"], None), (["/g", "/g-other"], {"k": "v"}), ([], None)):
        groups = {"logGroups": [{"logGroupName": name, "arn": f"arn:log-group:{name}:*"} for name in names]}
        stubber.add_response("describe_log_groups", groups, {"logGroupNamePrefix": "/g"})
        if expected:
            stubber.add_response("list_tags_for_resource", {"tags": expected}, {"resourceArn": "arn:log-group:/g"})
        assert functions.log_group_tags("/g") == expected
    stubber.add_response("describe_log_groups", {"logGroups": [{"logGroupName": "/g", "arn": "arn:log-group:/g:*"}]})
    stubber.add_client_error("list_tags_for_resource", "ResourceNotFoundException")
    assert functions.log_group_tags("/g") is None
    stubber.add_client_error("delete_log_group", "ResourceNotFoundException", expected_params={"logGroupName": "/g"})
    functions.delete_log_group("/g")
    stubber.add_client_error("delete_log_group", "AccessDeniedException", "no")
    with pytest.raises(WildrydesError, match="AWS denies access: no"):
        functions.delete_log_group("/g")


def test_a_function_s_tags(stub: Stub) -> None:
    client, stubber = stub("lambda")
    functions = Functions(client, None)
    stubber.add_response("get_function", {"Tags": {"k": "v"}}, {"FunctionName": "f"})
    assert functions.tags("f") == {"k": "v"}
    stubber.add_response("get_function", {}, {"FunctionName": "f"})
    assert functions.tags("f") == {}
    stubber.add_client_error("get_function", "ResourceNotFoundException")
    assert functions.tags("f") is None


ALIAS = {"FunctionName": "f", "Name": "live"}


def test_one_call_tells_that_function_and_alias_are_there(stub: Stub) -> None:
    client, stubber = stub("lambda")
    stubber.add_response("get_alias", {"Name": "live"}, ALIAS)
    assert Functions(client, None).lost("f", "live") == ""


def test_a_lost_alias_is_told_from_a_lost_function(stub: Stub) -> None:
    """AWS has one code for both, and taking out a function that is there would cost its network interfaces' time."""
    client, stubber = stub("lambda")
    functions = Functions(client, None)
    stubber.add_client_error("get_alias", "ResourceNotFoundException", expected_params=ALIAS)
    stubber.add_response("get_function", {}, {"FunctionName": "f"})
    assert functions.lost("f", "live") == "AWS::Lambda::Alias"
    stubber.add_client_error("get_alias", "ResourceNotFoundException", expected_params=ALIAS)
    stubber.add_client_error("get_function", "ResourceNotFoundException", expected_params={"FunctionName": "f"})
    assert functions.lost("f", "live") == "AWS::Lambda::Function"


def test_a_function_that_may_not_be_looked_at_is_unknown(stub: Stub) -> None:
    client, stubber = stub("lambda")
    stubber.add_client_error("get_alias", "AccessDeniedException")
    assert Functions(client, None).lost("f", "live") == Unknown("denied", "lambda:GetAlias")
    stubber.add_client_error("get_alias", "ServiceException")
    with pytest.raises(OutOfReach):
        Functions(client, None).lost("f", "live")


def listed(stubber: Any, *names: str) -> None:
    stubber.add_response("list_functions", {"Functions": [{"FunctionName": name} for name in names]}, {})


def test_several_functions_are_looked_for_with_one_call(stub: Stub) -> None:
    client, stubber = stub("lambda")
    listed(stubber, "a", "b", "another")
    assert Functions(client, None).missing(["a", "b"]) == ()


def test_what_is_not_on_the_first_page_is_asked_for_by_name(stub: Stub) -> None:
    client, stubber = stub("lambda")
    listed(stubber, "a")
    stubber.add_response("get_function", {}, {"FunctionName": "b"})
    stubber.add_client_error("get_function", "ResourceNotFoundException", expected_params={"FunctionName": "c"})
    assert Functions(client, None).missing(["a", "b", "c"]) == ("c",)


def test_one_function_is_asked_for_by_name(stub: Stub) -> None:
    client, stubber = stub("lambda")
    stubber.add_client_error("get_function", "ResourceNotFoundException", expected_params={"FunctionName": "a"})
    assert Functions(client, None).missing(["a"]) == ("a",)


def test_functions_that_may_not_be_listed_are_asked_for_by_name(stub: Stub) -> None:
    client, stubber = stub("lambda")
    stubber.add_client_error("list_functions", "AccessDeniedException")
    stubber.add_response("get_function", {}, {"FunctionName": "a"})
    stubber.add_client_error("get_function", "AccessDeniedException", expected_params={"FunctionName": "b"})
    assert Functions(client, None).missing(["a", "b"]) == Unknown("denied", "lambda:GetFunction")
