"""An AWS in memory: the gateways' own methods on plain dictionaries, and a journal of all that was changed.

What a test does not prepare and a fake does not know fails, since no fake has a client.
"""

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from itertools import takewhile
from typing import Any, TypeVar

from tests.unit.evaluation import Evaluation
from wildrydes_ml.aws import wiring
from wildrydes_ml.aws.account import Account
from wildrydes_ml.aws.apis import Apis
from wildrydes_ml.aws.buckets import Buckets
from wildrydes_ml.aws.facts import Concurrency, Place, Reach, Unknown, Usage, Zone
from wildrydes_ml.aws.functions import Functions
from wildrydes_ml.aws.keys import Tags, owned
from wildrydes_ml.aws.logs import Logs
from wildrydes_ml.aws.networks import Networks
from wildrydes_ml.aws.records import (
    Billable,
    ChangeSet,
    Console,
    Drift,
    Fault,
    Identity,
    Invocation,
    LogEvent,
    NetworkInterface,
    ObjectVersion,
    Stack,
    StackEvent,
    StackResource,
)
from wildrydes_ml.aws.session import Aws
from wildrydes_ml.aws.stacks import Stacks
from wildrydes_ml.aws.tagging import Tagging
from wildrydes_ml.aws.target import Target
from wildrydes_ml.aws.wiring import Action, FoundMethod, FoundWiring, Wiring
from wildrydes_ml.deploy.desired import Desired, DesiredStack, describe
from wildrydes_ml.deploy.model import Model
from wildrydes_ml.deploy.planner import FoundStack, Observed
from wildrydes_ml.errors import Refused, WildrydesError
from wildrydes_ml.tags import TAG
from wildrydes_ml.template.change import ResourceChange
from wildrydes_ml.template.decode import decode
from wildrydes_ml.web import Reply
from wildrydes_ml.workshop.deployments import deployment
from wildrydes_ml.workshop.settings import wild_rydes

T = TypeVar("T")
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


def there(thing: T | None) -> T:
    """What must not be missing."""
    assert thing is not None
    return thing


PROOF, FILLING = there(deployment().proof), there(deployment().filling)
FUNCTION, REST_API = "AWS::Lambda::Function", "AWS::ApiGateway::RestApi"
STACK_TYPE = "AWS::CloudFormation::Stack"
NO_LABELS: Mapping[str, str] = {}


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
        self.indifferent: set[str] = set()
        self.drifts: dict[str, Drift | Unknown | WildrydesError] = {}
        self.policies: dict[str, str | WildrydesError] = {}
        self.read: Callable[[str], str] = lambda template: template
        self.found_faults: tuple[Fault, ...] | Unknown = ()
        self.asked_since: list[datetime] = []

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

    def policy(self, name: str) -> str:
        found = self.policies.get(name.removeprefix("id:"), "")
        if isinstance(found, WildrydesError):
            raise found
        return found

    def resources(self, name: str) -> list[StackResource]:
        return self.held.get(name.removeprefix("id:"), [])

    def drift(self, stack: Stack) -> Drift | Unknown:
        found = self.drifts.get(stack.name, Drift(3))
        if isinstance(found, WildrydesError):
            raise found
        return found

    def create(self, name: str, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]) -> Stack:
        assert self.describe(name) is None, "CloudFormation makes no second stack of a name"
        self._journal.append(f"create {name}")
        self.templates[name], self.history[name] = self.read(template), []
        stack = Stack(name, f"id:{name}", "CREATE_IN_PROGRESS", "", dict(parameters), {}, dict(tags))
        self._begin(stack, "CREATE_COMPLETE")
        return stack

    def prepare(
        self, stack: Stack, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]
    ) -> ChangeSet | None:
        """None when nothing that is made changes, whatever else does; `indifferent` stacks never find anything."""
        found, template = self.stacks[stack.name], self.read(template) or self.templates[stack.name]
        made = _made(self.templates[stack.name], found.parameters)
        if (made, found.tags) == (_made(template, parameters), tags) or stack.name in self.indifferent:
            return None
        self._prepared[stack.name] = DesiredStack(stack.name, "", template, dict(parameters), dict(tags))
        return ChangeSet(f"cs:{stack.name}", found, self.changes.get(stack.name, ()))

    def discard(self, change_set: str) -> None:
        del self._prepared[change_set.removeprefix("cs:")]

    def undo(self, stack: Stack) -> None:
        self._journal.append(f"undo {stack.name}")
        self._begin(replace(stack, status="UPDATE_ROLLBACK_IN_PROGRESS"), "UPDATE_ROLLBACK_COMPLETE")

    def find(self, names: Sequence[str]) -> dict[str, Stack]:
        return {name: stack for name in names if (stack := self.describe(name))}

    def execute(self, change_set: ChangeSet) -> str:
        wanted = self._prepared.pop(change_set.stack.name)
        self._journal.append(f"update {wanted.name}")
        self.templates[wanted.name] = wanted.template
        stack = Stack(wanted.name, f"id:{wanted.name}", "UPDATE_IN_PROGRESS", "", wanted.parameters, {}, wanted.tags)
        token = self.newest_event(stack.id) or "from the first"
        self._begin(stack, "UPDATE_COMPLETE")
        return token

    def delete(self, name: str, retain: Sequence[str] = ()) -> None:
        stack = self.stacks[name.removeprefix("id:")]
        self._journal.append(" retaining ".join((f"delete {stack.name}", *retain)))
        self._begin(replace(stack, status="DELETE_IN_PROGRESS"), "DELETE_COMPLETE")

    def events(self, stack: str, seen: Container[str] = (), token: str = "") -> list[StackEvent]:
        """A token is the last event before its operation."""
        newest_first = reversed(self.history.get(stack.removeprefix("id:"), []))
        return list(takewhile(lambda event: event.id not in seen and event.id != token, newest_first))[::-1]

    def faults(self, stack: str, since: datetime) -> tuple[Fault, ...] | Unknown:
        self.asked_since.append(since)
        return self.found_faults

    def newest_event(self, stack: str) -> str:
        return ([event.id for event in self.events(stack)] or [""])[-1]

    def pause(self) -> None:
        for name, coming in self.endings.items():
            if coming and name in self.stacks:
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


