"""The way back: dependants first, only what is ours, and proof that it is gone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from tests.unit.fakes import API_OUTPUTS, FakeAws
from wildrydes_ml.aws.keys import Tags
from wildrydes_ml.aws.records import Billable, NetworkInterface, StackResource
from wildrydes_ml.aws.target import Target
from wildrydes_ml.classroom.pacing import Over
from wildrydes_ml.deploy import repeat
from wildrydes_ml.deploy.deployer import Deployer
from wildrydes_ml.deploy.planner import FoundStack
from wildrydes_ml.destroy.destroyer import destroy
from wildrydes_ml.destroy.remains import STACK_TAG
from wildrydes_ml.errors import InterruptedWork, OutOfReach, Refused, SettingsError, WildrydesError
from wildrydes_ml.tags import ASIDE_TAG, TAG
from wildrydes_ml.template.change import ResourceChange
from wildrydes_ml.testing import STACK_TYPE, Clock, FakeApis, FakeFunctions, Said, event
from wildrydes_ml.workshop.settings import wild_rydes

EFS, INFERENCE, COMPLETE = "wildrydes-ml-mod5", "wildrydes-ml-mod5-inf", "wildrydes-ml-mod5-complete"
BUCKET = "wildrydes-ml-123456789012-eu-west-1"
LOG_GROUP = "/aws/lambda/ml_inferencefunction"
OURS = {TAG: "wildrydes-ml"}


def deployed(**options: Any) -> FakeAws:
    """An account with a deployment, its log group, and somebody else's log group and stack."""
    aws = FakeAws()
    deployer = Deployer.planned(aws.gateways, wild_rydes(**options), Target(), Said())
    for step in deployer.plan.steps:
        deployer.run(step)
    aws.functions.log_groups = {LOG_GROUP: dict(OURS), f"{LOG_GROUP}-other": {}}
    aws.stacks.put("theirs", "CREATE_COMPLETE")
    aws.journal.clear()
    return aws


def removed(
    aws: FakeAws, said: Said | None = None, confirm: Callable[[list[str]], None] | None = None, **options: Any
) -> bool:
    return destroy(aws.gateways, wild_rydes(**options), Target(), said or Said(), confirm or (lambda found: None))


def test_the_long_route_goes_in_reverse_order() -> None:
    aws = deployed()
    assert removed(aws)
    assert aws.journal == [
        f"delete {INFERENCE}",
        f"delete {EFS}",
        f"delete log group {LOG_GROUP}",
        "remove 1 versions",
        f"delete bucket {BUCKET}",
    ]
    assert [name for name in aws.stacks.stacks if aws.stacks.describe(name)] == ["theirs"]
    assert aws.buckets.labels == {}
    assert list(aws.functions.log_groups) == [f"{LOG_GROUP}-other"]


def test_the_stack_beside_the_others_goes_first_since_it_uses_their_role() -> None:
    aws = deployed()
    aws.stacks.put("wildrydes-ml-batch", "CREATE_COMPLETE", tags=dict(OURS))
    aws.buckets.objects[BUCKET]["batches/0123456789ab/results/1.jsonl"] = b""
    assert removed(aws)
    assert aws.journal[:3] == ["delete wildrydes-ml-batch", f"delete {INFERENCE}", f"delete {EFS}"]
    assert aws.buckets.labels == {}, "what batches have left in our bucket is no reason to keep it"


def test_keeping_the_data_keeps_no_machine() -> None:
    aws = deployed()
    aws.stacks.put("wildrydes-ml-batch", "CREATE_COMPLETE", tags=dict(OURS))
    assert removed(aws, keep_data=True)
    assert aws.journal[:2] == ["delete wildrydes-ml-batch", f"delete {INFERENCE}"]
    assert aws.stacks.describe(EFS)


def test_a_key_whose_stack_is_gone_goes_too() -> None:
    aws = deployed(overrides={"ApiAuth": "API_KEY"})
    del aws.stacks.stacks[INFERENCE]
    assert removed(aws)
    assert aws.journal[0] == "unwire"
    assert (aws.apis.keys, aws.apis.plans) == ({}, {})


def left_with_keys(**tags: dict[str, str]) -> FakeAws:
    """An account with nothing but API keys and usage plans, by id."""
    aws = FakeAws()
    aws.apis.keys = {f"k-{id}": labels for id, labels in tags.items()}
    aws.apis.plans = {f"p-{id}": labels for id, labels in tags.items()}
    return aws


def test_a_key_goes_also_when_nothing_else_is_left() -> None:
    aws, said, shown = left_with_keys(ours=OURS), Said(), list[str]()
    assert removed(aws, said, shown.extend)
    assert shown == ["API key k-ours", "usage plan p-ours"]
    assert aws.journal == ["unwire"]
    assert said.texts("event")[-1] == "deleted: API key k-ours, usage plan p-ours"
    assert not removed(aws)


def test_a_key_is_not_removed_against_a_persons_will() -> None:
    aws = left_with_keys(ours=OURS)

    def refuse(found: list[str]) -> None:
        raise SettingsError(["nothing was deleted"])

    with pytest.raises(SettingsError):
        removed(aws, confirm=refuse)
    assert aws.journal == []


