"""Templates that are too long for a request, on an AWS in memory: they go by the bucket and do not stay there."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit.fakes import EFS_OUTPUTS, HORSE_ANSWER, FakeAws
from tests.unit.servers import Response, serving
from wildrydes_ml.aws.records import ObjectVersion
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import texts
from wildrydes_ml.deploy.deployer import Deployer, deploy, preview
from wildrydes_ml.deploy.desired import DesiredStack
from wildrydes_ml.deploy.handover import OBJECT_BYTES, REQUEST_BYTES, is_large, key, refuse_too_large
from wildrydes_ml.deploy.steps import ApplyStack, MakeBucket
from wildrydes_ml.destroy import uploads
from wildrydes_ml.destroy.destroyer import destroy
from wildrydes_ml.errors import SettingsError, WildrydesError
from wildrydes_ml.testing import FakeStacks, Said
from wildrydes_ml.workshop.settings import wild_rydes

EFS = "wildrydes-ml-mod5"
BUCKET = "wildrydes-ml-123456789012-eu-west-1"


class Listening(FakeStacks):
    """Notes what it is given, and what the bucket holds at that moment."""

    def __init__(self, aws: FakeAws) -> None:
        super().__init__(aws.journal, lambda stack: EFS_OUTPUTS)
        self.given: list[str] = []
        self.uploaded: list[set[str]] = []
        self.interruption: BaseException | None = None
        self._aws = aws
        self.read = self._hear

    def _hear(self, template: str) -> str:
        self.given.append(template)
        self.uploaded.append(templates(self._aws))
        if self.interruption:
            raise self.interruption
        return self._aws.buckets.at(template)


@pytest.fixture
def aws() -> FakeAws:
    aws = FakeAws()
    aws.stacks = Listening(aws)
    return aws


@pytest.fixture
def serving_aws() -> Iterator[FakeAws]:
    """An account whose API answers over HTTP."""
    with serving(lambda request: Response(200, HORSE_ANSWER.encode())) as url:
        yield FakeAws(f"{url}/prod")


def listening(aws: FakeAws) -> Listening:
    assert isinstance(aws.stacks, Listening)
    return aws.stacks


def templates(aws: FakeAws) -> set[str]:
    """The keys of templates in the bucket."""
    return {name for name in aws.buckets.objects.get(BUCKET, {}) if name.startswith("template/")}


def lengthened(stack: DesiredStack, size: int = REQUEST_BYTES + 2) -> DesiredStack:
    """The same stack, its template filled up with a comment to so many bytes, or one less; in letters it is shorter."""
    short = json.dumps(stack.body, separators=(",", ":"))
    return replace(stack, template=f"{short} # {'é' * size}".encode()[:size].decode(errors="ignore"))


def deployer(aws: FakeAws, said: Said | None = None) -> Deployer:
    """A deploy that has its bucket, before any stack."""
    made = Deployer.planned(aws.gateways, wild_rydes(), Target(), said or Said())
    for step in made.plan.steps:
        if isinstance(step, MakeBucket):
            made.run(step)
    return made


def bare(text: str) -> str:
    """A text without the tokens of uploads."""
    return re.sub(r"-[0-9a-f]{16}(?=\.template)", "", text)


def test_a_long_template_goes_by_the_bucket_and_is_gone_when_the_stack_is_asked_for(aws: FakeAws) -> None:
    said = Said()
    one = deployer(aws, said)
    long = lengthened(one.plan.desired.stacks[0])
    assert len(long.template) < REQUEST_BYTES < len(long.template.encode())
    one.run(ApplyStack(long, "create"))
    assert [bare(one) for one in listening(aws).given] == [f"https://s3.eu-west-1.amazonaws.com/{BUCKET}/{key(long)}"]
    assert [{*map(bare, keys)} for keys in listening(aws).uploaded] == [{key(long)}]
    assert aws.stacks.templates[EFS] == long.template
    assert templates(aws) == set()
    assert any(key(long) in bare(text) and EFS in text for text in said.texts("event"))
    labels = {bare(place): found for place, found in aws.buckets.said.items()}
    assert labels[key(long)] == one.plan.desired.service.tags, "which says whose it is in a given bucket"


def test_a_template_that_fits_goes_as_it_is(aws: FakeAws) -> None:
    one = deployer(aws)
    exact = replace(one.plan.desired.stacks[0], template=one.plan.desired.stacks[0].template.ljust(REQUEST_BYTES, "#"))
    assert not is_large(exact)
    one.run(ApplyStack(exact, "create"))
    assert listening(aws).given == [exact.template]
    assert listening(aws).uploaded == [set()]


def test_an_update_and_a_plan_hand_it_over_in_the_same_way(aws: FakeAws) -> None:
    first, said = deployer(aws), Said()
    first.run(ApplyStack(first.plan.desired.stacks[0], "create"))
    one = deployer(aws, said)
    longer = lengthened(one.plan.desired.stacks[0].with_parameters(ThroughputMode="elastic"))
    (step,) = one.detailed([ApplyStack(longer, "update")])
    assert bare(listening(aws).given[-1]).endswith(key(longer))
    assert (aws.stacks.pending, templates(aws)) == ([], set())
    assert any(key(longer) in bare(text) for text in said.texts("event")), "a plan says what it uploads"
    one.run(step)
    plan, deploy = listening(aws).uploaded[-2:]
    assert {*map(bare, plan)} == {*map(bare, deploy)} == {key(longer)}
    assert plan != deploy, "of two deployers at once, none takes the other's away"
    assert aws.stacks.templates[EFS] == longer.template
    assert templates(aws) == set()


def test_a_plan_without_a_bucket_shows_the_update_without_its_changes(aws: FakeAws) -> None:
    one = deployer(aws)
    one.run(ApplyStack(one.plan.desired.stacks[0], "create"))
    aws.buckets.labels.clear()
    later = Deployer.planned(aws.gateways, wild_rydes(), Target(), Said())
    step = ApplyStack(lengthened(one.plan.desired.stacks[0]), "update")
    assert later.detailed([MakeBucket(BUCKET), step]) == (MakeBucket(BUCKET), step)
    assert len(listening(aws).given) == 1


@pytest.mark.parametrize("fault", [WildrydesError("denied"), KeyboardInterrupt()], ids=["denied", "Ctrl-C"])
def test_whatever_ends_the_request_the_upload_goes(aws: FakeAws, fault: BaseException) -> None:
    one = deployer(aws)
    listening(aws).interruption = fault
    with pytest.raises(type(fault)):
        one.run(ApplyStack(lengthened(one.plan.desired.stacks[0]), "create"))
    assert [{*map(bare, keys)} for keys in listening(aws).uploaded] == [{key(lengthened(one.plan.desired.stacks[0]))}]
    assert templates(aws) == set()


def leave(aws: FakeAws) -> str:
    """A deploy that was killed between upload and removal; returns what it left."""
    one = deployer(aws)
    place = key(lengthened(one.plan.desired.stacks[0]), "0123456789abcdef")
    aws.buckets.upload(BUCKET, place, b"#", one.plan.desired.service.tags)
    return place


def test_the_next_deploy_removes_what_a_killed_one_left(aws: FakeAws) -> None:
    place = leave(aws)
    strangers = "template/theirs-0123456789abcdef.template"
    aws.buckets.objects[BUCKET][strangers] = b""
    said = Said()
    one = Deployer.planned(aws.gateways, wild_rydes(), Target(), said)
    assert place in templates(aws), "a look removes nothing"
    one.tidy()
    assert templates(aws) == {strangers}
    assert any(place in text for text in said.texts("event"))


def test_a_deploy_with_nothing_to_change_removes_it_too_and_a_plan_does_not(serving_aws: FakeAws) -> None:
    deploy(serving_aws.gateways, wild_rydes(), Target(), Said())
    place = f"template/{EFS}-0123456789abcdef.template"
    serving_aws.buckets.objects[BUCKET][place] = b""
    assert not preview(serving_aws.gateways, wild_rydes(), Target(), Said()).changes
    assert place in templates(serving_aws)
    done = deploy(serving_aws.gateways, wild_rydes(), Target(), Said())
    assert not done.changed
    assert templates(serving_aws) == {texts.key("wildrydes-ml")}


def test_destroy_removes_it_from_our_bucket_and_from_a_given_one(aws: FakeAws) -> None:
    place = leave(aws)
    destroy(aws.gateways, wild_rydes(), Target(), Said(), lambda found: None)
    assert BUCKET not in aws.buckets.objects
    aws.buckets.put("given", {}, place, "template/notes.txt")
    aws.buckets.said[place] = {"wildrydes-ml": "wildrydes-ml"}
    destroy(aws.gateways, wild_rydes(bucket="given"), Target(), Said(), lambda found: None)
    assert set(aws.buckets.objects["given"]) == {"template/notes.txt"}


def test_a_template_s_key_is_an_upload_s_and_names_no_function(aws: FakeAws) -> None:
    place = leave(aws)
    assert uploads.is_upload(place)
    assert not uploads.is_upload("template/notes.txt")
    assert uploads.functions([ObjectVersion(place, "null")]) == set()


def test_another_text_has_another_key(aws: FakeAws) -> None:
    one = deployer(aws).plan.desired.service
    assert key(one) == key(replace(one, parameters={}))
    assert key(one) != key(lengthened(one))


def test_what_cannot_be_removed_is_said_and_the_deploy_goes_on(aws: FakeAws) -> None:
    said = Said()
    one = deployer(aws, said)
    aws.buckets.remove = denied  # type: ignore[method-assign]
    one.run(ApplyStack(lengthened(one.plan.desired.stacks[0]), "create"))
    assert aws.stacks.stacks[EFS].status == "CREATE_COMPLETE"
    assert said.texts("warning")[-1] == "not deleted, destroy will do it: bucket b: AWS denies it"


def denied(bucket: str, versions: object) -> None:
    raise WildrydesError("bucket b: AWS denies it")


def test_a_template_that_nothing_takes_is_refused_with_its_size(aws: FakeAws) -> None:
    one = deployer(aws).plan.desired.service
    refuse_too_large([lengthened(one, OBJECT_BYTES - 1)])
    with pytest.raises(SettingsError, match=rf"stack {one.name}: its template has 1,000,00\d bytes.*1,000,000"):
        refuse_too_large([one, replace(one, template="#" * (OBJECT_BYTES + 1))])
