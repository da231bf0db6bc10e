"""The policies that `policy` prints are enough for what the verbs call: on an emulator that evaluates IAM.

What CloudFormation does on the caller's behalf is not evaluated there; tests/unit/policy/test_rights.py holds it by the
types' schemas.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.sweep.place import LIGHT, SETTINGS, Silent, fill
from wildrydes_ml import web
from wildrydes_ml.ask.asking import ask
from wildrydes_ml.aws.session import Aws, connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.classroom import present, removal, run
from wildrydes_ml.classroom.roster import counted
from wildrydes_ml.classroom.run import Order
from wildrydes_ml.deploy import deployer as deploying
from wildrydes_ml.deploy import health, survey
from wildrydes_ml.deploy.logs import Reading
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.destroy import destroyer, expired
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.local import emulator as local
from wildrydes_ml.policy import grants
from wildrydes_ml.policy.rights import CALLS
from wildrydes_ml.policy.rows import CLASS
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.deployments import deployments, sample

pytestmark = pytest.mark.slow

ACCOUNT, NOW = "000000000000", datetime.now(timezone.utc)
As = Callable[[str, Settings], Aws]
Call = tuple[str, str]


@pytest.fixture(scope="module")
def efs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that stands for EFS, filled for the sweeps' light function."""
    return fill(tmp_path_factory.mktemp("rights") / "efs")


@pytest.fixture
def place(tmp_path: Path, efs: Path) -> Iterator[Target]:
    """An emulator that evaluates IAM."""
    port = local.free_port()
    (tmp_path / "home" / "tmp").mkdir(parents=True)
    environment = {**local._environment(tmp_path / "home", port), "AUTH": "true", "TMPDIR": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        emulator = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, cwd=tmp_path, stdout=log, stderr=log
        )
    target = local.target(tmp_path, local.Emulator(emulator.pid, port), SETTINGS.name)
    try:
        deadline = time.monotonic() + 60
        while web.get(f"{target.endpoint}/_ministack/health", {}, timeout=2).status != 200:
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.1)
        yield replace(target, efs_directory=efs, parameters={**target.parameters, "EFSpath": str(efs)})
    finally:
        emulator.terminate()
        emulator.wait(30)


@pytest.fixture
def called() -> set[Call]:
    """Verb and operation of what was called."""
    return set()


@pytest.fixture
def as_who(place: Target, called: set[Call]) -> As:
    """The gateways of a user who has the policies of a verb, and no right besides."""
    root = boto3.Session(ACCOUNT, "local", region_name=place.region).client("iam", endpoint_url=place.endpoint)

    def log_in(who: str, settings: Settings) -> Aws:
        root.create_user(UserName=who)
        documents = [one for verb in who.split("+") for one in grants.policies(verb, settings, place.region)]
        for number, document in enumerate(documents):
            name = f"{who}-{number}"
            made = root.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))["Policy"]
            root.attach_user_policy(UserName=who, PolicyArn=made["Arn"])
        key = root.create_access_key(UserName=who)["AccessKey"]

        def session(target: Target) -> Any:
            opened = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=target.region)
            opened.events.register("request-created", _over_tls)
            opened.events.register("before-call", partial(_note, called, who))
            return opened

        return connect(place, open_session=session)

    return log_in


def _note(called: set[Call], who: str, model: Any, **_: Any) -> None:
    called.add((who, f"{model.service_model.service_name} {model.name}"))


def _over_tls(request: Any, **_: Any) -> None:
    """What a proxy with TLS in front of the emulator says; the bucket denies all else."""
    request.headers["X-Forwarded-Proto"] = "https"