def test_strangers_keys_stay() -> None:
    strangers = {"none": {}, "other": {TAG: "other"}, "stack": {**OURS, STACK_TAG: "theirs"}}
    aws = left_with_keys(**strangers)
    assert not removed(aws)
    assert list(aws.apis.keys) == ["k-none", "k-other", "k-stack"]


def test_a_key_that_a_deploy_makes_meanwhile_is_told_and_goes_the_next_time() -> None:
    class Late(FakeApis):
        def unwire(self, tags: Tags) -> None:
            super().unwire(tags)
            self.keys["late"] = OURS

    aws, said = deployed(overrides={"ApiAuth": "API_KEY"}), Said()
    late = Late(aws.journal)
    late.keys, late.plans = aws.apis.keys, aws.apis.plans
    gone, aws.apis = aws.apis, late
    with pytest.raises(WildrydesError, match=r"^still exists: API key late$"):
        removed(aws, said)
    assert "aws apigateway delete-api-key --api-key late --region eu-west-1" in said.texts("output")[-1]
    gone.keys, gone.plans = late.keys, late.plans
    aws.apis = gone
    assert removed(aws)
    assert aws.apis.keys == {}


def test_a_key_in_a_stack_goes_with_it_and_what_the_stack_leaves_the_next_time() -> None:
    aws = deployed(route="short")
    aws.apis.keys["k"] = {**OURS, STACK_TAG: COMPLETE}
    with pytest.raises(WildrydesError, match=r"^still exists: API key k$"):
        removed(aws, route="short")
    assert "unwire" not in aws.journal
    assert removed(aws)
    assert aws.apis.keys == {}


def test_keys_that_may_not_be_listed_are_a_check_that_was_skipped() -> None:
    aws, said = deployed(), Said()
    aws.apis.refusal = WildrydesError("API keys: AWS denies it")
    assert removed(aws, said)
    assert said.texts("event")[0] == "API keys not checked: API keys: AWS denies it"
    assert "verified: no billable resource of wildrydes-ml remains; not checked: API keys" in said.texts("event")
    aws.apis.refusal = OutOfReach("API keys: AWS cannot be reached")
    with pytest.raises(OutOfReach):
        removed(aws)


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
    assert said.texts("event") == ["verified: no billable resource of wildrydes-ml remains", "nothing to delete"]
    assert aws.journal == []


def test_what_goes_is_shown_first_and_a_no_is_a_no() -> None:
    aws = deployed()
    shown: list[str] = []

    def refuse(found: list[str]) -> None:
        shown.extend(found)
        raise SettingsError(["nothing was deleted"])

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
    aws.functions.log_groups[LOG_GROUP] = dict(OURS)
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
    assert "verified: no billable resource of wildrydes-ml remains" in said.texts("event")


def test_another_name_s_things_stay() -> None:
    aws = deployed()
    assert not removed(aws, name="another")
    assert aws.journal == []


def test_from_a_given_bucket_only_our_code_goes() -> None:
    aws = FakeAws()
    ours = "code/ml_inferencefunction-0123456789abcdef.zip"
    theirs = {
        "code/ml_inferencefunction-fedcba9876543210.zip",
        "code/ml_inferencefunction.zip",
        "code/ml_inferencefunction-theirs.zip",
        "code/other-ml_inferencefunction-0123456789abcdef.zip",
        f"old/{ours}",
        f"{ours}.bak",
        "data.csv",
    }
    aws.buckets.put("given", OURS, ours, *theirs)
    aws.buckets.said = {ours: OURS, f"old/{ours}": OURS, f"{ours}.bak": OURS}
    said = Said()
    assert removed(aws, said, bucket="given")
    assert set(aws.buckets.objects["given"]) == theirs
    assert said.texts("warning") == [
        "not deleted: s3://given/code/ml_inferencefunction-fedcba9876543210.zip "
        "(nothing shows that this deployment uploaded them)"
    ]


def test_a_given_bucket_is_left_as_it_was(tmp_path: Any) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    aws = FakeAws()
    aws.buckets.put("given", {}, "data.csv")
    deployer = Deployer.planned(aws.gateways, wild_rydes(bucket="given", model=str(tmp_path)), Target(), Said())
    for step in deployer.plan.steps:
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
    with pytest.raises(WildrydesError, match=r"Role \(AWS::IAM::Role\): it is in use\n.*--retain Role"):
        removed(aws)
    assert aws.journal == [f"delete {INFERENCE}"]
    assert aws.stacks.describe(EFS)
    assert aws.buckets.labels


def test_keys_are_removed_only_where_the_deployer_made_them() -> None:
    aws = FakeAws()
    aws.stacks.put(COMPLETE, "CREATE_COMPLETE", tags=OURS, outputs=API_OUTPUTS)
    removed(aws)
    assert aws.journal == [f"delete {COMPLETE}"]


def test_what_is_still_there_is_an_error_that_lists_it() -> None:
    class Lasting(FakeFunctions):
        def delete_log_group(self, name: str) -> None: ...

    aws = deployed()
    aws.functions = Lasting(aws.journal)
    aws.functions.log_groups[LOG_GROUP] = dict(OURS)
    with pytest.raises(WildrydesError, match=f"still exists: log group {LOG_GROUP}"):
        removed(aws)


