"""The deployers that are compared: how each is installed, in an environment of its own, and started."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from benchmarks.deploys.table import OURS

PROJECTS = Path(__file__).with_name("projects")
_OURS = Path(__file__).with_name("ours.py")


class Absent(Exception):
    """A deployer that cannot be installed or run here; says why."""


@dataclass(frozen=True)
class Deployer:
    """A deployer by its name in the table; `project` is its directory under projects/, empty for ours.

    `pip` and `npm` are the pinned packages that it needs. `arguments` are for ours.
    """

    name: str
    project: str = ""
    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        """What is run, in a copy of the project."""
        if self.project:
            return ["bash", "deploy.sh"]
        return [sys.executable, str(_OURS), *self.arguments]


AWS_SECONDS = 5
"""Between two looks at a stack on AWS."""

DEPLOYERS = (
    Deployer(OURS),
    Deployer(f"{OURS} as on AWS", arguments=(str(AWS_SECONDS),)),
    Deployer("AWS CLI 1.46.3", "awscli", pip=("awscli==1.46.3",)),
    Deployer("Sceptre 4.7.0", "sceptre", pip=("sceptre==4.7.0",)),
    Deployer("SAM CLI 1.170.0", "sam", pip=("aws-sam-cli==1.170.0",)),
    Deployer("AWS CDK 2.1148.1", "cdk", npm=("aws-cdk@2.1148.1", "aws-cdk-lib@2.275.0", "constructs@10.8.1")),
)


def install(deployer: Deployer, root: Path) -> dict[str, str]:
    """The variables with which its programs are found; installs them under `root` on first use.

    Raises Absent when that cannot be done.
    """
    if not deployer.project:
        return {"PATH": ""}
    place = root / deployer.project
    wanted = "\n".join((*deployer.pip, *deployer.npm))
    done = place / "installed.txt"
    if not done.exists() or done.read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        _install_pip(deployer, place)
        _install_npm(deployer, place)
        done.write_text(wanted)
    modules = place / "node_modules"
    return {"PATH": f"{place / 'bin'}:{modules / '.bin'}", "NODE_PATH": str(modules)}


def _install_pip(deployer: Deployer, place: Path) -> None:
    if deployer.pip:
        venv.create(place, with_pip=True)
        pip = [str(place / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, *deployer.pip])


def _install_npm(deployer: Deployer, place: Path) -> None:
    if deployer.npm:
        if shutil.which("npm") is None:
            raise Absent("npm is not installed")
        _run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(place), *deployer.npm])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Absent(f"it cannot be installed: {last_line(done.stderr)}")


def last_line(text: str) -> str:
    """The last line with something in it, short enough for a table."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200].replace("|", "/") if lines else "it said nothing"
