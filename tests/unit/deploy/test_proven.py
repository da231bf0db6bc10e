"""Which code was proven last, so that it can be put back."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wildrydes_ml.aws.records import Invocation
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import Deployed, deploy
from wildrydes_ml.deploy.proven import last
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deployment import Code, Deployment, Proof, Stack
from wildrydes_ml.destroy.uploads import is_upload
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.template.source import Source
from wildrydes_ml.testing import FakeAws, Response, Said, serving

BUCKET = "moods-123456789012-eu-west-1"
Run = Callable[..., Deployed]


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    """An account whose API answers as it should."""
    with serving(lambda request: Response(200, b'{"a": 1}')) as url:
        yield FakeAws(lambda stack: {"Url": url})


def application(code: Path) -> Deployment:
    """A function that has to answer with JSON that is not empty."""
    body = {
        "Parameters": {name: {"Type": "String"} for name in ("DataBucket", "CodeKey")},
        "Resources": {
            "Answer": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": {"Ref": "CodeKey"}}}},
            "Api": {"Type": "AWS::ApiGateway::RestApi"},
        },
        "Outputs": {"ApiId": {"Value": {"Ref": "Api"}}, "Url": {"Value": "u"}, "Name": {"Value": {"Ref": "Answer"}}},
    }
    proof = Proof.of("POST /", {}, bool, function="Name")
    return Deployment("moods", (Stack(Source("moods.yml", json.dumps(body), body)),), proof, (Code(code),))


@pytest.fixture
def run(tmp_path: Path, aws: FakeAws) -> Run:
    """Deploys code of that text; the function answers as it should unless `fails`."""

    def run(text: str, fails: bool = False, last_proven: bool = False) -> Deployed:
        (tmp_path / "code").mkdir(exist_ok=True)
        (tmp_path / "code" / "app.py").write_text(text)
        aws.functions.answers = [Invocation(400, "no")] if fails else [Invocation(200, '{"a": 1}')]
        settings = Settings((application(tmp_path / "code"),), last_proven=last_proven)
        return deploy(aws.gateways, settings, Target(), Said())

    return run


def deployed(aws: FakeAws) -> str:
    return aws.stacks.stacks["moods"].parameters["CodeKey"]


def notes(aws: FakeAws) -> list[str]:
    return [key for key in aws.buckets.objects[BUCKET] if key.endswith(".proven")]


def test_the_code_that_was_proven_last_is_put_back(run: Run, aws: FakeAws) -> None:
    run("a = 1")
    good = deployed(aws)
    with pytest.raises(WildrydesError, match=f"The code before it, {good}, was proven"):
        run("b = 1", fails=True)
    assert deployed(aws) != good
    run("b = 1", last_proven=True)
    assert deployed(aws) == good


def test_code_that_is_proven_again_after_other_code_is_the_last(run: Run, aws: FakeAws) -> None:
    run("a = 1")
    first = deployed(aws)
    run("b = 1")
    run("a = 1")
    assert last(aws.gateways, BUCKET, "moods") == {"CodeKey": first}
    with pytest.raises(WildrydesError, match=first):
        run("c = 1", fails=True)
    run("c = 1", last_proven=True)
    assert deployed(aws) == first


def test_a_deploy_of_what_was_proven_last_notes_nothing(run: Run, aws: FakeAws) -> None:
    for text in ("a = 1", "a = 1", "b = 1", "a = 1", "a = 1"):
        run(text)
    assert len(notes(aws)) == 3
    assert all(is_upload(key) for key in notes(aws)), "or destroy would not know them as ours"


def test_a_deploy_that_changes_nothing_notes_what_one_before_it_could_not(run: Run, aws: FakeAws) -> None:
    for text in ("a = 1", "b = 1", "a = 1"):
        run(text)
    del aws.buckets.objects[BUCKET][notes(aws)[-1]]
    assert not run("a = 1").changed
    assert last(aws.gateways, BUCKET, "moods") == {"CodeKey": deployed(aws)}


def test_notes_of_an_earlier_version_count_until_there_is_one_of_this(run: Run, aws: FakeAws) -> None:
    aws.buckets.put(BUCKET, {})
    for number, digest in enumerate("ab"):
        text = json.dumps({"number": number, "keys": {"CodeKey": f"code/moods-{digest}"}})
        aws.buckets.note(BUCKET, f"code/moods-{digest * 16}.proven", text)
    assert last(aws.gateways, BUCKET, "moods") == {"CodeKey": "code/moods-b"}
    aws.buckets.note(BUCKET, f"code/moods-{'c' * 16}.1.proven", json.dumps({"keys": {"CodeKey": "code/moods-c"}}))
    assert last(aws.gateways, BUCKET, "moods") == {"CodeKey": "code/moods-c"}


def test_another_deployment_s_notes_in_the_bucket_are_not_ours(aws: FakeAws) -> None:
    aws.buckets.put(BUCKET, {})
    aws.buckets.note(BUCKET, f"code/moods-two-{'a' * 16}.9.proven", json.dumps({"keys": {"CodeKey": "code/x"}}))
    assert last(aws.gateways, BUCKET, "moods") == {}
