"""Deleting a stack to its end: each cause of a failure with what is done about it."""

from collections.abc import Container, Sequence

import pytest

from tests.unit.fakes import FakeAws
from wildrydes_ml.aws.records import NetworkInterface, StackEvent, StackResource
from wildrydes_ml.destroy.deleter import Cause, Deleter, cause_of, failures_of
from wildrydes_ml.errors import InterruptedWork, WildrydesError
from wildrydes_ml.testing import STACK_TYPE, FakeStacks, Said, event

NAME = "wildrydes-ml-mod5"
RESOURCES = [
    StackResource("PrivateSubnetOne", "AWS::EC2::Subnet", "subnet-a"),
    StackResource("PrivateSubnetTwo", "AWS::EC2::Subnet", "subnet-b"),
    StackResource("NeverMade", "AWS::EC2::Subnet", ""),
    StackResource("Group", "AWS::EC2::SecurityGroup", "sg-1"),
    StackResource("Uploads", "AWS::S3::Bucket", "uploads"),
    StackResource("Others", "AWS::S3::Bucket", "others"),
    StackResource("Role", "AWS::IAM::Role", "role"),
]
HELD = event(2, "DELETE_FAILED", "Group", "resource sg-1 has a dependent object", "AWS::EC2::SecurityGroup")
FULL = event(3, "DELETE_FAILED", "Uploads", "The bucket you tried to delete is not empty", "AWS::S3::Bucket")
DENIED = event(4, "DELETE_FAILED", "Role", "not authorized to perform: iam:DeleteRole", "AWS::IAM::Role")
LAMBDA = NetworkInterface("eni-1", "available", "AWS Lambda VPC ENI-f", ("sg-1",))


def begun(*failures: StackEvent) -> list[StackEvent]:
    return [event(1, "DELETE_IN_PROGRESS", NAME, "", STACK_TYPE), *failures]


def account(*failures: StackEvent, status: str = "CREATE_COMPLETE", times: int = 1) -> FakeAws:
    """A stack that cannot be deleted so many times."""
    aws = FakeAws()
    aws.stacks.put(NAME, status, resources=RESOURCES)
    aws.stacks.endings[NAME] = ["DELETE_FAILED"] * times
    aws.stacks.failures[NAME] = begun(*failures)
    return aws


def deleted(aws: FakeAws, retain: Sequence[str] = (), said: Said | None = None) -> list[str]:
    stack = aws.stacks.describe(NAME)
    assert stack
    Deleter(aws.gateways, retain, said or Said()).delete(stack)
    assert aws.stacks.describe(NAME) is None
    return aws.journal


@pytest.mark.parametrize(
    ("type", "reason", "cause"),
    [
        ("AWS::EC2::SecurityGroup", "resource sg-1 has a dependent object (Service: Ec2)", Cause.INTERFACES),
        ("AWS::EC2::SecurityGroup", "DependencyViolation: sg-1", Cause.INTERFACES),
        ("AWS::EC2::Subnet", "The subnet 'subnet-a' has dependencies and cannot be deleted.", Cause.INTERFACES),
        ("AWS::EC2::VPC", "The vpc 'vpc-1' has dependencies and cannot be deleted.", Cause.INTERFACES),
        ("AWS::EC2::Subnet", "network interface eni-1 is there", Cause.INTERFACES),
        ("AWS::EC2::SecurityGroup", "the group is in use", Cause.INTERFACES),
        ("AWS::EC2::SecurityGroup", "You are not authorized to perform this operation", Cause.OTHER),
        ("AWS::EFS::FileSystem", "DependencyViolation", Cause.OTHER),
        ("AWS::S3::Bucket", "The bucket you tried to delete is not empty (Service: S3)", Cause.CONTENT),
        ("AWS::S3::Bucket", "BucketNotEmpty", Cause.CONTENT),
        ("AWS::S3::Bucket", "Access Denied", Cause.OTHER),
        ("AWS::IAM::Role", "BucketNotEmpty", Cause.OTHER),
        ("AWS::Lambda::Function", "", Cause.OTHER),
    ],
)
def test_the_cause_of_a_failure(type: str, reason: str, cause: Cause) -> None:
    assert cause_of(event(1, "DELETE_FAILED", "Thing", reason, type)) is cause


