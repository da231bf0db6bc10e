"""An API of one's own with a route that is open beside closed ones, called on MiniStack under each kind of auth."""

import io
import zipfile
from typing import Any

import pytest
from troposphere import Output, Parameter, Ref, Template

from tests.unit.fakes import PROOF
from wildrydes_ml import render
from wildrydes_ml.aws.target import Target
from wildrydes_ml.blocks import (
    Access,
    FileSystemMount,
    FunctionSettings,
    Route,
    access_point_arn,
    add_inference_function,
    add_proxy_stage,
    add_rest_api,
    invoke_url,
)
from wildrydes_ml.deploy.proof import public_url

from .conftest import client
from .test_api_answers import send

STACK, BUCKET = "digits", "digits-code"
HANDLER = "def answer(event, context):\n    return {'statusCode': 200, 'body': event['httpMethod'] + event['path']}\n"


def digits() -> Template:
    """A page, an open route and a closed one before the same function."""
    template = Template(Description="A route is open beside closed ones")
    who = Parameter("Who", Type="String", Default="NONE", AllowedValues=["NONE", "API_KEY", "AWS_IAM"])
    access = Access(template.add_parameter(who), open_because="Riders call without credentials.")
    mount = FileSystemMount(
        subnets=["subnet-0a1b2c3d"],
        security_groups=["sg-0a1b2c3d"],
        access_point_arn=access_point_arn("fsap-0123456789abcdef0"),
    )
    settings = FunctionSettings(
        name="digits", bucket=BUCKET, key="code.zip", handler="app.answer", memory=128, timeout=29
    )
    answer = add_inference_function(template, mount, settings, title="Digits")
    health = Route(answer, "/health", "GET", open_because="A monitor asks without a key.")
    routes = [Route(answer, page=True), health, Route(answer, "/digits", "POST")]
    api = add_rest_api(template, routes, access, title="DigitsApi")
    add_proxy_stage(template, api)
    template.add_output([Output("ModelInferenceApiId", Value=Ref(api.rest_api)), Output("Url", Value=invoke_url(api))])
    return template


@pytest.fixture
def cloudformation(place: Target) -> Any:
    """CloudFormation of an emulator whose S3 holds the function's code."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", HANDLER)
    storage = client(place, "s3")
    storage.create_bucket(Bucket=BUCKET)
    storage.put_object(Bucket=BUCKET, Key="code.zip", Body=packed.getvalue())
    return client(place, "cloudformation")


def deployed(cloudformation: Any, who: str) -> dict[str, str]:
    """The stack's outputs, once it asks callers for that."""
    kind = "update" if cloudformation.describe_stacks()["Stacks"] else "create"
    chosen = [{"ParameterKey": "Who", "ParameterValue": who}]
    named = {"StackName": STACK, "Parameters": chosen, "Capabilities": ["CAPABILITY_IAM"]}
    getattr(cloudformation, f"{kind}_stack")(TemplateBody=render(digits()), **named)
    cloudformation.get_waiter(f"stack_{kind}_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def test_who_gets_in_where(cloudformation: Any, place: Target) -> None:
    for who, closed in (("NONE", 200), ("API_KEY", 403), ("AWS_IAM", 403), ("API_KEY", 403)):
        url = public_url(place, PROOF, deployed(cloudformation, who)).rstrip("/")
        answers = [
            send(f"{url}{path}", method).status
            for method, path in (("GET", "/health"), ("GET", "/"), ("POST", "/digits"), ("POST", "/"))
        ]
        assert answers == [200, 200, closed, closed], who
    (key,) = client(place, "apigateway").get_api_keys(includeValues=True)["items"]
    assert send(f"{url}/digits", headers={"x-api-key": key["value"]}).body == b"POST/digits"
    assert send(f"{url}/digits", headers={"x-api-key": "another"}).code == "invalid-api-key"
