"""A REST API in front of functions: either a skeleton, which is connected later, or complete with methods and stage.

A route is a path and a method, with the function that answers. The workshop's API has one route, `ANY /`. Routes and
access are passed once, to `add_rest_api`; its result hands them on to `add_proxy_stage`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from troposphere import GetAtt, Ref, Sub, Tags, Template, apigateway, awslambda

from ..template.headings import under
from . import arguments, cors
from .access import WORDS, Access, chosen, closed, open_suppressions
from .choices import Choice, add, choose, fill, reference
from .gateway_responses import GENERAL, Answer, add_gateway_responses, gateway_responses, last
from .routes import Route, check_routes, path_title
from .suppressions import cfn_lint_ignores, checkov_skips, guard_suppressions, waited_for

_HEADING = "API: the HTTP endpoint, its own error answers, and who may call it"
STAGE = "prod"
API_NAME = "ModelInferenceApi"
BINARY_MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
_PAGE_REASON = "A browser sends neither key nor signature; the answer to GET is a static page only."


@dataclass(frozen=True)
class Api:
    """The result of `add_rest_api`: the API, with the arguments with which it was created."""

    rest_api: apigateway.RestApi
    routes: tuple[Route, ...]
    access: Access
    callers: str = ""
    requests: str = ""
    origins: tuple[str, ...] = ()


@under(_HEADING)
def add_rest_api(
    template: Template,
    routes: Sequence[Route],
    access: Access,
    *,
    title: str = API_NAME,
    about: str = "",
    callers: str = "",
    requests: str = "",
    wired_because: str = "",
    answers: Mapping[str, Answer] = GENERAL,
    binary_media_types: Sequence[str] = BINARY_MEDIA_TYPES,
    origins: Sequence[str] = (),
) -> Api:
    """Adds the API without methods and stage, its answers to bad requests, and its permissions to invoke the functions.

    The permissions cover each function and its alias: a person in the console can connect the function, a deployer the
    alias. They cover any stage and method, so that the console's test button works, too. Nobody can call the API before
    it has a stage: use `add_proxy_stage`. The check W9914 finds an API without one.

    Args:
        routes: The routes of the API, at least one.
        access: Who may call, and how often.
        title: The API's logical id and name. The logical ids of its parts begin with it.
        about: A sentence for the API's description.
        callers: A word for the logical ids of key and usage plan.
        requests: A word for what is posted once each, such as picture: why a cache would save nothing.
        wired_because: For an API that gets its methods and stage elsewhere: a sentence that says so.
        answers: API Gateway's own answers, by response type.
        binary_media_types: Types of bodies that reach the function unchanged.
        origins: Origins whose pages may call the API, see `cors`.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: There is no route, or a route twice; all routes are open although `access` is not; a function is
            not in the template; or the title is already in use.
    """
    arguments.unused(template, title, "use a different title for each API")
    arguments.kind("access", access, Access, "pass an Access, such as Access('API_KEY')")
    reason = arguments.sentence("wired_because", wired_because, "write a sentence: what adds methods and stage")
    check_routes(template, routes, access)
    cors.check_origins("origins", origins)
    arguments.media_types("binary_media_types", binary_media_types)
    rest_api = template.add_resource(
        apigateway.RestApi(
            title,
            Name=title,
            Description=_description(routes, access, about),
            BinaryMediaTypes=list(binary_media_types),
            EndpointConfiguration=apigateway.EndpointConfiguration(Types=["REGIONAL"]),
            **({"Metadata": cfn_lint_ignores(W9914=reason)} if reason else {}),
        )
    )
    api = Api(rest_api, tuple(routes), access, callers, requests, tuple(origins))
    add_gateway_responses(template, rest_api, _prefix(api), answers, cors.refusal_headers(origins))
    for route in routes:
        _add_permissions(template, api, route)
        waited_for(route.inference.function, "API Gateway")
    return api


@under(_HEADING)
def add_proxy_stage(template: Template, api: Api) -> apigateway.Stage:
    """Adds each route as a Lambda proxy method, the stage `prod` with throttling, and for API_KEY a key and usage plan.

    With API_KEY and AWS_IAM, the `GET` of a route with `page` is an open method of its own: a browser that opens the
    page sends neither key nor signature. The function must answer GET with a static page only.

    Args:
        api: The result of `add_rest_api`, with its routes and access.

    Raises:
        TypeError: `api` is not a result of `add_rest_api`.
        ValueError: `api` belongs to another template, or has its stage already.
    """
    arguments.kind("template", template, Template, "pass the troposphere.Template first, then the API")
    arguments.kind("api", api, Api, "pass the result of add_rest_api")
    if template.resources.get(api.rest_api.title) is not api.rest_api:
        raise ValueError(f"API {api.rest_api.title} is not in this template: pass this template's own API")
    if isinstance(template.resources.get(f"{_prefix(api)}ProdStage"), apigateway.Stage):
        raise ValueError(f"API {api.rest_api.title} has its stage already: call add_proxy_stage once")
    methods = [_add_method(template, api, route) for route in api.routes]
    pages = [_add_page(template, api, route) for route in api.routes if route.page]
    stage = _stage(template, api, _deployment(template, api, [*methods, *_preflights(template, api)], pages))
    _usage_plan(template, api, stage)
    return stage


def integration_uri(alias: awslambda.Alias) -> Sub:
    """The URI by which API Gateway calls an alias as Lambda proxy (`Ref` of an alias is its ARN)."""
    return Sub(
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
        f"${{{alias.title}}}/invocations"
    )


def invoke_url(api: Api, path: str = "/") -> Sub:
    """The public URL of a path; the root's URL ends in the stage's name.

    Raises TypeError for anything but an Api, ValueError for a path without a slash at its beginning.
    """
    arguments.kind("api", api, Api, "pass the result of add_rest_api")
    arguments.text("the path", path, r"/\S*", "begin with a slash")
    host = f"https://${{{api.rest_api.title}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}"
    return Sub(f"{host}/{STAGE}{path.rstrip('/')}")


def _prefix(api: Api) -> str:
    """The beginning of the names of an API's parts; empty for the workshop's API."""
    title = str(api.rest_api.title)
    return "" if title == API_NAME else title


def _description(routes: Sequence[Route], access: Access, about: str) -> Any:
    """The description: the settings for a person who connects a skeleton by hand."""
    wiring = ", ".join(
        f"method {route.method} on {route.path} to {route.inference.function.title}{' (open)' if route.reason else ''}"
        for route in routes
    )
    return fill(
        "{about}{wiring}, stage prod, auth {auth}, {rate} requests/s, burst {burst}",
        about=f"{arguments.sentence('about', about, 'pass text')} " if about else "",
        wiring=wiring[0].upper() + wiring[1:],
        auth=access.auth,
        rate=access.rate,
        burst=access.burst,
    )


def _permission_titles(api: Api, route: Route) -> tuple[str, str]:
    if (route.path, route.method) == ("/", "ANY"):
        invoke = f"{_prefix(api)}lambdaApiGatewayInvoke"
        return invoke, f"{invoke}Live"
    return f"{_prefix(api)}{route.title}Invoke", f"{_prefix(api)}{route.title}InvokeLive"


def _add_permissions(template: Template, api: Api, route: Route) -> None:
    verb = "*" if route.method == "ANY" else route.method
    path = re.sub(r"\{[^}]*\}", "*", route.path)
    caller = Sub(
        f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api.rest_api.title}}}/*/{verb}{path}"
    )
    targets = (GetAtt(route.inference.function, "Arn"), Ref(route.inference.alias))
    for title, target in zip(_permission_titles(api, route), targets, strict=True):
        template.add_resource(
            awslambda.Permission(
                title,
                Action="lambda:InvokeFunction",
                FunctionName=target,
                Principal="apigateway.amazonaws.com",
                SourceArn=caller,
            )
        )


def _resource_id(template: Template, api: Api, path: str) -> Any:
    """A reference to the API's resource of a path; it and its parents are added if they are missing."""
    if path == "/":
        return GetAtt(api.rest_api, "RootResourceId")
    above, _, part = path.rpartition("/")
    parent = _resource_id(template, api, above or "/")
    title = f"{_prefix(api)}{path_title(path)}Resource"
    if title not in template.resources:
        template.add_resource(apigateway.Resource(title, RestApiId=Ref(api.rest_api), ParentId=parent, PathPart=part))
    return Ref(title)