def _made(template: str, parameters: Mapping[str, str]) -> Any:
    """What is left of a template when parameters and conditions are known; another text stands for itself."""
    body = decode(template)
    offered = {key: value for key, value in parameters.items() if key in body.get("Parameters", {})}
    return Evaluation(body, offered).left() if body else (template, parameters)


class FakeBuckets(Buckets):
    """Buckets of this account by name, and the names of other people's.

    `older` are versions beside the plain objects, `said` the labels of uploads by key, `unfinished` uploads in parts;
    `writers` put one more of their keys into a bucket each time before it is deleted.
    """

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self.labels: dict[str, dict[str, str]] = {}
        self.objects: dict[str, dict[str, bytes]] = {}
        self.older: dict[str, list[tuple[str, str]]] = {}
        self.unfinished: dict[str, str] = {}
        self.writers: dict[str, list[str]] = {}
        self.foreign: set[str] = set()
        self.said: dict[str, Mapping[str, str] | WildrydesError] = {}
        self._links = 0

    def put(self, name: str, tags: Mapping[str, str] | None = None, *keys: str) -> None:
        """A bucket that is already there."""
        self.labels[name] = dict(tags or {})
        self.objects[name] = dict.fromkeys(keys, b"")

    def tags(self, name: str) -> dict[str, str] | None:
        if name in self.foreign:
            raise Refused(f"bucket {name} belongs to another account")
        return self.labels.get(name)

    def own_tags(self, name: str) -> dict[str, str] | None:
        return self.tags(name)

    def exists(self, name: str) -> bool:
        return self.tags(name) is not None

    def create(self, name: str, tags: Mapping[str, str]) -> None:
        self._journal.append(f"make bucket {name}")
        self.put(name, tags)

    def has(self, bucket: str, key: str) -> bool:
        return key in self.objects[bucket]

    def upload(self, bucket: str, key: str, body: bytes, labels: Mapping[str, str] = NO_LABELS) -> None:
        self._journal.append(f"upload {key.partition('/')[0]}")
        self.objects[bucket][key] = body
        self.said[key] = labels

    def note(self, bucket: str, key: str, text: str, labels: Mapping[str, str] = NO_LABELS) -> None:
        self.objects[bucket][key] = text.encode()
        self.said[key] = labels

    def noted(self, bucket: str, key: str) -> str | None:
        return self.objects[bucket][key].decode() if key in self.objects.get(bucket, {}) else None

    def metadata(self, bucket: str, item: ObjectVersion) -> dict[str, str]:
        found = self.said.get(item.key, {})
        if isinstance(found, WildrydesError):
            raise found
        return dict(found)

    def link(self, bucket: str, key: str, seconds: int) -> str:
        self._links += 1
        signed = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires={seconds}&X-Amz-Signature={self._links}"
        return f"https://{bucket}.s3.amazonaws.com/{key}?{signed}"

    def address(self, bucket: str, key: str) -> str:
        return f"https://s3.eu-west-1.amazonaws.com/{bucket}/{key}"

    def at(self, address: str) -> str:
        """What lies at an address; a text that is none stands for itself."""
        if not address.startswith("https://"):
            return address
        bucket, _, key = address.removeprefix("https://s3.eu-west-1.amazonaws.com/").partition("/")
        return self.objects[bucket][key].decode()

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        return [key for key in self.objects[bucket] if key.startswith(prefix)]

    def versions(self, bucket: str, prefix: str = "") -> list[ObjectVersion]:
        stored = self.objects.get(bucket, {})
        plain = [ObjectVersion(key, "null") for key in stored]
        older = [
            ObjectVersion(key, version, is_mark=version.startswith("mark"), is_latest=key not in stored)
            for key, version in self.older.get(bucket, [])
        ]
        return [item for item in (*plain, *older) if item.key.startswith(prefix)]

    def remove(self, bucket: str, versions: Sequence[ObjectVersion]) -> None:
        self._journal += [f"remove {len(versions)} versions"] if versions else []
        for item in versions:
            if item.version == "null":
                del self.objects[bucket][item.key]
            else:
                self.older[bucket].remove((item.key, item.version))

    def abort_uploads(self, bucket: str) -> None:
        self.unfinished.pop(bucket, None)

    def delete(self, name: str) -> bool:
        if self.writers.get(name):
            self.objects[name][self.writers[name].pop(0)] = b""
        if self.versions(name):
            return False
        assert name not in self.unfinished, "what was uploaded in parts bills on"
        self._journal.append(f"delete bucket {name}")
        del self.labels[name], self.objects[name]
        return True


