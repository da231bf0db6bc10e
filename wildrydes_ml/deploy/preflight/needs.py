"""What the steps of a deploy create, stack by stack, and what they need from the account: plain data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ...aws.facts import QUOTAS, Ask
from ...aws.records import Identity
from ...checks.reach import services
from ...checks.stack import FUNCTION, Stack
from ...template.origins import feeding, known
from ...template.parameters import is_stored
from ...template.resolve import is_known, mapping, number
from ..desired import Desired, DesiredStack
from ..planner import FoundStack
from ..steps import ApplyStack, DeleteStack, Fill, Step

INSTANCE, NAT, SUBNET, TARGET = (
    "AWS::EC2::Instance",
    "AWS::EC2::NatGateway",
    "AWS::EC2::Subnet",
    "AWS::EFS::MountTarget",
)
LOG_GROUP = "AWS::Logs::LogGroup"
# What is asked about the zones of NAT gateways where there is no instance: AWS offers it wherever it builds on.
USUAL_TYPE = "c5.large"
# Type of resource → the property with a name that nobody else may have, and the question whether somebody has it.
NAMES = {FUNCTION: ("FunctionName", "function"), LOG_GROUP: ("LogGroupName", "log_group")}
# Kind of a parameter → the question about what is given in it.
GIVEN = {
    "AWS::EC2::Subnet::Id": "subnet",
    "AWS::EC2::SecurityGroup::Id": "security_group",
    "AWS::EC2::VPC::Id": "vpc",
}


@dataclass(frozen=True)
class Part:
    """One stack of a plan: as it will be, and as it is before.

    `before` are the present sections Resources and Outputs, `old` the present parameters. `makes_room` is set when the
    rest of a failed creation is deleted first.
    """

    stack: DesiredStack
    identity: Identity
    before: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    old: Mapping[str, str] = field(default_factory=dict, repr=False)
    fed: frozenset[str] = frozenset()
    makes_room: bool = False

    @cached_property
    def sections(self) -> Mapping[str, Mapping[str, Any]]:
        """The sections Resources and Outputs, as far as known."""
        return made(self.stack.name, self.stack.body, self.stack.parameters, self.identity)

    @cached_property
    def view(self) -> Stack:
        """The resources, with methods to query them."""
        return Stack(self.sections["Resources"], mapping(self.stack.body.get("Resources")))

    def new(self, kind: str) -> dict[str, Any]:
        """The new resources of a type: logical id and properties."""
        there = mapping(self.before.get("Resources"))
        return {title: properties for title, properties in self.view.of(kind).items() if title not in there}

    def changed(self, kind: str, *keys: str) -> dict[str, Any]:
        """The resources of a type that are new, or whose named properties change."""
        there = mapping(self.before.get("Resources"))

        def of(title: str) -> Mapping[str, Any]:
            return mapping(mapping(there.get(title)).get("Properties"))

        found = self.view.of(kind).items()
        return {
            title: properties
            for title, properties in found
            if title not in there or any(properties.get(key) != of(title).get(key) for key in keys)
        }

    def setting(self, title: str, *path: str | int) -> str:
        """The parameter by which the user can choose a resource's property; "" when there is none."""
        value: Any = mapping(mapping(self.stack.body.get("Resources")).get(title)).get("Properties")
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                if not (isinstance(value, Mapping) and len(value) == 1 and next(iter(value)).startswith("Fn::")):
                    return ""
                break  # what chooses the rest of the path
        return next((name for name in feeding(self.stack.body, value) if name not in self.fed), "")


def made(name: str, body: Mapping[str, Any], parameters: Mapping[str, str], identity: Identity) -> dict[str, Any]:
    """What a stack with this name creates, with the values of CloudFormation's own parameters."""
    own = {
        "AWS::StackName": name,
        "AWS::Region": identity.region,
        "AWS::AccountId": identity.account,
        "AWS::Partition": identity.partition,
    }
    return known({"Resources": {}, **body}, parameters, own)


def whole(desired: Desired) -> tuple[Part, ...]:
    """The whole deployment, as if all of it were new."""
    return tuple(Part(stack, desired.identity, fed=frozenset(stack.inputs)) for stack in desired.stacks)