def _add_method(template: Template, api: Api, route: Route) -> apigateway.Method:
    """The route's method: open for the route's own reason, or protected as the access says."""
    # Not for its own sake: what follows the method, the deployment, is to follow these too.
    after = last(gateway_responses(template, api.rest_api))
    if route.reason:
        method = _method(
            template, api, route, open_suppressions(route.reason), DependsOn=after, AuthorizationType="NONE"
        )
        return template.add_resource(method)
    wants_iam = chosen(template, api.access, "AWS_IAM", _prefix(api))
    wants_key = chosen(template, api.access, "API_KEY", _prefix(api))
    return template.add_resource(
        _method(
            template,
            api,
            route,
            api.access.suppressions(),
            DependsOn=after,
            AuthorizationType=choose(wants_iam, "AWS_IAM", "NONE"),
            ApiKeyRequired=choose(wants_key, True, False),
        )
    )


def _add_page(template: Template, api: Api, route: Route) -> apigateway.Method:
    """The open `GET` of a route that is otherwise closed."""
    shown = Route(route.inference, route.path, "GET")
    page = _method(template, api, shown, open_suppressions(_PAGE_REASON), AuthorizationType="NONE")
    return add(template, closed(template, api.access, _prefix(api)), page)


def _preflights(template: Template, api: Api) -> list[apigateway.Method]:
    """The methods that answer a browser's OPTIONS request on each path, unless a route does."""
    methods: dict[str, list[str]] = {}
    for route in api.routes:
        methods.setdefault(route.path, []).extend([route.method, *(["GET"] if route.page else [])])
    return [
        template.add_resource(
            cors.preflight(
                f"{_prefix(api)}Options{path_title(path)}Method",
                api.rest_api,
                _resource_id(template, api, path),
                of_path,
                api.origins,
            )
        )
        for path, of_path in methods.items()
        if api.origins and "OPTIONS" not in of_path
    ]


