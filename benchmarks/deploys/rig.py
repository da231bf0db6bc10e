"""Where the deploys are measured: an emulator of its own, a counting proxy in front, EFS and function shared by all."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.deploys import ours, peers
from benchmarks.deploys.peers import AWS_SECONDS, Absent, Deployer
from benchmarks.deploys.table import OURS, Run
from benchmarks.deploys.updates import UpdateWire
from tests.sweep.state import State, state
from wildrydes_ml import packaging
from wildrydes_ml.aws.records import Identity
from wildrydes_ml.deploy.desired import default_bucket
from wildrydes_ml.local import emulator, filling
from wildrydes_ml.reporting import Reporter
from wildrydes_ml.template.render import render_all, write
from wildrydes_ml.workshop import templates
from wildrydes_ml.workshop.deployments import shipped
from wildrydes_ml.workshop.settings import wild_rydes

NAME = "bench"
ACCOUNT = "000000000000"
LIGHT = Path(__file__).resolve().parents[2] / "tests" / "sweep" / "light"
_BUCKET = default_bucket(wild_rydes(name=NAME), Identity(ACCOUNT, "", "aws", emulator.REGION))
_SECONDS = 600
_TIMED_OUT = 124
# Part of what a deployer prints that has posted the picture and was answered.
_ANSWER = "Unicorn is validated"
# A digest of what the function is made of: each deployer has its own way to make one.
_REVISION = re.compile(r'(?<="REVISION": ")[^"]*')
_AGREED = (
    "ec2:Vpcs",
    "ec2:Subnets",
    "ec2:SecurityGroups",
    "ec2:RouteTables",
    "efs:FileSystems",
    "efs:AccessPoints",
    "efs:MountTargets",
    "lambda:Functions",
    "lambda:Versions",
    "lambda:Aliases",
    "apigateway:Apis",
    "apigateway:Resources",
    "apigateway:GatewayResponses",
)
_BUCKET_SETTINGS = (
    "s3:TagSet",
    "s3:ServerSideEncryptionConfiguration",
    "s3:PublicAccessBlockConfiguration",
    "s3:Policy",
)


class Rig:
    """A running emulator behind the wire; a context manager. `work` is a directory that it may empty."""

    def __init__(self, work: Path, efs: Path, tools: Path) -> None:
        self._work, self._efs, self._tools = work, efs, tools
        self._opened = ExitStack()

    def __enter__(self) -> Rig:
        shutil.rmtree(self._work, ignore_errors=True)
        home = self._work / "home"
        self._emulator, _ = emulator.start(home)
        self._opened.callback(emulator.stop, home)
        self._wire = self._opened.enter_context(UpdateWire(self._emulator.endpoint, self._client("cloudformation")))
        write(render_all(templates.TEMPLATES), self._work / "templates")
        for number in (1, 2):
            self._pack(number)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def empty(self, deployer: Deployer, programs: dict[str, str]) -> None:
        """Empties the emulator, and lets the deployer do what it needs once in an account, which is not measured."""
        request = urllib.request.Request(f"{self._emulator.endpoint}/_ministack/reset", method="POST")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as reply:
            reply.read()
        if (self._place(deployer) / "setup.sh").exists():
            self._run(["bash", "setup.sh"], deployer, programs, code=1)

    def prepare(self, deployer: Deployer) -> dict[str, str]:
        """Installs the deployer and gives it a fresh copy of its project; returns its variables."""
        found = peers.install(deployer, self._tools)
        place = self._place(deployer)
        shutil.rmtree(place, ignore_errors=True)
        if deployer.project:
            shutil.copytree(peers.PROJECTS / deployer.project, place)
            shutil.copy(peers.PROJECTS / "around.py", place.parent)
        else:
            place.mkdir(parents=True)
        return found

    def deploy(self, deployer: Deployer, programs: dict[str, str], code: int) -> Run:
        """One deploy of the function's source of that number. Raises Absent when it fails."""
        self._wire.clear()
        began = time.perf_counter()
        said = self._run(deployer.command, deployer, programs, code)
        seconds = time.perf_counter() - began
        if _ANSWER not in said:
            raise Absent(f"no answer: {peers.last_line(said)}")
        return Run(tuple(f"{call.service}:{call.operation}" for call in self._wire.calls), seconds)

    def _run(self, command: list[str], deployer: Deployer, programs: dict[str, str], code: int) -> str:
        """What a command of the deployer says on stdout. Raises Absent when it fails."""
        path = ":".join(filter(None, (programs["PATH"], os.environ["PATH"])))
        place, environment = self._place(deployer), {**self._environment(code), **programs, "PATH": path}
        bounded = ["timeout", str(_SECONDS), *command]
        done = subprocess.run(bounded, cwd=place, env=environment, capture_output=True, text=True, check=False)
        (place / "said.txt").write_text(done.stdout + done.stderr)
        if done.returncode == _TIMED_OUT:
            raise Absent(f"no end after {_SECONDS} s: {peers.last_line(done.stdout)}")
        if done.returncode:
            raise Absent(peers.last_line(done.stderr or done.stdout))
        return done.stdout

    def made(self) -> State:
        """What the deployers have to agree upon: network, EFS, function, the bucket's settings, and the API."""
        found = state(self._client)
        resources = [json.loads(line) for line in found["cloudformation:Resources"]]
        names = [f"{one['stack']} {one['LogicalResourceId']} {one['ResourceType']}" for one in resources]
        return {
            **{kind: [_REVISION.sub("?", line) for line in found[kind]] for kind in _AGREED},
            # Others have a stack and a bucket for themselves, too.
            **{kind: [line for line in found[kind] if f'"{_BUCKET}"' in line] for kind in _BUCKET_SETTINGS},
            "resources": sorted(name for name in names if name.startswith(NAME)),
        }

    def _client(self, service: str) -> Any:
        """A plain client of the emulator, past the wire."""
        session = boto3.Session(ACCOUNT, "local", region_name=emulator.REGION)
        return session.client(service, endpoint_url=self._emulator.endpoint, config=Config(proxies={}))

    def _place(self, deployer: Deployer) -> Path:
        return self._work / "projects" / (deployer.project or "ours")

    def _pack(self, number: int) -> None:
        """A version of the light function: another number is another source."""
        source = self._source(number)
        shutil.copytree(LIGHT, source)
        function = source / "lambda_function.py"
        function.write_text(f"{function.read_text()}\nVERSION = {number}\n")
        source.with_suffix(".zip").write_bytes(packaging.build(source).body)

    def _source(self, number: int) -> Path:
        return self._work / f"code-{number}"

    def _environment(self, code: int) -> dict[str, str]:
        """What every deployer is told, and nothing of the user's own AWS set-up."""
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        parameters = emulator.target(self._efs, self._emulator, NAME).parameters
        return {
            **kept,
            **_AWS,
            "HOME": str(self._work / "user"),
            "AWS_ENDPOINT_URL": self._wire.endpoint,
            "NAME": NAME,
            "ACCOUNT": ACCOUNT,
            "BUCKET": _BUCKET,
            "BUCKET_POLICY": _tls_only(_BUCKET),
            "FUNCTION": wild_rydes(name=NAME).parameter_values()["FunctionName"],
            "CODE": str(self._source(code).with_suffix(".zip")),
            "CODE_SOURCE": str(self._source(code)),
            "TEMPLATES": str(self._work / "templates"),
            "EFS": str(self._efs),
            "RUNTIME": parameters["PythonRuntime"],
            "ARCHITECTURE": parameters["Architecture"],
            "PICTURE": str(Path(packaging.__file__).with_name("workshop") / "sample.png"),
            "PYTHON": sys.executable,
        }


