"""The API's wiring: nothing to do when all is there, and the right actions in order when something is not."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.fakes import wired
from wildrydes_ml.wiring import DESCRIPTIONS, MARK, Action, FoundWiring, Wiring, actions

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:ml_inferencefunction"
OPEN = Wiring(f"{FUNCTION}:live", "NONE", 5, 10)
WITH_KEY = replace(OPEN, auth="API_KEY")
SIGNED = replace(OPEN, auth="AWS_IAM")


@pytest.mark.parametrize("wiring", [OPEN, WITH_KEY, SIGNED], ids=lambda wiring: wiring.auth)
def test_nothing_is_done_when_all_is_in_place(wiring: Wiring) -> None:
    assert actions(wiring, wired(wiring)) == ()


@pytest.mark.parametrize(
    ("wiring", "expected"),
    [
        (OPEN, ("method", "deployment", "throttle")),
        (SIGNED, ("method", "deployment", "throttle")),
        (WITH_KEY, ("method", "deployment", "throttle", "key")),
    ],
    ids=["open", "signed", "with key"],
)
def test_a_skeleton_is_wired_whole(wiring: Wiring, expected: tuple[Action, ...]) -> None:
    assert actions(wiring, FoundWiring()) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"target": None}, ("method", "deployment", "throttle")),
        ({"target": f"{FUNCTION}-other:live"}, ("method", "deployment", "throttle")),
        ({"target": f"{FUNCTION}:old"}, ("method", "deployment", "throttle")),
        ({"auth": "AWS_IAM"}, ("method", "deployment", "throttle")),
        ({"auth": "API_KEY", "has_key": True, "owns_key": True}, ("method", "deployment", "throttle", "no key")),
        ({"description": None, "throttle": None}, ("deployment", "throttle")),
        ({"description": f"{MARK}of something else"}, ("deployment", "throttle")),
        ({"throttle": None}, ("throttle",)),
        ({"throttle": (5.0, 11)}, ("throttle",)),
        ({"throttle": (4.0, 10)}, ("throttle",)),
        ({"has_key": True, "owns_key": True}, ("no key",)),
        ({"has_key": True}, ()),
    ],
    ids=str,
)
def test_each_difference_has_its_actions(found: dict[str, Any], expected: tuple[Action, ...]) -> None:
    assert actions(OPEN, replace(wired(OPEN), **found)) == expected


def test_a_missing_key_is_made() -> None:
    assert actions(WITH_KEY, replace(wired(WITH_KEY), has_key=False)) == ("key",)


@pytest.mark.parametrize("description", ["", "made by hand"])
def test_a_wiring_by_hand_in_the_console_is_kept(description: str) -> None:
    by_hand = FoundWiring(auth="NONE", target=FUNCTION, description=description)
    assert actions(OPEN, by_hand) == ("throttle",)
    assert actions(OPEN, replace(by_hand, throttle=(5, 10))) == ()


def test_what_a_deployment_snapshots_is_in_its_description() -> None:
    descriptions = {OPEN.description, WITH_KEY.description, replace(OPEN, target=f"{FUNCTION}:other").description}
    assert len(descriptions) == 3
    assert all(text.startswith(MARK) for text in descriptions)
    assert replace(OPEN, rate=1, burst=2).description == OPEN.description


def test_every_action_has_words() -> None:
    todo = {*actions(WITH_KEY, FoundWiring()), *actions(OPEN, replace(wired(OPEN), has_key=True, owns_key=True))}
    assert todo == set(DESCRIPTIONS)
