"""Whether a network that exists already is as it is said to be, and leads where functions in it have to go."""

from collections.abc import Iterator

from ...aws.facts import Place, Reach
from ...checks.reach import ENDPOINTS, has_endpoint, service_in_reach, services
from ...template.resolve import is_known
from .case import Case, Problem
from .needs import TARGET, Part, given, goes_elsewhere, in_given_subnets

_WORDS = {"subnet": "subnet", "security_group": "security group", "vpc": "VPC"}


def given_problems(case: Case) -> Iterator[Problem]:
    """Subnets, groups and VPCs that do not exist, or are not of one VPC."""
    for part in case.whole:
        places: dict[str, tuple[str, str]] = {}
        for question, parameter, ids in given(part):
            for id in ids:
                place: Place | None = case.fact(question, id)
                if place:
                    places[id] = (parameter, place.vpc)
                elif case.knows(question, id):
                    what, remedy = f"{_WORDS[question]} {id}", f"Use --set {parameter}=ID with one that exists"
                    yield case.problem(what, "the account has none of that id in the region", remedy)
        yield from _apart(case, places)


def _apart(case: Case, places: dict[str, tuple[str, str]]) -> Iterator[Problem]:
    """What is given has to be of one VPC."""
    vpcs = {vpc for _, vpc in places.values()}
    if len(vpcs) > 1:
        told = "; ".join(f"{id} ({parameter}) is of {vpc}" for id, (parameter, vpc) in places.items() if id != vpc)
        names = " and ".join(dict.fromkeys(f"--set {parameter}=ID" for parameter, _ in places.values()))
        yield case.problem("network", f"what is given is of {len(vpcs)} VPCs: {told}", f"Use {names} of one VPC")


def target_problems(case: Case) -> Iterator[Problem]:
    """EFS has one mount target in a zone: https://docs.aws.amazon.com/efs/latest/ug/accessing-fs.html."""
    for part in case.whole:
        seen: dict[str, str] = {}
        for target in part.view.of(TARGET).values():
            subnet = target.get("SubnetId")
            place: Place | None = case.fact("subnet", str(subnet)) if is_known(subnet) else None
            if place and place.zone in seen:
                what = f"subnets {seen[place.zone]} and {subnet}"
                why = f"both are in zone {place.zone}, and EFS has one mount target in a zone"
                yield case.problem(what, why, "Give subnets of two different zones")
            elif place:
                seen[place.zone] = str(subnet)


def reach_problems(case: Case) -> Iterator[Problem]:
    """Services that a function may use and cannot reach from a subnet; not certain, since code may do without them."""
    for part in case.parts:
        for title, subnets in in_given_subnets(part).items():
            wanted = [one for one in services(part.view, title) if not has_endpoint(part.view, one)]
            missing = sorted(one for one in wanted if _is_out_of_reach(case, subnets, one))
            if missing:
                yield _unreached(case, part, title, subnets, missing)


def made_reach_problems(case: Case) -> Iterator[Problem]:
    """The same where the template makes the subnets. An emulator has no network, so there it is told for AWS."""
    for part in case.parts:
        for fault in service_in_reach(part.view):
            title = fault.path[1]
            if goes_elsewhere(part, title):
                what, why = f"function {title} of stack {part.stack.name}", f"{fault.what}: on AWS a call there waits"
                why += " until the function times out"
                yield case.problem(what, why, fault.fix.rstrip("."), is_certain=False)


def _is_out_of_reach(case: Case, subnets: tuple[str, ...], service: str) -> bool:
    known: list[Reach] = [found for one in subnets if (found := case.fact("reach", one))]
    return any(not one.outside and not one.services.intersection(ENDPOINTS[service]) for one in known)


def _unreached(case: Case, part: Part, title: str, subnets: tuple[str, ...], missing: list[str]) -> Problem:
    why = (
        f"its role lets it use {', '.join(missing)}, and subnets {', '.join(subnets)} have neither a route to a NAT "
        "gateway nor an endpoint of each: a call waits until the function times out"
    )
    ends = ", ".join(ENDPOINTS[one][0] for one in missing)
    remedy = f"Make endpoints in the VPC ({ends}), or use subnets with a route to a NAT gateway"
    return case.problem(f"function {title} of stack {part.stack.name}", why, remedy, is_certain=False)
