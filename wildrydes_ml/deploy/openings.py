"""What a template opens to the public: APIs that anyone may call, and ports that the Internet can reach."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from ..checks.stack import entries
from ..template.effective import Effective
from ..template.resolve import mapping

_ANYONE = "open to anyone"
# Type of resource → the property that says who may call it, and what it is where it is left out.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html
_CALLED = {
    "AWS::ApiGateway::Method": ("AuthorizationType", "NONE"),
    "AWS::ApiGatewayV2::Route": ("AuthorizationType", "NONE"),
    "AWS::Lambda::Url": ("AuthType", ""),
}


# What `openings` looks at.
SEEN = frozenset({*_CALLED, "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"})


def openings(before: Effective, after: Effective) -> list[str]:
    """What the second template opens to the public and the first one does not, in words."""
    old = {*_open(before["Resources"])}
    return list(dict.fromkeys(words for title, words in _open(after["Resources"]) if (title, words) not in old))


def _open(resources: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Logical id and words of each thing that is open."""
    for title, entry in resources.items():
        kind, properties = str(entry.get("Type")), mapping(entry.get("Properties"))
        if kind in _CALLED and _is_open(properties, *_CALLED[kind]):
            yield title, _ANYONE
        if kind == "AWS::EC2::SecurityGroup":
            yield from (
                (title, words) for rule in entries(properties.get("SecurityGroupIngress")) for words in _port(rule)
            )
        if kind == "AWS::EC2::SecurityGroupIngress":
            yield from ((title, words) for words in _port(properties))


def _is_open(properties: Mapping[str, Any], key: str, default: str) -> bool:
    """Whether anyone may call it. The method OPTIONS, by which browsers ask before a call, does not count."""
    needs_key = str(properties.get("ApiKeyRequired", False)).lower() == "true"
    return properties.get(key, default) == "NONE" and not needs_key and properties.get("HttpMethod") != "OPTIONS"


def _port(rule: Mapping[str, Any]) -> Iterator[str]:
    block, low, high = rule.get("CidrIp", rule.get("CidrIpv6")), rule.get("FromPort"), rule.get("ToPort")
    if isinstance(block, str) and _is_public(block):
        ports = "every port" if low is None else f"port {low}" if low == high else f"ports {low} to {high}"
        yield f"{ports} {'are' if ports.startswith('ports') else 'is'} open to {block}"


def _is_public(block: str) -> bool:
    try:
        return not ip_network(block, strict=False).is_private
    except ValueError:
        return True
