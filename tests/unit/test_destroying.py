"""The way back: dependants first, only what is ours, and proof that it is gone."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.fakes import API_OUTPUTS, FakeAws, FakeFunctions, Said, event
from wildrydes_ml.deploying import Deployer
from wildrydes_ml.desired import TAG
from wildrydes_ml.destroying import destroy
from wildrydes_ml.errors import Refused, SettingsError, WildrydesError
from wildrydes_ml.records import StackResource
from wildrydes_ml.settings import Settings, Target

EFS, INFERENCE, COMPLETE = "wildrydes-ml-mod5", "wildrydes-ml-mod5-inf", "wildrydes-ml-mod5-complete"
BUCKET = "wildrydes-ml-123456789012-eu-west-1"
LOG_GROUP = "/aws/lambda/ml_inferencefunction"
OURS = {TAG: "wildrydes-ml"}


def deployed(**options: Any) -> FakeAws:
    """An account with a deployment, its log group, and somebody else's stack."""
    aws = FakeAws()
    deployer = Deployer(aws.gateways, Settings(**options), Target(), Said())
    for step in deployer.steps():
        deployer.run(step)
    aws.functions.log_groups |= {LOG_GROUP, f"{LOG_GROUP}-other"}
    aws.stacks.put("theirs", "CREATE_COMPLETE")
    aws.journal.clear()
    return aws


def removed(
    aws: FakeAws, said: Said | None = None, confirm: Callable[[list[str]], None] | None = None, **options: Any
) -> bool:
    return destroy(aws.gateways, Settings(**options), Target(), said or Said(), confirm or (lambda found: None))


def test_the_long_route_goes_in_reverse_order() -> None:
    aws = deployed()
    assert removed(aws)
    assert aws.journal == [
        "unwire api1",
        f"delete {INFERENCE}",
        f"delete {EFS}",
        f"delete log group {LOG_GROUP}",
        "remove 1 objects",
        f"delete bucket {BUCKET}",
    ]
    assert [name for name in aws.stacks.stacks if aws.stacks.describe(name)] == ["theirs"]
    assert aws.buckets.labels == {}
    assert aws.functions.log_groups == {f"{LOG_GROUP}-other"}


@pytest.mark.parametrize("asked", ["long", "short"])
def test_either_route_is_found(asked: str) -> None:
    aws = deployed(route="short")
    assert removed(aws, route=asked)
    assert aws.journal[0] == f"delete {COMPLETE}"
    assert aws.buckets.labels == {}


def test_a_second_time_there_is_nothing_to_remove() -> None:
    aws, said = deployed(), Said()
    removed(aws)
    aws.journal.clear()
    assert not removed(aws, said)
    assert said.texts("event") == ["nothing to remove"]
    assert aws.journal == []


def test_what_goes_is_shown_first_and_a_no_is_a_no() -> None:
    aws = deployed()
    shown: list[str] = []

    def refuse(found: list[str]) -> None:
        shown.extend(found)
        raise SettingsError(["nothing was removed"])

    with pytest.raises(SettingsError):
        removed(aws, confirm=refuse)
    assert aws.journal == []
    assert shown[:3] == [
        f"stack {INFERENCE} (CREATE_COMPLETE)",
        f"stack {EFS} (CREATE_COMPLETE)",
        f"log group {LOG_GROUP}",
    ]
    assert shown[3].startswith(f"s3://{BUCKET}/code/")
    assert shown[4] == f"bucket {BUCKET}"


@pytest.mark.parametrize("name", [EFS, INFERENCE, COMPLETE])
@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "ROLLBACK_COMPLETE", "CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS"])
@pytest.mark.parametrize("tags", [{}, {TAG: "another-name"}], ids=["no tag", "another deployment's tag"])
def test_a_stranger_s_stack_is_left_alone(name: str, status: str, tags: dict[str, str]) -> None:
    aws = FakeAws()
    aws.stacks.put(name, status, resources=[StackResource("Topic", "AWS::SNS::Topic", "topic")], tags=tags)
    aws.functions.log_groups.add(LOG_GROUP)
    with pytest.raises(Refused, match=name) as error:
        removed(aws)
    assert error.value.exit_code == 4
    assert aws.journal == []


def test_a_stack_of_our_template_by_the_aws_cli_is_removed() -> None:
    aws = FakeAws()
    aws.stacks.put(EFS, "CREATE_COMPLETE", resources=[StackResource("LambdaEFSMLVPC", "AWS::EC2::VPC", "vpc-1")])
    assert removed(aws)
    assert aws.journal == [f"delete {EFS}"]