def _method(
    template: Template, api: Api, route: Route, suppressions: Mapping[str, Any], **more: Any
) -> apigateway.Method:
    if suppressions:
        more["Metadata"] = dict(suppressions)
    return apigateway.Method(
        f"{_prefix(api)}{route.title}Method",
        RestApiId=Ref(api.rest_api),
        ResourceId=_resource_id(template, api, route.path),
        HttpMethod=route.method,
        Integration=apigateway.Integration(
            Type="AWS_PROXY", IntegrationHttpMethod="POST", Uri=integration_uri(route.inference.alias)
        ),
        **more,
    )


def _deployment(
    template: Template, api: Api, methods: Sequence[apigateway.Method], pages: Sequence[apigateway.Method]
) -> Any:
    """A reference to the deployment for the chosen `auth`.

    A deployment is an immutable snapshot of the API. So there is one for each value of `auth`, it is created after all
    that it contains, and its logical id has a digest of that: a changed API gets a new deployment.
    """
    digest = _digest(template, api, [*methods, *pages])
    made: list[tuple[Choice, Any]] = []
    for auth, name in WORDS.items():
        called = [method.title for method in (methods if auth == "NONE" else [*methods, *pages])]
        deployment = apigateway.Deployment(
            f"{_prefix(api)}{name}Deployment{digest}", DependsOn=called, RestApiId=Ref(api.rest_api)
        )
        choice = chosen(template, api.access, auth, _prefix(api))
        if choice:
            made.append((choice, Ref(add(template, choice, deployment))))
    (_, found), *others = made
    for choice, one in reversed(others):
        found = choose(choice, one, found)
    return found


def _digest(template: Template, api: Api, methods: Sequence[apigateway.Method]) -> str:
    """A digest of all that a deployment contains. It includes the functions' names, since the methods contain the
    functions' ARNs: another plain name needs a new deployment. The value of a parameter is not known here."""
    parts = (api.rest_api, *methods, *gateway_responses(template, api.rest_api).values())
    names = [route.inference.function.to_dict()["Properties"].get("FunctionName") for route in api.routes]
    snapshot = [*(part.to_dict()["Properties"] for part in parts), names]
    return f"{crc32(json.dumps(snapshot, sort_keys=True).encode()):08x}"


def _stage(template: Template, api: Api, deployment: Any) -> apigateway.Stage:
    once = f"Each {api.requests} is posted once; a cache would cost money and save nothing."
    cached = once if api.requests else "A cache is billed by the hour, also while nobody asks."
    return template.add_resource(
        apigateway.Stage(
            f"{_prefix(api)}ProdStage",
            RestApiId=Ref(api.rest_api),
            StageName=STAGE,
            DeploymentId=deployment,
            MethodSettings=[
                apigateway.MethodSetting(
                    HttpMethod="*",
                    ResourcePath="/*",
                    ThrottlingRateLimit=reference(api.access.rate),
                    ThrottlingBurstLimit=reference(api.access.burst),
                )
            ],
            Tags=Tags(Name=str(api.rest_api.title)),
            Metadata=checkov_skips(
                CKV_AWS_73="X-Ray bills each trace; API Gateway's metrics have the times of the answers.",
                CKV_AWS_76="Access logs need a role for the whole account, which one stack must not set.",
                CKV_AWS_120=cached,
            )
            | guard_suppressions(
                API_GW_CACHE_ENABLED_AND_ENCRYPTED="There is no cache, see CKV_AWS_120.",
                API_GW_EXECUTION_LOGGING_ENABLED="Logs need a role for the whole account, see CKV_AWS_76.",
                API_GW_STAGE_ACCESS_LOGGING_RULE="Logs need a role for the whole account, see CKV_AWS_76.",
                api_gw_xray_enabled_check="X-Ray bills each trace, see CKV_AWS_73.",
            ),
        )
    )


def _usage_plan(template: Template, api: Api, stage: apigateway.Stage) -> None:
    prefix, access = f"{_prefix(api)}{api.callers}", api.access
    wanted = chosen(template, access, "API_KEY", _prefix(api))
    key = add(template, wanted, apigateway.ApiKey(f"{prefix}ApiKey", Enabled=True, Description=api.rest_api.title))
    plan = add(
        template,
        wanted,
        apigateway.UsagePlan(
            f"{prefix}UsagePlan",
            ApiStages=[apigateway.ApiStage(ApiId=Ref(api.rest_api), Stage=Ref(stage))],
            Throttle=apigateway.ThrottleSettings(RateLimit=reference(access.rate), BurstLimit=reference(access.burst)),
        ),
    )
    add(
        template,
        wanted,
        apigateway.UsagePlanKey(f"{prefix}UsagePlanKey", KeyId=Ref(key), KeyType="API_KEY", UsagePlanId=Ref(plan)),
    )
