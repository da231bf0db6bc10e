"""Parameters and conditions put into a template: what is known becomes a value, the rest stays as it was."""

from collections.abc import Iterator
from typing import Any

import pytest

from wildrydes_ml import complete
from wildrydes_ml.template.resolve import conditions, resolve, undecided
from wildrydes_ml.testing import Evaluation

BODY: dict[str, Any] = {
    "Parameters": {
        "Size": {"Type": "Number", "Default": 3},
        "Names": {"Type": "CommaDelimitedList", "Default": "one, two"},
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/aws/image"},
        "Zones": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/aws/zones"},
        "Named": {"Type": "AWS::SSM::Parameter::Name", "Default": "/aws/named"},
        "Ports": {"Type": "List<Number>", "Default": "80,443"},
        "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
        "Vpc": {"Type": "AWS::EC2::VPC::Id"},
        "Needed": {"Type": "String"},
        "Secret": {"Type": "String", "NoEcho": True},
        "Pattern": {"Type": "String", "Default": "${Size} ${!x}"},
    },
    "Conditions": {
        "IsThree": {"Fn::Equals": [{"Ref": "Size"}, "3"]},
        "Late": {"Fn::Equals": [{"Ref": "Needed"}, "yes"]},
        "Same": {"Fn::Equals": [{"Ref": "Needed"}, {"Ref": "Needed"}]},
        "Both": {"Fn::And": [{"Condition": "IsThree"}, {"Condition": "Late"}]},
        "Neither": {"Fn::And": [{"Fn::Not": [{"Condition": "IsThree"}]}, {"Condition": "Late"}]},
        "Either": {"Fn::Or": [{"Condition": "Late"}, {"Condition": "IsThree"}]},
        "NotLate": {"Fn::Not": [{"Condition": "Late"}]},
    },
    "Mappings": {"Sizes": {"3": {"Disk": "gp3"}}},
}
LATE = {"Fn::If": ["Late", "a", "b"]}
MAYBE = {"Fn::If": ["Late", "a", {"Ref": "AWS::NoValue"}]}
STORED = {"AWS::SSM::Parameter::Value<String>": "/aws/image"}