def test_uploads_to_a_given_bucket_go_before_the_stack_that_remembers_the_bucket() -> None:
    aws = FakeAws()
    aws.buckets.put("given", {}, "code/ml_inferencefunction-0123456789abcdef.zip")
    aws.buckets.said = {"code/ml_inferencefunction-0123456789abcdef.zip": OURS}
    aws.stacks.put(EFS, "CREATE_COMPLETE", tags=OURS, parameters={"DataBucket": "given"})
    assert removed(aws)
    assert aws.journal == ["remove 1 versions", f"delete {EFS}"]


def test_our_bucket_remembers_the_function_s_name_when_its_stack_is_gone() -> None:
    aws = FakeAws()
    aws.buckets.put(BUCKET, OURS, "code/rider-0123456789abcdef.zip", "model/other-0123456789abcdef.tar")
    aws.functions.log_groups = {"/aws/lambda/rider": dict(OURS), "/aws/lambda/other": {}}
    assert removed(aws)
    assert list(aws.functions.log_groups) == ["/aws/lambda/other"]


def test_versions_and_unfinished_uploads_of_our_bucket_go() -> None:
    aws = deployed()
    old = "code/ml_inferencefunction-0123456789abcdef.zip"
    aws.buckets.older[BUCKET] = [(old, "v1"), (old, "mark-2")]
    aws.buckets.unfinished[BUCKET] = "model/big"
    assert removed(aws)
    assert "remove 3 versions" in aws.journal
    assert aws.buckets.labels == {}


def test_of_a_given_bucket_only_versions_of_our_keys_go() -> None:
    aws = FakeAws()
    ours = "code/ml_inferencefunction-0123456789abcdef.zip"
    aws.buckets.put("given", {}, "data.csv")
    aws.buckets.older["given"] = [(ours, "v1"), (ours, "mark-2"), ("code/theirs.zip", "v3"), ("data.csv", "v4")]
    aws.buckets.said = {ours: OURS}
    aws.buckets.unfinished["given"] = "theirs"
    assert removed(aws, bucket="given")
    assert aws.buckets.older["given"] == [("code/theirs.zip", "v3"), ("data.csv", "v4")]
    assert aws.buckets.unfinished


def test_a_bucket_that_somebody_writes_to_is_emptied_again() -> None:
    aws = deployed()
    aws.buckets.writers[BUCKET] = [f"code/late-{number:016x}.zip" for number in range(2)]
    assert removed(aws)
    assert aws.buckets.labels == {}


def test_a_bucket_that_fills_without_end_is_given_up() -> None:
    aws = deployed()
    aws.buckets.writers[BUCKET] = [f"code/late-{number:016x}.zip" for number in range(99)]
    with pytest.raises(InterruptedWork, match=f"bucket {BUCKET} still gets new objects"):
        removed(aws)


NETWORK = [
    StackResource("PrivateSubnetOne", "AWS::EC2::Subnet", "subnet-a"),
    StackResource("FunctionSecurityGroup", "AWS::EC2::SecurityGroup", "sg-1"),
]


def test_the_network_waits_for_lambda_to_leave_it() -> None:
    aws = deployed()
    aws.stacks.held[EFS] = NETWORK
    aws.networks.looks = [[NetworkInterface("eni-1", "available", "AWS Lambda VPC ENI-f", ("sg-1",))], []]
    assert removed(aws)
    assert aws.journal[:3] == [f"delete {INFERENCE}", "delete eni-1", f"delete {EFS}"]
    assert aws.networks.asked == [(["sg-1"], [])] * 2


def test_function_and_network_in_one_stack_wait_only_when_its_deletion_fails() -> None:
    aws = deployed(route="short")
    aws.stacks.held[COMPLETE] = [*NETWORK, StackResource("ModelInferenceFunction", "AWS::Lambda::Function", "f")]
    aws.stacks.endings[COMPLETE] = ["DELETE_FAILED"]
    begin = event(1, "DELETE_IN_PROGRESS", COMPLETE, "", STACK_TYPE)
    held = event(2, "DELETE_FAILED", "PrivateSubnetOne", "has dependencies", "AWS::EC2::Subnet")
    aws.stacks.failures[COMPLETE] = [begin, held]
    assert removed(aws)
    assert aws.journal[:2] == [f"delete {COMPLETE}"] * 2
    assert aws.networks.asked == [(["sg-1"], [])]


def test_a_second_run_waits_when_the_first_was_cut_after_the_function() -> None:
    aws = FakeAws()
    aws.stacks.put(EFS, "CREATE_COMPLETE", resources=NETWORK, tags=OURS)
    aws.networks.looks = [[NetworkInterface("eni-1", "in-use", "AWS Lambda VPC ENI-f")]]
    clock = Clock()

    def ticking() -> float:
        clock.sleep(60)
        return clock.now

    with pytest.raises(InterruptedWork, match="Run again later"):
        destroy(aws.gateways, wild_rydes(), Target(), Said(), lambda found: None, ticking)
    assert aws.journal == []


def test_a_function_does_not_outlive_its_role() -> None:
    aws = FakeAws()
    function = StackResource("ModelInferenceFunction", "AWS::Lambda::Function", "ml_inferencefunction")
    aws.stacks.put(INFERENCE, "DELETE_FAILED", resources=[function], tags=OURS)
    with pytest.raises(Refused, match=r"--retain ModelInferenceFunction: .* its role"):
        removed(aws, retain=("ModelInferenceFunction",))
    assert aws.journal == []


