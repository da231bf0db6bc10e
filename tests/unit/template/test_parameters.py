"""What CloudFormation takes as a parameter's value, and how it is said."""

from typing import Any

import pytest

from wildrydes_ml.template.parameters import constraint, fits, shown

TEXT: dict[str, Any] = {"Type": "String"}
LIST, NUMBERS = {"Type": "CommaDelimitedList"}, {"Type": "List<Number>"}


@pytest.mark.parametrize(
    ("row", "good", "bad"),
    [
        ({**TEXT, "MinLength": 8}, "12345678", "1234567"),
        ({**TEXT, "AllowedValues": [True, "maybe"]}, "true", "True"),
        ({**TEXT, "AllowedPattern": "[a-c]+"}, "abc", "abcd"),
        (TEXT, "x" * 4096, "x" * 4097),
        ({**LIST, "AllowedValues": ["a", "b"]}, "b, a", "a,c"),
        ({**LIST, "AllowedPattern": "[a-c]"}, "a,b", "a,bb"),
        ({**LIST, "MaxLength": 2}, "aa,bb,cc", "aaa"),
        (LIST, "x," * 2048, "x," * 2049),
        (NUMBERS, "1, 2.5", "1,x"),
        ({**NUMBERS, "MaxValue": 2}, "1,2", "1,3"),
        ({"Type": "Number", "MinValue": 1}, "1", "0"),
    ],
)
def test_a_value_fits_by_the_rules_of_its_parameter(row: dict[str, Any], good: str, bad: str) -> None:
    assert fits(good, row)
    assert not fits(bad, row)


def test_a_pattern_that_only_java_knows_is_left_to_cloudformation() -> None:
    assert fits("anything", {**TEXT, "AllowedPattern": r"\p{Alpha}+"})


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({**TEXT, "MinLength": 8}, "must have 8 to 4096 characters"),
        ({**TEXT, "MaxLength": 8}, "must have at most 8 characters"),
        ({**TEXT, "AllowedValues": [True, False]}, "must be one of true, false"),
        (NUMBERS, "must be numbers separated by commas"),
    ],
)
def test_the_rule_is_said_in_words(row: dict[str, Any], says: str) -> None:
    assert constraint(row) == says


def test_a_secret_is_not_told() -> None:
    rows: dict[str, dict[str, Any]] = {"Secret": {**TEXT, "NoEcho": True}, "Open": TEXT}
    assert [shown(name, "it", rows) for name in ("Secret", "Open", "Unknown")] == ["****", "it", "it"]
