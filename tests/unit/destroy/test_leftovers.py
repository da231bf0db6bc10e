"""The proof: what still exists is listed with its cost and its remedy, by kind."""

from dataclasses import replace

import pytest

from tests.unit.fakes import FakeAws
from wildrydes_ml.aws.records import Billable, ObjectVersion
from wildrydes_ml.aws.target import Target
from wildrydes_ml.costs import PRICES
from wildrydes_ml.destroy.leftovers import dollars, prove
from wildrydes_ml.destroy.remains import STACK_TAG, Remains
from wildrydes_ml.errors import InterruptedWork, OutOfReach, WildrydesError
from wildrydes_ml.tags import TAG
from wildrydes_ml.testing import FakeFunctions, Said
from wildrydes_ml.workshop.settings import wild_rydes

EFS, INFERENCE, COMPLETE = "wildrydes-ml-mod5", "wildrydes-ml-mod5-inf", "wildrydes-ml-mod5-complete"
BUCKET = "wildrydes-ml-123456789012-eu-west-1"
FUNCTION = "ml_inferencefunction"
OURS = {TAG: "wildrydes-ml"}
REMOVED = Remains((), BUCKET, True, (), (), FUNCTION)
NAT = Billable("NAT gateway", "nat-1", {"NAT gateway": 1})
FILES = Billable("file system", "fs-1", {"EFS storage, GB": 2, "EFS provisioned throughput, MiB/s": 15})


def proven(aws: FakeAws, removed: Remains = REMOVED, **options: bool) -> Said:
    said = Said()
    prove(aws.gateways, wild_rydes(**options), Target(), removed, said)  # type: ignore[arg-type]
    return said


def left(aws: FakeAws, **options: bool) -> list[tuple[str, str, float | None]]:
    """Kind, id and cost of each thing that is told; the command fails and names them, too."""
    said = Said()
    with pytest.raises(WildrydesError, match=r"^still exists: ") as error:
        prove(aws.gateways, wild_rydes(**options), Target(), REMOVED, said)  # type: ignore[arg-type]
    assert not isinstance(error.value, InterruptedWork)
    records = [record for kind, _, record in said.lines if kind == "output"]
    assert all(f"{record['kind']} {record['id']}" in str(error.value) for record in records)
    assert all(record["remedy"] in text for record, text in zip(records, said.texts("output"), strict=True))
    return [(record["kind"], record["id"], record["dollars"]) for record in records]


def test_without_anything_left_that_is_said() -> None:
    said = proven(FakeAws())
    assert said.lines == [("event", "verified: no billable resource of wildrydes-ml remains", {"about": "idle cost"})]


def test_what_bills_is_listed_with_its_cost() -> None:
    aws = FakeAws()
    aws.networks.bills = [
        NAT,
        Billable("public IPv4 address", "eipalloc-1", {"public IPv4 address": 1}),
        Billable("instance", "i-1", {"c5.large": 1}),
        Billable("instance", "i-2", {"p5.48xlarge": 1}),
        Billable("volume", "vol-1", {"EBS gp3, GB": 8}),
    ]
    aws.networks.files = [FILES]
    assert left(aws) == [
        ("NAT gateway", "nat-1", pytest.approx(32.85)),
        ("public IPv4 address", "eipalloc-1", pytest.approx(3.65)),
        ("instance", "i-1", pytest.approx(62.05)),
        ("instance", "i-2", None),
        ("volume", "vol-1", pytest.approx(0.64)),
        ("file system", "fs-1", pytest.approx(90.60)),
    ]


def test_the_words_have_price_and_remedy() -> None:
    aws, said = FakeAws(), Said()
    aws.networks.bills = [NAT, Billable("instance", "i-2", {"p5.48xlarge": 1})]
    with pytest.raises(WildrydesError):
        prove(aws.gateways, wild_rydes(), Target(), REMOVED, said)
    assert said.texts("output") == [
        "still exists: NAT gateway nat-1, about 32.85 US$ a month; to delete it: "
        "aws ec2 delete-nat-gateway --nat-gateway-id nat-1 --region eu-west-1",
        "still exists: instance i-2, price unknown; to delete it: "
        "aws ec2 terminate-instances --instance-ids i-2 --region eu-west-1",
    ]


