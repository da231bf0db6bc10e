"""`destroy --expired`: what has expired goes, whatever made it; what has not, and what is not ours, stays."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from tests.unit.deploy.test_survey import DAY, FUTURE, NOW, PAST, account, put
from tests.unit.fakes import FakeAws
from wildrydes_ml.aws.records import StackResource
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import survey
from wildrydes_ml.deploy.deployer import Deployer
from wildrydes_ml.deploy.survey import Standing
from wildrydes_ml.destroy import expired
from wildrydes_ml.destroy.destroyer import destroy
from wildrydes_ml.errors import Refused, SettingsError, WildrydesError
from wildrydes_ml.tags import EXPIRES_TAG, TAG
from wildrydes_ml.testing import IDENTITY, Said
from wildrydes_ml.workshop.settings import wild_rydes

LATER = NOW + DAY
Clock = Callable[[], datetime]


def removed(aws: FakeAws, now: datetime = NOW, clock: Clock | None = None, said: Said | None = None) -> list[str]:
    """The names of what went."""
    found = list(survey.expired(aws.gateways, now))

    def remove(standing: Standing) -> bool:
        settings = expired.settings_for(standing, wild_rydes(), IDENTITY)
        return destroy(aws.gateways, settings, Target(), said or Said(), lambda lines: None)

    return expired.remove_each(aws.gateways, found, remove, clock or (lambda: now), said or Said())


def test_what_has_expired_goes_and_all_else_stays() -> None:
    aws, said = account(), Said()
    assert removed(aws, said=said) == ["iris"]
    assert aws.journal[-1:] == ["delete iris"]
    there = [name for name in aws.stacks.stacks if aws.stacks.describe(name)]
    assert there == ["wildrydes-ml-mod5", "wildrydes-ml-mod5-inf", "theirs"]
    assert "verified: no billable resource of iris remains" in said.texts("event")
    assert removed(aws) == []


def test_what_is_retained_must_be_of_one_of_them() -> None:
    aws = account()
    aws.stacks.held["iris"] = [StackResource("Key", "AWS::KMS::Key", "k-1")]
    aws.stacks.held["wildrydes-ml-mod5"] = [StackResource("Files", "AWS::EFS::FileSystem", "fs-1")]
    found = list(survey.expired(aws.gateways, LATER))
    kept = expired.retained(aws.gateways, found, wild_rydes(retain=("Files",)))
    assert kept == {"iris": (), "wildrydes-ml": ("Files",)}
    with pytest.raises(SettingsError, match=r"--retain Kye: no stack of what has expired has .* there are Files, Key;"):
        expired.retained(aws.gateways, found, wild_rydes(retain=("Kye",)))


def test_each_is_proven_by_itself() -> None:
    aws, said = account(), Said()
    assert removed(aws, LATER, said=said) == ["iris", "wildrydes-ml"]
    proofs = [text for text in said.texts("event") if text.startswith("verified")]
    assert proofs == [f"verified: no billable resource of {name} remains" for name in ("iris", "wildrydes-ml")]
    assert aws.buckets.labels == {}
    assert aws.left == ["stack theirs"]


def test_an_app_goes_without_its_file_with_its_bucket_and_log() -> None:
    aws = FakeAws()
    bucket = "iris-123456789012-eu-west-1"
    key = f"code/iris-{16 * 'a'}.zip"
    put(aws, "iris", "iris", DAY, PAST, parameters={"DataBucket": bucket, "CodeKey": key})
    aws.buckets.create(bucket, {TAG: "iris"})
    aws.buckets.upload(bucket, key, b"zip", {TAG: "iris"})
    aws.functions.log_groups = {"/aws/lambda/iris": {TAG: "iris"}, "/aws/lambda/other": {}}
    aws.journal.clear()
    assert removed(aws) == ["iris"]
    assert aws.journal == ["delete iris", "delete log group /aws/lambda/iris", "remove 1 versions",
                           f"delete bucket {bucket}"]  # fmt: skip


def test_in_a_bucket_that_was_given_only_its_uploads_go() -> None:
    aws = FakeAws()
    key = f"code/iris-{16 * 'a'}.zip"
    put(aws, "iris", "iris", DAY, PAST, parameters={"DataBucket": "theirs", "CodeKey": key})
    aws.buckets.create("theirs", {})
    aws.buckets.upload("theirs", key, b"zip", {TAG: "iris"})
    aws.buckets.upload("theirs", "notes.txt", b"notes", {})
    assert removed(aws) == ["iris"]
    assert set(aws.buckets.keys("theirs", "")) == {"notes.txt"}


def test_a_bucket_that_no_stack_tells_is_not_left_behind_in_silence() -> None:
    aws = FakeAws()
    put(aws, "iris", "iris", DAY, PAST, parameters={"Store": "theirs", "CodeKey": f"code/iris-{16 * 'a'}.zip"})
    with pytest.raises(WildrydesError, match=r"not deleted: iris.*destroy --app FILE.py --name iris") as caught:
        removed(aws)
    assert caught.value.exit_code == Refused.exit_code
    assert aws.stacks.describe("iris")


def test_what_cannot_be_deleted_does_not_keep_the_others() -> None:
    aws, said = account(), Said()
    aws.stacks.stacks["iris"] = replace(aws.stacks.stacks["iris"], is_protected=True)
    with pytest.raises(WildrydesError, match=r"^not deleted: iris\. Of iris: termination protection is on") as caught:
        removed(aws, LATER, said=said)
    assert caught.value.exit_code == 4
    assert aws.left == ["stack iris", "stack theirs"]
    assert said.texts("warning")[0].startswith("iris was not deleted: termination protection is on for iris")


def test_what_gets_more_time_while_another_is_deleted_stays() -> None:
    aws, said = account(), Said()
    put(aws, "lilies", "lilies", DAY, PAST)

    def clock() -> datetime:
        if not aws.stacks.describe("iris"):
            put(aws, "lilies", "lilies", DAY, FUTURE)
        return NOW

    assert removed(aws, clock=clock, said=said) == ["iris"]
    assert aws.stacks.describe("lilies")
    assert "lilies has gone, or got another expiry: nothing of it was deleted" in said.texts("event")


def test_the_question_names_each_deployment_with_its_stacks() -> None:
    aws = account()
    put(aws, "lilies", "lilies", DAY, "2026-11-27T11:15:00Z")
    told = expired.lines(list(survey.expired(aws.gateways, NOW)), NOW)
    assert [line.partition(" (")[0] for line in told] == ["iris: expired 3 h ago", "lilies: expired 45 min ago"]
    assert told[0].endswith("stacks iris, with their bucket, keys and logs")


def test_a_known_application_is_taken_for_stacks_of_its_names() -> None:
    aws = account()
    iris, rydes = survey.find(aws.gateways)
    assert expired.settings_for(rydes, wild_rydes(), IDENTITY).deployments == wild_rydes().deployments
    assert expired.settings_for(iris, wild_rydes(), IDENTITY).all_stacks == ("iris",)


def test_a_bucket_of_one_deployment_is_not_taken_for_that_of_others() -> None:
    (iris, _) = survey.find(account().gateways)
    assert expired.settings_for(iris, wild_rydes(bucket="theirs", keep_data=True), IDENTITY).bucket == ""


def test_data_that_are_kept_have_the_time_too_and_a_person_is_told() -> None:
    aws, said = FakeAws(), Said()
    deployer = Deployer.planned(aws.gateways, wild_rydes(preset="lean", expires="2096-01-01T00:00:00Z"), Target(), said)
    for step in deployer.plan.steps:
        deployer.run(step)
    destroy(aws.gateways, wild_rydes(keep_data=True), Target(), said, lambda lines: None)
    (told,) = said.texts("warning")
    assert told.startswith("stack wildrydes-ml-mod5 is kept, but expires in ")
    assert [one.name for one in survey.expired(aws.gateways, NOW + 80 * 365 * DAY)] == ["wildrydes-ml"]


def test_a_second_before_its_time_nothing_has_expired() -> None:
    aws = FakeAws()
    put(aws, "iris", "iris", DAY, "2026-11-27T12:00:00Z")
    assert removed(aws, NOW - timedelta(seconds=1)) == []
    assert aws.stacks.stacks["iris"].tags[EXPIRES_TAG] == "2026-11-27T12:00:00Z"
    assert removed(aws, datetime(2026, 11, 27, 12, tzinfo=timezone.utc)) == ["iris"]
