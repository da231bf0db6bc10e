"""One deployment under a name of its own, driven by the library as users drive it; all that it says is kept."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import boto3
import botocore.session

from wildrydes_ml import web
from wildrydes_ml.ask.asking import Answer, ask, question
from wildrydes_ml.aws.session import Aws, connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import deployer, proof
from wildrydes_ml.deploy.deployer import Deployed
from wildrydes_ml.deploy.preflight import refuse_other_account
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deployment import Proof
from wildrydes_ml.destroy import destroyer
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.reporting import JsonReporter
from wildrydes_ml.workshop.deployments import deployments, sample

PROBE = Path(__file__).parent / "probe"
_TIMES = 5


class NotAskedError(Exception):
    """A question that has no answer here, and why."""


class Recorder(JsonReporter):
    """Writes everything to a file, and remembers the last plan."""

    def __init__(self, out: TextIO) -> None:
        super().__init__(out)
        self.steps: Sequence[Mapping[str, Any]] = ()

    def plan(self, steps: Sequence[Mapping[str, Any]], **idle: float) -> None:
        """The steps."""
        self.steps = steps
        super().plan(steps, **idle)


@dataclass
class Deployment:
    """A place, what is deployed there, and how to look at it. `code` is what users' own code directory would be."""

    target: Target
    settings: Settings
    reporter: Recorder
    route: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_on_aws(self) -> bool:
        """Whether no emulator stands for AWS."""
        return not self.target.is_local

    def aws(self) -> Aws:
        """The gateways. Raises SettingsError for another account than the one that was named."""
        found = connect(self.target, say=self.reporter.warning)
        refuse_other_account(self.settings, found.identity)
        return found

    def client(self, service: str) -> Any:
        """A plain client, as the user's own tools have one."""
        if not self.target.is_local:
            session = boto3.Session(profile_name=self.target.profile or None, region_name=self.target.region)
            return session.client(service)
        bare = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
        local = boto3.Session("000000000000", "local", region_name=self.target.region, botocore_session=bare)
        return local.client(service, endpoint_url=self.target.endpoint)

    def with_options(self, code: Path | None = None, **options: Any) -> Settings:
        """The settings that a command with these options has, and with that code; what earlier ones set is AWS's to
        remember."""
        own = {"deployments": deployments(code)} if code else {}
        return replace(self.settings, **{"route": self.route, **own, **options})

    def deploy(self, **options: Any) -> Deployed:
        """Deploys, which posts a picture through the API."""
        done = deployer.deploy(self.aws(), self.with_options(**options), self.target, self.reporter)
        self.outputs = done.outputs
        return done

    def changes(self, **options: Any) -> list[dict[str, Any]]:
        """The changes of resources that a plan shows, also where a deploy would refuse them."""
        refusal = ""
        try:
            deployer.preview(self.aws(), self.with_options(**options), self.target, self.reporter)
        except WildrydesError as error:
            refusal = str(error)
        found = [change for step in self.reporter.steps for change in step.get("changes", ())]
        if not found and refusal:
            raise NotAskedError(refusal)
        return found

    def destroy(self, name: str = "") -> bool:
        """Removes it and proves that nothing is left; returns whether there was anything."""
        settings = replace(self.settings, name=name or self.settings.name)
        return destroyer.destroy(self.aws(), settings, self.target, self.reporter, lambda lines: None)

    @property
    def url(self) -> str:
        """Where the API answers."""
        return proof.public_url(self.target, self._proof, self.outputs)

    @property
    def _proof(self) -> Proof:
        found = self.settings.deployment.proof
        assert found is not None
        return found

    def post(self, body: bytes, kind: str = "application/json") -> web.Reply:
        """One request without key, signature or patience."""
        return web.post(self.url, body, {"Content-Type": kind})

    def classify(self, picture: str = "") -> Answer:
        """The answer on a picture, or on the sample that deploys post. Raises WildrydesError when there is none."""
        send = proof.sender(self.aws(), self.target, self._proof, self._parameters(), self.outputs)
        found = ask(send, question(picture) if picture else sample())
        if found.error:
            raise WildrydesError(found.error)
        return found

    def times(self, engine: str) -> dict[str, Any]:
        """When this engine was set: which one answered, the milliseconds of the parts of a few answers, asked directly
        and warm, and what the function's log says of why it is slower than it may be."""
        self.deploy(overrides={"Engine": engine})
        event = json.dumps({"image": base64.b64encode(sample().body).decode(), "explain": True}).encode()
        invoke = partial(self.client("lambda").invoke, FunctionName=self.function, Qualifier="live", LogType="Tail")
        told = [_invocation(invoke(Payload=event)) for _ in range(_TIMES)]
        engines = {str(body.get("model", {}).get("engine", "not told")) for body, _ in told}
        return {
            "engine": ", ".join(sorted(engines)),
            "timings_ms": [body.get("timings_ms", body) for body, _ in told],
            "slower_because": sorted({reason for _, reasons in told for reason in reasons}),
        }

    def _parameters(self) -> dict[str, str]:
        stacks = self.aws().stacks.find(self.with_options().stacks)
        return {key: value for stack in stacks.values() for key, value in stack.parameters.items()}

    @property
    def function(self) -> str:
        """The function's name."""
        return self.outputs["MLInferenceFunction"].rpartition(":")[2]

    def probe(self, what: str) -> Any:
        """What the probe's code, once it is deployed, tells of where it runs."""
        found = self.client("lambda").get_function_configuration(FunctionName=self.function)
        subnets = found.get("VpcConfig", {}).get("SubnetIds") or [""]
        event = {"probe": what, "subnet": subnets[0]}
        told = self.aws().functions.invoke(f"{self.function}:live", event)
        if told.error or told.status != 200:
            raise NotAskedError(f"the probe did not answer: {told.error or told.status}")
        return json.loads(told.body)


def _invocation(reply: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The body of a direct invocation's answer, and the reasons in its log; what failed tells its error as the body."""
    payload = json.loads(reply["Payload"].read())
    body = json.loads(payload["body"]) if "body" in payload else payload
    lines = base64.b64decode(reply.get("LogResult", "")).decode(errors="replace").splitlines()
    logged = [json.loads(line) for line in lines if line.startswith('{"') and '"slower_because"' in line]
    return body, [str(reason) for one in logged for reason in one["slower_because"]]