def test_failures_are_the_last_deletion_s_and_what_went_at_a_second_try_is_none() -> None:
    events = [
        *begun(DENIED),
        event(5, "DELETE_FAILED", NAME, "The following resource(s) failed to delete: [Role].", STACK_TYPE),
        *begun(HELD, FULL),
        event(6, "DELETE_IN_PROGRESS", "Uploads", "", "AWS::S3::Bucket"),
        event(7, "DELETE_COMPLETE", "Uploads", "", "AWS::S3::Bucket"),
        event(8, "DELETE_FAILED", NAME, "The following resource(s) failed to delete: [Group].", STACK_TYPE),
    ]
    assert failures_of(events) == [HELD]


def test_what_was_only_given_up_holds_nothing() -> None:
    given_up = event(5, "DELETE_FAILED", "Role", "Resource deletion cancelled", "AWS::IAM::Role")
    assert failures_of(begun(given_up, FULL)) == [FULL]
    assert failures_of(begun(given_up)) == [given_up]
    aws = account(given_up, HELD)
    aws.networks.looks = [[LAMBDA], []]
    assert deleted(aws) == [f"delete {NAME}", "delete eni-1", f"delete {NAME}"]


def test_a_reason_that_only_the_stack_tells_is_told() -> None:
    aws = account()
    aws.stacks.failures[NAME] = begun(event(6, "DELETE_FAILED", NAME, "Export x is in use by other", STACK_TYPE))
    with pytest.raises(WildrydesError, match=r"ended as DELETE_FAILED: .*Export x is in use by other"):
        deleted(aws)


def test_interfaces_are_waited_for_and_the_stack_deleted_again() -> None:
    aws = account(HELD)
    used = NetworkInterface("eni-1", "in-use", "AWS Lambda VPC ENI-f")
    aws.networks.looks = [[used], [LAMBDA], []]
    assert deleted(aws) == [f"delete {NAME}", "delete eni-1", f"delete {NAME}"]
    assert aws.networks.asked == [(["sg-1"], [])] * 3


def test_a_bucket_is_emptied_and_the_stack_deleted_again() -> None:
    aws, said = account(FULL), Said()
    aws.buckets.put("uploads", {}, "a", "b")
    aws.buckets.older["uploads"] = [("a", "v1")]
    aws.buckets.unfinished = {"uploads": "c", "others": "d"}
    aws.buckets.put("others", {}, "theirs")
    assert deleted(aws, said=said) == [f"delete {NAME}", "remove 3 versions", f"delete {NAME}"]
    assert "emptying bucket uploads" in said.texts("event")
    assert list(aws.buckets.objects["others"]) == ["theirs"]
    assert aws.buckets.unfinished == {"others": "d"}
    assert aws.networks.asked == []


def test_both_at_once_are_cured_before_the_next_try() -> None:
    aws = account(HELD, FULL)
    aws.buckets.put("uploads", {}, "a")
    aws.networks.looks = [[LAMBDA], []]
    assert deleted(aws) == [f"delete {NAME}", "remove 1 versions", "delete eni-1", f"delete {NAME}"]


def test_a_stack_whose_deletion_failed_before_is_simply_deleted_again() -> None:
    aws = account(DENIED, status="DELETE_FAILED")
    aws.stacks.endings[NAME] = []
    assert deleted(aws, ["Role"]) == [f"delete {NAME}"]


def test_what_nothing_is_known_about_is_told_with_all_reasons_and_what_to_do() -> None:
    aws = account(HELD, DENIED)
    with pytest.raises(WildrydesError) as error:
        deleted(aws)
    assert aws.journal == [f"delete {NAME}"]
    assert error.value.exit_code == 1
    assert str(error.value).splitlines() == [
        f"stack {NAME} could not be deleted (DELETE_FAILED):",
        "  Group (AWS::EC2::SecurityGroup): resource sg-1 has a dependent object",
        "  Role (AWS::IAM::Role): not authorized to perform: iam:DeleteRole",
        "delete what still uses these resources and run again, or keep them with --retain Group --retain Role",
    ]