def test_what_may_be_retained_is() -> None:
    aws = FakeAws()
    function = StackResource("ModelInferenceFunction", "AWS::Lambda::Function", "ml_inferencefunction")
    files = StackResource("Files", "AWS::EFS::FileSystem", "fs-1")
    aws.stacks.put(EFS, "CREATE_COMPLETE", resources=[function, files], tags=OURS)
    aws.stacks.endings[EFS] = ["DELETE_FAILED"]
    begin = event(1, "DELETE_IN_PROGRESS", EFS, "", STACK_TYPE)
    aws.stacks.failures[EFS] = [begin, event(2, "DELETE_FAILED", "Files", "denied", "AWS::EFS::FileSystem")]
    assert removed(aws, retain=("Files",))
    assert f"delete {EFS} retaining Files" in aws.journal


def test_a_resource_that_does_not_exist_cannot_be_retained_and_nothing_is_deleted() -> None:
    """A slip in the name of what has somebody's data would lose them."""
    aws = FakeAws()
    files = StackResource("Files", "AWS::EFS::FileSystem", "fs-1")
    function = StackResource("Answer", "AWS::Lambda::Function", "f")
    aws.stacks.put(EFS, "CREATE_COMPLETE", resources=[function, files], tags=OURS)
    told = r"--retain Fiels: no stack of wildrydes-ml has such a resource; there are Files; did you mean Files\?"
    with pytest.raises(SettingsError, match=told):
        removed(aws, retain=("Files", "Fiels"))
    assert aws.journal == []


def test_what_the_first_run_retained_does_not_keep_the_second_from_the_rest() -> None:
    aws = deployed()
    del aws.stacks.stacks[INFERENCE]
    aws.stacks.held[EFS] = [StackResource("FileSystemResource", "AWS::EFS::FileSystem", "fs-1")]
    assert removed(aws, retain=("ModelInferenceApi",))
    assert not removed(aws, retain=("ModelInferenceApi", "Nope"))


def test_kept_files_stay_and_what_bills_by_the_hour_goes() -> None:
    aws, said, shown = deployed(), Said(), list[str]()
    before = aws.stacks.stacks[EFS].parameters
    assert removed(aws, said, shown.extend, keep_data=True)
    assert aws.journal == [
        f"delete {INFERENCE}", f"update {EFS}", f"delete log group {LOG_GROUP}",
    ]  # fmt: skip
    kept = aws.stacks.describe(EFS)
    assert kept
    assert kept.parameters == {**before, "InternetEgress": "none", "BootstrapInstance": "none"}
    assert kept.tags == {**OURS, ASIDE_TAG: "InternetEgress=nat BootstrapInstance=keep"}
    assert list(aws.buckets.labels) == [BUCKET]
    assert len(aws.buckets.objects[BUCKET]) == 1
    assert shown == [
        f"stack {INFERENCE} (CREATE_COMPLETE)",
        f"log group {LOG_GROUP}",
        f"NAT gateway of stack {EFS}",
        f"filling instance of stack {EFS}",
        f"kept: stack {EFS} (CREATE_COMPLETE)",
        f"kept: s3://{BUCKET}/{next(iter(aws.buckets.objects[BUCKET]))}",
        f"kept: bucket {BUCKET}",
    ]
    (sentence,) = [text for text in said.texts("event") if "the next deploy uses it" in text]
    assert "EFS throughput (15 MiB/s) 90.00" in sentence
    assert "NAT" not in sentence
    assert f"deleting NAT gateway of stack {EFS}" in said.texts("event")
    assert "verified: no billable resource of wildrydes-ml remains, except what was kept" in said.texts("event")


def test_keeping_files_twice_changes_nothing() -> None:
    aws, said, shown = deployed(), Said(), list[str]()
    removed(aws, keep_data=True)
    aws.journal.clear()
    assert not removed(aws, said, shown.extend, keep_data=True)
    assert aws.journal == []
    assert shown == []
    assert any("the next deploy uses it" in text for text in said.texts("event"))


def test_kept_files_go_with_the_next_destroy_without_the_option() -> None:
    aws = deployed()
    removed(aws, keep_data=True)
    assert removed(aws)
    assert [name for name in aws.stacks.stacks if aws.stacks.describe(name)] == ["theirs"]
    assert aws.buckets.labels == {}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, []),
        ({"preset": "workshop"}, []),
        ({"preset": "lean"}, ["--preset", "lean"]),
        ({"route": "short", "preset": "lean"}, ["--route", "short", "--preset", "lean"]),
        (
            {"preset": "lean", "overrides": {"MinScore": "0.5", "FunctionName": "mine"}},
            ["--preset", "lean", "--set", "FunctionName=mine", "--set", "MinScore=0.5"],
        ),
        (
            {"preset": "lean", "overrides": {"InternetEgress": "nat"}},
            ["--set", "BootstrapInstance=stop", "--set", "ThroughputMode=elastic"],
        ),
        ({"bucket": "given", "tags": {"team": "rides"}}, ["--bucket", "given", "--tag", "team=rides"]),
        ({"model": "https://a.example/m.tar.gz"}, ["--set", "ModelUrl=https://a.example/m.tar.gz"]),
        ({"expires": "2096-01-01T18:00:00Z", "name": "rides"}, []),
    ],
    ids=str,
)
def test_what_the_stacks_remembered_is_told_when_they_go(options: dict[str, Any], told: list[str]) -> None:
    aws, said = FakeAws(), Said()
    if "bucket" in options:
        aws.buckets.put("given", {}, "data.csv")
    deployer = Deployer.planned(aws.gateways, wild_rydes(**options), Target(), Said())
    for step in deployer.plan.steps:
        deployer.run(step)
    assert removed(aws, said, name=options.get("name", "wildrydes-ml"))
    assert [record["options"] for _, _, record in said.lines if "options" in record] == [told]