def test_what_has_a_name_is_listed_by_it() -> None:
    aws = FakeAws()
    aws.stacks.put(INFERENCE, "DELETE_FAILED", tags=OURS)
    aws.stacks.put(COMPLETE, "DELETE_FAILED", tags=OURS)
    aws.buckets.put(BUCKET, OURS, "code/a")
    aws.functions.labels[FUNCTION] = OURS
    aws.functions.log_groups = {f"/aws/lambda/{FUNCTION}": OURS, "/aws/lambda/other": OURS}
    aws.apis.keys, aws.apis.plans = {"k": OURS}, {"p": OURS}
    assert left(aws) == [
        ("stack", COMPLETE, 0),
        ("stack", INFERENCE, 0),
        ("bucket", BUCKET, 0),
        ("function", FUNCTION, 0),
        ("log group", f"/aws/lambda/{FUNCTION}", 0),
        ("API key", "k", 0),
        ("usage plan", "p", 0),
    ]


@pytest.mark.parametrize(
    ("tags", "is_ours"),
    [
        (OURS, True),
        ({STACK_TAG: COMPLETE}, True),
        ({**OURS, STACK_TAG: COMPLETE}, True),
        ({**OURS, STACK_TAG: "theirs"}, False),
        ({TAG: "another"}, False),
        ({TAG: "wildrydes-ml-2"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_an_api_key_is_ours_by_our_tag_or_a_stack_of_ours(tags: dict[str, str], is_ours: bool) -> None:
    aws = FakeAws()
    aws.apis.keys, aws.apis.plans = {FUNCTION: tags}, {FUNCTION: tags}
    if is_ours:
        assert left(aws) == [("API key", FUNCTION, 0), ("usage plan", FUNCTION, 0)]
    else:
        proven(aws)


@pytest.mark.parametrize("tags", [{}, {TAG: "another"}, {"aws:cloudformation:stack-name": "theirs"}])
def test_a_function_of_our_name_that_is_not_ours_is_not_told(tags: dict[str, str]) -> None:
    aws = FakeAws()
    aws.functions.labels[FUNCTION] = tags
    proven(aws)


def test_a_function_of_a_stack_by_the_aws_cli_is_ours() -> None:
    aws = FakeAws()
    aws.functions.labels[FUNCTION] = {"aws:cloudformation:stack-name": INFERENCE}
    assert left(aws) == [("function", FUNCTION, 0)]


def test_our_object_in_a_given_bucket_is_told() -> None:
    aws, said = FakeAws(), Said()
    key = f"code/{FUNCTION}-0123456789abcdef.zip"
    aws.buckets.put("given", {}, key, "code/theirs.zip")
    aws.buckets.said = {key: OURS}
    aws.stacks.put(EFS, "DELETE_FAILED", tags=OURS)
    with pytest.raises(WildrydesError, match=f"^still exists: stack {EFS}, object s3://given/{key}$"):
        prove(aws.gateways, wild_rydes(bucket="given"), Target(), REMOVED, said)


def test_what_is_kept_is_not_left_over() -> None:
    aws = FakeAws()
    aws.stacks.put(EFS, "UPDATE_COMPLETE", tags=OURS)
    aws.buckets.put(BUCKET, OURS, "code/a")
    aws.networks.files = [FILES]
    aws.tagging.listed = ["arn:kept"]
    said = proven(aws, keep_data=True)
    assert said.lines == [
        (
            "event",
            "verified: no billable resource of wildrydes-ml remains, except what was kept",
            {"about": "idle cost"},
        )
    ]
    aws.networks.bills = [NAT]
    assert [kind for kind, _, _ in left(aws, keep_data=True)] == ["NAT gateway"]


def test_files_without_a_stack_are_left_over_even_when_files_were_to_be_kept() -> None:
    aws = FakeAws()
    aws.networks.files = [FILES]
    assert [kind for kind, _, _ in left(aws, keep_data=True)] == ["file system"]


def test_what_an_endpoint_does_not_know_is_skipped_with_a_word() -> None:
    aws = FakeAws()
    aws.networks.bills = WildrydesError("tags: InvalidAction: DescribeTags")
    assert proven(aws).texts("event") == [
        "EC2 not checked: tags: InvalidAction: DescribeTags",
        "verified: no billable resource of wildrydes-ml remains; not checked: EC2",
    ]
    aws.networks.files = [FILES]
    assert [kind for kind, _, _ in left(aws)] == ["file system"]


def test_a_proof_that_is_interrupted_proves_nothing() -> None:
    aws = FakeAws()
    aws.networks.files = OutOfReach("file systems: AWS cannot be reached")
    with pytest.raises(OutOfReach):
        proven(aws)


def test_what_the_tagging_api_lists_is_told_without_failing() -> None:
    aws = FakeAws()
    aws.tagging.listed = ["arn:one", "arn:two"]
    said = proven(aws)
    assert said.texts("warning") == [
        "AWS still lists these with our tag, for up to an hour after deletion: arn:one, arn:two"
    ]
    assert said.texts("event") == ["verified: no billable resource of wildrydes-ml remains"]


def test_what_an_emulator_forgets_with_its_end_is_not_told() -> None:
    aws, said = FakeAws(), Said()
    aws.tagging.listed = ["arn:one"]
    aws.functions.log_groups = {f"/aws/lambda/{FUNCTION}": {}}
    local = Target(endpoint="http://127.0.0.1:1")
    prove(aws.gateways, wild_rydes(), local, replace(REMOVED, objects=(ObjectVersion("code/a.zip", "1"),)), said)
    assert said.texts("warning") == []


def test_tags_that_may_not_be_listed_are_a_check_that_was_skipped() -> None:
    aws = FakeAws()
    aws.tagging.listed = WildrydesError("resources with tag wildrydes-ml: AWS denies access: tag:GetResources")
    assert proven(aws).texts("event") == [
        "tags not checked: resources with tag wildrydes-ml: AWS denies access: tag:GetResources",
        "verified: no billable resource of wildrydes-ml remains; not checked: tags",
    ]
    aws.tagging.listed = OutOfReach("resources with tag wildrydes-ml: AWS cannot be reached")
    with pytest.raises(OutOfReach):
        proven(aws)


def test_a_function_that_may_not_be_read_is_a_check_that_was_skipped() -> None:
    class Denied(FakeFunctions):
        def tags(self, name: str) -> dict[str, str] | None:
            raise WildrydesError(f"function {name}: AWS denies it")

    aws = FakeAws()
    aws.functions = Denied(aws.journal)
    assert (
        proven(aws).texts("event")[-1] == "verified: no billable resource of wildrydes-ml remains; not checked: Lambda"
    )


def test_very_many_things_are_one_line_each_and_not_all_in_the_error() -> None:
    aws, said = FakeAws(), Said()
    aws.networks.bills = [Billable("volume", f"vol-{number}") for number in range(500)]
    with pytest.raises(WildrydesError, match=r"vol-19 and 480 more$"):
        prove(aws.gateways, wild_rydes(), Target(), REMOVED, said)
    assert len(said.texts("output")) == 500


def test_a_price_is_the_sum_of_its_items() -> None:
    assert dollars(Billable("bucket", "b")) == 0
    assert dollars(FILES) == pytest.approx(2 * PRICES["EFS storage, GB"] + 15 * 6)
    assert dollars(Billable("instance", "i", {"c5.large": 1, "unknown": 1})) is None