def test_what_may_be_retained_is_left_behind_when_it_cannot_be_deleted() -> None:
    aws, said = account(DENIED), Said()
    assert deleted(aws, ["Role", "Group"], said) == [f"delete {NAME}", f"delete {NAME} retaining Role"]
    assert said.texts("warning") == ["not deleted, as --retain says: Role (AWS::IAM::Role) role"]
    assert [text for text in said.texts("event") if text.startswith("deleting")] == [
        f"deleting stack {NAME}",
        f"deleting stack {NAME} except Role",
    ]


def test_retaining_one_thing_does_not_help_another() -> None:
    aws = account(DENIED, HELD)
    aws.networks.looks = [[LAMBDA], []]
    assert deleted(aws, ["Role"]) == [f"delete {NAME}", "delete eni-1", f"delete {NAME} retaining Role"]
    with pytest.raises(WildrydesError, match=r"Role \(AWS::IAM::Role\)"):
        deleted(account(DENIED, HELD), ["Group"])


def test_what_may_be_retained_is_not_waited_for() -> None:
    aws = account(HELD)
    aws.networks.looks = [[NetworkInterface("eni-1", "in-use", "AWS Lambda VPC ENI-f")]]
    assert deleted(aws, ["Group"]) == [f"delete {NAME}", f"delete {NAME} retaining Group"]
    assert aws.networks.asked == []


def test_after_a_few_tries_the_users_of_the_network_are_told() -> None:
    aws = account(HELD, times=99)
    aws.networks.looks = [[NetworkInterface("eni-9", "in-use", "Primary network interface")]]
    with pytest.raises(WildrydesError, match=r"in its network: eni-9 \(in-use\) Primary network interface"):
        deleted(aws)
    assert aws.journal == [f"delete {NAME}"] * 4
    assert aws.networks.asked[-1] == (["sg-1"], ["subnet-a", "subnet-b"])


def test_users_that_may_not_be_looked_at_hide_no_reason() -> None:
    aws = account(HELD, DENIED)
    aws.networks.looks = [WildrydesError("network interfaces: AWS denies it")]
    with pytest.raises(WildrydesError) as error:
        deleted(aws)
    assert "Role (AWS::IAM::Role): not authorized to perform: iam:DeleteRole" in str(error.value)
    assert "what uses its network was not checked: network interfaces: AWS denies it" in str(error.value)


def test_a_failure_without_a_resource_tells_the_stack_s_own_reason() -> None:
    aws = account()
    aws.stacks.put(NAME, "CREATE_COMPLETE", reason="export in use")
    with pytest.raises(WildrydesError, match="ended as DELETE_FAILED: export in use"):
        deleted(aws)


@pytest.mark.parametrize(
    ("status", "end"),
    [("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE"), ("DELETE_IN_PROGRESS", "DELETE_FAILED")],
)
def test_what_is_under_way_is_followed_first_however_it_ends(status: str, end: str) -> None:
    aws, said = account(status=status), Said()
    aws.stacks.failures[NAME] = []
    aws.stacks.endings[NAME] = [end]
    assert deleted(aws, said=said) == [f"delete {NAME}"]
    assert any(f"ended as {end}" in text for text in said.texts("event"))


def test_a_deletion_under_way_that_ends_well_is_not_repeated() -> None:
    aws = account(status="DELETE_IN_PROGRESS")
    aws.stacks.endings[NAME] = ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    assert deleted(aws) == []


def test_what_interrupts_the_following_interrupts_the_removal() -> None:
    class Expiring(FakeStacks):
        def events(self, stack: str, seen: Container[str] = (), token: str = "") -> list[StackEvent]:
            raise InterruptedWork("the credentials have expired")

    aws = FakeAws()
    aws.stacks = Expiring(aws.journal, lambda stack: {})
    aws.stacks.put(NAME, "CREATE_IN_PROGRESS")
    with pytest.raises(InterruptedWork):
        deleted(aws)
    assert aws.journal == []
