"""Whether the needed Availability Zones exist and offer the instance types."""

from collections.abc import Iterator, Sequence
from typing import Any

from ...aws.facts import Place, Zone
from ...checks.stack import entries, entries_or_values
from .case import Case, Problem
from .needs import INSTANCE, NAT, SUBNET, USUAL_TYPE, Part

_COUNTS = {1: "one zone is", 2: "two zones are", 3: "three zones are"}
_ARCHITECTURES = ("arm64", "x86_64")


def zone_of(case: Case, part: Part, subnet: Any) -> str:
    """The zone of a subnet, from the template or an existing one; "" if it is not known."""
    given = [one for one in entries_or_values(subnet) if isinstance(one, str)]
    if given:
        place: Place | None = case.fact("subnet", given[0])
        return place.zone if place else ""
    title = part.view.named(subnet, SUBNET)
    match _spot(part, title) if title else None:
        case str(name):
            return name
        case int(index):
            return "".join(_default_zones(case.fact("zones") or ())[index : index + 1])
    return ""


def _spot(part: Part, subnet: str) -> str | int | None:
    """A subnet's zone: its name, or its index in `Fn::GetAZs`."""
    match part.view.of(SUBNET)[subnet].get("AvailabilityZone"):
        case str(name):
            return name
        case {"Fn::Select": [index, {"Fn::GetAZs": _}]} if str(index).isdigit():
            return int(str(index))
    return None


def _default_zones(zones: Sequence[Zone]) -> list[str]:
    """The zones that `Fn::GetAZs` returns: those with a default subnet, or all if there is no default subnet.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-getavailabilityzones.html
    """
    ordinary = [zone for zone in zones if zone.type == "availability-zone"]
    with_subnet = [zone for zone in ordinary if zone.has_default_subnet]
    return sorted(zone.name for zone in with_subnet or ordinary)


def _usable(case: Case) -> list[str]:
    return sorted(zone.name for zone in case.fact("zones") or () if zone.is_usable)


def _offering(case: Case) -> frozenset[str]:
    """The zones that offer the type of the first instance, or a usual type."""
    kinds = [str(one.get("InstanceType")) for part in case.whole for one in part.view.of(INSTANCE).values()]
    found: frozenset[str] = case.fact("instance_zones", (kinds or [USUAL_TYPE])[0]) or frozenset()
    return found


def _settings(case: Case) -> list[str]:
    """The parameters for zones: those of subnets with an instance or a NAT gateway first."""
    first, others = list[str](), list[str]()
    for part in case.whole:
        housed = {
            part.view.named(_home(one), SUBNET) for kind in (INSTANCE, NAT) for one in part.view.of(kind).values()
        }
        for title in part.view.of(SUBNET):
            (first if title in housed else others).append(part.setting(title, "AvailabilityZone"))
    return [name for name in dict.fromkeys([*first, *others]) if name]


def _home(properties: Any) -> Any:
    """The subnet of an instance or a NAT gateway."""
    return properties.get("SubnetId") or [one.get("SubnetId") for one in entries(properties.get("NetworkInterfaces"))]


def _other_zones(case: Case) -> str:
    """The options for usable zones, first one that offers the instance type; "" if there are not enough zones."""
    names, offering = _settings(case), _offering(case)
    zones = sorted(_usable(case), key=lambda name: (name not in offering, name))[: len(names)]
    if not names or len(zones) < len(names):
        return ""
    return " ".join(f"--set {name}={zone}" for name, zone in zip(names, zones, strict=True))


def _offering_zones(case: Case) -> str:
    """The options for zones, the first of which offers the instance type; empty if no zone does."""
    return _other_zones(case) if _offering(case).intersection(_usable(case)) else ""


def _elsewhere(case: Case) -> str:
    zones = _other_zones(case)
    return f"Add {zones}" if zones else "Use another --region"


def zone_problems(case: Case) -> Iterator[Problem]:
    """Too few zones, or zones that cannot be used."""
    every = [_spot(part, title) for part in case.whole for title in part.view.of(SUBNET)]
    spots = [spot for spot in dict.fromkeys(every) if spot is not None]
    if not spots or not case.knows("zones"):
        return
    usable, count = _usable(case), len(spots)
    if len(usable) < count:
        needed = _COUNTS.get(count, f"{count} zones are")
        why = f"{needed} needed, and this account can use {f'only {usable[0]}' if usable else 'none'}"
        yield case.problem("Availability Zones", why, "Use another --region")
        return
    yield from _chosen_problems(case, spots)


