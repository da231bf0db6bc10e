"""The participants' policy beside the steps of the workshop, on an emulator that evaluates IAM: enough, and no more.

What the console calls is called as it does. The emulator knows no test of a method, for which the right to deploy is
enough on AWS, too, and does not look at the role that is passed to CloudFormation.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.sweep.place import SETTINGS, Silent
from wildrydes_ml.ask.asking import ask
from wildrydes_ml.aws.session import connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import deployer as deploying
from wildrydes_ml.deploy import health
from wildrydes_ml.deploy.logs import Reading
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.policy import grants
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.deployments import sample

from . import test_rights as rights

pytestmark = pytest.mark.slow

place, efs = rights.place, rights.efs

ACCOUNT = rights.ACCOUNT
ROLE = f"arn:aws:iam::{ACCOUNT}:role/cloudformation"
TEMPLATE = Path(__file__).parents[2] / "templates" / "efs_99.yml"
STACK, FUNCTION = f"{SETTINGS.name}-mod5-inf", f"{SETTINGS.name}-ml_inferencefunction"
_DENIED = re.compile("not authorized|denies access|no permission|no identity-based policy allows")
_OF_STACKS = ("CreateStack", "DescribeStackEvents", "DeleteStack")
Documents = Sequence[Mapping[str, Any]]


class Rider:
    """A participant with some policies and no right besides: plain clients, and the gateways of our commands."""

    def __init__(self, place: Target, name: str, documents: Documents) -> None:
        self._place = place
        root = boto3.Session(ACCOUNT, "local", region_name=place.region).client("iam", endpoint_url=place.endpoint)
        root.create_user(UserName=name)
        for number, document in enumerate(documents):
            root.put_user_policy(UserName=name, PolicyName=f"{name}-{number}", PolicyDocument=json.dumps(document))
        key = root.create_access_key(UserName=name)["AccessKey"]
        self._key = key["AccessKeyId"], key["SecretAccessKey"]
        self.aws = connect(place, open_session=self._session)

    def _session(self, target: Target) -> Any:
        opened = boto3.Session(*self._key, region_name=target.region)
        opened.events.register("request-created", rights._over_tls)
        return opened

    def client(self, service: str) -> Any:
        return self._session(self._place).client(service, endpoint_url=self._place.endpoint)


# The steps, each as the AWS CLI, the console or our command takes it.


def reads_the_outputs(rider: Rider) -> dict[str, str]:
    (stack,) = rider.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}


def finds_the_api_in_the_console(rider: Rider) -> None:
    names = [one["name"] for one in rider.client("apigateway").get_rest_apis()["items"]]
    assert "ModelInferenceApi" in names


def finds_the_function_in_the_console(rider: Rider) -> None:
    assert [one["FunctionName"] for one in rider.client("lambda").list_functions()["Functions"]] == [FUNCTION]
    assert rider.client("lambda").get_function_configuration(FunctionName=FUNCTION)["State"] == "Active"


def connects_the_api(rider: Rider) -> None:
    outputs, gateway = reads_the_outputs(rider), rider.client("apigateway")
    api, function = outputs["ModelInferenceApiId"], outputs["MLInferenceFunction"]
    (root,) = [one["id"] for one in gateway.get_resources(restApiId=api)["items"] if one["path"] == "/"]
    at = {"restApiId": api, "resourceId": root, "httpMethod": "ANY"}
    gateway.put_method(**at, authorizationType="NONE")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    gateway.put_integration(**at, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.put_method_response(**at, statusCode="200")
    gateway.put_integration_response(**at, statusCode="200")
    gateway.create_deployment(restApiId=api, stageName="prod")
    assert [one["stageName"] for one in gateway.get_stages(restApiId=api)["item"]] == ["prod"]


def invokes_the_function(rider: Rider) -> None:
    reply = rider.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps({"image": ""}))
    assert json.loads(reply["Payload"].read())["statusCode"] == 200


def classifies(rider: Rider, settings: Settings, place: Target) -> None:
    answer = ask(health.find_sender(rider.aws, settings, place), sample())
    if answer.error:
        raise WildrydesError(answer.error)
    assert answer.validated


def asks_for_the_status(rider: Rider, settings: Settings, place: Target) -> None:
    said = Said()
    assert health.status(rider.aws, settings, place, said).answer
    assert rider.aws.stacks.template(STACK)  # for the idle cost, which is not told of an emulator


def reads_the_log(rider: Rider, settings: Settings) -> None:
    find = partial(health.find_stacks, rider.aws, settings)
    said = Said()
    assert Reading(rider.aws, find, said, datetime.fromtimestamp(0, timezone.utc)).show() > 0
    assert said.texts("warning") == []


def denied(steps: Sequence[Callable[[], object]]) -> list[str]:
    """What AWS denies of the steps; each is taken, whatever became of those before it."""
    found = []
    for step in steps:
        try:
            step()
        except (ClientError, WildrydesError) as error:
            found.append(f"{getattr(step, 'func', step).__name__}: {error}")
    return [text for text in found if _DENIED.search(text)]


def without_each(documents: Documents) -> Iterator[tuple[str, Documents]]:
    """The policies without one action of one statement at a time; a statement of a single action goes with it."""
    for document in documents:
        for one in document["Statement"]:
            for action in one["Action"]:
                less = {**one, "Action": [other for other in one["Action"] if other != action]}
                left = [less if other is one else other for other in document["Statement"]]
                kept = {**document, "Statement": [other for other in left if other["Action"]]}
                yield f"{action} of {one['Sid']}", [kept if each is document else each for each in documents]


def unwire(place: Target) -> None:
    """The API as the organizer leaves it: without a method and a stage."""
    root = boto3.Session(ACCOUNT, "local", region_name=place.region)
    stacks, gateway = (root.client(name, endpoint_url=place.endpoint) for name in ("cloudformation", "apigateway"))
    outputs = stacks.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    api = next(one["OutputValue"] for one in outputs if one["OutputKey"] == "ModelInferenceApiId")
    for stage in gateway.get_stages(restApiId=api)["item"]:
        gateway.delete_stage(restApiId=api, stageName=stage["stageName"])
    (resource,) = gateway.get_resources(restApiId=api)["items"]
    for method in resource.get("resourceMethods", {}):
        gateway.delete_method(restApiId=api, resourceId=resource["id"], httpMethod=method)


def test_the_steps_of_a_room_need_each_statement_and_no_other(place: Target) -> None:
    settings = replace(SETTINGS, account=ACCOUNT, overrides={**SETTINGS.overrides, "ApiAuth": "NONE"})
    deploying.deploy(connect(place), settings, place, Silent())
    documents = grants.policies("participant", settings, place.region)

    def steps(name: str, policies: Documents) -> list[Callable[[], object]]:
        unwire(place)
        rider = Rider(place, name, policies)
        plain = (
            reads_the_outputs,
            finds_the_api_in_the_console,
            finds_the_function_in_the_console,
            connects_the_api,
            invokes_the_function,
        )
        ours = (
            partial(classifies, rider, settings, place),
            partial(asks_for_the_status, rider, settings, place),
            partial(reads_the_log, rider, settings),
        )
        return [*(partial(step, rider) for step in plain), *ours]

    assert denied(steps("all", documents)) == []
    less = enumerate(without_each(documents))
    lacks = {name: denied(steps(f"without-{number}", rest)) for number, (name, rest) in less}
    assert len(lacks) == sum(len(one["Action"]) for document in documents for one in document["Statement"])
    assert [name for name, found in lacks.items() if not found] == []


def test_a_participant_makes_and_removes_nothing_of_others(place: Target) -> None:
    settings = replace(SETTINGS, account=ACCOUNT)
    rider = Rider(place, "rider", grants.policies("participant", settings, place.region))
    with pytest.raises(WildrydesError, match="AWS denies access"):
        deploying.deploy(rider.aws, settings, place, Silent())
    template = TEMPLATE.read_text(encoding="utf-8")
    tries: list[tuple[str, str, dict[str, Any]]] = [
        ("cloudformation", "create_stack", {"StackName": "shop", "TemplateBody": template}),
        ("cloudformation", "delete_stack", {"StackName": STACK}),
        ("apigateway", "create_rest_api", {"name": "mine"}),
        ("lambda", "delete_function", {"FunctionName": FUNCTION}),
        ("lambda", "invoke", {"FunctionName": "shop"}),
        ("s3", "list_buckets", {}),
        ("iam", "list_users", {}),
        ("ec2", "describe_vpcs", {}),
    ]
    for service, operation, options in tries:
        with pytest.raises(ClientError, match=r"AccessDenied|UnauthorizedOperation|not authorized"):
            getattr(rider.client(service), operation)(**options)


@pytest.mark.parametrize("auth", ["API_KEY", "AWS_IAM"])
def test_who_asks_a_closed_api_needs_one_statement_more(place: Target, auth: str) -> None:
    settings = replace(SETTINGS, account=ACCOUNT, overrides={**SETTINGS.overrides, "ApiAuth": auth})
    deploying.deploy(connect(place), settings, place, Silent())
    documents = grants.policies("participant", settings, place.region)
    rider = Rider(place, "rider", documents)
    assert denied([partial(classifies, rider, settings, place)]) == []
    more = {"API_KEY": "apigateway:GET of KeysToRead", "AWS_IAM": "execute-api:Invoke of CallsOfTheApi"}[auth]
    rest = next(rest for name, rest in without_each(documents) if name == more)
    assert denied([partial(classifies, Rider(place, "other", rest), settings, place)])


def test_with_a_role_of_cloudformation_a_participant_makes_the_stacks_by_hand(place: Target) -> None:
    settings = replace(SETTINGS, account=ACCOUNT, role_arn=ROLE, bucket="classroom")
    root = boto3.Session(ACCOUNT, "local", region_name=place.region).client("s3", endpoint_url=place.endpoint)
    root.create_bucket(Bucket="classroom")
    template = TEMPLATE.read_text(encoding="utf-8")
    off = {"InternetEgress": "none", "BootstrapInstance": "none"}
    stack = f"{SETTINGS.name}-mod5"

    def uploads_the_code(rider: Rider) -> None:
        rider.client("s3").put_object(Bucket="classroom", Key="code/ml_inferencefunction.zip", Body=b"zip")

    def creates_and_deletes_the_stack(rider: Rider) -> None:
        formation = rider.client("cloudformation")
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in off.items()]
        formation.create_stack(
            StackName=stack, TemplateBody=template, Parameters=parameters, RoleARN=ROLE,
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )  # fmt: skip
        formation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
        assert formation.describe_stack_events(StackName=stack)["StackEvents"]
        formation.delete_stack(StackName=stack, RoleARN=ROLE)
        with suppress(ClientError):
            formation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})

    steps = (uploads_the_code, creates_and_deletes_the_stack)
    documents = grants.policies("participant", settings, place.region)
    rider = Rider(place, "rider", documents)
    assert denied([partial(step, rider) for step in steps]) == []
    needed = ("s3:PutObject of Objects", *(f"cloudformation:{name} of Stacks" for name in _OF_STACKS))
    for number, name in enumerate(needed):
        other = Rider(place, f"rider-{number}", next(rest for title, rest in without_each(documents) if title == name))
        assert len(denied([partial(step, other) for step in steps])) == 1, name
        with suppress(ClientError):
            rider.client("cloudformation").delete_stack(StackName=stack, RoleARN=ROLE)
    plain = Rider(place, "plain", grants.policies("participant", replace(settings, role_arn=""), place.region))
    assert len(denied([partial(step, plain) for step in steps])) == 2
