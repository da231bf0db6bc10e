"""Whether an existing network is as the settings say, and lets the functions reach what they need."""

from collections.abc import Iterator

from ...aws.facts import Place, Reach
from ...checks.reach import ENDPOINTS, has_endpoint, service_in_reach, services
from ...template.resolve import is_known
from .case import Case, Problem
from .needs import TARGET, Part, given, goes_elsewhere, in_given_subnets

_WORDS = {"subnet": "subnet", "security_group": "security group", "vpc": "VPC"}


def given_problems(case: Case) -> Iterator[Problem]:
    """Subnets, security groups and VPCs that do not exist, or do not belong to one VPC."""
    for part in case.whole:
        places: dict[str, tuple[str, str]] = {}
        for question, parameter, ids in given(part):
            for id in ids:
                place: Place | None = case.fact(question, id)
                if place:
                    places[id] = (parameter, place.vpc)
                elif case.knows(question, id):
                    what, remedy = f"{_WORDS[question]} {id}", f"Use --set {parameter}=ID with an existing one"
                    yield case.problem(what, "it does not exist in this account and region", remedy)
        yield from _apart(case, places)


def _apart(case: Case, places: dict[str, tuple[str, str]]) -> Iterator[Problem]:
    """All given ids must belong to one VPC."""
    vpcs = {vpc for _, vpc in places.values()}
    if len(vpcs) > 1:
        told = "; ".join(f"{id} ({parameter}) is in {vpc}" for id, (parameter, vpc) in places.items() if id != vpc)
        names = " and ".join(dict.fromkeys(f"--set {parameter}=ID" for parameter, _ in places.values()))
        yield case.problem("network", f"the given ids belong to {len(vpcs)} VPCs: {told}", f"Use {names} of one VPC")


def target_problems(case: Case) -> Iterator[Problem]:
    """EFS has one mount target in a zone: https://docs.aws.amazon.com/efs/latest/ug/accessing-fs.html."""
    for part in case.whole:
        seen: dict[str, str] = {}
        for target in part.view.of(TARGET).values():
            subnet = target.get("SubnetId")
            place: Place | None = case.fact("subnet", str(subnet)) if is_known(subnet) else None
            if place and place.zone in seen:
                what = f"subnets {seen[place.zone]} and {subnet}"
                why = f"both are in zone {place.zone}, and EFS allows one mount target in a zone"
                yield case.problem(what, why, "Use subnets in different zones")
            elif place:
                seen[place.zone] = str(subnet)


def reach_problems(case: Case) -> Iterator[Problem]:
    """Services that a function may use and cannot reach from a subnet; not certain: the code may not use them."""
    for part in case.parts:
        for title, subnets in in_given_subnets(part).items():
            wanted = [one for one in services(part.view, title) if not has_endpoint(part.view, one)]
            missing = sorted(one for one in wanted if _is_out_of_reach(case, subnets, one))
            if missing:
                yield _unreached(case, part, title, subnets, missing)


def made_reach_problems(case: Case) -> Iterator[Problem]:
    """The same where the template creates the subnets. An emulator has no network: there the problem is about AWS."""
    for part in case.parts:
        for fault in service_in_reach(part.view):
            title = fault.path[1]
            if goes_elsewhere(part, title):
                what, why = f"function {title} of stack {part.stack.name}", f"{fault.what}: on AWS a call to it waits"
                why += " until the function times out"
                yield case.problem(what, why, fault.fix.rstrip("."), is_certain=False)


def _is_out_of_reach(case: Case, subnets: tuple[str, ...], service: str) -> bool:
    known: list[Reach] = [found for one in subnets if (found := case.fact("reach", one))]
    return any(not one.outside and not one.services.intersection(ENDPOINTS[service]) for one in known)


def _unreached(case: Case, part: Part, title: str, subnets: tuple[str, ...], missing: list[str]) -> Problem:
    why = (
        f"its role lets it use {', '.join(missing)}, but subnets {', '.join(subnets)} have neither a route to a NAT "
        "gateway nor the endpoints: a call waits until the function times out"
    )
    ends = ", ".join(ENDPOINTS[one][0] for one in missing)
    remedy = f"Create endpoints in the VPC ({ends}), or use subnets with a route to a NAT gateway"
    return case.problem(f"function {title} of stack {part.stack.name}", why, remedy, is_certain=False)
