"""The Wild Rydes workshop in an AWS in memory: its outputs, its answers, and what is there after a deploy."""

from collections.abc import Mapping
from typing import Any, TypeVar

from wildrydes_ml import testing
from wildrydes_ml.aws import wiring
from wildrydes_ml.aws.records import Invocation, Stack
from wildrydes_ml.aws.target import Target
from wildrydes_ml.aws.wiring import FoundMethod, FoundWiring
from wildrydes_ml.deploy.desired import Desired, DesiredStack, describe
from wildrydes_ml.deploy.model import Model
from wildrydes_ml.deploy.planner import FoundStack, Observed
from wildrydes_ml.tags import TAG
from wildrydes_ml.template.decode import decode
from wildrydes_ml.testing import IDENTITY, REST_API
from wildrydes_ml.workshop.deployments import deployment
from wildrydes_ml.workshop.settings import wild_rydes

T = TypeVar("T")
EFS_OUTPUTS = {
    "DefaultSecurityGroup": "sg-1",
    "PrivateSubnetOne": "subnet-a",
    "PrivateSubnetTwo": "subnet-b",
    "AccesspointARN": "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-1",
    "EFSContents": '{"digest": "1"}',
}
API_OUTPUTS = {
    "ModelInferenceApiId": "api1",
    "ApiGatewayInvokeURL": "https://api1.execute-api.eu-west-1.amazonaws.com/prod",
    "InferenceFunctionTestCommand": "curl https://api1.execute-api.eu-west-1.amazonaws.com/prod",
}
HORSE_ANSWER = (
    '{"message": "Unicorn is validated", "validated": true, "timings_ms": {"total": 12.5},'
    ' "detections": [{"label": "Horse", "score": 0.9, "box": [0, 0, 1, 1]}]}'
)


def there(thing: T | None) -> T:
    """What must not be missing."""
    assert thing is not None
    return thing


PROOF, FILLING = there(deployment().proof), there(deployment().filling)
FUNCTION = "AWS::Lambda::Function"


class FakeAws(testing.FakeAws):
    """An account with the workshop's outputs and answers."""

    def __init__(self, api_url: str = API_OUTPUTS["ApiGatewayInvokeURL"]) -> None:
        super().__init__()
        self._api_url = api_url
        self._taken_out: set[str] = set()
        self.functions.answers = [Invocation(200, HORSE_ANSWER)]

    def outputs(self, stack: Stack) -> Mapping[str, str]:
        self._mend(stack)
        if stack.name.endswith("-mod5"):
            return {**EFS_OUTPUTS, "EFSContents": f"model {stack.parameters.get('ModelSha256')}"}
        return {
            **API_OUTPUTS,
            "ApiGatewayInvokeURL": self._api_url,
            "InferenceFunctionTestCommand": f"curl {self._api_url}",
        }

    def _mend(self, stack: Stack) -> None:
        """What is gone comes back as CloudFormation does it: when an update has taken it out and another adds it."""
        kinds = {entry["Type"] for entry in decode(self.stacks.templates[stack.name]).get("Resources", {}).values()}
        for gateway in (self.functions, self.apis):
            if gateway.loss in self._taken_out & kinds:
                self.journal.append(f"back {gateway.loss}")
                gateway.loss = ""
        if not stack.name.endswith("-mod5"):
            self._taken_out = {FUNCTION, "AWS::Lambda::Alias", REST_API, "AWS::ApiGateway::Stage"} - kinds
            if REST_API in self._taken_out:
                self.apis.wirings.clear()


def wanted(route: str = "long", model: Model | None = None, target: Target | None = None, **options: Any) -> Desired:
    """The deployment that settings ask for in the fake account."""
    return describe(wild_rydes(route=route, **options), target or Target(), IDENTITY, model or Model(""))


def resolved(
    desired: Desired, stack: DesiredStack, contents: str = EFS_OUTPUTS["EFSContents"], **outputs: str
) -> DesiredStack:
    """A stack with what it gets from the EFS stack, whose contents only another stack is told of."""
    *before, _ = desired.stacks
    return stack.resolved({efs.name: {**EFS_OUTPUTS, **outputs} for efs in before}, contents if before else "")


def found_as(desired: DesiredStack, status: str = "CREATE_COMPLETE", **more: Any) -> FoundStack:
    """The stack as it is once it has been made."""
    outputs = EFS_OUTPUTS if desired.name.endswith("-mod5") else API_OUTPUTS
    parts = {"parameters": desired.parameters, "outputs": outputs, "tags": desired.tags, **more}
    return FoundStack(Stack(desired.name, f"id:{desired.name}", status, **parts), desired.template, ())


def in_place(desired: Desired, **more: Any) -> Observed:
    """What is there after a deploy of exactly this."""
    stacks = [stack if stack.is_resolved else resolved(desired, stack) for stack in desired.stacks]
    facts: dict[str, Any] = {
        "bucket_tags": {TAG: desired.settings.name},
        "bucket_is_empty": False,
        "keys": {one.key for one in desired.code},
        "has_model": True,
        "stacks": {stack.name: found_as(stack) for stack in stacks},
        "other_route": (),
        "wiring": wired(desired.wiring) if desired.wiring else None,
        "fill": (),
        "contents": EFS_OUTPUTS["EFSContents"] if desired.fill else "",
    }
    return Observed(**{**facts, **more})


def nothing_there(**more: Any) -> Observed:
    """An account without a trace of a deployment."""
    facts: dict[str, Any] = {
        "bucket_tags": None,
        "bucket_is_empty": True,
        "keys": (),
        "has_model": False,
        "stacks": {},
        "other_route": (),
        "wiring": None,
        "fill": (),
        "contents": "",
    }
    return Observed(**{**facts, **more})


def wired(wanted: wiring.Wiring) -> FoundWiring:
    """The wiring as it is once it has been made."""
    return FoundWiring(
        wanted.auth,
        wanted.target,
        wanted.description,
        (wanted.rate, wanted.burst),
        has_key=wanted.auth == "API_KEY",
        get=None if wanted.auth == "NONE" else FoundMethod("NONE", wanted.target, owned=True),
    )
