"""The block for many pictures: what the machine does, what it may do, and what the function may do for it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from troposphere import Parameter, Ref, Template, iam

from wildrydes_ml.blocks import BatchSettings, add_batch, add_s3_endpoint
from wildrydes_ml.blocks.batch import definition
from wildrydes_ml.template.render import render
from wildrydes_ml.template.resolve import resolve
from wildrydes_ml.workshop import templates

ALIAS = "arn:aws:lambda:us-east-1:123456789012:function:judge:live"
ARN = "arn:${AWS::Partition}:"
GIVEN = {"FunctionAlias": ALIAS, "FunctionRole": "role", "InputBucket": "pictures", "OutputBucket": "results"}
SETTINGS = BatchSettings(input="pictures", output="results")


def machine(**substitutions: object) -> dict[str, Any]:
    """The definition as Step Functions reads it."""
    values = {"Partition": "aws", "Function": ALIAS, "Concurrency": 7, "Tolerated": 3, **substitutions}
    filled = re.sub(r"\$\{(\w+)\}", lambda found: str(values[found[1]]), definition())
    found: dict[str, Any] = json.loads(filled)["States"]["EachBatch"]
    return found


def body(**values: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(resolve(templates.batch().to_dict(), {**GIVEN, **values})))
    return found


def properties(title: str, **values: str) -> dict[str, Any]:
    found: dict[str, Any] = body(**values)["Resources"][title]["Properties"]
    return found


def statements(policy: Any) -> list[tuple[list[str], list[str]]]:
    def text(arn: Any) -> str:
        return str(arn["Fn::Sub"] if isinstance(arn, dict) else arn)

    assert all(one["Effect"] == "Allow" for one in policy["Statement"])
    return [(one["Action"], [text(arn) for arn in one["Resource"]]) for one in policy["Statement"]]


def test_each_line_of_the_manifest_is_a_batch_for_the_alias() -> None:
    found = machine()
    assert found["ItemReader"]["ReaderConfig"] == {"InputType": "JSONL"}
    assert found["ItemSelector"]["batch"]["keys.$"] == "$$.Map.Item.Value.keys"
    (ask,) = found["ItemProcessor"]["States"].values()
    assert ask["Parameters"] == {"FunctionName": ALIAS, "Payload.$": "$"}
    assert not {"ItemBatcher", "ResultWriter"} & set(found), "an emulator ignores them silently"


def test_concurrency_and_tolerance_are_numbers() -> None:
    assert (machine()["MaxConcurrency"], machine()["ToleratedFailurePercentage"]) == (7, 3)
    filled = properties("Batches")["DefinitionSubstitutions"]
    assert (filled["Concurrency"], filled["Tolerated"], filled["Function"]) == (100, 5, ALIAS)


def test_the_outputs_of_all_batches_stay_below_the_limit_of_a_state() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: 256 KiB."""
    (ask,) = machine()["ItemProcessor"]["States"].values()
    assert ask["OutputPath"] == "$.Payload.left"  # a number
    assert machine()["ResultSelector"] == {}
    batches = 100_000
    assert len(json.dumps([0] * batches, separators=(",", ":"))) < 256 * 1024


def test_throttles_are_tried_again_later_and_later_at_different_times() -> None:
    throttled, others = machine()["ItemProcessor"]["States"]["Ask"]["Retry"]
    assert "Lambda.TooManyRequestsException" in throttled["ErrorEquals"]
    assert others["ErrorEquals"] == ["States.ALL"]
    for retry in (throttled, others):
        assert (retry["JitterStrategy"], retry["BackoffRate"]) == ("FULL", 2)
    assert throttled["MaxAttempts"] > others["MaxAttempts"]


def test_step_functions_language_is_obeyed(tmp_path: Path) -> None:
    """cfn-lint knows the language, but looks at definitions without substitutions only."""
    template = Template()
    template.set_version("2010-09-09")
    made = add_batch(template, ALIAS, "role", SETTINGS)
    filled = {"Partition": "aws", "Function": ALIAS, "Concurrency": "7", "Tolerated": "3"}
    text = re.sub(r"\$\{(\w+)\}", lambda found: filled[found[1]], definition())
    made.machine.properties.pop("DefinitionSubstitutions")
    files = {"right.yml": text, "wrong.yml": text.replace('"StartAt": "Ask"', '"StartsAt": "Ask"')}
    lint = [sys.executable, "-c", "from cfnlint.runner import main; main()", "--regions", "us-east-1", "--"]
    codes = {}
    for name, one in files.items():
        made.machine.DefinitionString = one
        (tmp_path / name).write_text(render(template), encoding="utf-8")
        codes[name] = subprocess.run([*lint, str(tmp_path / name)], capture_output=True, text=True, check=False).stdout
    assert codes["right.yml"] == ""
    assert "E3601" in codes["wrong.yml"]