def fill(directory: Path, reporter: Reporter) -> Path:
    """The directory that stands for EFS, with one small package; quick when it is filled already."""
    values = wild_rydes(overrides={"Packages": ours.PACKAGES}).parameter_values()
    filling.fill(directory, filling.environment(values, str(shipped()), os.environ), reporter)
    return directory


_AWS = {
    "AWS_ACCESS_KEY_ID": ACCOUNT,
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": emulator.REGION,
    "AWS_DEFAULT_REGION": emulator.REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_PAGER": "",
    "NO_PROXY": "127.0.0.1",
    "SAM_CLI_TELEMETRY": "0",
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "CDK_DISABLE_VERSION_CHECK": "1",
}


def _tls_only(bucket: str) -> str:
    arn = f"arn:aws:s3:::{bucket}"
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def conditions(runs: int) -> list[str]:
    """What the readers of the tables should know."""
    return [
        f"{len(os.sched_getaffinity(0))} cores, Linux {platform.release()}, Python {platform.python_version()}, "
        f"{time.strftime('%Y-%m-%d')}; medians of {runs} runs of whole processes, taken in turns after one that is not "
        f"counted. Ratios are of time, to {OURS}.",
        "All make the same from the same templates and zip, which is compared after each run: bucket, code under a key "
        "with its digest, both stacks, method, integration, deployment, stage and throttle. Then they invoke the "
        "function, when something has changed, and post a picture. `clean` begins with an empty emulator, `no change` "
        "and `code only` follow it. EFS is filled already, and the function answers at once.",
        f"{OURS} is the deploy command but for where it deploys to and the function's source. Its checks look at the "
        f"account before something is made; nobody else has them. As on AWS, it looks at a stack every {AWS_SECONDS} "
        "s; else as with --local.",
        "AWS CLI: a script around `aws cloudformation deploy`. Sceptre: two stacks and stack_output, with hooks of "
        "Python around them. SAM: `sam deploy` for each stack. CDK: CfnInclude in both stacks, in JavaScript, with the "
        "synthesizer that calls least, after `cdk bootstrap`, which is not counted. SAM and CDK write the first "
        "template longer than a request may be, and put it into a bucket. What the three do not do is done with boto3.",
        "The others pause between two looks at a stack: AWS CLI 30 s (5 s for a change set), Sceptre 4 s, SAM 0.5 s, "
        "CDK 5 s. On the emulator most operations are over at the first look.",
        "The emulator takes an update that changes nothing for an update, which AWS refuses at once; the wire before "
        "it answers as AWS does. That is in Sceptre's favor, which alone calls UpdateStack.",
    ]