def value(written: Any, **parameters: Any) -> Any:
    body = {**BODY, "Resources": {"One": {"Type": "T", "Properties": {"Value": written}}}}
    return resolve(body, parameters)["Resources"]["One"]["Properties"].get("Value")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ({"Ref": "Size"}, 3),
        ({"Ref": "Names"}, ["one", "two"]),
        ({"Ref": "Image"}, STORED),
        ({"Fn::Sub": "${Size}${Image}"}, {"Fn::Sub": ["3${Image}", {"Image": STORED}]}),
        ({"Fn::Sub": ["${I}", {"I": {"Ref": "Image"}}]}, {"Fn::Sub": ["${I}", {"I": STORED}]}),
        ({"Fn::Join": ["", ["a", {"Ref": "Image"}]]}, {"Fn::Join": ["", ["a", STORED]]}),
        (
            {"Fn::Select": [0, {"Fn::Split": ["/", {"Ref": "Image"}]}]},
            {"Fn::Select": [0, {"Fn::Split": ["/", STORED]}]},
        ),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Image"}, "Disk"]}, {"Fn::FindInMap": ["Sizes", STORED, "Disk"]}),
        ({"Ref": "Zones"}, {"AWS::SSM::Parameter::Value<List<String>>": "/aws/zones"}),
        (
            {"Fn::Select": [0, {"Ref": "Zones"}]},
            {"Fn::Select": [0, {"AWS::SSM::Parameter::Value<List<String>>": "/aws/zones"}]},
        ),
        ({"Ref": "Named"}, "/aws/named"),
        ({"Ref": "Ports"}, ["80", "443"]),
        ({"Ref": "Subnets"}, {"Ref": "Subnets"}),
        ({"Fn::Select": [0, {"Ref": "Subnets"}]}, {"Fn::Select": [0, {"Ref": "Subnets"}]}),
        ({"Ref": "Vpc"}, {"Ref": "Vpc"}),
        ({"Fn::ImportValue": {"Fn::Sub": "net-${Size}"}}, {"Fn::ImportValue": "net-3"}),
        (
            {"Fn::ImportValue": {"Fn::Sub": "${AWS::StackName}-x"}},
            {"Fn::ImportValue": {"Fn::Sub": "${AWS::StackName}-x"}},
        ),
        ({"Fn::GetAtt": ["Two", {"Fn::Sub": "Size${Size}"}]}, {"Fn::GetAtt": ["Two", "Size3"]}),
        ({"Ref": "Needed"}, {"Ref": "Needed"}),
        ({"Ref": "AWS::Region"}, {"Ref": "AWS::Region"}),
        ({"Ref": "AWS::NoValue"}, None),
        ([1, {"Ref": "AWS::NoValue"}, {"Fn::If": ["IsThree", {"Ref": "AWS::NoValue"}, 2]}], [1]),
        ({"Fn::If": ["IsThree", {"Ref": "Size"}, "b"]}, 3),
        (LATE, LATE),
        ({"Fn::If": ["Same", "a", "b"]}, "a"),
        ({"Fn::If": ["Both", "a", "b"]}, {"Fn::If": ["Both", "a", "b"]}),
        ({"Fn::If": ["Neither", "a", "b"]}, "b"),
        ({"Fn::If": ["Either", "a", "b"]}, "a"),
        ({"Fn::If": ["NotLate", "a", "b"]}, {"Fn::If": ["NotLate", "a", "b"]}),
        ({"Fn::Sub": "x${Size}"}, "x3"),
        ({"Fn::Sub": "${!Size}"}, "${Size}"),
        ({"Fn::Sub": "${!Size}${Needed}"}, {"Fn::Sub": "${!Size}${Needed}"}),
        ({"Fn::Sub": "${Pattern}"}, "${Size} ${!x}"),
        ({"Fn::Sub": "${Pattern}${Needed}"}, {"Fn::Sub": "${!Size} ${!!x}${Needed}"}),
        ({"Fn::Sub": "${Size}-${Needed}"}, {"Fn::Sub": "3-${Needed}"}),
        ({"Fn::Sub": ["${A}${B}", {"A": {"Ref": "Size"}, "B": True}]}, "3true"),
        ({"Fn::Sub": ["${A}${B}", {"A": 1, "B": {"Ref": "X"}}]}, {"Fn::Sub": ["1${B}", {"B": {"Ref": "X"}}]}),
        ({"Fn::Join": ["-", ["a", {"Ref": "Size"}]]}, "a-3"),
        ({"Fn::Join": ["-", {"Ref": "Names"}]}, "one-two"),
        ({"Fn::Join": ["-", ["a", LATE]]}, {"Fn::Join": ["-", ["a", LATE]]}),
        ({"Fn::Select": ["1", {"Ref": "Names"}]}, "two"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        ({"Fn::Select": [2, {"Ref": "Names"}]}, {"Fn::Select": [2, ["one", "two"]]}),
        ({"Fn::Select": [1, [1, LATE, 2]]}, LATE),
        ({"Fn::Select": [1, [MAYBE, 1, 2]]}, {"Fn::Select": [1, [MAYBE, 1, 2]]}),
        ({"Fn::Select": [0, [1, MAYBE]]}, 1),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::Split": [",", "{{resolve:ssm:/a}}"]}, {"Fn::Split": [",", "{{resolve:ssm:/a}}"]}),
        ({"Fn::Split": [",", LATE]}, {"Fn::Split": [",", LATE]}),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Size"}, "Disk"]}, "gp3"),
        (
            {"Fn::FindInMap": ["Sizes", {"Ref": "Needed"}, "Disk"]},
            {"Fn::FindInMap": ["Sizes", {"Ref": "Needed"}, "Disk"]},
        ),
        ({"Fn::GetAtt": "Two.Arn"}, {"Fn::GetAtt": ["Two", "Arn"]}),
    ],
)
def test_a_value_is_found_or_left(written: Any, found: Any) -> None:
    assert value(written) == found


def test_given_parameters_count_before_defaults() -> None:
    assert value({"Fn::If": ["IsThree", "a", "b"]}, Size="4") == "b"
    assert value(LATE, Needed="yes") == "a"
    assert value({"Ref": "Names"}, Names=["three"]) == ["three"]
    assert value({"Ref": "Names"}, Names="") == []
    assert value({"Ref": "Names"}, Names="a,,b") == ["a", "", "b"]
    assert value({"Ref": "Subnets"}, Subnets="subnet-1, subnet-2") == ["subnet-1", "subnet-2"]
    assert value({"Fn::Select": [0, {"Ref": "Subnets"}]}, Subnets="subnet-1") == "subnet-1"
    assert value({"Ref": "Vpc"}, Vpc="vpc-1") == "vpc-1"


def test_where_systems_manager_keeps_a_value_is_not_the_value() -> None:
    assert value({"Ref": "Image"}, Image="/mine") == {"AWS::SSM::Parameter::Value<String>": "/mine"}


def test_what_cloudformation_hides_is_not_known() -> None:
    assert value({"Ref": "Secret"}, Secret="****") == {"Ref": "Secret"}
    assert value({"Ref": "Secret"}, Secret="word") == "word"
    assert value({"Ref": "Needed"}, Needed="****") == "****"


