"""An AWS in memory: the gateways' own methods on plain dictionaries, and a journal of all that was changed.

What a test does not prepare and a fake does not know fails, since no fake has a client.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from wildrydes_ml import wiring
from wildrydes_ml.aws import Apis, Aws, Buckets, Functions, Stacks, Tagging
from wildrydes_ml.desired import TAG, Desired, DesiredStack, describe
from wildrydes_ml.errors import Refused
from wildrydes_ml.models import Model
from wildrydes_ml.planning import FoundStack, Observed
from wildrydes_ml.records import ChangeSet, Identity, Invocation, ResourceChange, Stack, StackEvent, StackResource
from wildrydes_ml.settings import Settings, Target
from wildrydes_ml.wiring import Action, FoundMethod, FoundWiring, Wiring

IDENTITY = Identity("123456789012", "arn:aws:iam::123456789012:user/rider", "aws", "eu-west-1")
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
STACK_TYPE = "AWS::CloudFormation::Stack"


def event(number: int, status: str, resource: str = "Vpc", reason: str = "", type: str = "AWS::EC2::VPC") -> StackEvent:
    """A stack's event; its number is its id and its second."""
    return StackEvent(f"e{number}", datetime.fromtimestamp(number, timezone.utc), resource, type, status, reason)


class FakeStacks(Stacks):
    """Stacks by name. An operation ends at the next pause: well, or as `endings` and `failures` say for the stack."""

    def __init__(self, journal: list[str], outputs: Callable[[Stack], Mapping[str, str]]) -> None:
        self._journal = journal
        self._outputs = outputs
        self._prepared: dict[str, DesiredStack] = {}
        self.stacks: dict[str, Stack] = {}
        self.templates: dict[str, str] = {}
        self.held: dict[str, list[StackResource]] = {}
        self.history: dict[str, list[StackEvent]] = {}
        self.endings: dict[str, list[str]] = {}
        self.failures: dict[str, list[StackEvent]] = {}
        self.changes: dict[str, tuple[ResourceChange, ...]] = {}

    @property
    def pending(self) -> list[str]:
        """The stacks with a change set that is neither executed nor discarded."""
        return list(self._prepared)

    def put(
        self, name: str, status: str, template: str = "", resources: Sequence[StackResource] = (), **more: Any
    ) -> None:
        """A stack that is already there."""
        self.stacks[name] = Stack(name, f"id:{name}", status, **more)
        self.templates[name] = template
        self.held[name] = list(resources)

    def describe(self, name: str) -> Stack | None:
        found = self.stacks.get(name.removeprefix("id:"))
        gone = found is not None and found.status == "DELETE_COMPLETE" and not name.startswith("id:")
        return None if gone else found

    def tagged(self, key: str) -> list[Stack]:
        return [stack for stack in self.stacks.values() if key in stack.tags and stack.status != "DELETE_COMPLETE"]

    def template(self, name: str) -> str:
        return self.templates.get(name, "")

    def resources(self, name: str) -> list[StackResource]:
        return self.held.get(name, [])

    def prepare(
        self, name: str, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]
    ) -> ChangeSet | None:
        found = self.describe(name)
        if found and (self.templates[name], found.parameters, found.tags) == (template, parameters, tags):
            return None
        if found is None:
            self.put(name, "REVIEW_IN_PROGRESS")
        self._prepared[name] = DesiredStack(name, "", template, dict(parameters), dict(tags), {})
        return ChangeSet(f"cs:{name}", self.stacks[name], self.changes.get(name, ()))

    def discard(self, change_set: str) -> None:
        del self._prepared[change_set.removeprefix("cs:")]

    def execute(self, change_set: ChangeSet) -> None:
        wanted = self._prepared.pop(change_set.stack.name)
        kind = "CREATE" if change_set.stack.status == "REVIEW_IN_PROGRESS" else "UPDATE"
        self._journal.append(f"{kind.lower()} {wanted.name}")
        self.templates[wanted.name] = wanted.template
        stack = Stack(wanted.name, f"id:{wanted.name}", f"{kind}_IN_PROGRESS", "", wanted.parameters, {}, wanted.tags)
        self._begin(stack, f"{kind}_COMPLETE")

    def delete(self, name: str) -> None:
        stack = self.stacks[name.removeprefix("id:")]
        self._journal.append(f"delete {stack.name}")
        self._begin(replace(stack, status="DELETE_IN_PROGRESS"), "DELETE_COMPLETE")

    def events(self, stack: str) -> list[StackEvent]:
        return list(self.history.get(stack.removeprefix("id:"), []))

    def pause(self) -> None:
        for name, coming in self.endings.items():
            if coming:
                self._turn(self.stacks[name], coming.pop(0))

    def _begin(self, stack: Stack, end: str) -> None:
        self.stacks[stack.name] = stack
        self.endings.setdefault(stack.name, [])
        self.endings[stack.name] = self.endings[stack.name] or [end]
        self.history.setdefault(stack.name, []).extend(self.failures.get(stack.name, []))

    def _turn(self, stack: Stack, status: str) -> None:
        outputs = self._outputs(stack) if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") else stack.outputs
        self.stacks[stack.name] = replace(stack, status=status, outputs=outputs)
        history = self.history.setdefault(stack.name, [])
        history.append(event(1000 + len(history), status, stack.name, type=STACK_TYPE))


