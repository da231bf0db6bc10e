"""What facts of an account stand in a deployment's way: each problem with its reason and its remedy."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from ..aws.facts import QUOTAS, Facts, Quota, Usage, Zone
from ..aws.records import Billable
from ..workshop import templates
from ..workshop.parameters import PACKAGES
from .desired import Desired
from .remedies import Remedies

# What `tools/lock_packages.py` locks; the wheels want a newer C library than the one of Lambda's python3.11.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
LOCKED_RUNTIMES = ("python3.12", "python3.13")
LOCKED_LOCALLY = ("python3.11", *LOCKED_RUNTIMES)
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html: for functions that reserve nothing.
_KEPT_UNRESERVED = 100
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_CONCURRENCY = Quota("lambda", "L-B99A9384", "Concurrent executions", "concurrency", 1000)
_INSTEAD = {
    "addresses": "deploy with --set InternetEgress=ipv6 or none, which need no address",
    "nat_gateways": "deploy with --set InternetEgress=ipv6 or none, which need no NAT gateway",
    "egress_only_gateways": "deploy with --set InternetEgress=none, which needs no such gateway",
}


@dataclass(frozen=True)
class Problem:
    """Something in the way: what it is about, where, why it is in the way, and what to do.

    One that is not certain, as when a quota could not be read, is no reason not to try.
    """

    what: str
    where: str
    why: str
    remedy: str
    is_certain: bool = True

    def describe(self) -> str:
        """The problem in words."""
        return f"{self.what}: {self.why}. {self.remedy}"


def problems(facts: Facts, desired: Desired) -> list[Problem]:
    """What the facts hold against the deployment; what is not known holds nothing against it."""
    return [problem for judge in _JUDGES for problem in judge(facts, desired)]


def instance_type(values: Mapping[str, str]) -> str:
    """The type of the instance that fills EFS, as the template chooses it."""
    default = "c7g.large" if values["Architecture"] == "arm64" else "c5.large"
    return values["BootstrapInstanceType"] or default


def taken_concurrency(values: Mapping[str, str]) -> int:
    """Instances that the function takes from what the account has not reserved."""
    return int(float(values["ReservedConcurrency"] or values["ProvisionedConcurrency"]))


def _problem(desired: Desired, what: str, why: str, remedy: str, is_certain: bool = True) -> Problem:
    where = f"account {desired.identity.account}, {desired.identity.region}"
    return Problem(what, where, why, remedy, is_certain)


def _quota_problems(facts: Facts, desired: Desired) -> Iterator[Problem]:
    usages = cast(Mapping[str, Usage], facts)
    public_zone = "".join(_chosen_zones(facts, desired)[:1])
    for name, quota in QUOTAS.items():
        usage = usages.get(name)
        used = usage.used.get(public_zone if name == "nat_gateways" else "", 0) if usage else 0
        if usage and used >= usage.limit:
            yield _used_up(desired, quota, used, usage, _INSTEAD.get(name, "use another --region"))


def _used_up(desired: Desired, quota: Quota, used: int, usage: Usage, instead: str) -> Problem:
    if usage.unread is None:
        why = f'{used} are in use, and the quota "{quota.name}" is {usage.limit}'
    else:
        why = f'{used} are in use, AWS\'s default for the quota "{quota.name}" is {usage.limit}, and yours is not known'
    remedy = f"Remove one that is not needed, raise the quota with `{_raising(desired, quota, used + 1)}`, or "
    return _problem(desired, quota.counts, why, remedy + instead, usage.unread is None)


def _raising(desired: Desired, quota: Quota, value: int) -> str:
    """https://docs.aws.amazon.com/servicequotas/latest/userguide/request-quota-increase.html"""
    return Remedies(desired.identity.region).command(
        "service-quotas", "request-service-quota-increase", "--service-code", quota.service,
        "--quota-code", quota.raised_by or quota.code, "--desired-value", str(value),
    )  # fmt: skip


def _default_zones(zones: Sequence[Zone]) -> list[str]:
    """The zones that `Fn::GetAZs` gives: those with a default subnet, or all when there is no such subnet.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-getavailabilityzones.html
    """
    ordinary = [zone for zone in zones if zone.type == "availability-zone"]
    with_subnet = [zone for zone in ordinary if zone.has_default_subnet]
    return sorted(zone.name for zone in with_subnet or ordinary)


def _chosen_zones(facts: Facts, desired: Desired) -> list[str]:
    """The two zones of the subnets, the public one's first; fewer when they are not known or do not exist."""
    given = [desired.values["AvailabilityZoneOne"], desired.values["AvailabilityZoneTwo"]]
    return given if all(given) else _default_zones(facts.get("zones", ()))[:2]


