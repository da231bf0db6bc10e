"""What the reviewers' page answers to a security reviewer, held against the templates."""

import json
import re

import pytest

from wildrydes_ml.template import render
from wildrydes_ml.workshop import templates

from .documents import ROOT

PAGE = (ROOT / "docs" / "reviewers.md").read_text(encoding="utf-8")
ANSWERS = dict(re.findall(r"^\| ([^|]+\?) \| ([^|]+) \|", PAGE.partition("## What security reviewers ask")[2], re.M))
BODIES = {name: build().to_dict() for name, build in templates.TEMPLATES.items()}
TYPES = {resource["Type"] for body in BODIES.values() for resource in body["Resources"].values()}
TEXTS = "".join(render.render(build()) for build in templates.TEMPLATES.values())


@pytest.mark.parametrize(
    ("question", "absent"),
    [
        ("Are there VPC flow logs?", "AWS::EC2::FlowLog"),
        ("Does the API write access logs?", "AccessLogSetting:"),
        ("Are there customer-managed encryption keys?", "KmsKey"),
        ("Are there backups of EFS?", "BackupPolicy: {Status: ENABLED}"),
        ("Is the function's code signed?", "CodeSigningConfigArn"),
        ("Is there tracing (X-Ray)?", "TracingConfig"),
        ("Is there tracing (X-Ray)?", "TracingEnabled"),
    ],
)
def test_what_is_told_not_to_be_built_is_not(question: str, absent: str) -> None:
    assert ANSWERS[question] == "not built"
    assert absent not in TEXTS


def test_the_way_to_s3_is_that_of_batches_alone() -> None:
    assert ANSWERS["Is there a gateway endpoint for S3?"] == "only for batches"
    having = {name for name, body in BODIES.items() if "AWS::EC2::VPCEndpoint" in str(body)}
    assert having == {"batch.yml"}
    allowed = json.loads(json.dumps(BODIES["batch.yml"]))["Resources"]["BatchesS3Endpoint"]["Properties"]
    writing = [one for one in allowed["PolicyDocument"]["Statement"] if "s3:PutObject" in one["Action"]]
    assert [one["Resource"] for one in writing] == [
        [{"Fn::Sub": "arn:${AWS::Partition}:s3:::${OutputBucket}/${OutputPrefix}*"}]
    ]


@pytest.mark.parametrize(
    ("question", "parameter"),
    [
        ("Is the default model checked by a digest?", "ModelSha256"),
        ("Does the instance have a public address?", "BootstrapInstance"),
        ("Can the function reach the whole internet?", "InternetEgress"),
    ],
)
def test_what_is_told_to_be_a_parameter_is_one(question: str, parameter: str) -> None:
    assert ANSWERS[question] == f"optional: `{parameter}`"
    assert parameter in BODIES["99_complete.yml"]["Parameters"]


def test_the_default_model_has_no_digest_as_the_page_says() -> None:
    assert BODIES["99_complete.yml"]["Parameters"]["ModelSha256"]["Default"] == ""


def test_a_firewall_is_left_to_those_who_have_one() -> None:
    assert ANSWERS["Is there a web application firewall (WAF)?"] == "optional"
    assert not any(kind.startswith("AWS::WAF") for kind in TYPES)


def test_the_parts_of_the_table_are_those_of_the_files() -> None:
    told = re.findall(r"^\| ([\w ]+) \|", PAGE.partition("## The order")[2].partition("## Where to look")[0], re.M)
    headings = re.findall(r"^ # ([\w ]+):", render.render(templates.complete()), re.MULTILINE)
    assert [part for part in told if part != "part"] == headings


def test_every_id_on_the_page_is_one_of_the_templates() -> None:
    known = {
        name for body in BODIES.values() for section in body.values() if isinstance(section, dict) for name in section
    }
    asked = PAGE.partition("## Where to look")[2].partition("## What security")[0]
    ids = set(re.findall(r"^\|.*?`([A-Z][A-Za-z0-9]{9,})`", asked, re.M)) - {"FileSystemPolicy"}
    assert ids
    assert ids <= known
