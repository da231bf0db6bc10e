"""Tags of the stacks: what AWS takes, what holds from one deploy to the next, and where they do not belong."""

from collections.abc import Iterator

import pytest

from tests.unit.deploy.test_deployer import BUCKET, EFS, INFERENCE, serving
from tests.unit.fakes import FakeAws
from wildrydes_ml import tags
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import deploy, preview
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.tags import ASIDE_TAG, EXPIRES_TAG, TAG
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.settings import wild_rydes


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with serving() as api:
        yield FakeAws(api.url)


def deployed(aws: FakeAws, *pairs: str, name: str = "wildrydes-ml") -> list[str]:
    """What a deploy with these `--tag` pairs changes."""
    aws.journal.clear()
    deploy(aws.gateways, wild_rydes(name=name, tags=tags.parse(pairs)), Target(), Said(), lambda lines: None)
    return list(aws.journal)


def test_a_pair_is_cut_at_its_first_sign() -> None:
    assert tags.parse(["team=rides", "sum=1=1", "old="]) == {"team": "rides", "sum": "1=1", "old": ""}
    with pytest.raises(SettingsError, match="--tag team: write Key=Value, or Key= to remove the tag"):
        tags.parse(["team", "a=b"])


def test_a_person_gave_what_is_neither_the_deployers_nor_cloudformations() -> None:
    own = {TAG: "wildrydes-ml", ASIDE_TAG: "{}", "aws:cloudformation:stack-name": "mod5"}
    given = {"team": "rides", EXPIRES_TAG: "never"}
    assert tags.held({**own, **given}) == given


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("aws:stack", "x", "keys that begin with aws: are AWS's own"),
        ("AWS:stack", "x", "keys that begin with aws: are AWS's own"),
        (TAG, "x", "this tag is the deployer's own"),
        (ASIDE_TAG, "x", "this tag is the deployer's own"),
        ("", "x", "a key has 1 to 128"),
        ("k" * 129, "x", "a key has 1 to 128"),
        ("a#b", "x", "a key has 1 to 128"),
        ("team", "v" * 257, "a value has at most 256"),
        ("team", "rides, horses", "a value has at most 256"),
        ("team", "line\nend", "a value has at most 256"),
    ],
)
def test_what_aws_would_refuse_is_refused_first(key: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        wild_rydes(tags={key: value})


def test_what_aws_takes_is_taken() -> None:
    wild_rydes(tags={"k" * 128: "v" * 256, "Kostenstelle/Süd": "a_b.c:d/e=f+g-h@i j", "old": ""})


def test_keys_differ_by_more_than_case_as_those_of_roles_must() -> None:
    with pytest.raises(SettingsError, match="--tag Team: another tag has this key in other letters"):
        wild_rydes(tags={"team": "a", "Team": "b"})


def test_there_may_be_so_many() -> None:
    wild_rydes(held_tags={f"k{number}": "v" for number in range(tags.MOST)}, tags={"k1": "w"})
    with pytest.raises(SettingsError, match=f"--tag: {tags.MOST + 1} tags; at most {tags.MOST}"):
        wild_rydes(held_tags={f"k{number}": "v" for number in range(tags.MOST)}, tags={"more": "w"})


# From one deploy to the next.


def test_tags_hold_until_they_are_set_otherwise(aws: FakeAws) -> None:
    deployed(aws, "team=rides", "cost=12")
    for stack in (EFS, INFERENCE):
        assert aws.stacks.stacks[stack].tags == {"team": "rides", "cost": "12", TAG: "wildrydes-ml"}
    assert deployed(aws) == []
    assert deployed(aws, "team=rides") == []
    assert deployed(aws, "team=fleet") == [f"update {EFS}", f"update {INFERENCE}"]
    assert aws.stacks.stacks[EFS].tags == {"team": "fleet", "cost": "12", TAG: "wildrydes-ml"}


def test_an_empty_value_removes_a_tag(aws: FakeAws) -> None:
    deployed(aws, "team=rides", "cost=12")
    assert deployed(aws, "team=") == [f"update {EFS}", f"update {INFERENCE}"]
    assert aws.stacks.stacks[EFS].tags == {"cost": "12", TAG: "wildrydes-ml"}
    assert deployed(aws, "team=") == []


def test_a_plan_tells_what_becomes_of_them(aws: FakeAws) -> None:
    deployed(aws, "team=rides", "cost=12")
    said = Said()
    preview(aws.gateways, wild_rydes(tags={"team": "fleet", "cost": "", "new": "1"}), Target(), said)
    steps = [record["text"] for kind, _, record in said.lines if kind == "plan"]
    assert f"update stack {EFS} from efs_99.yml: tags team rides → fleet, new 1 (new), cost (removed)" in steps[0]


def test_what_makes_a_thing_ours_is_our_own_tag_alone(aws: FakeAws) -> None:
    """A key is known by its tags, and metadata of objects take no letters beyond ASCII."""
    settings = wild_rydes(tags={"Süd": "ä"}, overrides={"ApiAuth": "API_KEY"})
    deploy(aws.gateways, settings, Target(), Said(), lambda lines: None)
    assert dict(aws.apis.keys["key1"]) == {TAG: "wildrydes-ml"}
    assert list(aws.buckets.said.values()) == [{TAG: "wildrydes-ml"}] * 3, "the code, and two notes"
    assert aws.buckets.labels[BUCKET] == {"Süd": "ä", TAG: "wildrydes-ml"}
