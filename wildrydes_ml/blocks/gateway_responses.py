"""API Gateway's own answers, without the function: problems (RFC 9457) in the same format as the function's.

The texts are fixed: `$context.error.message` would show strangers how the API is built. A deployment contains these
answers, so they must exist before it, and another table needs another deployment.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from troposphere import Ref, Template, apigateway

RETRY_AFTER = 10
"""Seconds to wait before the next attempt when the function was too slow, probably because it had to start."""

BUSY = {"Retry-After": "5"}
"""For when the function could not be invoked. If Lambda answers 429 (too many at once), the caller gets 500 or 502 from
API Gateway (https://repost.aws/knowledge-center/api-gateway-internal-server-error)."""

_WAVE = 3
"""How many are created at a time, each with some calls: API Gateway allows an account 10 such calls a second
(https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html)."""


class Answer(NamedTuple):
    """One row of the table. With a `status` of None, API Gateway chooses the status."""

    code: str
    status: int | None
    title: str
    detail: str
    headers: Mapping[str, str] = {}


# By response type, each with API Gateway's own status
# (https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html).
# The types that need what this API does not have (authorizers, validators of parameters, a firewall) and those to
# come get the defaults. These have no status: the one of a default would replace the status of all such types.
GENERAL: Mapping[str, Answer] = {
    "THROTTLED": Answer(
        "throttled", 429, "Too many requests", "The service is busy; try again shortly.", {"Retry-After": "1"}
    ),
    "QUOTA_EXCEEDED": Answer("quota-exceeded", 429, "The quota is used up", "The API key has no requests left."),
    "INVALID_API_KEY": Answer("invalid-api-key", 403, "No valid API key", "Send the API key in the header x-api-key."),
    "ACCESS_DENIED": Answer("access-denied", 403, "Access denied", "The caller may not use this API."),
    "MISSING_AUTHENTICATION_TOKEN": Answer(
        "missing-authentication",
        403,
        "Not signed, or not here",
        "The request needs an AWS signature, or there is nothing at this path.",
    ),
    "UNAUTHORIZED": Answer("unauthorized", 401, "Not authorized", "The request carries no valid credentials."),
    "EXPIRED_TOKEN": Answer(
        "expired-token", 403, "The credentials have expired", "Sign the request with new credentials."
    ),
    "INVALID_SIGNATURE": Answer(
        "invalid-signature",
        403,
        "The signature does not match",
        "Check the credentials, the region and the clock of the caller.",
    ),
    # What API Gateway takes, before a body that is not text becomes a third longer
    # (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
    "REQUEST_TOO_LARGE": Answer("request-too-large", 413, "The request is too large", "It may have 10 MB."),
    "BAD_REQUEST_BODY": Answer("bad-request-body", 400, "The request cannot be read", "The body is not as expected."),
    "UNSUPPORTED_MEDIA_TYPE": Answer(
        "unsupported-media-type", 415, "Not a supported type", "Send another Content-Type."
    ),
    "INTEGRATION_TIMEOUT": Answer(
        "timeout",
        504,
        "The answer took too long",
        "The model may still be loading; try again.",
        {"Retry-After": str(RETRY_AFTER)},
    ),
    "INTEGRATION_FAILURE": Answer(
        "integration-failure", 504, "The service does not answer", "The function could not be reached; try again.", BUSY
    ),
    "DEFAULT_4XX": Answer(
        "request-refused", None, "The request was refused", "The request is not as the API wants it."
    ),
    "DEFAULT_5XX": Answer(
        "service-failure",
        None,
        "The service failed",
        "Something went wrong before there was an answer; try again.",
        BUSY,
    ),
}

ANSWERS: Mapping[str, Answer] = {
    **GENERAL,
    "REQUEST_TOO_LARGE": Answer(
        "request-too-large", 413, "The request is too large", "A posted picture may have 4.5 MB."
    ),
    "UNSUPPORTED_MEDIA_TYPE": Answer(
        "unsupported-media-type", 415, "Not a supported type", "Send JSON, or a JPEG, PNG, WebP or GIF."
    ),
}
"""The answers for an API that accepts pictures, as this package's own function does."""


def digest(answers: Mapping[str, Answer] = ANSWERS) -> str:
    """A digest of the table, in 16 characters."""
    import hashlib  # only here, since every process that imports an App would wait for it

    rows = {kind: answer._asdict() for kind, answer in answers.items()}
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


def add_gateway_responses(
    template: Template,
    api: apigateway.RestApi,
    prefix: str = "",
    answers: Mapping[str, Answer] = GENERAL,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Adds the whole table to an API, so that a few answers are created at a time.

    The logical ids begin with `prefix`, for a template with several APIs. Each answer also gets the `headers`.
    """
    titles = [prefix + _title(kind) for kind in answers]
    for number, (kind, answer) in enumerate(answers.items()):
        order = {"DependsOn": titles[number - _WAVE]} if number >= _WAVE else {}
        status = {} if answer.status is None else {"StatusCode": str(answer.status)}
        template.add_resource(
            apigateway.GatewayResponse(
                titles[number],
                RestApiId=Ref(api),
                ResponseType=kind,
                ResponseParameters=_headers(answer, headers),
                # API Gateway knows this type only; what the client is told is the header.
                ResponseTemplates={"application/json": _body(answer)},
                **order,
                **status,
            )
        )


def gateway_responses(template: Template, api: apigateway.RestApi) -> dict[str, apigateway.GatewayResponse]:
    """The API's gateway responses in the template, by logical id."""
    return {
        title: resource
        for title, resource in template.resources.items()
        if isinstance(resource, apigateway.GatewayResponse) and resource.RestApiId == Ref(api)
    }


def last(responses: Mapping[str, apigateway.GatewayResponse]) -> list[str]:
    """The logical ids that no other waits for: what waits for these waits for all."""
    waited_for = {response.resource.get("DependsOn") for response in responses.values()}
    return [title for title in responses if title not in waited_for]


def _title(kind: str) -> str:
    return "".join(word.capitalize() for word in kind.split("_")) + "Response"


def _headers(answer: Answer, more: Mapping[str, str]) -> dict[str, str]:
    headers = {"Content-Type": "application/problem+json", **answer.headers, **more}
    return {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()}


def _body(answer: Answer) -> str:
    body = {
        "type": f"urn:wildrydes-ml:problem:{answer.code}",
        "title": answer.title,
        **({} if answer.status is None else {"status": answer.status}),
        "code": answer.code,
        "detail": answer.detail,
        "instance": "$context.requestId",
    }
    return json.dumps(body, separators=(",", ":"))