@pytest.mark.parametrize("listed", [[], ["arn:aws:ec2:eu-west-1:123456789012:natgateway/nat-1"]], ids=["none", "one"])
def test_what_still_carries_our_tag_is_told(listed: list[str]) -> None:
    aws, said = deployed(), Said()
    aws.tagging.listed = listed
    assert removed(aws, said)
    assert bool(said.texts("warning")) == bool(listed)
    assert all(arn in said.texts("warning")[0] for arn in listed)
    assert ("nothing with the name or tag wildrydes-ml is left" in said.texts("event")) == (not listed)


def test_another_name_s_things_stay() -> None:
    aws = deployed()
    assert not removed(aws, name="another")
    assert aws.journal == []


def test_from_a_given_bucket_only_our_code_goes() -> None:
    aws = FakeAws()
    ours = "code/ml_inferencefunction-0123456789abcdef.zip"
    theirs = {
        "code/ml_inferencefunction.zip",
        "code/ml_inferencefunction-theirs.zip",
        "code/other-ml_inferencefunction-0123456789abcdef.zip",
        f"old/{ours}",
        f"{ours}.bak",
        "data.csv",
    }
    aws.buckets.put("given", OURS, ours, *theirs)
    assert removed(aws, bucket="given")
    assert set(aws.buckets.objects["given"]) == theirs


def test_a_given_bucket_is_left_as_it_was(tmp_path: Any) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    aws = FakeAws()
    aws.buckets.put("given", {}, "data.csv")
    deployer = Deployer(aws.gateways, Settings(bucket="given", model=str(tmp_path)), Target(), Said())
    for step in deployer.steps():
        deployer.run(step)
    removed(aws, bucket="given")
    assert list(aws.buckets.objects["given"]) == ["data.csv"]


def test_our_bucket_that_was_half_made_goes() -> None:
    aws = FakeAws()
    aws.buckets.put(BUCKET)
    assert removed(aws)
    assert aws.buckets.labels == {}


@pytest.mark.parametrize(("tags", "keys"), [({}, ["data.csv"]), ({TAG: "another-name"}, []), ({"owner": "them"}, [])])
def test_a_stranger_s_bucket_of_our_name_stays(tags: dict[str, str], keys: list[str]) -> None:
    aws = FakeAws()
    aws.buckets.put(BUCKET, tags, *keys)
    assert not removed(aws)
    assert aws.buckets.labels == {BUCKET: tags}
    assert list(aws.buckets.objects[BUCKET]) == keys


@pytest.mark.parametrize(
    ("status", "end"),
    [
        ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"),
        ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"),
        ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"),
        ("DELETE_IN_PROGRESS", "DELETE_FAILED"),
    ],
)
def test_what_is_under_way_is_waited_for_and_then_deleted(status: str, end: str) -> None:
    aws, said = FakeAws(), Said()
    aws.stacks.put(EFS, status, tags=OURS)
    aws.stacks.endings[EFS] = [status, end]
    assert removed(aws, said)
    assert aws.journal == [f"delete {EFS}"]
    assert f"stack {EFS} is {status}: following it" in said.texts("event")


def test_a_deletion_under_way_is_watched() -> None:
    aws = FakeAws()
    aws.stacks.put(EFS, "DELETE_IN_PROGRESS", tags=OURS)
    aws.stacks.endings[EFS] = ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    assert removed(aws)
    assert aws.journal == []


@pytest.mark.parametrize(
    "status",
    ["CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_FAILED", "REVIEW_IN_PROGRESS"],
)
def test_what_failed_is_deleted(status: str) -> None:
    aws = FakeAws()
    aws.stacks.put(EFS, status, tags=OURS)
    assert removed(aws)
    assert aws.journal == [f"delete {EFS}"]


def test_a_failed_deletion_names_its_cause_and_keeps_what_it_needs() -> None:
    aws = deployed()
    aws.stacks.endings[INFERENCE] = ["DELETE_FAILED"]
    aws.stacks.failures[INFERENCE] = [event(500, "DELETE_FAILED", "Role", "it is in use", "AWS::IAM::Role")]
    with pytest.raises(WildrydesError, match=r"ended as DELETE_FAILED: Role \(AWS::IAM::Role\): it is in use"):
        removed(aws)
    assert aws.journal == ["unwire api1", f"delete {INFERENCE}"]
    assert aws.stacks.describe(EFS)
    assert aws.buckets.labels


def test_an_api_is_unwired_only_where_the_deployer_wired_it() -> None:
    aws = FakeAws()
    aws.stacks.put(COMPLETE, "CREATE_COMPLETE", tags=OURS, outputs=API_OUTPUTS)
    removed(aws)
    assert aws.journal == [f"delete {COMPLETE}"]


def test_what_is_still_there_is_an_error_that_lists_it() -> None:
    class Lasting(FakeFunctions):
        def delete_log_group(self, name: str) -> None: ...

    aws = deployed()
    aws.functions = Lasting(aws.journal)
    aws.functions.log_groups.add(LOG_GROUP)
    with pytest.raises(WildrydesError, match=f"still there: log group {LOG_GROUP}"):
        removed(aws)
