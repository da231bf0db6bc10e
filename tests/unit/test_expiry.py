"""When a deployment expires: what people write, how it is stored, and how it holds from one deploy to the next."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.unit.deploy.test_deployer import BUCKET, EFS, INFERENCE, serving
from tests.unit.fakes import FakeAws
from wildrydes_ml import expiry
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import health
from wildrydes_ml.deploy.deployer import deploy, preview
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.tags import BESIDE_TAG, EXPIRES_TAG, TAG
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.settings import wild_rydes

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 28, 13, 30, tzinfo=BERLIN)  # the night to the 29th has an hour less
LATER, LATEST, PAST = "2096-01-01T18:00:00Z", "2096-01-02T18:00:00Z", "2020-01-01T00:00:00Z"


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with serving() as api:
        yield FakeAws(api.url)


# What people write.


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("18:00", "2026-03-28T17:00:00Z"),
        ("9:05", "2026-03-29T07:05:00Z"),  # tomorrow, in summer time
        ("13:30", "2026-03-29T11:30:00Z"),  # now is no time to expire
        ("4h", "2026-03-28T16:30:00Z"),
        ("90m", "2026-03-28T14:00:00Z"),
        ("2d", "2026-03-30T12:30:00Z"),
        ("2026-03-28", "2026-03-28T23:00:00Z"),  # the end of the day
        ("2026-03-29", "2026-03-29T22:00:00Z"),
        ("2026-04-01T18:00", "2026-04-01T16:00:00Z"),
        ("2026-04-01 18:00", "2026-04-01T16:00:00Z"),
        ("2026-04-01T18:00:00Z", "2026-04-01T18:00:00Z"),
        ("2026-04-01T18:00+09:00", "2026-04-01T09:00:00Z"),
        ("never", "never"),
        ("", ""),
    ],
)
def test_a_time_is_one_of_the_local_zone_and_stored_in_utc(text: str, stored: str) -> None:
    assert expiry.asked(text, NOW.astimezone(timezone.utc), BERLIN) == stored
    assert expiry.faults(stored) == []


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "25:00",
        "18",
        "4y",
        "-4h",
        "2026-13-01",
        "99999w9",
        "999999w",
        "0h",
        "20270131",
        "2027-W05-6",
        "2027-01-31Z",
    ],
)
def test_what_is_no_time_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(SettingsError, match=r"--expires .*(write a time \(18:00\)|has passed)"):
        expiry.asked(text, NOW, BERLIN)


def test_a_time_that_has_passed_is_refused_with_the_time_that_it_is() -> None:
    with pytest.raises(SettingsError, match=r"--expires 2026-03-27: 2026-.* has passed; it is 2026-"):
        expiry.asked("2026-03-27", NOW, BERLIN)


def test_a_program_gives_a_time_in_utc() -> None:
    assert wild_rydes(expires=LATER).stack_tags == {EXPIRES_TAG: LATER}
    for wrong in ("18:00", "2096-01-01", "2096-01-01T18:00:00+02:00"):
        with pytest.raises(SettingsError, match="write a time in UTC such as"):
            wild_rydes(expires=wrong)


def test_the_tag_is_set_by_its_option_alone() -> None:
    with pytest.raises(SettingsError, match=f"--tag {EXPIRES_TAG}=x: use --expires TIME, or --expires never"):
        wild_rydes(tags={EXPIRES_TAG: "x"})


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (2, "expires in 2 h"),
        (0.5, "expires in 30 min"),
        (0.001, "expires in less than a minute"),
        (76, "expires in 3 d 4 h"),
        (-3.25, "expired 3 h 15 min ago"),
        (0, "expired less than a minute ago"),
        (24, "expires in 1 d"),
    ],
)
def test_how_long_it_is_until_then(hours: float, told: str) -> None:
    assert expiry.ahead(NOW + timedelta(hours=hours), NOW) == told


def test_a_deployment_expires_with_its_last_stack() -> None:
    early, late = {EXPIRES_TAG: PAST}, {EXPIRES_TAG: LATER}
    assert expiry.of_all([early, late]) == expiry.of_all([{}, late]) == datetime(2096, 1, 1, 18, tzinfo=timezone.utc)
    for last in ({}, {EXPIRES_TAG: "soon"}):
        assert expiry.of_all([early, last]) is None
    assert expiry.of_all([]) is None
    assert expiry.of_all([early, late, {BESIDE_TAG: "batch"}]) == expiry.of_all([late]), "deploy did not make that one"
    assert expiry.sentence([early, {}], NOW, "") == expiry.sentence([], NOW, "") == ""
    due = expiry.sentence([{EXPIRES_TAG: expiry.stamp(NOW)}], NOW, "")
    assert due.startswith("expired less than a minute ago (")
    assert "nothing deletes it" not in due
    assert "is 'soon', which is no time" in expiry.sentence([{EXPIRES_TAG: "soon"}], NOW, "")


# From one deploy to the next.


def deployed(aws: FakeAws, expires: str = "", **options: Any) -> tuple[list[str], Said]:
    """What a deploy changes, and what it says."""
    aws.journal.clear()
    said = Said()
    deploy(aws.gateways, wild_rydes(expires=expires, **options), Target(), said)
    return list(aws.journal), said


def test_an_expiry_holds_until_another_or_never_is_asked_for(aws: FakeAws) -> None:
    deployed(aws, LATER)
    for stack in (EFS, INFERENCE):
        assert aws.stacks.stacks[stack].tags == {EXPIRES_TAG: LATER, TAG: "wildrydes-ml"}
    assert deployed(aws)[0] == deployed(aws, LATER)[0] == []
    assert deployed(aws, LATEST)[0] == [f"update {EFS}", f"update {INFERENCE}"]
    assert aws.stacks.stacks[INFERENCE].tags[EXPIRES_TAG] == LATEST
    assert deployed(aws, "never")[0] == [f"update {EFS}", f"update {INFERENCE}"]
    assert aws.stacks.stacks[EFS].tags == {TAG: "wildrydes-ml"}
    assert deployed(aws, "never")[0] == []


def test_another_time_does_not_fill_efs_again_when_the_instance_has_ended(aws: FakeAws) -> None:
    """It would, with any other tag: an instance that is gone takes none."""
    deployed(aws, LATER, preset="lean")
    assert deployed(aws, LATEST)[0] == [f"update {INFERENCE}"]
    assert aws.stacks.stacks[EFS].tags[EXPIRES_TAG] == LATER
    assert deployed(aws)[0] == []
    assert any(record.get("expires") == LATEST for _, _, record in status(aws).lines)
    assert deployed(aws, "never")[0] == [f"update {INFERENCE}"]
    assert deployed(aws)[0] == []
    assert not [record for _, _, record in status(aws).lines if "expires" in record]
    assert deployed(aws, LATEST, tags={"team": "rides"})[0] == [f"update {EFS}"] * 2 + [f"update {INFERENCE}"]
    assert aws.stacks.stacks[EFS].tags[EXPIRES_TAG] == LATEST


def test_the_bucket_keeps_no_expiry_since_its_tags_do_not_change(aws: FakeAws) -> None:
    deployed(aws, LATER)
    assert aws.buckets.labels[BUCKET] == {TAG: "wildrydes-ml"}


def test_a_plan_tells_what_becomes_of_it_and_a_deploy_what_follows(aws: FakeAws) -> None:
    assert any("expires in" in text for _, text, _ in deployed(aws, LATER)[1].lines)
    said = Said()
    preview(aws.gateways, wild_rydes(expires=LATEST), Target(), said)
    (step, *_) = [record["text"] for kind, _, record in said.lines if kind == "plan"]
    assert f"tags {EXPIRES_TAG} {LATER} → {LATEST}" in step
    (told,) = [(text, record) for _, text, record in said.lines if "expires" in record]
    assert told[1]["expires"] == LATEST
    assert "nothing deletes it by itself" in told[0]


def test_a_deploy_onto_what_has_expired_says_so(aws: FakeAws) -> None:
    deployed(aws, PAST)
    _, said = deployed(aws)
    (told,) = [text for _, text, record in said.lines if "expires" in record]
    assert told.startswith("expired ")
    assert told.endswith(": `wildrydes-ml destroy --expired --region eu-west-1` removes it")


def test_status_tells_the_expiry(aws: FakeAws) -> None:
    deployed(aws)
    assert not [record for _, _, record in status(aws).lines if "expires" in record]
    deployed(aws, LATER)
    (told,) = [(text, record) for _, text, record in status(aws).lines if "expires" in record]
    assert told[0].startswith("expires in ")
    assert told[1]["expires"] == LATER


def status(aws: FakeAws) -> Said:
    said = Said()
    health.status(aws.gateways, wild_rydes(), Target(), said)
    return said