class FakeFunctions(Functions):
    """A function that answers from a list, the last answer again and again; and log groups with their tags.

    `loss` is the type of what somebody deleted, `asked` whom it was asked of.
    """

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self.answers = [Invocation(200, HORSE_ANSWER)]
        self.invoked: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.log_groups: dict[str, dict[str, str]] = {}
        self.loss: str | Unknown = ""
        self.failure: WildrydesError | None = None
        self.asked: list[str] = []
        self.labels: dict[str, dict[str, str]] = {}

    def tags(self, name: str) -> dict[str, str] | None:
        return self.labels.get(name)

    def lost(self, name: str, alias: str) -> str | Unknown:
        self.asked.append(f"{name}:{alias}")
        return self.loss

    def invoke(self, name: str, event: dict[str, Any]) -> Invocation:
        self.invoked.append(name)
        self.events.append(event)
        if self.failure:
            raise self.failure
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def log_group_tags(self, name: str) -> dict[str, str] | None:
        return self.log_groups.get(name)

    def delete_log_group(self, name: str) -> None:
        if name in self.log_groups:
            self._journal.append(f"delete log group {name}")
            del self.log_groups[name]


class FakeApis(Apis):
    """APIs by id; each action does what it is called. Keys and usage plans are ids with their tags, by kind.

    `refusal` is what a look at them ends with, `loss` the type of what somebody deleted, `stage` the only stage there
    is, where it matters.
    """

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self.wirings: dict[str, FoundWiring] = {}
        self.loss: str | Unknown = ""
        self.stage = ""
        self.asked: list[str] = []
        self.keys: dict[str, Mapping[str, str]] = {}
        self.plans: dict[str, Mapping[str, str]] = {}
        self.refusal: WildrydesError | None = None

    def found(self, api: str, wanted: Wiring | None = None) -> FoundWiring | None:
        return None if self.loss == REST_API else self._found(api)

    def _found(self, api: str) -> FoundWiring:
        return self.wirings.get(api, FoundWiring())

    def lost(self, api: str, stage: str) -> str | Unknown:
        self.asked.append(api)
        if self.stage and stage not in ("", self.stage):
            return "AWS::ApiGateway::Stage"
        return self.loss

    def perform(self, api: str, action: Action, wiring: Wiring, found: FoundWiring) -> None:
        assert self.loss != REST_API, "AWS makes nothing in an API that is gone"
        self._journal.append(f"wire {action}")
        found = self._found(api)
        match action:
            case "method":
                found = replace(found, auth=wiring.auth, target=wiring.target)
            case "deployment":
                found = replace(found, description=wiring.description)
            case "throttle":
                found = replace(found, throttle=(wiring.rate, wiring.burst))
            case "page" | "no page":
                found = replace(found, get=FoundMethod("NONE", wiring.target, True) if action == "page" else None)
            case "tidy":
                found = replace(found, superseded=())
            case "key":
                assert found.has_stage, "a usage plan can name a stage only once there is one"
                self.keys["key1"], self.plans["plan1"] = wiring.tags, wiring.tags
                found = replace(found, has_key=True, owns_key=True)
            case "no key":
                self._remove({key: (value,) for key, value in wiring.tags.items()})
                found = self._found(api)
        self.wirings[api] = found

    def unwire(self, tags: Tags) -> None:
        if self._ours(self.keys, tags) or self._ours(self.plans, tags):
            self._journal.append("unwire")
        self._remove(tags)

    def keys_and_plans(self, tags: Tags) -> list[Billable]:
        if self.refusal:
            raise self.refusal
        kinds = {"API key": self.keys, "usage plan": self.plans}
        return [Billable(kind, id) for kind, made in kinds.items() for id in self._ours(made, tags)]

    def _ours(self, made: Mapping[str, Mapping[str, str]], tags: Tags) -> list[str]:
        return [str(item["id"]) for item in owned([{"id": id, "tags": labels} for id, labels in made.items()], tags)]

    def _remove(self, tags: Tags) -> None:
        for made in (self.keys, self.plans):
            for id in self._ours(made, tags):
                del made[id]
        self.wirings = {
            api: replace(found, has_key=False, owns_key=False) if found.owns_key else found
            for api, found in self.wirings.items()
        }

    def key(self, api: str, stage: str = "prod") -> str:
        return "the-key" if self._found(api).has_key else ""

    def signed_headers(self, url: str, body: bytes, headers: dict[str, str], method: str = "POST") -> dict[str, str]:
        return {**headers, "Authorization": "signed"}