def test_the_role_that_cloudformation_takes_is_told() -> None:
    aws, said, role = deployed(), Said(), "arn:aws:iam::123456789012:role/deployer"
    aws.stacks.stacks[EFS] = replace(aws.stacks.stacks[EFS], role=role)
    assert removed(aws, said)
    assert [record["options"] for _, _, record in said.lines if "options" in record] == [["--role-arn", role]]


def test_what_the_place_decides_is_no_option() -> None:
    """An emulator has values of its own, of the place and of the application."""
    own = replace(wild_rydes().deployments[0], local={"MinScore": "0.5"})
    here = Target(endpoint="http://127.0.0.1:1", parameters={"InternetEgress": "ipv6"})
    aws = deployed(preset="lean", overrides={"MinScore": "0.5", "Timeout": "60"})
    found = [FoundStack(one, aws.stacks.template(one.name)) for one in aws.stacks.stacks.values() if one.tags]
    told = repeat.options([own], own, found, here, bucket=BUCKET)
    assert told == ["--preset", "lean", "--set", "Timeout=60"]


def test_a_model_of_this_machine_is_a_word_in_capitals_and_its_link_is_told_nobody(tmp_path: Any) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    aws, said = deployed(model=str(tmp_path)), Said()
    assert aws.stacks.stacks[EFS].parameters["ModelUrl"]
    assert removed(aws, said)
    assert [record["options"] for _, _, record in said.lines if "options" in record] == [["--model", "MODEL"]]


def test_a_stack_that_is_kept_remembers_what_it_was_given() -> None:
    aws, said = deployed(preset="lean", overrides={"MinScore": "0.5"}), Said()
    assert removed(aws, said, keep_data=True)
    assert [record["options"] for _, _, record in said.lines if "options" in record] == [["--set", "MinScore=0.5"]]


def test_a_template_that_may_not_be_read_keeps_nothing_from_its_end() -> None:
    aws, said = deployed(preset="lean"), Said()

    def denied(name: str) -> str:
        raise WildrydesError("not authorized to perform cloudformation:GetTemplate")

    gateways = replace(aws.gateways, stacks=cast(Any, Over(aws.stacks, template=denied)))
    assert destroy(gateways, wild_rydes(), Target(), said, lambda found: None)
    assert [record["options"] for _, _, record in said.lines if "options" in record] == []


def test_what_no_stack_tells_is_not_told() -> None:
    aws, said = deployed(preset="lean"), Said()
    del aws.stacks.stacks[EFS], aws.stacks.stacks[INFERENCE]
    assert removed(aws, said)
    assert not removed(aws, said)
    assert [record["options"] for _, _, record in said.lines if "options" in record] == []


def test_kept_files_keep_the_free_way_out() -> None:
    aws = deployed(preset="lean")
    before = aws.stacks.stacks[EFS].parameters
    removed(aws, keep_data=True)
    assert f"update {EFS}" not in aws.journal
    assert aws.stacks.stacks[EFS].parameters == before


def test_files_that_share_a_stack_with_the_function_cannot_be_kept() -> None:
    aws = deployed(route="short")
    with pytest.raises(Refused, match=f"--keep-data: stack {COMPLETE} .* run without --keep-data"):
        removed(aws, keep_data=True)
    assert aws.journal == []


def test_keeping_files_does_not_replace_them() -> None:
    aws = deployed()
    aws.stacks.changes[EFS] = (
        ResourceChange("NatGateway", "AWS::EC2::NatGateway", "Remove", "False"),
        ResourceChange("FileSystemResource", "AWS::EFS::FileSystem", "Modify", "True"),
    )
    with pytest.raises(Refused, match=r"would lose more .*: Modify FileSystemResource"):
        removed(aws, keep_data=True)
    assert f"update {EFS}" not in aws.journal
    assert aws.stacks.pending == []


def test_keeping_files_takes_nat_gateway_and_instance_away() -> None:
    aws = deployed()
    gone = ("NatGateway", "NatPublicIP", "PrivateRoute", "EfsMountEC2Instance", "InstanceSecurityGroup")
    aws.stacks.changes[EFS] = tuple(ResourceChange(name, "AWS::EC2::Thing", "Remove", "False") for name in gone)
    before = aws.stacks.stacks[EFS].parameters
    assert removed(aws, keep_data=True)
    assert f"update {EFS}" in aws.journal
    assert aws.stacks.stacks[EFS].parameters == {**before, "InternetEgress": "none", "BootstrapInstance": "none"}


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"])
def test_a_stack_that_cannot_be_updated_cannot_be_kept(status: str) -> None:
    aws = FakeAws()
    aws.stacks.put(EFS, status, tags=OURS, parameters={"InternetEgress": "nat"})
    with pytest.raises(WildrydesError, match=f"stack {EFS} is {status} .* cannot be kept"):
        removed(aws, keep_data=True)
    assert aws.journal == []