RULES: list[tuple[dict[str, Any], bool | None]] = [
    ({"Fn::Equals": [{"Ref": "Image"}, "/aws/image"]}, None),
    ({"Fn::Equals": [{"Ref": "Image"}, {"Ref": "Image"}]}, True),
    ({"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}, None),
    ({"Fn::Equals": [{"Fn::ImportValue": "a"}, "a"]}, None),
    ({"Fn::Equals": [{"Fn::Select": [0, {"Ref": "Subnets"}]}, "subnet-1"]}, None),
    ({"Fn::Equals": [{"Ref": "Names"}, "one, two"]}, None),
    ({"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Names"}]}, "onetwo"]}, True),
    ({"Fn::Equals": ["{{resolve:ssm:/a}}", "b"]}, None),
    ({"Fn::Equals": [{"Fn::FindInMap": ["Sizes", {"Ref": "Size"}, "Disk"]}, "gp3"]}, True),
    (
        {
            "Fn::Or": [
                {"Condition": "Late"},
                {"Fn::Not": [{"Fn::And": [{"Condition": "Neither"}, {"Condition": "Late"}]}]},
            ]
        },
        True,
    ),
    ({"Condition": "Asked"}, None),
    ({"Fn::Not": [{"Condition": "Round"}]}, None),
    ({"Condition": "NoSuch"}, None),
]


@pytest.mark.parametrize(("rule", "expected"), RULES, ids=str)
def test_a_condition_is_decided_only_by_what_is_known(rule: dict[str, Any], expected: bool | None) -> None:
    own = {"Asked": rule, "Round": {"Fn::Not": [{"Condition": "Trip"}]}, "Trip": {"Condition": "Round"}}
    assert conditions({**BODY, "Conditions": {**BODY["Conditions"], **own}})["Asked"] is expected


def test_an_undecided_condition_is_told_by_its_rule_with_what_is_known() -> None:
    late = {"Fn::Equals": [{"Ref": "Needed"}, "yes"]}
    own = {
        "Mixed": {"Fn::Or": [{"Condition": "Neither"}, {"Fn::Not": [{"Condition": "Both"}]}]},
        "Self": {"Condition": "Self"},
    }
    body = {**BODY, "Conditions": {**BODY["Conditions"], **own}}
    assert undecided(body) == {
        "Late": late,
        "Both": {"Fn::And": [True, late]},
        "NotLate": {"Fn::Not": [late]},
        "Mixed": {"Fn::Or": [False, {"Fn::Not": [{"Fn::And": [True, late]}]}]},
        "Self": None,
    }
    assert undecided(body, {"Needed": "yes"}) == {"Self": None}


def test_resources_that_a_condition_switches_off_are_gone() -> None:
    entries = {name: {"Type": "T", "Condition": name} for name in ("IsThree", "Neither", "Late")}
    assert resolve({**BODY, "Resources": entries})["Resources"] == {"IsThree": {"Type": "T"}, "Late": {"Type": "T"}}


def test_the_template_itself_is_not_changed() -> None:
    body = {**BODY, "Resources": {"One": {"Type": "T", "Properties": {"Names": {"Ref": "Names"}}}}}
    resolve(body)["Resources"]["One"]["Properties"]["Names"].append("three")
    assert resolve(body)["Resources"]["One"]["Properties"]["Names"] == ["one", "two"]
    assert body["Resources"]["One"]["Properties"] == {"Names": {"Ref": "Names"}}


CHOICES = ["BootstrapInstance", "InternetEgress", "ApiAuth", "ThroughputMode", "Architecture", "AvailabilityZoneOne"]
COMPLETE = complete().to_dict()


def choices() -> Iterator[dict[str, str]]:
    """Each value that a choosing parameter allows, beside the defaults of the others and beside other egress."""
    for name in CHOICES:
        for chosen in COMPLETE["Parameters"][name].get("AllowedValues", ["", "eu-west-1b"]):
            yield {name: chosen}
            yield {"InternetEgress": "ipv6", "ProvisionedConcurrency": "1", name: chosen}


@pytest.mark.parametrize("chosen", list(choices()), ids=str)
def test_a_second_reading_finds_the_same(chosen: dict[str, str]) -> None:
    """The tests' own evaluator knows nothing of this one. Numbers of parameters are text there."""
    needed = {name: "data" for name, entry in COMPLETE["Parameters"].items() if "Default" not in entry}
    other = Evaluation(COMPLETE, {**needed, **chosen}).left()["Resources"]
    found = resolve(COMPLETE, {**needed, **chosen})["Resources"]
    assert set(found) == set(other)
    for title in found:
        if found[title]["Type"] != "AWS::Lambda::Version":  # its text is joined here alone
            assert plain(found[title].get("Properties")) == plain(other[title].get("Properties")), title


def plain(value: Any) -> Any:
    """With numbers as text."""
    match value:
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case bool():
            return value
        case int() | float():
            return str(value)
    return value