def _chosen_problems(case: Case, spots: Sequence[str | int]) -> Iterator[Problem]:
    offered = _default_zones(case.fact("zones"))
    if any(isinstance(spot, int) and spot >= len(offered) for spot in spots):
        why = f"CloudFormation chooses zones with a default subnet, and only {' and '.join(offered)} has one"
        yield case.problem("Availability Zones", why, _elsewhere(case))
    chosen = [spot if isinstance(spot, str) else "".join(offered[spot : spot + 1]) for spot in spots]
    known: dict[str, Zone] = {zone.name: zone for zone in case.fact("zones")}
    for name in filter(None, chosen):
        zone = known.get(name)
        if zone is None or not zone.is_usable:
            why = f"it is {zone.state} and a zone of type {zone.type}" if zone else "the account has no such zone"
            yield case.problem(f"Availability Zone {name}", why, _elsewhere(case))


def gateway_problems(case: Case) -> Iterator[Problem]:
    """No call says which zones offer NAT gateways. Zones that AWS no longer extends lack them, and lack the usual
    instance types as well; so an instance in the template finds the same problem.

    https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
    """
    offering = case.fact("instance_zones", USUAL_TYPE)
    if not offering or any(part.view.of(INSTANCE) for part in case.whole):
        return
    gateways = [(part, one) for part in case.whole for one in part.view.of(NAT).values()]
    for zone in dict.fromkeys(zone_of(case, part, one.get("SubnetId")) for part, one in gateways):
        if zone and zone not in offering:
            why = f"it does not offer {USUAL_TYPE}: perhaps AWS no longer extends it, and it has no NAT gateways either"
            asked = " ".join(f"--set {name}=ZONE" for name in _settings(case))
            others = _offering_zones(case) or (f"{asked} with other zones" if asked else "")
            remedy = f"Add {others}" if others else "Put the NAT gateway into a subnet in another zone"
            yield case.problem(f"Availability Zone {zone}", why, remedy, is_certain=False)


def instance_problems(case: Case) -> Iterator[Problem]:
    """Instance types that do not exist, have the wrong processor, or are not offered in their zone."""
    for part in case.whole:
        for title, properties in part.view.of(INSTANCE).items():
            kind = properties.get("InstanceType")
            if isinstance(kind, str):
                yield from _instance(case, part, title, kind)


def _instance(case: Case, part: Part, title: str, kind: str) -> Iterator[Problem]:
    architectures, offering = case.fact("instance_architectures", kind), case.fact("instance_zones", kind)
    setting = part.setting(title, "InstanceType")
    another = f"add --set {setting}=TYPE with another type" if setting else f"choose another InstanceType for {title}"
    if frozenset() in (architectures, offering):
        yield case.problem(f"instance type {kind}", "the region does not offer it", _sentence(another))
        return
    wanted = _wanted(part, title)
    if architectures and wanted and wanted not in architectures:
        why = f"its processor is {' or '.join(sorted(architectures))}, and {_image(part, title, wanted)}"
        remedy = f"Leave {setting} out, or {another}" if setting else _sentence(another)
        yield case.problem(f"instance type {kind}", why, remedy)
    home = _home(part.view.of(INSTANCE)[title])
    zone = zone_of(case, part, home)
    if offering and zone and zone not in offering:
        where = part.view.named(home, SUBNET) or "its subnet"
        zones = _offering_zones(case)
        remedy = f"Add {zones}, or {another.removeprefix('add ')}" if zones else _sentence(another)
        yield case.problem(f"instance type {kind}", f"zone {zone} of {where} does not offer it", remedy)


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def _image(part: Part, title: str, wanted: str) -> str:
    """The processor that an instance's image is made for, with the parameter that says so."""
    name = part.setting(title, "ImageId")
    return f"{name} is {wanted}" if part.stack.parameters.get(name) == wanted else f"its image is for {wanted}"


def _wanted(part: Part, title: str) -> str:
    """The architecture of an instance's image, if the image's name says it; otherwise ""."""
    image = part.view.of(INSTANCE)[title].get("ImageId")
    names = [str(image) if isinstance(image, str) else ""]
    parameter = part.setting(title, "ImageId")
    entry = part.stack.body.get("Parameters", {}).get(parameter, {})
    names.append(str(part.stack.parameters.get(parameter, entry.get("Default", ""))))
    return next((one for one in _ARCHITECTURES for name in names if one in name), "")
