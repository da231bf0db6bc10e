"""Parameters and conditions put into a template: what is known becomes a value, the rest stays as it was."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.evaluation import Evaluation
from wildrydes_ml import complete
from wildrydes_ml.template.resolve import resolve

BODY: dict[str, Any] = {
    "Parameters": {
        "Size": {"Type": "Number", "Default": 3},
        "Names": {"Type": "CommaDelimitedList", "Default": "one, two"},
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/aws/image"},
        "Needed": {"Type": "String"},
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


def value(written: Any, **parameters: Any) -> Any:
    body = {**BODY, "Resources": {"One": {"Type": "T", "Properties": {"Value": written}}}}
    return resolve(body, parameters)["Resources"]["One"]["Properties"].get("Value")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ({"Ref": "Size"}, 3),
        ({"Ref": "Names"}, ["one", "two"]),
        ({"Ref": "Image"}, {"Ref": "Image"}),
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
        ({"Fn::Sub": "${Size}-${Needed}"}, {"Fn::Sub": "3-${Needed}"}),
        ({"Fn::Sub": ["${A}${B}", {"A": {"Ref": "Size"}, "B": True}]}, "3true"),
        ({"Fn::Sub": ["${A}${B}", {"A": 1, "B": {"Ref": "X"}}]}, {"Fn::Sub": ["1${B}", {"B": {"Ref": "X"}}]}),
        ({"Fn::Join": ["-", ["a", {"Ref": "Size"}]]}, "a-3"),
        ({"Fn::Join": ["-", {"Ref": "Names"}]}, "one-two"),
        ({"Fn::Join": ["-", ["a", LATE]]}, {"Fn::Join": ["-", ["a", LATE]]}),
        ({"Fn::Select": ["1", {"Ref": "Names"}]}, "two"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        ({"Fn::Select": [2, {"Ref": "Names"}]}, {"Fn::Select": [2, ["one", "two"]]}),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
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
