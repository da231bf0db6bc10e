"""Parameters that the workshop and every App offer take the same values."""

from typing import get_args

import pytest

from wildrydes_ml.app import parameters as app
from wildrydes_ml.blocks.filling import Instance
from wildrydes_ml.blocks.network import Egress
from wildrydes_ml.blocks.rows import SHARED
from wildrydes_ml.workshop import parameters as workshop


def test_the_choices_are_those_of_the_blocks() -> None:
    assert tuple(SHARED["InternetEgress"]["AllowedValues"]) == get_args(Egress)
    assert tuple(SHARED["BootstrapInstance"]["AllowedValues"]) == get_args(Instance)


@pytest.mark.parametrize("name", SHARED)
def test_one_row_says_what_a_parameter_takes(name: str) -> None:
    of_app, of_workshop = app.known(name).properties, workshop.TABLE[name]
    limits = {"AllowedPattern", "AllowedValues", "MaxLength", "MinValue", "MaxValue", "Type"}
    assert {key: of_app[key] for key in limits & set(of_app)} == {
        key: of_workshop[key] for key in limits & set(of_workshop)
    }
    assert of_app["Description"]
    assert of_workshop["Description"]
    assert ("AllowedPattern" in of_app) == ("ConstraintDescription" in of_app)


def test_a_parameter_of_both_is_shared() -> None:
    assert set(app.TABLE) & set(workshop.TABLE) == set(SHARED)