def test_a_kept_stack_s_update_that_is_under_way_is_waited_for() -> None:
    aws = deployed()
    aws.stacks.put(EFS, "UPDATE_IN_PROGRESS", tags=OURS, parameters={"InternetEgress": "nat"})
    aws.stacks.endings[EFS] = ["UPDATE_COMPLETE"]
    assert removed(aws, keep_data=True)
    assert f"update {EFS}" in aws.journal


def test_what_still_bills_fails_the_command_also_when_there_was_nothing_to_remove() -> None:
    aws = FakeAws()
    aws.networks.bills = [Billable("NAT gateway", "nat-1", {"NAT gateway": 1})]
    with pytest.raises(WildrydesError, match="still exists: NAT gateway nat-1") as error:
        removed(aws)
    assert error.value.exit_code == 1


def test_a_log_group_that_came_back_is_left_alone_and_told_with_what_to_do() -> None:
    class Writing(FakeFunctions):
        def delete_log_group(self, name: str) -> None:
            super().delete_log_group(name)
            self.log_groups = {LOG_GROUP: {}}

    aws, said = deployed(), Said()
    groups = aws.functions.log_groups
    aws.functions = Writing(aws.journal)
    aws.functions.log_groups = groups
    assert removed(aws, said)
    assert aws.functions.log_groups == {LOG_GROUP: {}}
    (warning,) = said.texts("warning")
    assert f"log group {LOG_GROUP} has a name of ours but no tag of ours, so it was not deleted" in warning
    assert warning.endswith(f"aws logs delete-log-group --log-group-name {LOG_GROUP} --region eu-west-1")
    assert not removed(aws, again := Said())
    assert again.texts("warning") == []


def test_a_log_group_that_somebody_made_while_the_stacks_went_stays() -> None:
    class Replaced(FakeFunctions):
        def log_group_tags(self, name: str) -> dict[str, str] | None:
            found = super().log_group_tags(name)
            if f"delete {EFS}" in aws.journal:
                self.log_groups[LOG_GROUP] = {}
            return found if f"delete {EFS}" not in aws.journal else self.log_groups[name]

    aws = deployed()
    groups = aws.functions.log_groups
    aws.functions = Replaced(aws.journal)
    aws.functions.log_groups = groups
    assert removed(aws)
    assert aws.functions.log_groups[LOG_GROUP] == {}


def test_a_log_group_of_the_workshop_s_own_function_is_not_ours_to_tell() -> None:
    aws = FakeAws()
    aws.functions.log_groups[LOG_GROUP] = {}
    said = Said()
    assert not removed(aws, said)
    assert list(aws.functions.log_groups) == [LOG_GROUP]
    assert said.texts("warning") == []


def test_a_kept_stack_s_failed_update_fails_the_command() -> None:
    aws = FakeAws()
    aws.stacks.put(EFS, "CREATE_COMPLETE", tags=OURS, parameters={"InternetEgress": "nat"})
    aws.stacks.endings[EFS] = ["UPDATE_ROLLBACK_COMPLETE"]
    with pytest.raises(WildrydesError, match="ended as UPDATE_ROLLBACK_COMPLETE"):
        removed(aws, keep_data=True)


def test_a_bucket_that_the_stack_was_given_is_a_given_one_whatever_its_tags() -> None:
    aws = FakeAws()
    aws.buckets.put("given", OURS, "data.csv")
    aws.stacks.put(EFS, "CREATE_COMPLETE", tags=OURS, parameters={"DataBucket": "given"})
    assert removed(aws)
    assert list(aws.buckets.objects["given"]) == ["data.csv"]


def test_our_bucket_by_its_name_is_a_given_one() -> None:
    aws = FakeAws()
    ours = "code/ml_inferencefunction-0123456789abcdef.zip"
    aws.buckets.put(BUCKET, OURS, ours, "data.csv")
    aws.buckets.said = {ours: OURS}
    assert removed(aws, bucket=BUCKET)
    assert list(aws.buckets.objects[BUCKET]) == ["data.csv"]


@pytest.mark.parametrize("options", [{}, {"overrides": {"FunctionName": "prod_fn"}}], ids=["plain", "named"])
def test_a_stranger_s_log_group_outlives_a_destroy_whatever_name_was_asked_for(options: dict[str, Any]) -> None:
    aws = deployed()
    aws.buckets.objects[BUCKET]["code/prod_fn-0123456789abcdef.zip"] = b""
    aws.functions.log_groups["/aws/lambda/prod_fn"] = {"team": "prod"}
    shown: list[str] = []
    assert removed(aws, None, shown.extend, **options)
    assert aws.functions.log_groups["/aws/lambda/prod_fn"] == {"team": "prod"}
    assert "log group /aws/lambda/prod_fn" not in shown
    assert aws.buckets.labels == {}


TRACES = ["stack", "bucket", "object", "tag of a stack by the AWS CLI"]


