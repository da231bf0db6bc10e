"""What the proof does with a deployment, step by step, as a table; each step says what it saw, or raises."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from wildrydes_ml.errors import Refused

from .deployment import Deployment, NotAskedError

ROOT = Path(__file__).resolve().parents[2]
PHOTOGRAPH = (
    "https://images.pexels.com/photos/310983/pexels-photo-310983.jpeg?auto=compress&cs=tinysrgb&dpr=2&h=650&w=940"
)
# It holds nothing and costs nothing.
_STRANGER = json.dumps({"Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}})
_DENIED = "cloudformation:CreateStack"


@dataclass(frozen=True)
class Step:
    """One row: a name, what it shows, and how it is done. `ends` marks a step without which no other makes sense."""

    name: str
    shows: str
    take: Callable[[Deployment], str]
    ends: bool = False


def _expect(is_so: bool, said: str) -> str:
    """What was seen; raises AssertionError when it is not what it should be."""
    if not is_so:
        raise AssertionError(said)
    return said


def _deploy(place: Deployment) -> str:
    preset = "lean" if place.is_on_aws else ""
    processor = {"long": "x86_64", "short": "arm64"}[place.route]
    done = place.deploy(preset=preset, overrides={**place.settings.overrides, "Architecture": processor})
    return _expect(
        done.changed and done.answer is not None, f"made for {processor}; {done.answer and done.answer.describe()}"
    )


def _nothing_to_do(place: Deployment) -> str:
    done = place.deploy()
    return _expect(
        not done.changed and not place.reporter.steps, f"a second deploy took {len(place.reporter.steps)} steps"
    )


def _new_code(place: Deployment) -> str:
    source = place.settings.deployment.code[0].directory
    with tempfile.TemporaryDirectory() as folder:
        code = Path(shutil.copytree(source, Path(folder) / "code"))
        (code / "touched.txt").write_text("new code\n", encoding="utf-8")
        before = _code(place)
        place.deploy(code=code)
    return _expect(_code(place) != before, f"the function's code went from {before} to {_code(place)}")


def _code(place: Deployment) -> str:
    found = place.client("lambda").get_function_configuration(FunctionName=place.function)
    return str(found["CodeSha256"])


def _key_on(place: Deployment) -> str:
    place.deploy(overrides={"ApiAuth": "API_KEY"})
    without, answer = place.post(b"{}").status, place.classify()
    return _expect(without == 403, f"without the key {without}, with it: {answer.message}")


def _key_off(place: Deployment) -> str:
    place.deploy(reset=("ApiAuth",))
    keys = place.client("apigateway").get_api_keys(nameQuery=place.function)["items"]
    answer = place.classify()
    return _expect(not keys, f"{len(keys)} keys are left; without one: {answer.message}")


def _by_url(place: Deployment) -> str:
    return place.classify(PHOTOGRAPH).describe()


def _posted(place: Deployment) -> str:
    return place.classify().describe()


def _taken_name(place: Deployment) -> str:
    other = f"{place.settings.name}-b"
    try:
        with _stranger(place, f"{other}-mod5-complete"):
            return _refusal(place, other)
    finally:
        place.destroy(other)


def _refusal(place: Deployment, name: str) -> str:
    try:
        place.deploy(name=name, route="short")
    except Refused as refusal:
        return str(refusal)
    raise AssertionError("a stack of somebody else's was taken for ours")


@contextmanager
def _stranger(place: Deployment, name: str) -> Iterator[None]:
    stacks = place.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=_STRANGER, OnFailure="DELETE")
    try:
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 5})
        yield
    finally:
        stacks.delete_stack(StackName=name)
        stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 5})


def _denied_right(place: Deployment) -> str:
    """A deploy of another name, by a session of the same caller that may do all but one thing."""
    if not place.is_on_aws:
        raise NotAskedError("the emulator asks nobody for rights")
    other = f"{place.settings.name}-d"
    command = [sys.executable, str(ROOT / "bin" / "deploy.py"), "--name", other, "--region", place.target.region]
    environment = {**os.environ, **_session(place)}
    environment.pop("AWS_PROFILE", None)
    try:
        done = subprocess.run(
            [*command, "--account", place.settings.account, "--preset", "lean", "--output", "json"],
            env=environment, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
    finally:
        place.destroy(other)
    last = json.loads(done.stdout.splitlines()[-1])
    named = last.get("error", "")
    return _expect(done.returncode == 1 and _DENIED in named, f"exit code {done.returncode}: {named}")


def _session(place: Deployment) -> dict[str, str]:
    """Credentials of the caller's own, but for one right: of a user as federated ones, of a role by its own policy."""
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = json.dumps(
        {"Version": "2012-10-17", "Statement": [allowed, {**allowed, "Effect": "Deny", "Action": _DENIED}]}
    )
    sts = place.client("sts")
    arn = sts.get_caller_identity()["Arn"]
    try:
        found = _credentials(sts, arn, policy)
    except (ClientError, BotoCoreError) as error:
        raise NotAskedError(f"no session with fewer rights for {arn}: {error}") from error
    names = {"AccessKeyId": "ACCESS_KEY_ID", "SecretAccessKey": "SECRET_ACCESS_KEY", "SessionToken": "SESSION_TOKEN"}
    return {f"AWS_{name}": str(found[key]) for key, name in names.items()}


def _credentials(sts: Any, arn: str, policy: str) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html: who may ask for which."""
    if ":assumed-role/" in arn:
        role = arn.replace(":sts:", ":iam:").replace(":assumed-role/", ":role/").rpartition("/")[0]
        return dict(sts.assume_role(RoleArn=role, RoleSessionName="denied", Policy=policy)["Credentials"])
    return dict(sts.get_federation_token(Name="denied", Policy=policy, DurationSeconds=900)["Credentials"])


STEPS = (
    Step("deploy", "a new deployment answers", _deploy, ends=True),
    Step("deploy again", "a second deploy changes nothing", _nothing_to_do),
    Step("new code", "changed code reaches the function", _new_code),
    Step("key on", "ApiAuth=API_KEY closes the API, and its key opens it", _key_on),
    Step("key off", "--reset ApiAuth opens it again and leaves no key", _key_off),
    Step("a photograph by URL", "the function fetches and answers", _by_url),
    Step("a picture posted", "the function takes and answers it", _posted),
)
# Once, whatever the route.
ONCE = (
    Step("a taken name", "a stack of somebody else's is left alone", _taken_name),
    Step("a denied right", "the error names the right that is missing, and nothing is left", _denied_right),
)
