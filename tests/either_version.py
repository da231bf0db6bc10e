"""A deploy by whichever version of the library is first on PYTHONPATH, as a program: it is told what on stdin.

It uses what 3fb411b had and every later version has, so that both are driven alike.
"""

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import wildrydes_ml
from wildrydes_ml.reporting import JsonReporter

# Not by its import: an installed version of the library would serve for what an earlier one has not.
if Path(wildrydes_ml.__file__).with_name("deployment.py").exists():
    NAMES, SETTINGS = ("aws.session", "deploy.deployer", "workshop.settings", "local.emulator"), "wild_rydes"
else:
    NAMES, SETTINGS = ("aws", "deploying", "settings", "local"), "Settings"
aws, deployer, settings, local = (importlib.import_module(f"wildrydes_ml.{name}") for name in NAMES)


def main() -> None:
    """Deploys to the emulator of a home; `free` names parameters that the place would decide and here does not."""
    told = json.load(sys.stdin)
    home, reporter = Path(told["home"]), JsonReporter(sys.stdout)
    asked = getattr(settings, SETTINGS)(code=Path(told["code"]), **told["settings"])
    emulator = local.find(home)
    assert emulator
    place = local.target(home, emulator, asked.name)
    parameters = {name: value for name, value in place.parameters.items() if name not in told["free"]}
    done = deployer.deploy(aws.connect(place), asked, replace(place, parameters=parameters), reporter)
    reporter.result(True, changed=done.changed, library=str(Path(wildrydes_ml.__file__).parents[1]))


if __name__ == "__main__":
    main()