@pytest.mark.parametrize("trace", TRACES)
def test_each_trace_of_a_deployment_leads_to_its_log_group(trace: str) -> None:
    aws, said = FakeAws(), Said()
    aws.functions.log_groups[LOG_GROUP] = dict(OURS) if trace in TRACES[:3] else {STACK_TAG: INFERENCE}
    key = "model/ml_inferencefunction-0123456789abcdef.tar"
    given = "given" if trace == "object" else ""
    if trace == "stack":
        aws.stacks.put(EFS, "CREATE_COMPLETE", tags=OURS)
    elif trace == "bucket":
        aws.buckets.put(BUCKET, OURS)
    elif trace == "object":
        aws.buckets.put(given, {}, key)
        aws.buckets.said = {key: OURS}
    shown: list[str] = []
    assert removed(aws, said, shown.extend, bucket=given)
    assert f"log group {LOG_GROUP}" in shown
    assert aws.functions.log_groups == {}
    if trace == "object":
        assert "delete 1 object from bucket given" in said.texts("event")


def test_the_log_groups_of_the_function_that_is_named_and_of_the_stack_s_go() -> None:
    aws = FakeAws()
    aws.stacks.put(INFERENCE, "CREATE_COMPLETE", tags=OURS, parameters={"FunctionName": "old"})
    aws.functions.log_groups = {f"/aws/lambda/{name}": dict(OURS) for name in ("old", "new", "other")}
    assert removed(aws, overrides={"FunctionName": "new"})
    assert list(aws.functions.log_groups) == ["/aws/lambda/other"]


# In a bucket that was given.


@pytest.mark.parametrize(
    ("parameter", "value", "key", "other"),
    [
        ("CodeKey", "code/f-0123456789abcdef.zip", "code/f-0123456789abcdef.zip", "code/f-fedcba9876543210.zip"),
        ("PreparationKey", "code/f-0123456789abcdef.zip", "code/f-0123456789abcdef.zip", "code/f-1123456789abcdef.zip"),
        ("ModelUrl", "https://given.s3.amazonaws.com/model/f-0123456789abcdef.tar?X-Amz-Signature=1",
         "model/f-0123456789abcdef.tar", "model/f-fedcba9876543210.tar"),
    ],
)  # fmt: skip
def test_what_a_stack_names_was_uploaded_by_us_also_without_labels(
    parameter: str, value: str, key: str, other: str
) -> None:
    aws = FakeAws()
    aws.buckets.put("given", {}, key, other)
    aws.stacks.put(EFS, "CREATE_COMPLETE", tags=OURS, parameters={"DataBucket": "given", parameter: value})
    assert removed(aws)
    assert list(aws.buckets.objects["given"]) == [other]


def test_another_deployment_s_upload_is_left_and_not_told() -> None:
    aws, said = FakeAws(), Said()
    key = "code/ml_inferencefunction-0123456789abcdef.zip"
    aws.buckets.put("given", {}, key)
    aws.buckets.said = {key: {TAG: "another"}}
    aws.stacks.put(EFS, "CREATE_COMPLETE", tags=OURS, parameters={"DataBucket": "given", "CodeKey": key})
    assert removed(aws, said)
    assert list(aws.buckets.objects["given"]) == [key]
    assert said.texts("warning") == []


def test_uploads_of_a_function_that_was_renamed_go_too() -> None:
    aws = FakeAws()
    key = "code/before-0123456789abcdef.zip"
    aws.buckets.put("given", {}, key)
    aws.buckets.said = {key: OURS}
    assert removed(aws, bucket="given")
    assert aws.buckets.objects["given"] == {}


def test_labels_that_may_not_be_read_leave_what_no_stack_names_and_say_which_permission() -> None:
    aws, said = FakeAws(), Said()
    named, other = "code/ml_inferencefunction-0123456789abcdef.zip", "code/ml_inferencefunction-1123456789abcdef.zip"
    aws.buckets.put("given", {}, named, other)
    denied = WildrydesError("s3://given/k: AWS denies access: ; allow s3:GetObject")
    aws.buckets.said = {named: denied, other: denied}
    aws.stacks.put(EFS, "CREATE_COMPLETE", tags=OURS, parameters={"DataBucket": "given", "CodeKey": named})
    assert removed(aws, said)
    assert list(aws.buckets.objects["given"]) == [other]
    assert f"not deleted: s3://given/{other}" in said.texts("warning")[0]
    assert "s3:GetObject" in said.texts("warning")[0]


# What is looked at before the first thing is removed.


@pytest.mark.parametrize("protected", [[EFS], [INFERENCE], [EFS, INFERENCE]])
def test_a_protected_stack_is_noticed_before_anything_is_removed(protected: list[str]) -> None:
    aws = deployed(overrides={"ApiAuth": "API_KEY"})
    for name in protected:
        aws.stacks.stacks[name] = replace(aws.stacks.stacks[name], is_protected=True)
    with pytest.raises(Refused, match="termination protection is on") as error:
        removed(aws)
    assert error.value.exit_code == 4
    assert aws.journal == []
    for name in protected:
        command = "aws cloudformation update-termination-protection --no-enable-termination-protection"
        assert f"{command} --stack-name {name} --region eu-west-1" in str(error.value)
        aws.stacks.stacks[name] = replace(aws.stacks.stacks[name], is_protected=False)
    assert removed(aws)
    assert aws.buckets.labels == {}


