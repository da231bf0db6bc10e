"""A command that is printed leads to the emulator that it is about."""

import shlex
from pathlib import Path

from wildrydes_ml.cli.parser import build_parser
from wildrydes_ml.local import emulator
from wildrydes_ml.local.emulator import Emulator
from wildrydes_ml.naming import usual_home


def test_a_home_of_its_own_is_named_and_the_usual_one_is_not(tmp_path: Path) -> None:
    for home in (usual_home().resolve(), tmp_path / "my home"):
        options = emulator.target(home, Emulator(1, 2), "rides").options("us-east-1")
        found = build_parser("destroy").parse_args(["--expired", *shlex.split(options)])
        assert (found.local, found.home.resolve()) == (True, home)
    assert emulator.target(usual_home().resolve(), Emulator(1, 2), "rides").options("us-east-1") == "--local"
