"""Whether the account has room: quotas, and concurrent functions."""

from collections import Counter
from collections.abc import Iterator, Mapping

from ...aws.facts import QUOTAS, Concurrency, Quota, Usage
from ...checks.stack import entries
from ...template.resolve import number
from .case import Case, Problem, choice
from .needs import NAT, FunctionNeeds, Part, functions
from .zones import zone_of

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html: for functions that reserve nothing.
_KEPT_UNRESERVED = 100
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_CONCURRENCY = Quota("lambda", "L-B99A9384", "Concurrent executions", "concurrency", 1000)
_PROVIDED = ("ProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions")


def quota_problems(case: Case) -> Iterator[Problem]:
    """Quotas that the plan would exceed."""
    for name, quota in QUOTAS.items():
        usage: Usage | None = case.fact(name)
        for zone, more in _more(case, quota).items() if usage else ():
            if usage and usage.used.get(zone, 0) + more > usage.limit:
                yield _used_up(case, name, usage, zone, more)


def _more(case: Case, quota: Quota) -> Mapping[str, int]:
    """How many the plan creates: by zone for NAT gateways, under "" otherwise."""
    if quota.type == NAT:
        places = [(part, one.get("SubnetId")) for part in case.parts for one in part.new(NAT).values()]
        return Counter(zone_of(case, part, subnet) for part, subnet in places)
    count = sum(len(part.new(quota.type)) for part in case.parts)
    return {"": count} if count else {}


def _used_up(case: Case, name: str, usage: Usage, zone: str, more: int) -> Problem:
    quota, used = QUOTAS[name], usage.used.get(zone, 0)
    plus = f", {more} more are needed" if more > 1 else ""
    if usage.unread is None:
        why = f'{used} are in use{plus}, and the quota "{quota.name}" is {usage.limit}'
    else:
        why = (
            f'{used} are in use{plus}, AWS\'s default for the quota "{quota.name}" is {usage.limit}, and the quota of '
            "your account is not known"
        )
    instead = case.instead.get(name, "use another --region")
    remedy = f"Delete one that is not needed, raise the quota with `{case.raising(quota, used + more)}`, or {instead}"
    return case.problem(quota.counts, why, remedy, usage.unread is None)


def concurrency_problems(case: Case) -> Iterator[Problem]:
    """Functions that ask for more concurrency than the account has left."""
    for part in case.whole:
        yield from (_more_than_reserved(case, part, one) for one in functions(part) if _exceeds(one))
    takers = [(part, one) for part in case.parts for one in functions(part) if _is_told(case, one)]
    takers = list({(part.stack.name, one.title): (part, one) for part, one in takers}.values())
    known: list[Concurrency] = [case.fact("concurrency", one.name) for _, one in takers]
    taken = sum(one.taken for _, one in takers)
    if not taken:
        return
    free = known[0].unreserved + sum(one.own for one in known)
    if free - taken < _KEPT_UNRESERVED:
        part, first = next((part, one) for part, one in takers if one.taken)
        yield _too_many(case, (part, first), taken, free, known[0].limit)


def _is_told(case: Case, one: FunctionNeeds) -> bool:
    """Whether its present concurrency is known; a new function has none."""
    return case.knows("concurrency", one.name) and (bool(one.name) or one.is_new)


def _exceeds(one: FunctionNeeds) -> bool:
    return one.reserved is not None and one.provisioned > one.reserved


def _label(part: Part, one: FunctionNeeds, kind: str) -> str:
    """How the user knows the number: the parameter's name, or words."""
    title, path = (one.provider, _PROVIDED) if kind == "Provisioned" else (one.title, ("ReservedConcurrentExecutions",))
    return part.setting(title, *path) or f"{kind.lower()} concurrency of {one.title}"


def _more_than_reserved(case: Case, part: Part, one: FunctionNeeds) -> Problem:
    what = f"{_label(part, one, 'Provisioned')}={one.provisioned}"
    return case.problem(
        what, f"it is more than {_label(part, one, 'Reserved')}={one.reserved}", f"Set it to {one.reserved} at most"
    )


def _too_many(case: Case, first: tuple[Part, FunctionNeeds], taken: int, free: int, limit: int) -> Problem:
    label = _label(*first, "Provisioned" if first[1].reserved is None else "Reserved")
    why = f"other functions leave {free} unreserved, and AWS keeps {_KEPT_UNRESERVED} of these for all functions"
    most = max(free - _KEPT_UNRESERVED, 0)
    less = f"Set it to {most} at most" if most else f"Leave {label} out"
    enough = limit + _KEPT_UNRESERVED - (free - taken)
    remedy = f"{less}, or raise the quota with `{case.raising(_CONCURRENCY, enough)}`"
    return case.problem(f"{label}={taken}", why, remedy)


def burst_problems(case: Case) -> Iterator[Problem]:
    """Whether Lambda refuses requests that the stage admits: a new account may run 10 functions at once, a usual burst.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    all_functions = [one for part in case.whole for one in functions(part)]
    known: list[Concurrency] = [found for one in all_functions if (found := case.fact("concurrency", one.name))]
    if not known or any(one.reserved is not None for one in all_functions):
        return
    free = known[0].unreserved + known[0].own
    for label, burst, less in _bursts(case, max(free // 2, 1)):
        if free <= burst:
            yield _turned_away(case, f"{label}={burst}", burst, free, known[0].limit, less)


def _turned_away(case: Case, what: str, burst: int, free: int, limit: int, less: str) -> Problem:
    why = (
        f"the stage accepts that many requests at once, but the account runs at most {free} functions at once; callers "
        "get 500 or 502 for the other requests and must send them again"
    )
    enough = max(_CONCURRENCY.default, limit + burst)
    remedy = f"Raise the quota with `{case.raising(_CONCURRENCY, enough)}`, or {less}"
    return case.problem(what, why, remedy, is_certain=False)


def _bursts(case: Case, less: int) -> Iterator[tuple[str, int, str]]:
    """How many requests stages admit at once: the name of the setting, the number, and how to admit fewer."""
    if case.desired.wiring:
        lower = case.instead.get("burst", "accept fewer requests at once").format(less=less)
        yield "burst of the stage", case.desired.wiring.burst, lower
    for part in case.whole:
        for title, stage in part.view.of("AWS::ApiGateway::Stage").items():
            for place, one in enumerate(entries(stage.get("MethodSettings"))):
                if burst := number(one.get("ThrottlingBurstLimit")):
                    yield _admitted(part, title, place, burst, less)


def _admitted(part: Part, title: str, place: int, burst: int, less: int) -> tuple[str, int, str]:
    name, rate = (part.setting(title, "MethodSettings", place, f"Throttling{kind}Limit") for kind in ("Burst", "Rate"))
    lower = f"{choice(name, str(less), f'a burst of {less}')} and a lower {rate or 'rate'}"
    return name or f"burst of {title}", burst, f"use {lower}"