def _usable(facts: Facts) -> list[str]:
    return sorted(zone.name for zone in facts.get("zones", ()) if zone.is_usable)


def _other_zones(facts: Facts) -> str:
    """The options for two of the usable zones, the first of them with the instance type if there is one."""
    offering = facts.get("instance_zones", frozenset())
    one, two = sorted(_usable(facts), key=lambda name: (name not in offering, name))[:2]
    return f"--set AvailabilityZoneOne={one} --set AvailabilityZoneTwo={two}"


def _offering_zones(facts: Facts) -> str:
    """The options for two zones, the first of them with the instance type; empty when there are none."""
    usable = _usable(facts)
    return _other_zones(facts) if len(usable) > 1 and facts["instance_zones"].intersection(usable) else ""


def _zone_problems(facts: Facts, desired: Desired) -> Iterator[Problem]:
    if "zones" not in facts:
        return
    usable = _usable(facts)
    if len(usable) < 2:
        why = f"two are needed, and {' and '.join(usable) or 'none'} is available to this account"
        yield _problem(desired, "Availability Zones", why, "Use another --region")
        return
    chosen = _chosen_zones(facts, desired)
    if len(chosen) < 2:
        why = f"CloudFormation chooses those with a default subnet, and only {chosen[0]} has one"
        yield _problem(desired, "Availability Zones", why, f"Add {_other_zones(facts)}")
    known = {zone.name: zone for zone in facts["zones"]}
    for name in chosen:
        zone = known.get(name)
        if zone is None or not zone.is_usable:
            why = f"it is {zone.state} and a zone of type {zone.type}" if zone else "the account has no such zone"
            yield _problem(desired, f"Availability Zone {name}", why, f"Add {_other_zones(facts)}")


def _gateway_problems(facts: Facts, desired: Desired) -> Iterator[Problem]:
    """No call tells where NAT gateways are. They lack in zones that AWS extends no more, as usual instance types do;
    with an instance that is a problem anyway.

    https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
    """
    values, offering = desired.values, facts.get("instance_zones")
    first = "".join(_chosen_zones(facts, desired)[:1])
    is_alone = values["InternetEgress"] == "nat" and values["BootstrapInstance"] == "none"
    if not is_alone or not offering or not first or first in offering:
        return
    why = f"it does not offer {instance_type(values)}: AWS may extend it no more, and then makes no NAT gateway in it"
    others = _offering_zones(facts) or "--set AvailabilityZoneOne=ZONE --set AvailabilityZoneTwo=ZONE with others"
    yield _problem(desired, f"Availability Zone {first}", why, f"Add {others}", is_certain=False)


def _instance_problems(facts: Facts, desired: Desired) -> Iterator[Problem]:
    if desired.values["BootstrapInstance"] == "none":
        return
    type, wanted = instance_type(desired.values), desired.values["Architecture"]
    what, another = f"instance type {type}", "--set BootstrapInstanceType=TYPE with another type"
    architectures, offering = facts.get("instance_architectures"), facts.get("instance_zones")
    if frozenset() in (architectures, offering):
        yield _problem(desired, what, "the region does not offer it", f"Add {another}")
        return
    if architectures and wanted not in architectures:
        why = f"its processor is {' or '.join(sorted(architectures))}, and Architecture is {wanted}"
        yield _problem(desired, what, why, f"Leave BootstrapInstanceType out, or add {another}")
    first = "".join(_chosen_zones(facts, desired)[:1])
    if offering and first and first not in offering:
        why = f"zone {first}, where the public subnet is, does not offer it"
        zones = _offering_zones(facts)
        yield _problem(desired, what, why, f"Add {zones}, or {another}" if zones else f"Add {another}")


def _runtime_problems(facts: Facts, desired: Desired) -> Iterator[Problem]:
    if "runtimes" not in facts:
        return
    runtime, what = desired.values["PythonRuntime"], f"runtime {desired.values['PythonRuntime']}"
    locked = LOCKED_LOCALLY if desired.fill else LOCKED_RUNTIMES
    if runtime not in facts["runtimes"]:
        why = "Lambda has none of that name, as far as this boto3 knows"
        yield _problem(desired, what, why, f"Use --set PythonRuntime={locked[-1]}, or `pip install --upgrade boto3`")
    elif desired.values["Packages"] == PACKAGES and runtime not in locked:
        why = f"the packages that go on EFS are locked for {', '.join(locked)}"
        yield _problem(desired, what, why, f"Use --set PythonRuntime={locked[-1]}, or other --set Packages=PINS")


