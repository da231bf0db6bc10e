"""Which pages of other origins may call an API from a browser: only the named origins, by default none.

A browser first sends an `OPTIONS` request, and lets the page read an answer only if the answer names the page's origin.
API Gateway answers `OPTIONS` itself, and adds the header to its own refusals. For the function's answers, with a Lambda
proxy, the handler must add the header
(https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html).
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from troposphere import Ref, apigateway

from .access import open_suppressions

_ORIGIN = r"https?://[a-z0-9.-]+(:\d{1,5})?"
_REASON = "A browser asks it without key or signature before a page may call; nothing is behind it."
_SECONDS = 600
_ALLOWED_HEADERS = "Content-Type,Authorization,X-Api-Key,X-Amz-Date,X-Amz-Security-Token,X-Amz-Content-Sha256"
_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
# The header has room for one origin: of several, the one that asks
# (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html).
_CHOOSE = """\
#set($origin = $input.params().header.get("Origin"))
#if(!$origin)#set($origin = $input.params().header.get("origin"))#end
#if(%s)#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)#end
"""


def check_origins(where: str, origins: object) -> None:
    """Raises TypeError unless `origins` is a list, ValueError for an entry that is not an origin, or a duplicate."""
    if not isinstance(origins, (list, tuple)):
        raise TypeError(f"{where} is {origins!r}: pass a list of origins such as ['https://example.org']")
    for origin in origins:
        if not isinstance(origin, str) or not re.fullmatch(_ORIGIN, origin, re.ASCII):
            raise ValueError(
                f"{where} has {origin!r}: use scheme and host in lower case and nothing after the host, such as "
                "https://example.org"
            )
        if origins.count(origin) > 1:
            raise ValueError(f"{where} has {origin!r} twice: name each origin once")


def refusal_headers(origins: Sequence[str]) -> dict[str, str]:
    """The headers of API Gateway's own answers. They are fixed, so they name an origin only if there is just one."""
    return {_ALLOW_ORIGIN: origins[0]} if len(origins) == 1 else {}


def preflight(
    title: str, rest_api: apigateway.RestApi, resource: Any, methods: Iterable[str], origins: Sequence[str]
) -> apigateway.Method:
    """The method `OPTIONS` of a path, which tells browsers about the path's other methods."""
    asked = sorted({"DELETE,GET,HEAD,PATCH,POST,PUT" if method == "ANY" else method for method in methods})
    headers = {
        "Access-Control-Allow-Methods": ",".join(asked),
        "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
        "Access-Control-Max-Age": str(_SECONDS),
        "Vary": "Origin",
        **refusal_headers(origins),
    }
    named = {f"method.response.header.{name}": f"'{value}'" for name, value in headers.items()}
    chosen = {} if len(origins) == 1 else {"ResponseTemplates": {"application/json": _choice(origins)}}
    return apigateway.Method(
        title,
        RestApiId=Ref(rest_api),
        ResourceId=resource,
        HttpMethod="OPTIONS",
        AuthorizationType="NONE",
        Integration=apigateway.Integration(
            Type="MOCK",
            PassthroughBehavior="WHEN_NO_MATCH",
            RequestTemplates={"application/json": '{"statusCode": 204}'},
            IntegrationResponses=[apigateway.IntegrationResponse(StatusCode="204", ResponseParameters=named, **chosen)],
        ),
        MethodResponses=[
            apigateway.MethodResponse(
                StatusCode="204",
                ResponseParameters=dict.fromkeys([*named, f"method.response.header.{_ALLOW_ORIGIN}"], False),
            )
        ],
        Metadata=open_suppressions(_REASON),
    )


def _choice(origins: Sequence[str]) -> str:
    return _CHOOSE % " || ".join(f'$origin == "{origin}"' for origin in origins)