@pytest.mark.parametrize("auth", ["API_KEY", "AWS_IAM"])
def test_each_verb_gets_along_with_its_own_policy(place: Target, as_who: As, called: set[Call], auth: str) -> None:
    settings = replace(SETTINGS, account=ACCOUNT, overrides={**SETTINGS.overrides, "ApiAuth": auth})
    deployer = as_who("deploy", settings)
    assert deploying.deploy(deployer, settings, place, Silent()).changed
    assert not deploying.deploy(deployer, settings, place, Silent()).changed

    sender = health.find_sender(as_who("classify", settings), settings, place)
    assert ask(sender, sample()).validated
    assert health.status(as_who("status", settings), settings, place, Silent(), with_drift=True).api_url
    reader = as_who("logs", settings)
    find = partial(health.find_stacks, reader, settings)
    assert Reading(reader, find, Silent(), datetime.fromtimestamp(0, timezone.utc)).show() > 0
    said = Said()
    assert survey.report(as_who("status-all", settings), said, NOW)["deployments"] == 1
    assert said.texts("warning") == []
    assert destroyer.destroy(as_who("destroy", settings), settings, place, Silent(), lambda lines: None)

    told = {(verb, right.source) for right in CALLS for verb in right.when}
    assert called <= told
    assert {("deploy", "s3 PutObject"), ("status", "cloudformation DetectStackDrift")} <= called
    assert {
        ("classify", "sts GetCallerIdentity"),
        ("logs", "logs FilterLogEvents"),
        ("destroy", "s3 DeleteBucket"),
    } <= called


def test_what_has_expired_goes_with_the_rights_to_destroy_it_and_to_look_at_all(place: Target, as_who: As) -> None:
    settings = replace(SETTINGS, account=ACCOUNT, expires="2020-01-01T00:00:00Z")
    deploying.deploy(as_who("deploy", settings), settings, place, Silent())
    cleaner = as_who("destroy+status-all", settings)
    found = list(survey.expired(cleaner, NOW))

    def remove(standing: survey.Standing) -> bool:
        known = expired.settings_for(standing, replace(settings, expires=""), cleaner.identity)
        return destroyer.destroy(cleaner, known, place, Silent(), lambda lines: None)

    assert expired.remove_each(cleaner, found, remove, lambda: NOW, Silent()) == [settings.name]
    assert survey.find(cleaner) == []


def test_who_may_look_at_one_deployment_alone_is_told_what_is_missing(place: Target, as_who: As) -> None:
    with pytest.raises(WildrydesError, match=r"stacks: AWS denies access.*cloudformation:DescribeStacks"):
        survey.find(as_who("status", replace(SETTINGS, account=ACCOUNT)))


def test_without_the_policy_nothing_goes(place: Target, as_who: As) -> None:
    settings = replace(SETTINGS, account=ACCOUNT, deployments=deployments(LIGHT))
    rider = as_who("classify", settings)
    with pytest.raises(WildrydesError, match="AWS denies access"):
        deploying.deploy(rider, settings, place, Silent())
    deploying.deploy(as_who("deploy", settings), settings, place, Silent())
    with pytest.raises(WildrydesError, match="AWS denies access"):
        destroyer.destroy(rider, settings, place, Silent(), lambda lines: None)


def test_a_teacher_gets_along_with_the_policy_for_a_class(place: Target, as_who: As, called: set[Call]) -> None:
    """The workshop's own templates, for two students: made twice, looked at, and deleted."""
    asked = replace(SETTINGS, account=ACCOUNT, overrides={**SETTINGS.overrides, "ApiAuth": "API_KEY"})
    students, teacher = counted(2, asked.name), as_who("class", asked)
    order = Order(asked, asked.name, students, students, is_wired=True)
    for _ in range(2):
        seats = run.deploy(teacher, order, place, Silent())
        assert [seat.state for seat in seats] == ["done", "done"], seats
    looked = present.status(teacher, asked, asked.name, (), (), place, Silent())
    assert [seat.state for seat in looked] == ["done", "done"], looked
    assert removal.destroy(teacher, asked, asked.name, (), place, Silent())
    told = {right.source for right in CALLS if right.when & CLASS}
    assert {source for _, source in called} <= told