def parts(desired: Desired, steps: Sequence[Step], there: Mapping[str, FoundStack]) -> tuple[Part, ...]:
    """What the steps create. `there` are the existing stacks; an update of any other stack creates nothing new."""
    fed = {stack.name: frozenset(stack.inputs) for stack in desired.stacks}
    removed = {step.name for step in steps if isinstance(step, DeleteStack)}
    found: list[Part] = []
    for step in steps:
        if isinstance(step, ApplyStack):
            name = step.desired.name
            part = Part(step.desired, desired.identity, fed=fed.get(name, frozenset()), makes_room=name in removed)
            found.append(part if step.kind == "create" else _updated(part, found, there.get(name)))
    return tuple(found)


def _updated(part: Part, earlier: Sequence[Part], there: FoundStack | None) -> Part:
    """The part with its previous state: after an earlier step, or now."""
    last = [one for one in earlier if one.stack.name == part.stack.name][-1:]
    if last:
        before, old = last[0].sections, last[0].stack.parameters
    elif there and there.body:
        old = there.stack.parameters
        before = made(part.stack.name, there.body, old, part.identity)
    else:
        before, old = part.sections, part.stack.parameters
    return Part(part.stack, part.identity, before, old, part.fed)


def needs(desired: Desired, parts: Sequence[Part], steps: Sequence[Step]) -> tuple[Ask, ...]:
    """What to ask the account before the steps; nothing for a plan that changes no stack."""
    if not parts and not any(isinstance(step, Fill) for step in steps):
        return ()
    found = [ask for part in parts for ask in (*_room(part), *_places(part), *_names(part), *_given(part))]
    boots = any(part.new(INSTANCE) for part in parts)
    fills = any(isinstance(step, Fill) and "model" in step.parts for step in steps)
    if desired.model_url and (fills if desired.fill else boots):
        found.append(Ask("model", desired.model_url))
    if parts and any(part.view.of(FUNCTION) for part in whole(desired)):
        found.append(Ask("runtimes"))
    # An emulator's limit is its machine's memory, and reserves nothing.
    if not desired.fill:
        found += [Ask("concurrency", one.name) for part in parts for one in functions(part) if one.taken or one.is_new]
    return tuple(dict.fromkeys(found))


def _room(part: Part) -> Iterator[Ask]:
    for name, quota in QUOTAS.items():
        if part.new(quota.type) and not part.makes_room:
            yield Ask(name)


def _places(part: Part) -> Iterator[Ask]:
    instances, gateways = part.changed(INSTANCE, "InstanceType"), part.new(NAT)
    kinds = [kind for one in instances.values() if isinstance(kind := one.get("InstanceType"), str)]
    for kind in kinds:
        yield Ask("instance_architectures", kind)
        yield Ask("instance_zones", kind)
    if gateways and not part.view.of(INSTANCE):
        yield Ask("instance_zones", USUAL_TYPE)
    if instances or gateways or part.new(SUBNET):
        yield Ask("zones")


def _names(part: Part) -> Iterator[Ask]:
    for kind, (key, question) in NAMES.items():
        for properties in part.changed(kind, key).values():
            if isinstance(name := properties.get(key), str):
                yield Ask(question, name)
    if {*exported(part.sections)} - {*exported(part.before)} or {*imported(part)}:
        yield Ask("exports")
    for name in stored(part):
        yield Ask("stored", name)


