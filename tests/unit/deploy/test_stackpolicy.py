"""What a stack's policy denies: the cases of CloudFormation's own page, and policies that are none."""

import json
from typing import Any

import pytest

from wildrydes_ml.deploy.stackpolicy import denied
from wildrydes_ml.template.change import ResourceChange

ALLOW = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
MODIFY = ResourceChange("Database", "AWS::RDS::DBInstance", "Modify")
REPLACE = ResourceChange("Database", "AWS::RDS::DBInstance", "Modify", "True")
PERHAPS = ResourceChange("Database", "AWS::RDS::DBInstance", "Modify", "Conditional")
REMOVE = ResourceChange("Database", "AWS::RDS::DBInstance", "Remove", "")
ADD = ResourceChange("Database", "AWS::RDS::DBInstance", "Add")
OTHER = ResourceChange("Server", "AWS::EC2::Instance", "Modify")
ALL = [MODIFY, REPLACE, PERHAPS, REMOVE, ADD, OTHER]


def deny(**more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*", **more}


def types(operator: str, *names: str) -> dict[str, Any]:
    return {"Condition": {operator: {"ResourceType": list(names)}}}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([ALLOW], []),
        # What nobody allows is denied.
        ([], []),
        ([{**ALLOW, "Resource": "LogicalResourceId/Server"}], [MODIFY, REPLACE, PERHAPS, REMOVE]),
        ([{**ALLOW, "Resource": ["LogicalResourceId/Ser*", "LogicalResourceId/Data*"]}], []),
        # A denial wins, wherever it stands.
        ([ALLOW, deny(Resource="LogicalResourceId/Database")], [MODIFY, REPLACE, PERHAPS, REMOVE]),
        ([deny(Resource="LogicalResourceId/Database"), ALLOW], [MODIFY, REPLACE, PERHAPS, REMOVE]),
        ([ALLOW, deny(Action="Update:Modify", Resource="LogicalResourceId/Database")], [MODIFY]),
        ([ALLOW, deny(Action=["Update:Replace", "Update:Delete"])], [REPLACE, REMOVE]),
        ([ALLOW, deny(Action=["Update:Replace", "Update:Modify"])], [MODIFY, REPLACE, PERHAPS, OTHER]),
        ([{"Effect": "Allow", "NotAction": "Update:Delete", "Principal": "*", "Resource": "*"}], [REMOVE]),
        ([{"Effect": "Allow", "Action": "Update:*", "NotResource": "LogicalResourceId/Server"}], [OTHER]),
        ([ALLOW, deny(**types("StringEquals", "AWS::EC2::Instance"))], [OTHER]),
        ([ALLOW, deny(**types("StringLike", "AWS::EC2::*"))], [OTHER]),
        ([ALLOW, deny(**types("StringLike", "AWS::S3::*"))], []),
        # A condition that nobody knows: CloudFormation will tell.
        ([ALLOW, deny(**types("ForAnyValue:StringLike", "AWS::EC2::*"))], []),
        ([{**ALLOW, **types("ForAnyValue:StringLike", "AWS::EC2::*")}], []),
    ],
)
def test_what_a_policy_denies(statements: list[Any], expected: list[ResourceChange]) -> None:
    assert denied(json.dumps({"Statement": statements}), ALL) == expected


def test_a_single_statement_needs_no_list() -> None:
    assert denied(json.dumps({"Statement": deny()}), ALL) == [MODIFY, REPLACE, PERHAPS, REMOVE, OTHER]


@pytest.mark.parametrize("policy", ["", "{", "[]", '"x"', '{"Statement": ["x"]}', "{}"])
def test_what_is_no_policy_denies_nothing(policy: str) -> None:
    assert denied(policy, ALL) == []
