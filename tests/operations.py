"""Which service and operation an AWS request is, told from the request alone, by botocore's models of the services."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session

# The name with which requests are signed → botocore's name of the service.
_NAMES = {"elasticfilesystem": "efs", "tagging": "resourcegroupstaggingapi", "servicequotas": "service-quotas"}
_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Request:
    """An HTTP request; `target` is its path with the query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def name_of(request: Request) -> tuple[str, str]:
    """Service (as it is signed for) and operation; a request without a signature is one to the deployed API."""
    headers = {key.lower(): value for key, value in request.headers.items()}
    signed = _SIGNED_FOR.search(headers.get("authorization", ""))
    if signed is None or request.target.startswith("/_aws/execute-api/"):
        return "execute-api", request.method
    service = signed[1]
    if "x-amz-target" in headers:
        return service, headers["x-amz-target"].rpartition(".")[2]
    if protocol_of(service) in ("query", "ec2"):
        return service, parse_qs(request.body.decode())["Action"][0]
    return service, _rest_operation(service, request)


@cache
def protocol_of(service: str) -> str:
    """query, ec2, json, rest-json or rest-xml."""
    if service == "execute-api":
        return "rest-json"
    return str(_model(service).resolved_protocol)


@cache
def _model(service: str) -> Any:
    return botocore.session.Session().get_service_model(_NAMES.get(service, service))


@cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], frozenset[str], int, str]]:
    """Method, pattern of the path, names that query or headers must have, literal characters, operation."""
    model, routes = _model(service), []
    for name in model.operation_names:
        operation = model.operation_model(name)
        path, _, query = operation.http["requestUri"].partition("?")
        literals = re.sub(r"\{[^}]+\}", "", path)
        pattern = re.sub(r"\\\{[^}]+?\\\+\\\}", ".+", re.escape(path.rstrip("/")))
        pattern = re.sub(r"\\\{[^}]+?\\\}", "[^/]+", pattern)
        wanted = {part.partition("=")[0] for part in query.split("&") if part} | _required(operation.input_shape)
        routes.append((operation.http["method"], re.compile(pattern + "/?"), frozenset(wanted), len(literals), name))
    return routes


def _required(shape: Any) -> set[str]:
    """What an input must have in query or headers."""
    told = [shape.members[name].serialization for name in shape.required_members] if shape else []
    return {one["name"].lower() for one in told if one.get("location") in ("querystring", "header")}


def _rest_operation(service: str, request: Request) -> str:
    url = urlsplit(request.target)
    # Of those that fit as well, the plain one: ListBuckets rather than ListDirectoryBuckets.
    told = parse_qs(url.query, keep_blank_values=True).keys() | request.headers.keys()
    asked = {name for given in told for name in (given, given.lower())}
    fitting = [
        (len(wanted), literals, -len(name), name)
        for method, pattern, wanted, literals, name in _routes(service)
        if method == request.method and pattern.fullmatch(url.path) and wanted <= asked
    ]
    return max(fitting)[-1] if fitting else f"{request.method} {url.path}"