class FakeTagging(Tagging):
    """What the tagging API lists."""

    def __init__(self) -> None:
        self.listed: list[str] | Exception = []

    def arns(self, key: str, value: str) -> list[str]:
        return _found(self.listed)


class FakeNetworks(Networks):
    """Network interfaces, and what bills.

    `asked` are the security groups and subnets of each look at the interfaces; `looks` are what each finds, errors
    included; the last one is found again and again.
    """

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self.looks: list[list[NetworkInterface] | Exception] = [[]]
        self.asked: list[tuple[list[str], list[str]]] = []
        self.bills: list[Billable] | Exception = []
        self.files: list[Billable] | Exception = []

    def interfaces(self, groups: Sequence[str], subnets: Sequence[str] = ()) -> list[NetworkInterface]:
        self.asked.append((list(groups), list(subnets)))
        return _found(self.looks.pop(0) if len(self.looks) > 1 else self.looks[0])

    def delete_interface(self, interface: str) -> None:
        self._journal.append(f"delete {interface}")

    def billing(self, tags: Mapping[str, Collection[str]]) -> list[Billable]:
        return _found(self.bills)

    def file_systems(self, tags: Mapping[str, Collection[str]]) -> list[Billable]:
        return _found(self.files)


def _found(prepared: list[T] | Exception) -> list[T]:
    if isinstance(prepared, Exception):
        raise prepared
    return prepared