class FakeBuckets(Buckets):
    """Buckets of this account by name, and the names of other people's."""

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self.labels: dict[str, dict[str, str]] = {}
        self.objects: dict[str, dict[str, bytes]] = {}
        self.foreign: set[str] = set()
        self._links = 0

    def put(self, name: str, tags: Mapping[str, str] | None = None, *keys: str) -> None:
        """A bucket that is already there."""
        self.labels[name] = dict(tags or {})
        self.objects[name] = dict.fromkeys(keys, b"")

    def tags(self, name: str) -> dict[str, str] | None:
        if name in self.foreign:
            raise Refused(f"bucket {name} belongs to another account")
        return self.labels.get(name)

    def create(self, name: str, tags: Mapping[str, str]) -> None:
        self._journal.append(f"make bucket {name}")
        self.put(name, tags)

    def has(self, bucket: str, key: str) -> bool:
        return key in self.objects[bucket]

    def upload(self, bucket: str, key: str, body: bytes) -> None:
        self._journal.append(f"upload {key.partition('/')[0]}")
        self.objects[bucket][key] = body

    def link(self, bucket: str, key: str, seconds: int) -> str:
        self._links += 1
        return f"https://{bucket}.s3.amazonaws.com/{key}?signature={self._links}&seconds={seconds}"

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        return [key for key in self.objects[bucket] if key.startswith(prefix)]

    def remove(self, bucket: str, keys: list[str]) -> None:
        self._journal.append(f"remove {len(keys)} objects")
        for key in keys:
            del self.objects[bucket][key]

    def delete(self, name: str) -> None:
        assert not self.objects[name], "S3 deletes empty buckets only"
        self._journal.append(f"delete bucket {name}")
        del self.labels[name], self.objects[name]


class FakeFunctions(Functions):
    """A function that answers from a list, the last answer again and again; and log groups."""

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self.answers = [Invocation(200, HORSE_ANSWER)]
        self.invoked: list[str] = []
        self.log_groups: set[str] = set()

    def invoke(self, name: str, event: dict[str, Any]) -> Invocation:
        self.invoked.append(name)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def log_group_exists(self, name: str) -> bool:
        return name in self.log_groups

    def delete_log_group(self, name: str) -> None:
        if name in self.log_groups:
            self._journal.append(f"delete log group {name}")
            self.log_groups.discard(name)