def _concurrency_problems(facts: Facts, desired: Desired) -> Iterator[Problem]:
    reserved, provisioned = (desired.values[f"{kind}Concurrency"] for kind in ("Reserved", "Provisioned"))
    if reserved and float(provisioned) > int(reserved):
        why = f"it is more than ReservedConcurrency={reserved}"
        yield _problem(desired, f"ProvisionedConcurrency={provisioned}", why, "Set it to that at most")
    if "concurrency" not in facts:
        return
    taken, free = taken_concurrency(desired.values), facts["concurrency"].unreserved + facts["concurrency"].own
    if taken and free - taken < _KEPT_UNRESERVED:
        name = "Reserved" if reserved else "Provisioned"
        why = f"{free} are not reserved by other functions, and AWS keeps {_KEPT_UNRESERVED} of them for all"
        most = max(free - _KEPT_UNRESERVED, 0)
        less = f"Set it to {most} at most" if most else f"Leave {name}Concurrency out"
        enough = facts["concurrency"].limit + _KEPT_UNRESERVED - (free - taken)
        remedy = f"{less}, or raise the quota with `{_raising(desired, _CONCURRENCY, enough)}`"
        yield _problem(desired, f"{name}Concurrency={taken}", why, remedy)


def _burst_problems(facts: Facts, desired: Desired) -> Iterator[Problem]:
    """Whether Lambda turns away what the stage admits: a new account may have 10 at once, which is ThrottleBurst.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    if "concurrency" not in facts or desired.values["ReservedConcurrency"]:
        return
    burst = int(desired.values["ThrottleBurst"])
    free = facts["concurrency"].unreserved + facts["concurrency"].own
    if free > burst:
        return
    why = (
        f"the stage admits that many requests at once and more each second, and the account runs {free} functions at "
        "once at most; callers get 500 or 502 for those above that, and have to try again"
    )
    enough = max(_CONCURRENCY.default, facts["concurrency"].limit + burst)
    less = f"--set ThrottleBurst={max(free // 2, 1)} and a lower ThrottleRate"
    remedy = f"Raise the quota with `{_raising(desired, _CONCURRENCY, enough)}`, or use {less}"
    yield _problem(desired, f"ThrottleBurst={burst}", why, remedy, is_certain=False)


def _name_problems(facts: Facts, desired: Desired) -> Iterator[Problem]:
    """A stack cannot take over what exists: the workshop's own function has the same name and leaves its log behind."""
    remedies = Remedies(desired.identity.region)
    named = (
        ("function", facts.get("function"), desired.function_name),
        ("log group", facts.get("log_group"), desired.log_group),
    )
    for what, maker, name in named:
        if maker is None or maker == desired.service.name:
            continue
        why = f"stack {maker} has one of that name" if maker else "there is one of that name that no stack has made"
        call = f"when nobody needs it, remove it with `{remedies.removal(Billable(what, name))}`"
        instead = "delete that stack if it is not needed" if maker else call
        yield _problem(desired, f"{what} {name}", why, f"Use another --name or --set FunctionName=NAME, or {instead}")


def _model_problems(facts: Facts, desired: Desired) -> Iterator[Problem]:
    """Not certain: what fetches the model may have another way out."""
    if facts.get("model"):
        remedy = (
            "If it cannot be fetched from there either, EFS is not filled, and what was made is undone: pass another "
            "with --model, as docs/how-to/model.md has it"
        )
        yield _problem(desired, f"model {desired.model_url}", f"{facts['model']}, asked from here", remedy, False)


def _export_problems(facts: Facts, desired: Desired) -> Iterator[Problem]:
    """Names of exports are one a region.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html
    """
    if desired.efs is None or not facts.get("exports"):
        return
    outputs = templates.TEMPLATES[desired.efs.template_name]().to_dict()["Outputs"]
    wanted = {f"{desired.efs.name}-{name}" for name, output in outputs.items() if "Export" in output}
    makers = {name: arn.split("/")[1] for name, arn in sorted(facts["exports"].items()) if name in wanted}
    for maker in sorted(set(makers.values()) - {desired.efs.name}):
        names = ", ".join(name for name in makers if makers[name] == maker)
        remedy = f"Use another --name, or delete stack {maker} if it is not needed"
        yield _problem(desired, "exports", f"stack {maker} has taken the names {names}", remedy)


_JUDGES: tuple[Callable[[Facts, Desired], Iterator[Problem]], ...] = (
    _quota_problems,
    _zone_problems,
    _gateway_problems,
    _instance_problems,
    _runtime_problems,
    _concurrency_problems,
    _burst_problems,
    _name_problems,
    _model_problems,
    _export_problems,
)
