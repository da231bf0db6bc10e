"""From one deploy to the next, on an AWS in memory: what holds, what the plan says of it, and what is asked first."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.deploy.test_deployer import BUCKET, COMPLETE, EFS, INFERENCE, serving
from tests.unit.fakes import FakeAws
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import deploy, preview
from wildrydes_ml.destroy.destroyer import destroy
from wildrydes_ml.errors import SettingsError, WildrydesError
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.settings import wild_rydes


@dataclass
class Place:
    """An AWS in memory, and deploys to it."""

    aws: FakeAws

    def deploy(self, said: Said | None = None, confirm: Any = None, **options: Any) -> list[str]:
        """What a deploy with these options changes."""
        self.aws.journal.clear()
        asked = confirm or (lambda lines: None)
        deploy(self.aws.gateways, wild_rydes(**options), Target(), said or Said(), asked)
        return list(self.aws.journal)

    def plan(self, **options: Any) -> tuple[Said, dict[str, Any]]:
        """What a plan says, and the parameters that it changes, as JSON has them."""
        said = Said()
        preview(self.aws.gateways, wild_rydes(**options), Target(), said)
        steps = [record for kind, _, record in said.lines if kind == "plan"]
        return said, {change["name"]: change for step in steps for change in step.get("parameters", ())}


@pytest.fixture
def place() -> Iterator[Place]:
    with serving() as api:
        yield Place(FakeAws(api.url))


@pytest.mark.parametrize("route", ["long", "short"])
def test_a_deploy_that_names_nothing_changes_nothing(place: Place, route: str) -> None:
    place.deploy(route=route, preset="lean", overrides={"ApiAuth": "API_KEY", "MinScore": "0.5"})
    assert place.deploy() == []


def test_a_closed_api_stays_closed(place: Place) -> None:
    place.deploy(overrides={"ApiAuth": "API_KEY"})
    place.deploy(overrides={"MinScore": "0.5"})
    assert place.aws.stacks.stacks[INFERENCE].parameters["ApiAuth"] == "API_KEY"
    assert list(place.aws.apis.keys) == ["key1"]


def test_lean_stays_lean(place: Place) -> None:
    place.deploy(preset="lean")
    assert place.deploy(overrides={"MinScore": "0.5"}) == [f"update {INFERENCE}"]
    assert place.aws.stacks.stacks[EFS].parameters["InternetEgress"] == "ipv6"


@pytest.mark.parametrize(("route", "name"), [("long", EFS), ("short", COMPLETE)])
def test_lean_is_of_x86_64_and_on_arm64_it_changes_nothing(place: Place, route: str, name: str) -> None:
    place.deploy(route=route, preset="lean")
    assert place.aws.stacks.stacks[name].parameters["Architecture"] == "x86_64"
    place.deploy(route=route, preset="lean", overrides={"Architecture": "arm64"})
    assert place.deploy() == []
    assert place.deploy(preset="lean") == []
    assert place.aws.stacks.stacks[name].parameters["Architecture"] == "arm64"
    _, changes = place.plan(preset="workshop")
    assert (changes["Architecture"]["old"], changes["Architecture"]["new"]) == ("arm64", "x86_64")


def test_a_reset_brings_the_default_back(place: Place) -> None:
    place.deploy(overrides={"MinScore": "0.5"})
    assert place.deploy(reset=("MinScore",)) == [f"update {INFERENCE}"]
    assert place.aws.stacks.stacks[INFERENCE].parameters["MinScore"] == "0.3"


def test_a_given_bucket_is_used_again(place: Place) -> None:
    place.aws.buckets.put("given", {"owner": "me"})
    place.deploy(bucket="given")
    assert place.deploy() == []


@pytest.fixture
def model(tmp_path: Path) -> str:
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    return str(tmp_path)


@pytest.mark.parametrize(("route", "name"), [("long", EFS), ("short", COMPLETE)])
def test_a_model_that_was_uploaded_stays(place: Place, model: str, route: str, name: str) -> None:
    place.deploy(route=route, model=model)
    before = dict(place.aws.stacks.stacks[name].parameters)
    assert place.deploy() == []
    place.deploy(overrides={"Packages": "six==1.17.0"})
    after = place.aws.stacks.stacks[name].parameters
    assert after["ModelSha256"] == before["ModelSha256"]
    assert after["ModelUrl"] != before["ModelUrl"], "a new instance needs a link that has not expired"
    assert after["ModelUrl"].partition("?")[0] == before["ModelUrl"].partition("?")[0]


def test_a_model_that_is_gone_from_the_bucket_is_asked_for_again(place: Place, model: str) -> None:
    place.deploy(model=model)
    archive = next(key for key in place.aws.buckets.objects[BUCKET] if key.startswith("model/"))
    del place.aws.buckets.objects[BUCKET][archive]
    with pytest.raises(WildrydesError, match=rf"s3://{BUCKET}/{archive}.*--model.*--reset ModelUrl"):
        place.deploy(overrides={"Packages": "six==1.17.0"})


def test_back_to_the_default_model(place: Place, model: str) -> None:
    place.deploy(model=model)
    place.deploy(reset=("ModelUrl",))
    parameters = place.aws.stacks.stacks[EFS].parameters
    assert (parameters["ModelUrl"].startswith("https://storage.googleapis.com/"), parameters["ModelSha256"]) == (
        True,
        "",
    )


def test_what_a_kept_stack_gave_up_comes_back_with_the_next_deploy(place: Place) -> None:
    place.deploy(overrides={"MinScore": "0.5", "SshCidr": "192.0.2.0/24"})
    before = place.aws.stacks.stacks[EFS]
    destroy(place.aws.gateways, wild_rydes(keep_data=True), Target(), Said(), lambda found: None)
    assert place.aws.stacks.stacks[EFS].parameters["InternetEgress"] == "none"
    place.deploy()
    assert place.aws.stacks.stacks[EFS].parameters == before.parameters
    assert place.aws.stacks.stacks[EFS].tags == before.tags
    assert place.aws.stacks.stacks[INFERENCE].parameters["MinScore"] == "0.3", "its stack was not kept"


def test_what_a_kept_stack_gave_up_can_be_left_out_for_good(place: Place) -> None:
    without = {"InternetEgress": "none", "BootstrapInstance": "none"}
    place.deploy()
    destroy(place.aws.gateways, wild_rydes(keep_data=True), Target(), Said(), lambda found: None)
    place.deploy(overrides=without)
    place.deploy()
    assert place.aws.stacks.stacks[EFS].parameters.items() >= without.items()


# What the plan says.


def test_a_time_without_callers_is_announced(place: Place) -> None:
    place.deploy(route="short")
    said, _ = place.plan(overrides={"ApiAuth": "API_KEY"})
    assert any("for up to a minute" in text for text in said.texts("warning"))


def test_the_plan_shows_each_parameter_old_and_new(place: Place) -> None:
    place.deploy()
    said, changes = place.plan(overrides={"MemorySize": "2048"})
    assert "  MemorySize 3008 → 2048" in said.texts("plan")[0].splitlines()
    assert changes["MemorySize"]["old"], changes["MemorySize"]["new"] == ("3008", "2048")
    assert set(changes) == {"MemorySize", "Revision"}


def test_the_plan_marks_what_opens_access(place: Place) -> None:
    place.deploy(overrides={"ApiAuth": "API_KEY"})
    said, changes = place.plan(overrides={"ApiAuth": "NONE", "PrivateImageHosts": "10.0.0.1:80"})
    assert "  ApiAuth API_KEY → NONE: open to anyone" in said.texts("plan")[0].splitlines()
    assert changes["ApiAuth"]["opens"] == "open to anyone"
    assert changes["PrivateImageHosts"]["opens"]
    _, closing = place.plan(overrides={"ApiAuth": "AWS_IAM"})
    assert closing["ApiAuth"]["opens"] == ""


def test_the_plan_marks_what_costs_more(place: Place) -> None:
    place.deploy(preset="lean")
    said, changes = place.plan(overrides={"InternetEgress": "nat"})
    assert changes["InternetEgress"]["dearer"] == pytest.approx(36.5)
    assert said.idle == pytest.approx((0.39, 36.89))
    _, cheaper = place.plan(overrides={"ThroughputMode": "bursting"})
    assert cheaper["ThroughputMode"]["dearer"] == 0


def test_a_secret_link_is_not_shown(place: Place, model: str) -> None:
    place.deploy()
    said, changes = place.plan(model=model)
    assert changes["ModelUrl"]["new"].endswith(".tar")
    assert "ignature" not in "".join(said.texts("plan"))


# What a person is asked.


def asked(place: Place, **options: Any) -> list[str]:
    lines: list[str] = []
    place.deploy(confirm=lines.extend, **options)
    return lines


def test_what_is_made_is_told_with_its_cost_before_it_is_made(place: Place) -> None:
    told = "\n".join(asked(place))
    assert f"creates stack {EFS} and stack {INFERENCE} in account 123456789012, region eu-west-1" in told
    assert re.search(rf"stack {EFS}: \d+ resources \(\d+ of EC2, \d+ of EFS, ", told)
    assert re.search(rf"stack {INFERENCE}: \d+ resources \(.*\d+ of Lambda", told)
    assert "ApiAuth NONE: open to anyone" in told
    assert "about 193.23 US$ a month" in told
    assert "with --preset lean: about 0.39 US$ a month" in told


def test_who_says_no_changes_nothing(place: Place) -> None:
    def no(lines: list[str]) -> None:
        raise SettingsError(["nothing was changed"])

    with pytest.raises(SettingsError):
        place.deploy(confirm=no)
    assert place.aws.journal == []


def test_only_what_is_made_or_dearer_is_asked_about(place: Place) -> None:
    assert asked(place, preset="lean")
    assert asked(place) == []
    assert asked(place, overrides={"MinScore": "0.5"}) == []
    assert asked(place, overrides={"InternetEgress": "nat"})[:2] == [
        "raises the cost of the deployment in account 123456789012, region eu-west-1",
        "idle 0.39 → 36.89 US$ a month",
    ]
    assert asked(place, overrides={"InternetEgress": "none"}) == []


def test_without_lean_s_savings_lean_is_not_offered(place: Place) -> None:
    assert not [line for line in asked(place, preset="lean") if "--preset lean" in line]