class FakeApis(Apis):
    """APIs by id; each action does what it is called."""

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self.wirings: dict[str, FoundWiring] = {}
        self.key_names: set[str] = set()

    def found(self, api: str, name: str = "") -> FoundWiring:
        return self.wirings.get(api, FoundWiring())

    def perform(self, api: str, action: Action, wiring: Wiring, name: str) -> None:
        self._journal.append(f"wire {action}")
        found = self.found(api)
        match action:
            case "method":
                found = replace(found, auth=wiring.auth, target=wiring.target)
            case "deployment":
                found = replace(found, description=wiring.description)
            case "throttle":
                found = replace(found, throttle=(wiring.rate, wiring.burst))
            case "page" | "no page":
                found = replace(found, get=FoundMethod("NONE", wiring.target, True) if action == "page" else None)
            case _:
                found = replace(found, has_key=action == "key", owns_key=action == "key")
                self.key_names = {name} if action == "key" else set()
        self.wirings[api] = found

    def unwire(self, api: str, name: str) -> None:
        self._journal.append(f"unwire {api}")
        self.wirings.pop(api, None)

    def key(self, api: str) -> str:
        return "the-key" if self.found(api).has_key else ""

    def signed_headers(self, url: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
        return {**headers, "Authorization": "signed"}


class FakeTagging(Tagging):
    """What the tagging API lists."""

    def __init__(self) -> None:
        self.listed: list[str] = []

    def arns(self, key: str, value: str) -> list[str]:
        return self.listed


class FakeAws:
    """All gateways over one account; `journal` lists what was changed, in order."""

    def __init__(self, api_url: str = API_OUTPUTS["ApiGatewayInvokeURL"]) -> None:
        api = {**API_OUTPUTS, "ApiGatewayInvokeURL": api_url, "InferenceFunctionTestCommand": f"curl {api_url}"}

        def outputs(stack: Stack) -> Mapping[str, str]:
            contents = f"model {stack.parameters.get('ModelSha256')}"
            return {**EFS_OUTPUTS, "EFSContents": contents} if stack.name.endswith("-mod5") else api

        self.journal: list[str] = []
        self.stacks = FakeStacks(self.journal, outputs)
        self.buckets = FakeBuckets(self.journal)
        self.functions = FakeFunctions(self.journal)
        self.apis = FakeApis(self.journal)
        self.tagging = FakeTagging()

    @property
    def gateways(self) -> Aws:
        """As the package knows them."""
        return Aws(IDENTITY, self.stacks, self.buckets, self.functions, self.apis, self.tagging)


@dataclass
class Said:
    """A reporter that remembers: kind, text and record of each thing said."""

    lines: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def plan(self, steps: Sequence[Mapping[str, Any]]) -> None:
        self.lines += [("plan", str(step["text"]), dict(step)) for step in steps]

    def event(self, text: str, **record: Any) -> None:
        self.lines.append(("event", text, record))

    def output(self, text: str, **record: Any) -> None:
        self.lines.append(("output", text, record))

    def warning(self, text: str) -> None:
        self.lines.append(("warning", text, {}))

    def error(self, text: str) -> None:
        self.lines.append(("error", text, {}))

    def result(self, ok: bool, **record: Any) -> None:
        self.lines.append(("result", str(ok), record))

    def texts(self, kind: str) -> list[str]:
        """What was said of one kind."""
        return [text for one, text, _ in self.lines if one == kind]


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def wanted(route: str = "long", model: Model | None = None, target: Target | None = None, **options: Any) -> Desired:
    """The deployment that settings ask for in the fake account."""
    return describe(Settings(route=route, **options), target or Target(), IDENTITY, model or Model(""))


def found_as(desired: DesiredStack, status: str = "CREATE_COMPLETE", **more: Any) -> FoundStack:
    """The stack as it is once it has been made."""
    outputs = EFS_OUTPUTS if desired.name.endswith("-mod5") else API_OUTPUTS
    parts = {"parameters": desired.parameters, "outputs": outputs, "tags": desired.tags, **more}
    return FoundStack(Stack(desired.name, f"id:{desired.name}", status, **parts), desired.template, ())


def in_place(desired: Desired, **more: Any) -> Observed:
    """What is there after a deploy of exactly this."""
    resolved = desired.service.resolved(EFS_OUTPUTS, EFS_OUTPUTS["EFSContents"] if desired.efs else "")
    stacks = (desired.efs, resolved) if desired.efs else (resolved,)
    facts: dict[str, Any] = {
        "bucket_tags": {TAG: desired.settings.name},
        "bucket_is_empty": False,
        "has_code": True,
        "has_model": True,
        "stacks": {stack.name: found_as(stack) for stack in stacks},
        "other_route": (),
        "wiring": wired(desired.wiring) if desired.wiring else None,
        "fill": (),
        "contents": EFS_OUTPUTS["EFSContents"] if desired.efs else "",
    }
    return Observed(**{**facts, **more})


def nothing_there(**more: Any) -> Observed:
    """An account without a trace of a deployment."""
    facts: dict[str, Any] = {
        "bucket_tags": None,
        "bucket_is_empty": True,
        "has_code": False,
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
