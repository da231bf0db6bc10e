"""A small application of two stacks, as a class needs it: a queue for all, a function with its API for each student."""

import sys
from pathlib import Path

from wildrydes_ml import Code, Deployment, Stack, StackOutput
from wildrydes_ml.aws.records import Identity
from wildrydes_ml.aws.wiring import Wiring
from wildrydes_ml.deployment import Proof
from wildrydes_ml.proofs import Values

_HANDLER = """
import json, os

def answer(event, context):
    told = {"name": os.environ["WHO"], "queue": os.environ["QUEUE"]}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(told)}
"""
_SHARED = """
Parameters:
  Seconds: {Type: Number, Default: 60, MinValue: 0, MaxValue: 900}
Resources:
  Orders: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: !Ref Seconds}}
Outputs:
  QueueName: {Value: !GetAtt Orders.QueueName}
"""
_OWN = """
Parameters:
  FunctionName: {Type: String, Default: hello}
  Queue: {Type: String}
  Seconds: {Type: Number, Default: 30}
  ApiAuth: {Type: String, Default: NONE, AllowedValues: [NONE, API_KEY]}
  Greeting: {Type: String, Default: hello}
  DataBucket: {Type: String}
  CodeKey: {Type: String}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Log:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub '/aws/lambda/${FunctionName}'}
  Hello:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Ref FunctionName
      Code: {S3Bucket: !Ref DataBucket, S3Key: !Ref CodeKey}
      Handler: app.answer
      Runtime: %s
      Role: !GetAtt Role.Arn
      Environment:
        Variables: {WHO: !Ref FunctionName, QUEUE: !Sub '${Queue}/${Seconds}', GREETING: !Ref Greeting}
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: !Ref FunctionName, EndpointConfiguration: {Types: [REGIONAL]}}
Outputs:
  ApiId: {Value: !Ref Api}
  Url: {Value: !Sub 'https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod'}
"""
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"


def application(folder: Path) -> Deployment:
    """The application, with its files in the folder."""
    (folder / "code").mkdir(exist_ok=True)
    (folder / "code" / "app.py").write_text(_HANDLER)
    (folder / "base.yml").write_text(_SHARED)
    (folder / "own.yml").write_text(_OWN % RUNTIME)
    return Deployment(
        "hello",
        (
            Stack.of(folder / "base.yml", "base"),
            Stack.of(folder / "own.yml", "own", inputs={"Queue": StackOutput("base", "QueueName")}),
        ),
        code=(Code(folder / "code", runtime=RUNTIME, architecture="x86_64"),),
        named_by="FunctionName",
        defaults=lambda name: {"FunctionName": f"{name}-hello"},
        wiring=_wiring,
        proof=Proof.of(
            "POST /",
            {"ask": "who"},
            lambda reply: bool(reply["queue"]),
            function="FunctionName",
            auth=lambda values: values.get("ApiAuth", "NONE"),
        ),
    )


def _wiring(values: Values, identity: Identity, tags: Values) -> Wiring:
    arn = f"arn:{identity.partition}:lambda:{identity.region}:{identity.account}:function:{values['FunctionName']}"
    return Wiring(arn, values["ApiAuth"], 5, 10, name=values["FunctionName"], tags=tags)