def test_a_protected_stack_that_is_kept_is_in_nobody_s_way() -> None:
    aws = deployed()
    aws.stacks.stacks[EFS] = replace(aws.stacks.stacks[EFS], is_protected=True)
    assert removed(aws, keep_data=True)
    assert aws.stacks.describe(INFERENCE) is None
    kept = aws.stacks.describe(EFS)
    assert kept
    assert kept.is_protected


def test_strange_objects_in_our_bucket_are_noticed_before_anything_is_removed() -> None:
    aws, shown = deployed(), list[str]()
    keys = [f"data/{'x' * 100}-{number}.csv" for number in range(4113)]
    aws.buckets.objects[BUCKET] |= dict.fromkeys(keys, b"")
    with pytest.raises(Refused, match=f"bucket {BUCKET} contains 4,113 objects that deploy did not put there") as error:
        removed(aws, None, shown.extend)
    assert error.value.exit_code == 4
    assert (aws.journal, shown) == ([], [])
    assert len(str(error.value)) < 1500
    assert f"{keys[0]}, {keys[1]}, {keys[2]} and 4,110 more. Nothing was deleted" in str(error.value)
    assert f"aws s3 rm s3://{BUCKET} --recursive" in str(error.value)
    assert removed(aws, bucket=BUCKET)
    assert list(aws.buckets.objects[BUCKET]) == keys
    for key in keys:
        del aws.buckets.objects[BUCKET][key]
    assert removed(aws)
    assert aws.buckets.labels == {}


def test_a_strange_object_that_comes_later_keeps_the_bucket() -> None:
    aws = deployed()
    aws.buckets.writers[BUCKET] = ["data.csv"]
    with pytest.raises(
        Refused, match=r"1 objects that deploy did not put there: data.csv\. The bucket was not deleted"
    ):
        removed(aws)
    assert list(aws.buckets.objects[BUCKET]) == ["data.csv"]


def test_old_versions_of_what_was_deleted_are_nobody_s_objects() -> None:
    aws = deployed()
    aws.buckets.older[BUCKET] = [("data.csv", "mark-1")]
    assert removed(aws)
    assert aws.buckets.labels == {}


def test_our_objects_are_told_in_few_lines() -> None:
    aws, shown = deployed(), list[str]()
    aws.buckets.objects[BUCKET] |= {f"code/f-{number:016x}.zip": b"" for number in range(2000)}
    assert removed(aws, None, shown.extend)
    assert len(shown) < 20
    assert f"1,991 more objects in bucket {BUCKET}" in shown


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
def test_a_stack_that_cannot_be_kept_is_noticed_before_anything_is_removed(status: str) -> None:
    aws = deployed()
    aws.stacks.stacks[EFS] = replace(aws.stacks.stacks[EFS], status=status)
    with pytest.raises(WildrydesError, match="cannot be kept"):
        removed(aws, keep_data=True)
    assert aws.journal == []


NAT_STAYS = (
    '{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},'
    ' {"Effect": "Deny", "Action": "Update:Delete", "Principal": "*", "Resource": "LogicalResourceId/NatGateway"}]}'
)


def test_a_stack_policy_is_respected_before_anything_is_removed() -> None:
    aws = deployed()
    aws.stacks.changes[EFS] = (ResourceChange("NatGateway", "AWS::EC2::NatGateway", "Remove"),)
    aws.stacks.policies[EFS] = NAT_STAYS
    with pytest.raises(
        Refused, match=r"policy of stack wildrydes-ml-mod5 denies Remove NatGateway .*was not changed"
    ) as error:
        removed(aws, keep_data=True)
    assert f"aws cloudformation get-stack-policy --stack-name {EFS} --region eu-west-1" in str(error.value)
    assert aws.journal == []
    assert aws.stacks.pending == []
    assert removed(aws)


def test_a_policy_that_may_not_be_read_is_left_to_cloudformation() -> None:
    aws, said = deployed(), Said()
    aws.stacks.policies[EFS] = WildrydesError("policy of stack x: AWS denies it")
    assert removed(aws, said, keep_data=True)
    assert "not checked: policy of stack x: AWS denies it" in said.texts("event")


# What may not be looked at.


class Unreadable(FakeFunctions):
    def log_group_tags(self, name: str) -> dict[str, str] | None:
        raise WildrydesError(f"log group {name}: AWS denies access: logs:DescribeLogGroups")


def test_log_groups_that_may_not_be_looked_at_are_said_and_hold_nothing_up() -> None:
    aws, said = deployed(), Said()
    aws.functions = Unreadable(aws.journal)
    assert removed(aws, said)
    assert aws.buckets.labels == {}
    assert said.texts("warning") == [f"not checked: log group {LOG_GROUP}: AWS denies access: logs:DescribeLogGroups"]
    assert "verified: no billable resource of wildrydes-ml remains; not checked: CloudWatch Logs" in said.texts("event")


def test_the_bucket_of_another_account_that_has_our_name_is_none_of_ours() -> None:
    aws = deployed()
    del aws.buckets.labels[BUCKET]
    aws.buckets.foreign.add(BUCKET)
    assert removed(aws)
    assert aws.stacks.describe(EFS) is None
    with pytest.raises(Refused, match=f"bucket {BUCKET} belongs to another account"):
        removed(aws, bucket=BUCKET)