def exported(sections: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The names of the exports, as far as known."""
    outputs = mapping(sections.get("Outputs")).values()
    names = [mapping(mapping(output).get("Export")).get("Name") for output in outputs]
    return [name for name in names if isinstance(name, str)]


def imported(part: Part) -> dict[str, str]:
    """The names of other stacks' exports that it imports, and the importing resource."""
    sections = part.sections
    entries = [(title, entry) for section in sections.values() for title, entry in section.items()]
    return {name: title for title, entry in entries for name in _imports(entry)}


def _imports(value: Any) -> Iterator[str]:
    match value:
        case {"Fn::ImportValue": str(name)}:
            yield name
        case Mapping():
            for item in value.values():
                yield from _imports(item)
        case list():
            for item in value:
                yield from _imports(item)


def stored(part: Part) -> dict[str, str]:
    """The names of values in Systems Manager, and the parameters that have them, if they are new.

    AWS's own names (`/aws/...`) and those of another account (an ARN) are not in the account's list.
    """
    offered = mapping(part.stack.body.get("Parameters"))
    kept = {name: entry for name, entry in offered.items() if is_stored(entry)}
    values = {name: str(part.stack.parameters.get(name, entry.get("Default", ""))) for name, entry in kept.items()}
    return {
        value.partition(":")[0]: name  # after it, a version
        for name, value in values.items()
        if value and not value.startswith(("/aws/", "arn:")) and part.old.get(name) != value
    }


def given(part: Part) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Question, parameter and ids of existing resources that the user names; not those from another stack of ours."""
    offered = mapping(part.stack.body.get("Parameters"))
    for name, entry in offered.items():
        kind = str(entry.get("Type")).removeprefix("List<").removesuffix(">")
        value = part.stack.parameters.get(name, entry.get("Default"))
        if kind in GIVEN and value and name not in part.fed:
            yield GIVEN[kind], name, tuple(item.strip() for item in str(value).split(",") if item.strip())


def _given(part: Part) -> Iterator[Ask]:
    for question, name, ids in given(part):
        if part.old.get(name) != part.stack.parameters.get(name) or not part.before:
            yield from (Ask(question, one) for one in ids)
    for title, subnets in in_given_subnets(part).items():
        if goes_elsewhere(part, title) and services(part.view, title):
            yield from (Ask("reach", subnet) for subnet in subnets)


def goes_elsewhere(part: Part, function: str) -> bool:
    """Whether the function is new, or gets another network or more permissions."""
    return function in part.changed(FUNCTION, "VpcConfig", "Role") or _permits_more(part, function)


def _permits_more(part: Part, function: str) -> bool:
    there = Stack(mapping(part.before.get("Resources")), {})
    return bool(services(part.view, function) - services(there, function))


def in_given_subnets(part: Part) -> dict[str, tuple[str, ...]]:
    """The functions that run in existing subnets, with these subnets."""
    ids = {one for question, _, found in given(part) if question == "subnet" for one in found}
    found: dict[str, tuple[str, ...]] = {}
    for title in part.view.of(FUNCTION):
        listed = part.view.vpc_config(title).get("SubnetIds")
        subnets = (
            tuple(one for one in listed if one in ids)
            if isinstance(listed, list) and all(map(is_known, listed))
            else ()
        )
        found |= {title: subnets} if subnets else {}
    return found


@dataclass(frozen=True)
class FunctionNeeds:
    """A function's concurrency: reserved (None: none), provisioned, and the resource that provides it."""

    title: str
    name: str
    is_new: bool
    reserved: int | None
    provisioned: int
    provider: str

    @property
    def taken(self) -> int:
        """The instances that it takes from the account's unreserved concurrency."""
        return self.provisioned if self.reserved is None else self.reserved


def functions(part: Part) -> list[FunctionNeeds]:
    """The functions of a stack and their concurrency."""
    fresh = part.new(FUNCTION)
    return [
        _function(part.view, title, properties, title in fresh) for title, properties in part.view.of(FUNCTION).items()
    ]


def _function(view: Stack, title: str, properties: Mapping[str, Any], is_new: bool) -> FunctionNeeds:
    name = properties.get("FunctionName")
    holders = view.of("AWS::Lambda::Alias", "AWS::Lambda::Version").items()
    ready = {
        holder: number(mapping(one.get("ProvisionedConcurrencyConfig")).get("ProvisionedConcurrentExecutions")) or 0
        for holder, one in holders
        if view.named(one.get("FunctionName"), FUNCTION) == title
    }
    return FunctionNeeds(
        title,
        name if isinstance(name, str) else "",
        is_new,
        number(properties.get("ReservedConcurrentExecutions")),
        sum(ready.values()),
        max(ready, key=lambda holder: ready[holder], default=""),
    )
