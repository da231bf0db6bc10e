"""Templates as other people write them, read from YAML: what they make, and what is left to CloudFormation."""

from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.template.effective import Made, changes, effective, made, without
from wildrydes_ml.template.source import read

FLEET = """
Description: A fleet behind a queue
Parameters:
  Env: {Type: String, Default: dev, AllowedValues: [dev, stage, prod]}
  Size: {Type: Number, Default: 2}
  Ami: {Type: AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>, Default: /aws/service/al2023}
  Subnets: {Type: List<AWS::EC2::Subnet::Id>}
  Alarms: {Type: CommaDelimitedList, Default: ''}
Mappings:
  Sizes: {dev: {Type: t3.micro, Keep: no}, stage: {Type: t3.small, Keep: no}, prod: {Type: m5.large, Keep: yes}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  Keeps: !Equals [!FindInMap [Sizes, !Ref Env, Keep], true]
  Alarmed: !Not [!Equals [!Join ['', !Ref Alarms], '']]
  Watched: !And [!Condition Alarmed, !Or [!Condition IsProd, !Condition Keeps, !Equals [!Ref Env, stage]]]
Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: !Ref Ami
        InstanceType: !FindInMap [Sizes, !Ref Env, Type]
        UserData:
          Fn::Base64: !Join
            - "\\n"
            - - '#!/bin/bash'
              - !Sub
                - echo ${Env} ${Count} ${Where} ${!HOME}
                - Count: !If [IsProd, !Ref Size, 1]
                  Where: !Ref AWS::Region
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    DependsOn: [Template, Queue]
    DeletionPolicy: Retain
    UpdatePolicy:
      AutoScalingRollingUpdate: {MinInstancesInService: !If [IsProd, 1, 0], WaitOnResourceSignals: yes}
    Properties:
      VPCZoneIdentifier: !Ref Subnets
      MaxSize: !Ref Size
  Queue: {Type: AWS::SQS::Queue}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Condition: Watched
    Properties: {AlarmActions: !Ref Alarms, Dimensions: [{Name: Q, Value: !GetAtt Queue.QueueName}]}
Outputs:
  Url: {Value: !Ref Queue, Export: {Name: !Sub '${AWS::StackName}-url'}}
  Watch: {Condition: Watched, Value: !GetAtt Alarm.Arn}
"""

REGIONS = """
Parameters:
  Replicas: {Type: CommaDelimitedList, Default: 'eu-west-1, us-east-1'}
  Mode: {Type: String, Default: auto}
Conditions:
  Home: !Equals [!Ref AWS::Region, !Select [0, !Ref Replicas]]
  Forced: !Equals [!Ref Mode, forced]
  Copies: !Or [!Condition Forced, !Not [!Condition Home]]
  Never: !And [!Condition Home, !Equals [!Ref Mode, never], !Not [!Condition Forced]]
Resources:
  Table: {Type: AWS::DynamoDB::Table, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}
  Copy: {Type: AWS::S3::Bucket, Condition: Copies, Properties: {BucketName: !Sub 'copy-${AWS::AccountId}'}}
  Gone: {Type: AWS::SNS::Topic, Condition: Never}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Action: sts:AssumeRole, Condition: {Bool: {aws:MultiFactorAuthPresent: true}}}]
      Tags: [!If [Copies, {Key: copy, Value: !Ref Mode}, !Ref AWS::NoValue]]
"""

IMPORTS = """
Parameters:
  Network: {Type: String, Default: base}
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      VpcConfig:
        SubnetIds: !Split [',', {'Fn::ImportValue': !Sub '${Network}-subnets'}]
        SecurityGroupIds: [{'Fn::ImportValue': !Sub ['${N}-group', {N: !Ref Network}]}]
      Environment:
        Variables:
          FIRST: !Select [0, !Split [',', !ImportValue base-subnets]]
          CIDR: !Select [1, !Cidr [!ImportValue base-cidr, 4, 8]]
"""

NESTED = """
Parameters:
  Table: {Type: AWS::SSM::Parameter::Value<String>, Default: /app/table}
  Kind: {Type: String, Default: test}
Conditions:
  Real: !Equals [!Ref Table, real]
  Kinded: !Equals [!Ref Kind, test]
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Condition: Real
    Properties: {TemplateURL: !Sub 'https://${AWS::URLSuffix}/a.yml', Parameters: {Name: !Ref Table}}
  Reader:
    Type: AWS::SSM::Parameter
    Condition: Kinded
    DependsOn: Child
    Properties: {Type: String, Value: !If [Real, !GetAtt Child.Outputs.Url, !Join ['/', [!Ref Table, !Sub '${Kind}']]]}
"""

