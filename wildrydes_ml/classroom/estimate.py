"""What a class takes before it begins: room in the account, time by AWS's rates, and what its hours cost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .. import costs, durations
from ..aws.facts import REST_APIS, Concurrency, Quota, Unknown, Usage
from ..aws.wiring import FoundWiring, Wiring, actions
from ..deploy.desired import DesiredStack
from ..deploy.planner import FoundStack
from ..template.effective import Effective, made
from ..template.references import references
from . import rates
from .rates import Phase

# A warm answer of the function and of its API, after the first start from EFS.
_PROOF_SECONDS = 30.0
_FUNCTION, _API, _ROLE = "AWS::Lambda::Function", "AWS::ApiGateway::RestApi", "AWS::IAM::Role"


@dataclass(frozen=True)
class Scale:
    """How large a class is: the part of one student as a stack, how many are new, how many there are in all."""

    stack: DesiredStack
    wiring: Wiring | None
    new: int
    students: int
    workers: int

    @property
    def types(self) -> list[str]:
        """The types of what one student's stack makes."""
        found = made(self.stack.body, self.stack.parameters)
        return [*found.certain.values(), *found.perhaps.values()]

    def count(self, kind: str) -> int:
        """How many of a type all new stacks make."""
        return self.new * self.types.count(kind)


def phases(scale: Scale) -> list[Phase]:
    """The work for a new student, as far as it takes time: the stack, the wiring, the proof."""
    found = [Phase(rates.creating(scale.types), _stack_seconds(scale.stack))]
    if scale.wiring:
        found.append(Phase(rates.LOOK, 0))
        found += [Phase(rates.WIRING[action], 0) for action in actions(scale.wiring, FoundWiring())]
    return [*found, Phase({}, _PROOF_SECONDS)]


def seconds(scale: Scale) -> float:
    """How long the new students take, at AWS's rates."""
    return max(rates.simulated(scale.new, phases(scale), scale.workers), default=0.0)


def removal_seconds(scale: Scale) -> float:
    """How long the deletion of all students' APIs takes at least, at AWS's rates."""
    phase = Phase(rates.deleting(scale.types), 0)
    return max(rates.simulated(scale.students, [phase], scale.workers), default=0.0)


def shared_seconds(stacks: Sequence[DesiredStack], there: Mapping[str, FoundStack]) -> float:
    """How long the stacks for all take that are not there yet."""
    return sum(_stack_seconds(stack) for stack in stacks if stack.name not in there)


def _stack_seconds(stack: DesiredStack) -> float:
    found = made(stack.body, stack.parameters)
    resources = {**found.certain, **found.perhaps}
    entries = stack.body.get("Resources", {})
    return durations.stack(resources, {title: {*references(entries.get(title, {}))} for title in resources})


def dollars(made: Sequence[Effective]) -> float:
    """US dollars a month while idle."""
    return costs.total(costs.idle(made))


def lines(scale: Scale, common: Sequence[DesiredStack], there: Mapping[str, FoundStack], hours: float) -> list[str]:
    """The estimate in words: what is made, how long it takes, what it costs."""
    everybody, each = dollars([one.effective for one in common]), dollars([scale.stack.effective])
    month = everybody + scale.students * each
    first, then = shared_seconds(common, there), seconds(scale)
    made_first = f"{durations.about(first)} for what all share, then " if first else ""
    return [
        f"{scale.students} students, {scale.new} of them new; {len(scale.types)} resources for each",
        f"time: {made_first}{durations.about(then)} for the new students"
        if scale.new
        else "time: no student is new, so only what differs is changed",
        f"class destroy will take {durations.about(removal_seconds(scale))} or more: AWS deletes one API in "
        f"{rates.RATES['DeleteRestApi'].seconds:.0f} s",
        f"cost: about {month / costs.HOURS * hours:.2f} US$ for {hours:g} hours ({everybody / costs.HOURS:.2f} an hour "
        f"for what all share, {each / costs.HOURS:.2f} for each student), plus requests; if nobody deletes it, about "
        f"{month:.2f} US$ a month",
    ]


# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
APIS = Quota("apigateway", "", "Regional APIs per Region", "REST APIs", REST_APIS, _API)
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
ROLES = Quota("iam", "L-FE177D64", "Roles per account", "IAM roles", 1000, _ROLE)


def lacks(scale: Scale, apis: Usage | Unknown, roles: Usage | Unknown) -> Iterator[tuple[Quota, int, Usage]]:
    """The quotas that the class would exceed: the quota, how many more it needs, and what is used."""
    for quota, usage in ((APIS, apis), (ROLES, roles)):
        more = scale.count(quota.type)
        if isinstance(usage, Usage) and usage.used.get("", 0) + more > usage.limit:
            yield quota, more, usage


def crowd(scale: Scale, free: Concurrency | Unknown) -> str:
    """The warning when not all students can be answered at the same moment; empty when they can."""
    if isinstance(free, Unknown) or not scale.types.count(_FUNCTION) or free.unreserved >= scale.students:
        return ""
    return (
        f"the account runs at most {free.unreserved} functions at once, and the class has {scale.students} students. "
        "When all post a picture at the same moment, some get an error and must post it again. To change this, raise "
        'Lambda\'s quota "Concurrent executions" some days before the class'
    )
