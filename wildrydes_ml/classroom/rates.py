"""How fast an account may change its APIs: API Gateway's fixed quotas, and who may go when.

A class asks for twenty of everything at once, so it waits in line here, and is not refused there. Nothing sleeps in
this module: it says how long to wait, for a deploy and for the estimate before it.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..aws.wiring import Action

SOURCE = "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"
"""Section "API Gateway quotas for creating, deploying and managing an API". AWS does not raise these."""
TOTAL = "all operations"


@dataclass(frozen=True)
class Rate:
    """A quota of an account in a region: one call every so many seconds, and how many may come at once."""

    seconds: float
    burst: int = 1


RATES: Mapping[str, Rate] = {
    "CreateRestApi": Rate(3),  # a regional one, as ours are
    "CreateDeployment": Rate(5),
    "UpdateUsagePlan": Rate(20),
    "DeleteRestApi": Rate(30),
    "CreateApiKey": Rate(0.2),
    "DeleteApiKey": Rate(0.2),
    "CreateResource": Rate(0.2),
    "GetResources": Rate(0.4),
    TOTAL: Rate(0.1, 40),
}

Calls = Mapping[str, int]
"""Operations of API Gateway, and how often each is called. What has no rate of its own counts in TOTAL."""

# What CloudFormation calls to create and to delete a resource. Each other type is one call without a rate of its own.
_CREATE = {
    "AWS::ApiGateway::RestApi": "CreateRestApi",
    "AWS::ApiGateway::Deployment": "CreateDeployment",
    "AWS::ApiGateway::ApiKey": "CreateApiKey",
    "AWS::ApiGateway::Resource": "CreateResource",
}
_DELETE = {
    "AWS::ApiGateway::RestApi": "DeleteRestApi",
    "AWS::ApiGateway::ApiKey": "DeleteApiKey",
    # A plan lets go of its stages first.
    "AWS::ApiGateway::UsagePlan": "UpdateUsagePlan",
}
_GATEWAY = "AWS::ApiGateway::"

# What `aws.apis` calls for an action of the wiring.
WIRING: Mapping[Action, Calls] = {
    "method": {"PutMethod": 1, "PutIntegration": 1},
    "page": {"PutMethod": 1, "PutIntegration": 1},
    "no page": {"DeleteMethod": 1, "GetMethod": 1},
    "deployment": {"CreateDeployment": 1},
    "throttle": {"UpdateStage": 1},
    "key": {"GetUsagePlans": 2, "GetApiKeys": 2, "CreateUsagePlan": 1, "CreateApiKey": 1, "CreateUsagePlanKey": 1},
    "no key": {"UpdateUsagePlan": 1, "DeleteUsagePlan": 1, "DeleteApiKey": 1},
    "tidy": {"GetDeployments": 2, "GetStages": 1, "DeleteDeployment": 1},
}
LOOK: Calls = {"GetResources": 1, "GetStages": 1}
LIMIT: Calls = {"UpdateUsagePlan": 1}
UNWIRE: Calls = {"UpdateUsagePlan": 1, "DeleteUsagePlan": 1, "DeleteApiKey": 1}


def creating(types: Iterable[str]) -> Calls:
    """What CloudFormation calls of API Gateway to create resources of these types."""
    return _calls(types, _CREATE)


def deleting(types: Iterable[str]) -> Calls:
    """What it calls to delete them. Methods, stages and answers go with their API."""
    return {name: count for name, count in _calls(types, _DELETE).items() if name in _DELETE.values()}


def _calls(types: Iterable[str], known: Mapping[str, str]) -> Calls:
    found: dict[str, int] = {}
    for kind in types:
        if kind.startswith(_GATEWAY):
            name = known.get(kind, "")
            found[name] = found.get(name, 0) + 1
    return found


@dataclass
class Turns:
    """Who may go when. Calls that have been let go count until their time is over (a token bucket for each rate).

    Calls take two turns: first that of their own rates, which may be long after now, and then, at that time, that of
    all operations together. Otherwise one that goes late would keep back all who could go before it.
    """

    rates: Mapping[str, Rate] = field(default_factory=lambda: RATES)
    _full: dict[str, float] = field(default_factory=dict)

    def reserve(self, calls: Calls, now: float) -> float:
        """When the calls may go by their own rates, at `now` or later, in seconds. That time is then theirs."""
        return self._take({name: count for name, count in calls.items() if name in self.rates}, now)

    def admit(self, calls: Calls, now: float) -> float:
        """When calls whose time has come may go by the rate of all operations together, in seconds."""
        return self._take({TOTAL: total} if (total := sum(calls.values())) else {}, now)

    def _take(self, counted: Calls, now: float) -> float:
        begin = max([now, *(self._free(name, count) for name, count in counted.items())])
        for name, count in counted.items():
            self._full[name] = max(self._full.get(name, begin), begin) + count * self.rates[name].seconds
        return begin

    def _free(self, name: str, count: int) -> float:
        """When so many calls have room. More than a burst wait for an empty bucket, and go over it once."""
        rate = self.rates[name]
        return self._full.get(name, 0.0) - (rate.burst - min(count, rate.burst)) * rate.seconds


@dataclass(frozen=True)
class Phase:
    """A part of the work for one student: what is called at its beginning, and how long it takes, in seconds."""

    calls: Calls
    seconds: float


def simulated(students: int, phases: Sequence[Phase], workers: int) -> list[float]:
    """When each of so many students is done, in seconds, with so many at a time."""
    turns, done = Turns(), [0.0] * students
    coming = [(0.0, number, 0, False) for number in range(min(workers, students))]
    waiting = iter(range(len(coming), students))
    while coming:
        now, number, at, is_reserved = heapq.heappop(coming)
        if at == len(phases):
            done[number] = now
            if (following := next(waiting, None)) is not None:
                heapq.heappush(coming, (now, following, 0, False))
        elif is_reserved:
            ended = turns.admit(phases[at].calls, now) + phases[at].seconds
            heapq.heappush(coming, (ended, number, at + 1, False))
        else:
            heapq.heappush(coming, (turns.reserve(phases[at].calls, now), number, at, True))
    return done