MACHINE = """
Parameters:
  Retries: {Type: Number, Default: 3}
Resources:
  Work:
    Type: AWS::StepFunctions::StateMachine
    CreationPolicy: {ResourceSignal: {Timeout: PT5M}}
    Properties:
      DefinitionString: !Sub
        - |
          {"States": {"A": {"Type": "Task", "Resource": "${Arn}", "Retry": [{"MaxAttempts": ${Retries}}]}}}
        - Arn: !GetAtt Task.Arn
  Task:
    Type: AWS::Lambda::Function
    Properties: {Code: {ZipFile: !Sub "print('${!Retries} is ${Retries}')"}}
"""

SECRETS = """
Parameters:
  Password: {Type: String, NoEcho: true}
  Plan: {Type: String, Default: '{{resolve:ssm:/plan}}'}
Conditions:
  Custom: !Not [!Equals [!Ref Password, '****']]
  Paid: !Equals [!Ref Plan, paid]
Resources:
  User: {Type: AWS::IAM::User, Condition: Custom}
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {MasterUserPassword: !Ref Password, MasterUsername: '{{resolve:secretsmanager:db:SecretString:user}}'}
  Extra: {Type: AWS::S3::Bucket, Condition: Paid}
"""


@pytest.fixture(name="body")
def _body(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    path = tmp_path / "stack.yml"
    path.write_text(request.param, encoding="utf-8")
    return read(path).body


def of(text: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("body", [text], indirect=True, ids=[""])


FLEET_ALWAYS = {"Template", "Group", "Queue"}


@of(FLEET)
@pytest.mark.parametrize(
    ("given", "more"),
    [
        ({}, set[str]()),
        ({"Env": "prod"}, set[str]()),
        ({"Alarms": "arn:a"}, set[str]()),
        ({"Env": "prod", "Alarms": "arn:a"}, {"Alarm"}),
        ({"Env": "stage", "Alarms": "arn:a,arn:b"}, {"Alarm"}),
    ],
    ids=str,
)
def test_a_fleet_makes_what_its_nested_conditions_say(body: Any, given: dict[str, str], more: set[str]) -> None:
    assert made(body, given) == Made({title: body["Resources"][title]["Type"] for title in FLEET_ALWAYS | more}, {})
    assert ("Watch" in effective(body, given)["Outputs"]) == bool(more)


@of(FLEET)
def test_a_fleet_s_values_are_put_in(body: Any) -> None:
    resources = effective(body, {"Env": "prod", "Size": "4"})["Resources"]
    data = resources["Template"]["Properties"]["LaunchTemplateData"]
    assert data["ImageId"] == {"AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>": "/aws/service/al2023"}
    assert data["InstanceType"] == "m5.large"
    told = {"Fn::Sub": ["echo prod 4 ${Where} ${!HOME}", {"Where": {"Ref": "AWS::Region"}}]}
    assert data["UserData"] == {"Fn::Base64": {"Fn::Join": ["\n", ["#!/bin/bash", told]]}}
    group = resources["Group"]
    assert group["UpdatePolicy"]["AutoScalingRollingUpdate"] == {
        "MinInstancesInService": 1,
        "WaitOnResourceSignals": True,
    }
    assert group["Properties"] == {"VPCZoneIdentifier": {"Ref": "Subnets"}, "MaxSize": "4"}
    assert group["DeletionPolicy"] == "Retain"


@of(FLEET)
def test_a_default_and_the_same_value_given_are_one(body: Any) -> None:
    assert effective(body, {}) == effective(
        body, {"Size": "2", "Env": "dev", "Alarms": "", "Ami": "/aws/service/al2023"}
    )
    other = effective(body, {"Ami": "/aws/service/al2"})
    assert [one.logical_id for one in changes(effective(body, {}), other)] == ["Template"]


@of(FLEET)
def test_what_is_taken_out_takes_along_what_depends_on_it_by_a_list(body: Any) -> None:
    left = without(body, ["Queue"])
    assert (set(left["Resources"]), set(left["Outputs"])) == ({"Template"}, set())


@of(REGIONS)
def test_what_the_region_decides_is_perhaps_made(body: Any) -> None:
    table, role = {"Table": "AWS::DynamoDB::Table"}, {"Role": "AWS::IAM::Role"}
    assert made(body, {}) == Made({**table, **role}, {"Copy": "AWS::S3::Bucket"})
    assert made(body, {"Mode": "forced"}) == Made({**table, **role, "Copy": "AWS::S3::Bucket"}, {})
    assert made(body, {"Mode": "never"}).perhaps == {"Copy": "AWS::S3::Bucket", "Gone": "AWS::SNS::Topic"}


@of(REGIONS)
def test_another_rule_of_an_undecided_condition_makes_a_difference(body: Any) -> None:
    before, after = effective(body, {}), effective(body, {"Replicas": "us-west-2"})
    assert [(one.action, one.logical_id) for one in changes(before, after)] == [("Modify", "Copy"), ("Modify", "Role")]
    assert effective(body, {"Replicas": "eu-west-1"}) == before, "the other replicas choose nothing"
    forced = [effective(body, {"Mode": "forced", "Replicas": replicas}) for replicas in ("a", "b")]
    assert forced[0] == forced[1]


@of(REGIONS)
def test_a_policy_s_own_condition_is_no_condition_of_the_template(body: Any) -> None:
    (statement,) = effective(body, {})["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": True}}


@of(IMPORTS)
def test_another_stack_s_exports_are_known_by_their_names_alone(body: Any) -> None:
    found = effective(body, {"Network": "mine"})["Resources"]["Function"]["Properties"]
    assert found["VpcConfig"] == {
        "SubnetIds": {"Fn::Split": [",", {"Fn::ImportValue": "mine-subnets"}]},
        "SecurityGroupIds": [{"Fn::ImportValue": "mine-group"}],
    }
    assert found["Environment"]["Variables"] == {
        "FIRST": {"Fn::Select": [0, {"Fn::Split": [",", {"Fn::ImportValue": "base-subnets"}]}]},
        "CIDR": {"Fn::Select": [1, {"Fn::Cidr": [{"Fn::ImportValue": "base-cidr"}, 4, 8]}]},
    }
    assert effective(body, {}) != effective(body, {"Network": "mine"})


@of(NESTED)
def test_what_a_stored_value_decides_is_perhaps_made(body: Any) -> None:
    assert made(body, {"Table": "real"}) == made(body, {})
    assert made(body, {}) == Made({"Reader": "AWS::SSM::Parameter"}, {"Child": "AWS::CloudFormation::Stack"})
    assert made(body, {"Kind": "other"}) == Made({}, {"Child": "AWS::CloudFormation::Stack"})
    stored = {"AWS::SSM::Parameter::Value<String>": "/app/table"}
    rule = {"Fn::Equals": [stored, "real"]}
    value = effective(body, {})["Resources"]["Reader"]["Properties"]["Value"]
    assert value == {"Fn::If": [rule, {"Fn::GetAtt": ["Child", "Outputs.Url"]}, {"Fn::Join": ["/", [stored, "test"]]}]}
    assert set(without(body, ["Child"])["Resources"]) == set()


@of(MACHINE)
def test_a_definition_in_text_is_filled_as_far_as_it_is_known(body: Any) -> None:
    resources = effective(body, {"Retries": "5"})["Resources"]
    text, own = resources["Work"]["Properties"]["DefinitionString"]["Fn::Sub"]
    assert '"Resource": "${Arn}", "Retry": [{"MaxAttempts": 5}]' in text
    assert own == {"Arn": {"Fn::GetAtt": ["Task", "Arn"]}}
    assert resources["Task"]["Properties"]["Code"]["ZipFile"] == "print('${Retries} is 5')"
    assert set(without(body, ["Task"])["Resources"]) == set()


@of(SECRETS)
def test_what_is_hidden_decides_nothing(body: Any) -> None:
    database = {"Database": "AWS::RDS::DBInstance"}
    both = {"User": "AWS::IAM::User", "Extra": "AWS::S3::Bucket"}
    assert made(body, {"Password": "****"}) == Made(database, both)
    assert made(body, {"Password": "word", "Plan": "free"}) == Made({"User": "AWS::IAM::User", **database}, {})


def test_the_name_of_a_variable_in_a_sub_is_no_reference() -> None:
    text = {"Fn::Sub": ["${Name}", {"Name": "x"}]}
    body = {"Resources": {"Name": {"Type": "T"}, "Other": {"Type": "T", "Properties": {"P": text}}}}
    assert set(without(body, ["Name"])["Resources"]) == {"Other"}


def test_a_property_called_depends_on_may_have_mappings() -> None:
    """As the containers of an `AWS::ECS::TaskDefinition`, which wait for each other."""
    container = {"DependsOn": [{"ContainerName": {"Ref": "Name"}, "Condition": "START"}]}
    properties = {"ContainerDefinitions": [container], "Family": {"Fn::Sub": "${!Literal}"}}
    body = {
        "Resources": {
            "Name": {"Type": "T"},
            "Literal": {"Type": "T"},
            "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": properties},
        }
    }
    assert set(without(body, ["Name"])["Resources"]) == {"Literal"}
    assert set(without(body, ["Literal"])["Resources"]) == {"Name", "Task"}
