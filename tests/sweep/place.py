"""What a sweep deploys and where to: the workshop with a light function or an App, an emulator behind a wire, EFS."""

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from wildrydes_ml import web
from wildrydes_ml.app.load import load
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deployment import Deployment
from wildrydes_ml.local import emulator as local
from wildrydes_ml.local import filling
from wildrydes_ml.workshop.deployments import shipped
from wildrydes_ml.workshop.settings import wild_rydes

NAME = "sweep"
LIGHT = Path(__file__).parent / "light"
# With a key, so that key and usage plan are among what is made.
SETTINGS = wild_rydes(name=NAME, code=LIGHT, overrides={"ApiAuth": "API_KEY", "Packages": "six==1.17.0"})

_QUIET_SECONDS = 5.0
_FORM = "application/x-www-form-urlencoded"
_SIGNED = "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/cloudformation/aws4_request, x"

# A deployment holds functions, which do not pass from process to process; a call that makes one does, if it is a
# function of a module, or a `partial` of one.
Subject = Callable[[], Settings]


def workshop() -> Settings:
    """The workshop with a light function."""
    return SETTINGS


def of_app(spec: str) -> Settings:
    """An App or a Deployment, named as `--app` names it, with its own code and packages."""
    found = load(spec)
    return Settings((found if isinstance(found, Deployment) else found.deployment(),))


def subject(spec: str) -> Subject:
    """What is deployed for `--app SPEC`; without one, the workshop."""
    return partial(of_app, spec) if spec else workshop


class Silent:
    """A reporter for nobody."""

    def plan(self, steps: Sequence[Mapping[str, Any]], **idle: float) -> None:
        """The steps."""

    def event(self, text: str, **record: Any) -> None:
        """Something happened."""

    def output(self, text: str, **record: Any) -> None:
        """An answer."""

    def warning(self, text: str) -> None:
        """A warning."""

    def error(self, text: str) -> None:
        """An error."""

    def result(self, ok: bool, **record: Any) -> None:
        """The end."""


def fill(directory: Path) -> Path:
    """Fills the directory that stands for EFS as the workshop wants it; afterwards no deployment has to."""
    values = SETTINGS.parameter_values()
    filling.fill(directory, filling.environment(values, str(shipped()), os.environ), Silent())
    return directory


@dataclass(frozen=True)
class Address:
    """What a process needs to deploy to a place: the wire, the emulator behind it, and EFS."""

    wire: str
    emulator: str
    efs: str

    def target(self, name: str) -> Target:
        """The place as the deployer of that name sees it."""
        port = int(self.emulator.rpartition(":")[2])
        parameters = dict(local.target(Path("/"), local.Emulator(0, port), name).parameters)
        return Target(
            region=local.REGION,
            endpoint=self.wire,
            efs_directory=Path(self.efs),
            parameters=parameters | {"EFSpath": self.efs},
            poll_seconds=1.0,
            attempts=10,
        )

    def environment(self) -> dict[str, str]:
        """What leads the commands to the wire as if it were AWS."""
        keys = {"AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "local"}
        place = {"AWS_ENDPOINT_URL": self.wire, "AWS_REGION": local.REGION, "AWS_DEFAULT_REGION": local.REGION}
        return {"PATH": os.environ["PATH"], "AWS_CONFIG_FILE": os.devnull, **keys, **place}

    def client(self, service: str) -> Any:
        """A plain client of the emulator, past the wire."""
        session = boto3.Session("000000000000", "local", region_name=local.REGION)
        return session.client(service, endpoint_url=self.emulator, config=Config(proxies={}))

    def pause(self) -> Callable[[float], None]:
        """A sleep that ends when the emulator has no operation under way: each is then looked at while it runs and
        once when it is over, so that the number of calls is nearly the same in every run.
        """

        def sleep(seconds: float) -> None:
            deadline = time.monotonic() + min(seconds, _QUIET_SECONDS)
            while time.monotonic() < deadline:
                time.sleep(0.01)
                if not any(_is_busy(status) for status in self._statuses()):
                    return

        return sleep

    def _statuses(self) -> list[str]:
        """The stacks' statuses: as plain HTTP, since a client takes longer to make than the emulator to work."""
        reply = web.post(
            self.emulator,
            b"Action=DescribeStacks&Version=2010-05-15",
            {"Content-Type": _FORM, "Authorization": _SIGNED},
        )
        return re.findall(r"<StackStatus>(\w+)<", reply.body.decode())


def _is_busy(status: str) -> bool:
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