def test_the_function_may_read_pictures_and_write_results_and_nothing_more() -> None:
    access = properties("BatchesAccess")
    assert access["Roles"] == ["role"]
    assert statements(access["PolicyDocument"]) == [
        (["s3:GetObject"], [ARN + "s3:::pictures/*"]),
        (["s3:ListBucket"], [ARN + "s3:::pictures"]),
        (["s3:PutObject"], [ARN + "s3:::results/batches/*"]),
    ]


def test_the_machine_may_do_what_it_does() -> None:
    role = properties("BatchesRole")
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "states.amazonaws.com"}
    found = {one["PolicyName"]: statements(one["PolicyDocument"]) for one in role["Policies"]}
    states = ARN + "states:${AWS::Region}:${AWS::AccountId}"
    assert found.pop("DeliverLogs")[0][1] == ["*"]
    assert found == {
        "InvokeFunction": [(["lambda:InvokeFunction"], [ALIAS])],
        "ReadManifests": [(["s3:GetObject"], [ARN + "s3:::results/batches/*"])],
        "RunBatches": [
            (["states:StartExecution"], [f"{states}:stateMachine:${{AWS::StackName}}-Batches"]),
            (
                ["states:DescribeExecution", "states:StopExecution"],
                [f"{states}:execution:${{AWS::StackName}}-Batches/*"],
            ),
        ],
    }
    assert properties("Batches")["StateMachineName"] == {"Fn::Sub": "${AWS::StackName}-Batches"}


def test_the_function_may_read_before_the_machine_exists() -> None:
    assert body()["Resources"]["Batches"]["DependsOn"] == ["BatchesAccess"]


def test_no_data_of_batches_is_logged() -> None:
    logging = properties("Batches")["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False)
    assert properties("BatchesLogGroup")["RetentionInDays"] == 14


def test_s3_gets_a_way_of_its_own_only_where_a_vpc_is_named() -> None:
    assert "BatchesS3Endpoint" not in body()["Resources"]
    made = properties("BatchesS3Endpoint", EndpointVpc="vpc-1", EndpointRouteTables="rtb-1,rtb-2")
    assert (made["VpcEndpointType"], made["VpcId"]) == ("Gateway", "vpc-1")
    assert made["ServiceName"] == {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"}
    assert statements(made["PolicyDocument"]) == [
        (["s3:GetObject"], [ARN + "s3:::*/*"]),
        (["s3:ListBucket"], [ARN + "s3:::pictures"]),
        (["s3:PutObject"], [ARN + "s3:::results/batches/*"]),
    ]


def test_the_block_takes_plain_values_parameters_and_resources() -> None:
    template = Template()
    role = template.add_resource(iam.Role("FunctionRole", AssumeRolePolicyDocument={}))
    many = template.add_parameter(Parameter("Many", Type="Number", Default=5))
    bucket = template.add_parameter(Parameter("Bucket", Type="String"))
    settings = BatchSettings(input=bucket, output=bucket, prefix="", concurrency=many, tolerated=0)
    add_batch(template, ALIAS, role, settings, title="Many1")
    add_s3_endpoint(template, "vpc-1", ["rtb-1"], settings)
    made = template.to_dict()["Resources"]
    assert made["Many1Access"]["Properties"]["Roles"] == [{"Ref": "FunctionRole"}]
    assert made["Many1"]["Properties"]["DefinitionSubstitutions"]["Concurrency"] == {"Ref": "Many"}
    assert made["BatchesS3Endpoint"]["Properties"]["RouteTableIds"] == ["rtb-1"]
    with pytest.raises(ValueError, match="different title"):
        add_batch(template, ALIAS, role, settings, title="Many1")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"input": "No"}, "BatchSettings.input is 'No'"),
        ({"prefix": "runs"}, "BatchSettings.prefix is 'runs'"),
        ({"prefix": "runs*/"}, "BatchSettings.prefix"),
        ({"concurrency": 0}, "BatchSettings.concurrency is 0: use 1 to 10000"),
        ({"tolerated": 101}, "BatchSettings.tolerated is 101"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        BatchSettings(**{"input": "pictures", "output": "results", **wrong})


def test_a_function_without_an_alias_is_refused() -> None:
    with pytest.raises(ValueError, match="pass the ARN of a function's alias"):
        add_batch(Template(), ALIAS.removesuffix(":live"), Ref("Role"), SETTINGS)
