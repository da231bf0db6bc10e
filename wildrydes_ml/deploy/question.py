"""One question to a deployed API, on any of its routes, with the key or the signature that the route requires."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from ..aws.session import Aws
from ..aws.target import Target
from ..deployment import Proof
from ..errors import SettingsError, WildrydesError
from ..questions import is_on
from ..web import Reply
from . import health
from .settings import Settings

_ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /(\S*)")
_SHOWN_BYTES = 20_000
# What API Gateway answers where it has no route, as to a request without a signature
# (https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html).
_UNKNOWN_ROUTE = b"Missing Authentication Token"


def body(given: str | None, standard_input: TextIO) -> bytes | None:
    """The bytes to send for the argument of `ask`: JSON, `@FILE` or `-`; None without an argument.

    Raises SettingsError for anything else, and for a file that cannot be read.
    """
    if given is None:
        return None
    if given == "-":
        return standard_input.read().encode()
    if given.startswith("@"):
        return _read(given[1:])
    try:
        json.loads(given)
    except ValueError as error:
        raise SettingsError([f"{given!r} is not JSON ({error}): write JSON, @FILE or -"]) from error
    return given.encode()


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SettingsError([f"@{path}: {error.strerror}: write @ and the path of an existing file"]) from None


def send(aws: Aws, settings: Settings, target: Target, route: str, sent: bytes | None) -> Reply:
    """The answer. Raises WildrydesError when there is no API yet, SettingsError for an invalid route."""
    proof = settings.deployment.proof
    if proof is None:
        raise WildrydesError(f"{settings.name} has no proof, so its API is not known; add a proof to the application")
    asked = _asked(proof, route, sent)
    return health.find_sender(aws, settings, target, asked)(asked.body, asked.headers)


def _asked(proof: Proof, route: str, sent: bytes | None) -> Proof:
    """The proof's question, on another route or with another body."""
    match = _ROUTE.fullmatch(route)
    if route and not match:
        raise SettingsError([f"--route {route!r}: write a method and a path, such as 'GET /health'"])
    if match and proof.routes and not any(_answers(one, match[1], f"/{match[2]}") for one in proof.routes):
        raise SettingsError([f"--route {route!r}: the API has no such route; it has {', '.join(proof.routes)}"])
    other = replace(proof, method=match[1], path=match[2], body=b"") if match else proof
    return replace(other, body=sent) if sent is not None else other


def _answers(route: str, method: str, path: str) -> bool:
    """Whether a route, such as "ANY /digits/{id}" or "GET /{rest+}", answers a method on a path."""
    own, _, resource = route.partition(" ")
    return own in ("ANY", method) and is_on(resource, path)


def fault(reply: Reply) -> str:
    """What is wrong with an answer that is an error, or that did not come."""
    if not reply.status:
        return f"no answer: {reply.fault}"
    if reply.status == 403 and _UNKNOWN_ROUTE in reply.body:
        return "the API answered 403: it has no such route, or the route needs an AWS signature"
    return f"the API answered {reply.status}{'; `logs` may show why' if reply.status >= 500 else ''}"


def shown(reply: Reply) -> str:
    """The answer for a person: JSON on several lines, other text unchanged, the size of anything else."""
    try:
        text = reply.body.decode()
    except UnicodeDecodeError:
        return f"{len(reply.body):,} bytes that are not text"
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text[:_SHOWN_BYTES]


def record(reply: Reply) -> dict[str, Any]:
    """The answer for a program."""
    try:
        return {"status": reply.status, "body": json.loads(reply.body)}
    except ValueError:
        return {"status": reply.status, "body": reply.body.decode(errors="replace")}