class FakeAccount(Account):
    """An account with room for a deployment in two of three zones; `answers` are what it says instead."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []

    def usage(self, name: str) -> Usage | Unknown:
        return self._answer(name, Usage({"": 1}, 5))

    def zones(self) -> tuple[Zone, ...] | Unknown:
        return self._answer("zones", tuple(Zone(f"eu-west-1{letter}") for letter in "abc"))

    def instance_architectures(self, type: str) -> frozenset[str] | Unknown:
        return self._answer("instance_architectures", frozenset({"arm64" if "g." in type else "x86_64"}))

    def instance_zones(self, type: str) -> frozenset[str] | Unknown:
        return self._answer("instance_zones", frozenset({"eu-west-1a", "eu-west-1b"}))

    def runtimes(self) -> frozenset[str]:
        return self._answer("runtimes", frozenset({"python3.11", "python3.12", "python3.13", "python3.14"}))

    def concurrency(self, function: str) -> Concurrency | Unknown:
        return self._answer("concurrency", Concurrency(1000, 1000, 0))

    def function(self, name: str) -> str | Unknown | None:
        return self._answer("function", None)

    def log_group(self, name: str) -> str | Unknown | None:
        return self._answer("log_group", None)

    def answer(self, url: str) -> Reply:
        return self._answer("model", Reply(200))

    def exports(self) -> Mapping[str, str] | Unknown:
        return self._answer("exports", {})

    def stored(self, name: str) -> bool | Unknown:
        return self._answer("stored", True)

    def subnet(self, id: str) -> Place | Unknown | None:
        return self._answer(id, Place("vpc-1", f"eu-west-1{id[-1]}"))

    def security_group(self, id: str) -> Place | Unknown | None:
        return self._answer(id, Place("vpc-1"))

    def vpc(self, id: str) -> Place | Unknown | None:
        return self._answer(id, Place(id))

    def reach(self, subnet: str) -> Reach | Unknown:
        return self._answer("reach", Reach(outside=True))

    def _answer(self, name: str, usual: T) -> T:
        self.asked.append(name)
        answer: T = self.answers.get(name, usual)
        return answer


class FakeLogs(Logs):
    """Log groups and consoles by name; what is prepared as an error is raised. `asked` are the times asked for."""

    def __init__(self) -> None:
        self.groups: dict[str, list[LogEvent] | Unknown | WildrydesError] = {}
        self.consoles: dict[str, Console | Unknown | WildrydesError] = {}
        self.asked: list[datetime] = []

    def events(self, group: str, since: datetime) -> list[LogEvent] | Unknown | None:
        self.asked.append(since)
        found = _raised(self.groups.get(group))
        return [event for event in found if event.time >= since] if isinstance(found, list) else found

    def console(self, instance: str) -> Console | Unknown | None:
        return _raised(self.consoles.get(instance))


def _raised(prepared: T | WildrydesError) -> T:
    if isinstance(prepared, WildrydesError):
        raise prepared
    return prepared


class FakeAws:
    """All gateways over one account; `journal` lists what was changed, in order.

    `outputs` are those of a stack, unless it is one of the workshop's.
    """

    def __init__(
        self,
        api_url: str = API_OUTPUTS["ApiGatewayInvokeURL"],
        outputs: Callable[[Stack], Mapping[str, str]] | None = None,
    ) -> None:
        api = {**API_OUTPUTS, "ApiGatewayInvokeURL": api_url, "InferenceFunctionTestCommand": f"curl {api_url}"}

        def workshop(stack: Stack) -> Mapping[str, str]:
            self._mend(stack)
            contents = f"model {stack.parameters.get('ModelSha256')}"
            return {**EFS_OUTPUTS, "EFSContents": contents} if stack.name.endswith("-mod5") else api

        self.journal: list[str] = []
        self._taken_out: set[str] = set()
        self.stacks = FakeStacks(self.journal, outputs or workshop)
        self.buckets = FakeBuckets(self.journal)
        self.stacks.read = self.buckets.at
        self.functions = FakeFunctions(self.journal)
        self.apis = FakeApis(self.journal)
        self.tagging = FakeTagging()
        self.networks = FakeNetworks(self.journal)
        self.account = FakeAccount()
        self.logs = FakeLogs()

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

    @property
    def gateways(self) -> Aws:
        """As the package knows them."""
        return Aws(
            IDENTITY,
            self.stacks,
            self.buckets,
            self.functions,
            self.apis,
            self.tagging,
            self.networks,
            self.account,
            self.logs,
        )


@dataclass
class Said:
    """A reporter that remembers: kind, text and record of each thing said."""

    lines: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    idle: tuple[float, float] = (0, 0)

    def plan(self, steps: Sequence[Mapping[str, Any]], *, idle_before: float = 0, idle_after: float = 0) -> None:
        self.idle = (idle_before, idle_after)
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
    return describe(wild_rydes(route=route, **options), target or Target(), IDENTITY, model or Model(""))


def resolved(
    desired: Desired, stack: DesiredStack, contents: str = EFS_OUTPUTS["EFSContents"], **outputs: str
) -> DesiredStack:
    """A stack with what it gets from the EFS stack, whose contents only another stack is told of."""
    efs = desired.efs
    return stack.resolved({efs.name: {**EFS_OUTPUTS, **outputs}} if efs else {}, contents if efs else "")


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
