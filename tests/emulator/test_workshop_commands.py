"""The commands that the workshop's README has people paste, word for word, with our templates.

The emulator knows neither NAT gateways nor instances, so these two are switched off; all else is as in the README.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from wildrydes_ml import web
from wildrydes_ml.aws.target import Target

from .conftest import PICTURES, ROOT

OFF = (
    "ParameterKey=InternetEgress,ParameterValue=none ParameterKey=BootstrapInstance,ParameterValue=none"
    f" ParameterKey=PythonRuntime,ParameterValue=python{sys.version_info.major}.{sys.version_info.minor}"
)
RUNTIME = OFF.split()[-1]


class Shell:
    """A shell with the AWS CLI pointed to the emulator."""

    def __init__(self, target: Target, folder: Path) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._environment = {
            "PATH": path, "HOME": str(folder), "AWS_ENDPOINT_URL": target.endpoint, "AWS_ACCESS_KEY_ID": "000000000000",
            "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": target.region, "AWS_PAGER": "",
        }  # fmt: skip

    def __call__(self, script: str) -> str:
        done = subprocess.run(
            ["bash", "-euc", script], cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def shell(place: Target, tmp_path: Path) -> Shell:
    return Shell(place, tmp_path)


OUTPUT = (
    "aws cloudformation describe-stacks --stack-name {stack} "
    "--query \"Stacks[0].Outputs[?OutputKey=='{key}'].OutputValue\" --output text"
)
READ_OUTPUTS = "\n".join(
    [
        "efs_ap=$(" + OUTPUT.format(stack="wildrydes-ml-mod5", key="AccesspointARN") + ")",
        "lambda_sg=$(" + OUTPUT.format(stack="wildrydes-ml-mod5", key="DefaultSecurityGroup") + ")",
        "mnt_subnet=$("
        + OUTPUT.format(stack="wildrydes-ml-mod5", key="PrivateSubnetOne")
        + "; echo ','; "
        + OUTPUT.format(stack="wildrydes-ml-mod5", key="PrivateSubnetTwo")
        + ")",
        'mnt_subnet=\\"${mnt_subnet}\\"; mnt_subnet="$(echo -e "${mnt_subnet}" | tr -d \'[:space:]\')"',
    ]
)


def test_the_long_route_by_hand(shell: Shell, place: Target) -> None:
    shell(
        "aws cloudformation create-stack --stack-name wildrydes-ml-mod5 --capabilities CAPABILITY_NAMED_IAM "
        f"--template-body file://templates/efs_99.yml --parameters {OFF}\n"
        "aws cloudformation wait stack-create-complete --stack-name wildrydes-ml-mod5\n"
        "bucket=riders-bucket; aws s3 mb s3://$bucket\n"
        "python bin/package.py --out $HOME/ml_inferencefunction.zip\n"
        "aws s3 cp $HOME/ml_inferencefunction.zip s3://$bucket/code/ml_inferencefunction.zip"
    )
    url = shell(
        READ_OUTPUTS + "\nbucket=riders-bucket\n"
        "aws cloudformation create-stack --stack-name wildrydes-ml-mod5-inf "
        "--template-body file://templates/5_lambda_function.yml "
        "--parameters ParameterKey=SecurityGroupIds,ParameterValue=${lambda_sg} "
        "ParameterKey=SubnetIDs,ParameterValue=${mnt_subnet} ParameterKey=AccessPointARN,ParameterValue=${efs_ap} "
        f"ParameterKey=DataBucket,ParameterValue=${{bucket}} {RUNTIME} --capabilities CAPABILITY_NAMED_IAM >&2\n"
        "aws cloudformation wait stack-create-complete --stack-name wildrydes-ml-mod5-inf >&2\n"
        + OUTPUT.format(stack="wildrydes-ml-mod5-inf", key="ApiGatewayInvokeURL")
    )
    assert url.endswith("/prod")
    subnets = shell(
        "aws cloudformation describe-stacks --stack-name wildrydes-ml-mod5-inf --output text "
        "--query \"Stacks[0].Parameters[?ParameterKey=='SubnetIDs'].ParameterValue\""
    )
    assert re.fullmatch("subnet-[0-9a-f]+,subnet-[0-9a-f]+", subnets)

    _wire_as_in_the_console(shell)
    api = url.split("//")[1].split(".")[0]
    # Nothing is on the emulator's EFS, so that the function's honest answer is that it has no model.
    reply = web.post(
        f"{place.endpoint}/_aws/execute-api/{api}/prod/",
        next(PICTURES.glob("*.png")).read_bytes(),
        {"Content-Type": "image/png"},
    )
    assert (reply.status, json.loads(reply.body)["code"]) == (503, "model-unavailable")


def _wire_as_in_the_console(shell: Shell) -> None:
    shell(
        "api=$(aws apigateway get-rest-apis --query \"items[?name=='ModelInferenceApi'].id\" --output text)\n"
        "root=$(aws apigateway get-resources --rest-api-id $api --query 'items[0].id' --output text)\n"
        "function=$(aws lambda get-function-configuration --function-name ml_inferencefunction "
        "--query FunctionArn --output text)\n"
        "aws apigateway put-method --rest-api-id $api --resource-id $root --http-method ANY --authorization-type NONE\n"
        "aws apigateway put-integration --rest-api-id $api --resource-id $root --http-method ANY --type AWS_PROXY "
        "--integration-http-method POST "
        "--uri arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/$function/invocations\n"
        "aws apigateway create-deployment --rest-api-id $api --stage-name prod"
    )


def test_the_short_route_by_hand(shell: Shell) -> None:
    outputs = shell(
        "bucket=riders-bucket; aws s3 mb s3://$bucket >&2\n"
        "python bin/package.py --out $HOME/ml_inferencefunction.zip >&2\n"
        "aws s3 cp $HOME/ml_inferencefunction.zip s3://$bucket/code/ml_inferencefunction.zip >&2\n"
        "aws cloudformation create-stack --stack-name wildrydes-ml-mod3 "
        "--template-body file://templates/99_complete.yml "
        "--parameters ParameterKey=DataBucket,ParameterValue=$bucket "
        "ParameterKey=DataProcessingExecutionRoleName,ParameterValue=some-role "
        f"ParameterKey=TrainedModelPath,ParameterValue=s3://$bucket/model.tar.gz {OFF} "
        "--capabilities CAPABILITY_NAMED_IAM >&2\n"
        "aws cloudformation wait stack-create-complete --stack-name wildrydes-ml-mod3 >&2\n"
        "aws cloudformation describe-stacks --stack-name wildrydes-ml-mod3 --query Stacks[0].Outputs"
    )
    found = {item["OutputKey"]: item["OutputValue"] for item in json.loads(outputs)}
    assert found["ApiGatewayInvokeURL"] in found["InferenceFunctionTestCommand"]
    assert found.keys() == {
        "MLInferenceFunction", "ModelInferenceApiId", "ApiGatewayInvokeURL", "InferenceFunctionTestCommand",
    }  # fmt: skip
