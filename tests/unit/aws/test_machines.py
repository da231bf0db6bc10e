"""Step Functions and S3 as batches need them: what is asked, what is answered, and what a person is told."""

import hashlib
import io
import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from wildrydes_ml.aws.functions import Functions
from wildrydes_ml.aws.machines import Counts, Machines
from wildrydes_ml.aws.pictures import Pictures
from wildrydes_ml.errors import SettingsError, WildrydesError

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:rides-Batches"
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def error(code: str, operation: str = "Call", **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}, **more}, operation)


class Client:
    """Answers each operation with what it is given, an exception included, and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def call(**asked: Any) -> Any:
            self.asked.append((name, asked))
            answer = self.answers[name]
            found = answer.pop(0) if isinstance(answer, list) else answer
            if isinstance(found, Exception):
                raise found
            return found

        return call

    def get_paginator(self, name: str) -> Any:
        return type("Pages", (), {"paginate": staticmethod(lambda **asked: self.answers[name])})


def item(name: str, **more: Any) -> dict[str, Any]:
    arn = MACHINE.replace("stateMachine", "execution")
    return {"executionArn": f"{arn}:{name}", "name": name, "status": "RUNNING", "startDate": NOW, **more}


def test_a_name_that_is_taken_is_the_execution_whose_reply_was_lost() -> None:
    begun = Client(start_execution={"executionArn": "arn:of:it"})
    assert Machines(begun).start(MACHINE, "batch-1", {"a": 1}) == "arn:of:it"
    assert json.loads(begun.asked[0][1]["input"]) == {"a": 1}
    taken = Client(start_execution=error("ExecutionAlreadyExists"))
    there = Machines(taken).start(MACHINE, "batch-1", {})
    assert there == "arn:aws:states:eu-west-1:123456789012:execution:rides-Batches:batch-1"
    with pytest.raises(WildrydesError, match="StateMachineDoesNotExist"):
        Machines(Client(start_execution=error("StateMachineDoesNotExist"))).start(MACHINE, "batch-1", {})


def test_executions_are_read_to_the_last_page_and_chosen_by_name() -> None:
    pages = [
        {"executions": [item("batch-a-1"), item("other")], "nextToken": "more"},
        {"executions": [item("batch-a-2", startDate=NOW.replace(year=2027))]},
    ]
    client = Client(list_executions=pages)
    found = Machines(client).executions(MACHINE, "batch-a-", "RUNNING")
    assert [one.name for one in found] == ["batch-a-2", "batch-a-1"], "the newest first"
    assert client.asked[1][1]["nextToken"] == "more"
    assert client.asked[0][1]["statusFilter"] == "RUNNING"


def test_the_counts_are_zero_until_the_manifest_was_read() -> None:
    assert Machines(Client(list_map_runs={"mapRuns": []})).counts("arn") == Counts()
    counts = {"total": 9, "succeeded": 3, "failed": 1, "timedOut": 1, "aborted": 1, "running": 2}
    client = Client(list_map_runs={"mapRuns": [{"mapRunArn": "run"}]}, describe_map_run={"itemCounts": counts})
    found = Machines(client).counts("arn")
    assert found == Counts(total=9, succeeded=3, failed=3, running=2)
    assert found.over == 6


def test_reasons_are_told_in_the_functions_words_and_once() -> None:
    cause = json.dumps({"errorType": "Failed", "errorMessage": "model-unavailable", "trace": []})
    client = Client(
        list_map_runs={"mapRuns": [{"mapRunArn": "run"}]},
        list_executions={"executions": [item("1"), item("2"), item("3")]},
        describe_execution=[
            item("1", status="FAILED", error="Failed", cause=cause),
            item("2", status="FAILED", error="Failed", cause=cause),
            item("3", status="FAILED", error="Sandbox.Timedout", cause="Task timed out after 90.00 seconds"),
        ],
    )
    assert Machines(client).failures("arn") == [
        "Failed: model-unavailable",
        "Sandbox.Timedout: Task timed out after 90.00 seconds",
    ]


def test_an_execution_that_is_gone_is_told() -> None:
    with pytest.raises(WildrydesError, match="no longer exists; run again"):
        Machines(Client(describe_execution=error("ExecutionDoesNotExist"))).execution("arn")


# S3


def test_buckets_that_cannot_be_used_are_told_apart() -> None:
    def refused(answer: Any) -> str:
        with pytest.raises(WildrydesError) as caught:
            Pictures(Client(head_bucket=answer), "eu-west-1").refuse_unfit("pics")
        return str(caught.value)

    there: dict[str, Any] = {"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "us-west-2"}}}
    assert "there is no such bucket" in refused(error("404"))
    assert "lack the permission s3:ListBucket" in refused(error("403"))
    assert "is in region us-west-2, and the function in eu-west-1" in refused(there)
    assert "is in region us-west-2" in refused(error("301", **there))
    Pictures(Client(head_bucket={}), "eu-west-1").refuse_unfit("pics")


def test_keys_are_listed_without_the_markers_of_folders() -> None:
    pages = [{"Contents": [{"Key": "p/"}, {"Key": "p/a"}]}, {}, {"Contents": [{"Key": "p/b/"}, {"Key": "p/c"}]}]
    assert list(Pictures(Client(list_objects_v2=pages), "eu-west-1").keys("pics", "p/")) == ["p/a", "p/c"]


@pytest.mark.parametrize(
    ("size", "seconds", "body", "differs"),
    [(3, 60, b"abc", False), (3, 60, b"abd", True), (4, -60, b"abc", True), (3, -60, b"abd", False)],
    ids=["touched", "newer", "of another size", "older"],
)
def test_a_file_differs_by_its_size_and_if_it_is_newer_by_its_content(
    size: int, seconds: float, body: bytes, differs: bool, tmp_path: Path
) -> None:
    entry = {"Key": "a", "Size": size, "LastModified": NOW, "ETag": f'"{hashlib.md5(b"abc").hexdigest()}"'}
    (tmp_path / "a").write_bytes(body)
    os.utime(tmp_path / "a", (0, NOW.timestamp() + seconds))
    client = Client(list_objects_v2=[{"Contents": [{"Key": "p/"}, entry]}])
    (found,) = Pictures(client, "eu-west-1").listed("pics")
    assert found.differs(tmp_path / "a") is differs


def test_a_missing_object_is_none_and_a_denied_one_names_the_right() -> None:
    stored = {"Body": io.BytesIO(b"abc"), "Metadata": {"seconds": "1"}}
    found = Pictures(Client(get_object=stored), "eu-west-1").read("pics", "a")
    assert found
    assert (found.body, found.labels) == (b"abc", {"seconds": "1"})
    assert Pictures(Client(get_object=error("NoSuchKey")), "eu-west-1").read("pics", "a") is None
    with pytest.raises(WildrydesError, match="allow s3:GetObject"):
        Pictures(Client(get_object=error("AccessDenied")), "eu-west-1").read("pics", "a")
    with pytest.raises(SettingsError, match="no such bucket"):
        Pictures(Client(put_object=error("NoSuchBucket")), "eu-west-1").write("pics", "a", b"")


# Lambda


def test_what_a_function_is_and_what_it_returns() -> None:
    known = {"FunctionName": "f", "Role": "arn:aws:iam::1:role/path/r", "MemorySize": 3008, "Timeout": 90}
    facts = Functions(Client(get_function_configuration=known), None).facts("f:live")
    assert facts
    assert (facts.role, facts.memory, facts.architecture, facts.mounts) == ("r", 3008, "x86_64", False)
    assert facts.subnets == ()
    inside = Client(get_function_configuration={**known, "VpcConfig": {"SubnetIds": ["subnet-a", "subnet-b"]}})
    within = Functions(inside, None).facts("f:live")
    assert within
    assert within.subnets == ("subnet-a", "subnet-b")
    assert Functions(Client(get_function_configuration=error("ResourceNotFoundException")), None).facts("f") is None
    reply = {"Payload": io.BytesIO(b'{"done": 1}')}
    assert Functions(Client(invoke=reply), None).call("f", {}) == {"done": 1}
    failed = {
        "FunctionError": "Unhandled",
        "Payload": io.BytesIO(b'{"errorType": "Failed", "errorMessage": "no model"}'),
    }
    with pytest.raises(WildrydesError, match="Failed: no model"):
        Functions(Client(invoke=failed), None).call("f", {})
