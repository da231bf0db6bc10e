"""What the deployer makes of `populate.sh`: one sentence when it fails, and two at a time end well."""

import threading
from pathlib import Path

import pytest

from tests.populate.conftest import Populate, make_model
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.local import filling
from wildrydes_ml.testing import Said


def test_the_error_is_the_reason_and_where_the_log_is(populate: Populate, tmp_path: Path) -> None:
    model = make_model(tmp_path / "another", "default:boasts")
    with pytest.raises(WildrydesError) as failure:
        filling.fill(populate.root, populate.environment(MODEL=str(model)), Said())
    assert str(failure.value) == (
        f"{populate.root} was not filled: the model's score is 7: it must be from 0 to 1\n"
        f"See the log: {populate.root}/populate.log"
    )


def test_the_last_lines_of_the_log_come_with_a_failure(populate: Populate) -> None:
    said = Said()
    with pytest.raises(WildrydesError):
        filling.fill(populate.root, populate.environment(PACKAGES="no-such-package-anywhere==9"), said)
    told = said.texts("event")
    at = told.index(f"the last lines of {populate.root}/populate.log:")
    lines = [f"  {line}" for line in (populate.root / "populate.log").read_text().splitlines()[-15:]]
    assert told[at + 1 :] == lines
    assert "no-such-package-anywhere" in "".join(lines)


def test_a_failure_before_the_log_shows_no_lines_of_an_older_one(populate: Populate) -> None:
    (populate.root / "populate.log").write_text("of last month\n")
    said = Said()
    with pytest.raises(WildrydesError, match="/nowhere does not exist"):
        filling.fill(populate.root, populate.environment(MODEL="/nowhere"), said)
    assert not [text for text in said.texts("event") if "last" in text]


def test_a_look_that_fails_says_why(populate: Populate) -> None:
    with pytest.raises(WildrydesError, match="cannot be checked: /nowhere does not exist: the model must be"):
        filling.missing(populate.root, populate.environment(MODEL="/nowhere"))


def test_nothing_is_left_in_the_home_of_a_person(populate: Populate, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    settings = populate.environment(MODEL=str(make_model(tmp_path / "another", "default")), HOME=str(home))
    del settings["KERAS_HOME"]
    filling.fill(populate.root, settings, Said())
    assert list(home.iterdir()) == []


def test_two_at_once_both_end_well(populate: Populate, tmp_path: Path) -> None:
    settings = populate.environment(MODEL=str(make_model(tmp_path / "another", "default another")), LOCK_PAUSE="0.2")
    reporters = [Said(), Said()]
    fills = [threading.Thread(target=filling.fill, args=(populate.root, settings, one)) for one in reporters]
    for fill in fills:
        fill.start()
    for fill in fills:
        fill.join()
    lasts = sorted(one.texts("event")[-1].partition(":")[0] for one in reporters)
    assert lasts == ["filled", "nothing to do"]
    assert filling.missing(populate.root, settings) == ()
