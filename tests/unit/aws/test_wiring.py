"""The API's wiring: nothing to do when all is there, and the right actions in order when something is not."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.fakes import wanted, wired
from wildrydes_ml.aws.wiring import DESCRIPTIONS, MARK, Action, FoundMethod, FoundWiring, Wiring, actions, window
from wildrydes_ml.blocks.gateway_responses import ANSWERS, digest

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:ml_inferencefunction"
OPEN = Wiring(f"{FUNCTION}:live", "NONE", 5, 10, tags={"wildrydes-ml": "n"})
WITH_KEY = replace(OPEN, auth="API_KEY")
SIGNED = replace(OPEN, auth="AWS_IAM")


@pytest.mark.parametrize("wiring", [OPEN, WITH_KEY, SIGNED], ids=lambda wiring: wiring.auth)
def test_nothing_is_done_when_all_is_in_place(wiring: Wiring) -> None:
    assert actions(wiring, wired(wiring)) == ()


@pytest.mark.parametrize(
    ("wiring", "expected"),
    [
        (OPEN, ("method", "deployment", "throttle", "tidy")),
        (SIGNED, ("method", "page", "deployment", "throttle", "tidy")),
        (WITH_KEY, ("method", "page", "deployment", "throttle", "key", "tidy")),
    ],
    ids=["open", "signed", "with key"],
)
def test_a_skeleton_is_wired_whole(wiring: Wiring, expected: tuple[Action, ...]) -> None:
    assert actions(wiring, FoundWiring()) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"target": None}, ("method", "deployment", "throttle", "tidy")),
        ({"target": f"{FUNCTION}-other:live"}, ("method", "deployment", "throttle", "tidy")),
        ({"target": f"{FUNCTION}:old"}, ("method", "deployment", "throttle", "tidy")),
        ({"auth": "AWS_IAM"}, ("method", "deployment", "throttle", "tidy")),
        (
            {"auth": "API_KEY", "has_key": True, "owns_key": True},
            ("method", "deployment", "throttle", "no key", "tidy"),
        ),
        ({"description": None, "throttle": None}, ("deployment", "throttle", "tidy")),
        ({"description": f"{MARK}of something else"}, ("deployment", "throttle", "tidy")),
        ({"throttle": None}, ("throttle",)),
        ({"throttle": (5.0, 11)}, ("throttle",)),
        ({"throttle": (4.0, 10)}, ("throttle",)),
        ({"has_key": True, "owns_key": True}, ("no key",)),
        ({"has_key": True}, ()),
        ({"superseded": ("d",)}, ("tidy",)),
        ({"superseded": ("d",), "owns_key": True}, ("no key", "tidy")),
        ({"plan_throttle": (1.0, 10)}, ()),
    ],
    ids=str,
)
def test_each_difference_has_its_actions(found: dict[str, Any], expected: tuple[Action, ...]) -> None:
    assert actions(OPEN, replace(wired(OPEN), **found)) == expected


PAGE = FoundMethod("NONE", WITH_KEY.target, owned=True)
BY_HAND = FoundMethod("AWS_IAM", f"{FUNCTION}-other", owned=False)
REDONE: tuple[Action, ...] = ("page", "deployment", "throttle", "tidy")


@pytest.mark.parametrize(
    ("wiring", "get", "expected"),
    [
        (WITH_KEY, PAGE, ()),
        (WITH_KEY, None, REDONE),
        (SIGNED, None, REDONE),
        (WITH_KEY, replace(PAGE, auth="AWS_IAM"), REDONE),
        (WITH_KEY, replace(PAGE, target=f"{FUNCTION}:old"), REDONE),
        (WITH_KEY, replace(PAGE, target=None), REDONE),
        (OPEN, PAGE, ("no page", "deployment", "throttle", "tidy")),
        (WITH_KEY, BY_HAND, ()),
        (SIGNED, replace(BY_HAND, target=FUNCTION), ()),
        (OPEN, BY_HAND, ()),
    ],
    ids=str,
)
def test_the_page_is_open_where_the_rest_is_not_and_a_strangers_get_stays(
    wiring: Wiring, get: FoundMethod | None, expected: tuple[Action, ...]
) -> None:
    assert actions(wiring, replace(wired(wiring), get=get)) == expected


@pytest.mark.parametrize("wiring", [WITH_KEY, SIGNED], ids=lambda wiring: wiring.auth)
def test_an_api_that_is_opened_again_loses_what_closed_it(wiring: Wiring) -> None:
    found = replace(wired(wiring), owns_key=wiring.auth == "API_KEY")
    todo = actions(OPEN, found)
    assert todo[:4] == ("method", "no page", "deployment", "throttle")
    assert ("no key" in todo) == found.owns_key


@pytest.mark.parametrize("limits", [(1.0, 10), (5.0, 1)])
def test_the_usage_plan_is_throttled_as_the_stage_is(limits: tuple[float, int]) -> None:
    found = replace(wired(WITH_KEY), owns_key=True, plan_throttle=(5.0, 10))
    assert actions(WITH_KEY, found) == ()
    assert actions(WITH_KEY, replace(found, plan_throttle=limits)) == ("throttle",)


def test_a_missing_key_is_made() -> None:
    assert actions(WITH_KEY, replace(wired(WITH_KEY), has_key=False)) == ("key",)


@pytest.mark.parametrize("description", ["", "made by hand"])
def test_a_wiring_by_hand_in_the_console_is_kept(description: str) -> None:
    by_hand = FoundWiring(auth="NONE", target=FUNCTION, description=description)
    assert actions(OPEN, by_hand) == ("throttle",)
    assert actions(OPEN, replace(by_hand, throttle=(5, 10))) == ()


def test_what_a_deployment_snapshots_is_in_its_description() -> None:
    descriptions = {OPEN.description, WITH_KEY.description, replace(OPEN, target=f"{FUNCTION}:other").description}
    descriptions.add(replace(OPEN, answers="other ones").description)
    assert len(descriptions) == 4
    assert all(text.startswith(MARK) for text in descriptions)
    assert replace(OPEN, rate=1, burst=2).description == OPEN.description


def test_other_answers_of_api_gateway_are_deployed() -> None:
    wiring = wanted().wiring
    assert wiring
    rows = {**ANSWERS, "THROTTLED": ANSWERS["THROTTLED"]._replace(title="Slow down")}
    before = replace(wiring, answers=digest(rows))
    assert actions(wiring, wired(before)) == ("deployment", "throttle", "tidy")
    assert actions(wiring, wired(replace(wiring, answers=digest(dict(ANSWERS))))) == ()


ORDERS: list[tuple[Wiring, Wiring, tuple[Action, ...]]] = [
    (OPEN, WITH_KEY, ("key", "method", "page", "deployment", "throttle", "tidy")),
    (SIGNED, WITH_KEY, ("key", "method", "deployment", "throttle", "tidy")),
    (WITH_KEY, OPEN, ("method", "no page", "deployment", "throttle", "no key", "tidy")),
    (WITH_KEY, SIGNED, ("method", "deployment", "throttle", "no key", "tidy")),
]


@pytest.mark.parametrize(("old", "new", "expected"), ORDERS, ids=lambda one: getattr(one, "auth", ""))
def test_a_key_is_there_before_the_deployment_that_asks_for_it_and_goes_after_the_one_that_does_not(
    old: Wiring, new: Wiring, expected: tuple[Action, ...]
) -> None:
    assert actions(new, replace(wired(old), owns_key=old.auth == "API_KEY")) == expected


def test_a_stage_by_hand_is_closed_after_its_key_is_made() -> None:
    by_hand = FoundWiring(auth="NONE", target=FUNCTION, description="")
    assert actions(WITH_KEY, by_hand)[0] == "key"
    unknown = FoundWiring(auth="NONE", target=FUNCTION, deployment="d")
    assert actions(WITH_KEY, unknown)[0] == "key"


def test_a_key_that_could_never_be_found_again_is_refused() -> None:
    with pytest.raises(ValueError, match="tags"):
        replace(WITH_KEY, tags={})


@pytest.mark.parametrize("old", ["NONE", "AWS_IAM"])
def test_the_short_route_warns_that_callers_with_a_key_are_refused_for_a_moment(old: str) -> None:
    warning = window(old, "API_KEY", "short")
    assert f"ApiAuth {old} → API_KEY" in warning
    assert all(word in warning for word in ("minute", "403", "even to callers with a key"))


@pytest.mark.parametrize(
    ("old", "new", "route"),
    [
        ("NONE", "API_KEY", "long"),
        ("", "API_KEY", "short"),
        ("API_KEY", "API_KEY", "short"),
        ("API_KEY", "NONE", "short"),
        ("API_KEY", "AWS_IAM", "short"),
        ("NONE", "NONE", "short"),
        ("NONE", "AWS_IAM", "short"),
    ],
)
def test_where_nobody_is_turned_away_there_is_no_warning(old: str, new: str, route: str) -> None:
    assert window(old, new, route) == ""


def test_every_action_has_words() -> None:
    closed = replace(wired(WITH_KEY), owns_key=True)
    todo = {*actions(WITH_KEY, FoundWiring()), *actions(OPEN, closed)}
    assert todo == set(DESCRIPTIONS)
