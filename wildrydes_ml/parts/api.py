"""A REST API in front of functions: a skeleton that somebody wires, or the whole with methods and stage.

Each route is a path and method with the function that answers it; one route with `ANY /` is the workshop's API.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from troposphere import GetAtt, Ref, Sub, Tags, Template, apigateway, awslambda

from . import rules
from .choices import Later, Number, add, choose, differs, equals, fill, reference
from .function import Inference
from .gateway_responses import add_gateway_responses, gateway_responses
from .lint import checkov_skips, guard_suppressions

Auth: TypeAlias = Literal["NONE", "API_KEY", "AWS_IAM"]
Method: TypeAlias = Literal["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]

STAGE = "prod"
API_NAME = "ModelInferenceApi"
BINARY_MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
# What an account has in a region, unless it asks for more
# (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
RATE = (1, 10000)
BURST = (1, 5000)
# https://docs.aws.amazon.com/apigateway/latest/api/API_CreateResource.html
_PATH = r"/|(/([\w.:-]+|\{[\w.-]+\}))+|(/([\w.:-]+|\{[\w.-]+\}))*/\{[\w.-]+\+\}"

_PICTURE_URL = (
    "https://images.pexels.com/photos/310983/pexels-photo-310983.jpeg?auto=compress&cs=tinysrgb&dpr=2&h=650&w=940"
)


@dataclass(frozen=True)
class Access:
    """Who may call and how often: `auth` is NONE, API_KEY or AWS_IAM, `rate` in requests a second (1 to 10000),
    `burst` in requests at once (1 to 5000). `open_because` is the reason in the template for an API that anyone may
    call. Raises ValueError for another `auth` and for numbers out of range.
    """

    auth: Auth | Later = "NONE"
    rate: Number = 5
    burst: Number = 10
    open_because: str = "Anyone may call it; Access.auth API_KEY or AWS_IAM closes it."

    def __post_init__(self) -> None:
        rules.one_of("Access.auth", self.auth, get_args(Auth))
        rules.number("Access.rate", self.rate, *RATE, "requests a second")
        rules.number("Access.burst", self.burst, *BURST, "requests at once")


@dataclass(frozen=True)
class Route:
    """The function that answers a method on a path, such as `/`, `/digits`, `/digits/{id}` or `/{rest+}`.

    With `page`, `GET` on the path is open to all even where `Access.auth` closes the rest, so that a browser can load
    a page: the function must answer it with something static. Raises ValueError for a path that does not begin with a
    slash, ends with one or has odd characters, for an unknown method, and for a page of another method than ANY.
    """

    inference: Inference
    path: str = "/"
    method: Method = "ANY"
    page: bool = False

    def __post_init__(self) -> None:
        rules.text("Route.path", self.path, _PATH, "use /, or /name, /name/{id}, /{rest+}, without a slash at its end")
        rules.one_of("Route.method", self.method, get_args(Method))
        if self.page and self.method != "ANY":
            raise ValueError(f"Route.page goes with method ANY: make GET {self.path} a route of its own")

    @property
    def title(self) -> str:
        """Method and path as a part of logical ids: AnyRoot, PostDigitsId."""
        return self.method.capitalize() + _path_title(self.path)


def add_rest_api(
    template: Template,
    routes: Sequence[Route],
    access: Access = Access(),
    *,
    title: str = API_NAME,
    about: str = "",
    binary_media_types: Sequence[str] = BINARY_MEDIA_TYPES,
) -> apigateway.RestApi:
    """Adds the API without methods or stage, its own answers to bad requests, and the permissions for it to invoke
    the functions.

    Both a function and its alias may be the target, so that a person in the console can wire the one
    and a deployer the other; the stars in the permission stand for stage and method, so that the
    console's test button works too. `title` is the API's logical id and name, and begins the ids of what belongs to
    it; `about` is a sentence for its description. Raises TypeError and ValueError for no routes, the same one twice,
    a function that is not in the template, and a title that is taken.
    """
    rules.unused(template, title, "give each API a title of its own")
    _check_routes(template, routes)
    api = template.add_resource(
        apigateway.RestApi(
            title,
            Name=title,
            Description=_description(routes, access, about),
            BinaryMediaTypes=list(binary_media_types),
            EndpointConfiguration=apigateway.EndpointConfiguration(Types=["REGIONAL"]),
        )
    )
    add_gateway_responses(template, api, _prefix(api))
    for route in routes:
        _add_permissions(template, api, route)
    return api


def add_proxy_stage(
    template: Template, api: apigateway.RestApi, routes: Sequence[Route], access: Access = Access()
) -> apigateway.Stage:
    """Adds each route as Lambda proxy, the stage `prod` with throttling, and for API_KEY a key and usage plan.

    With API_KEY and AWS_IAM, a page's `GET` is an open method of its own. A browser that opens the page sends neither
    key nor signature, and the function answers GET with its static page only, whatever else the request holds.
    Raises ValueError for a route whose function the API may not invoke, as it was not given to `add_rest_api`.
    """
    for route in routes:
        if _permission_titles(api, route)[0] not in template.resources:
            raise ValueError(f"route {route.method} {route.path} is new: give the same routes to add_rest_api")
    prefix = _prefix(api)
    wants_key = equals(template, f"{prefix}ApiAuthIsKey", access.auth, "API_KEY")
    wants_iam = equals(template, f"{prefix}ApiAuthIsIam", access.auth, "AWS_IAM")
    closed = differs(template, f"{prefix}ApiAuthIsClosed", access.auth, "NONE")
    methods, pages = [], []
    for route in routes:
        methods.append(
            _method(
                template,
                api,
                route,
                access.open_because,
                # Not for its own sake: what follows the method, the deployment, is to follow these too.
                DependsOn=list(gateway_responses(template, api)),
                AuthorizationType=choose(wants_iam, "AWS_IAM", "NONE"),
                ApiKeyRequired=choose(wants_key, True, False),
            )
        )
        template.add_resource(methods[-1])
        if route.page:
            shown = Route(route.inference, route.path, "GET")
            because = "The static page, which asks for the key itself."
            pages.append(_method(template, api, shown, because, AuthorizationType="NONE"))
            add(template, closed, pages[-1])
    stage = _stage(template, api, _deployment(template, api, methods, pages, access), access)
    _usage_plan(template, wants_key, api, stage, access)
    return stage


def integration_uri(alias: awslambda.Alias) -> Sub:
    """The Lambda proxy URI for an alias; `Ref` of an alias is its ARN."""
    return Sub(
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
        f"${{{alias.title}}}/invocations"
    )


def invoke_url(api: apigateway.RestApi, path: str = "/") -> Sub:
    """The public URL of a path; the root's ends in the stage's name."""
    host = f"https://${{{api.title}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}"
    return Sub(f"{host}/{STAGE}{path.rstrip('/')}")


def test_command(api: apigateway.RestApi) -> Sub:
    """The workshop's curl line for this API."""
    return Sub(
        f"""curl -d '{{ "url": "{_PICTURE_URL}"}}' -H "Content-Type: application/json" -X POST """
        f"https://${{{api.title}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{STAGE}"
    )


def _prefix(api: apigateway.RestApi) -> str:
    """What begins the names of what belongs to an API: nothing for the workshop's."""
    return "" if api.title == API_NAME else str(api.title)


def _path_title(path: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", path)
    return "".join(word[0].upper() + word[1:] for word in words) or "Root"


def _check_routes(template: Template, routes: Sequence[Route]) -> None:
    wrong = [route for route in routes if not isinstance(route, Route)]
    if wrong or not routes:
        raise TypeError("routes must be a list of one Route or more, such as [Route(inference)]")
    keys = [(route.path, method) for route in routes for method in (route.method, *(["GET"] if route.page else []))]
    for path, method in keys:
        if keys.count((path, method)) > 1:
            raise ValueError(f"route {method} {path} stands twice: one function answers it")
    for route in routes:
        title = route.inference.function.title
        if title not in template.resources:
            raise ValueError(f"function {title} of route {route.path} is not in this template: add it first")


def _description(routes: Sequence[Route], access: Access, about: str) -> Any:
    """Says what whoever wires a skeleton by hand should set."""
    wiring = ", ".join(f"method {route.method} on {route.path} to {route.inference.function.title}" for route in routes)
    return fill(
        "{about}{wiring}, stage prod, auth {auth}, {rate} requests/s, burst {burst}",
        about=f"{about} " if about else "",
        wiring=wiring[0].upper() + wiring[1:],
        auth=access.auth,
        rate=access.rate,
        burst=access.burst,
    )


def _permission_titles(api: apigateway.RestApi, route: Route) -> tuple[str, str]:
    if (route.path, route.method) == ("/", "ANY"):
        invoke = f"{_prefix(api)}lambdaApiGatewayInvoke"
        return invoke, f"{invoke}Live"
    return f"{_prefix(api)}{route.title}Invoke", f"{_prefix(api)}{route.title}InvokeLive"


def _add_permissions(template: Template, api: apigateway.RestApi, route: Route) -> None:
    verb = "*" if route.method == "ANY" else route.method
    path = re.sub(r"\{[^}]*\}", "*", route.path)
    caller = Sub(
        f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api.title}}}/*/{verb}{path}"
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


def _resource_id(template: Template, api: apigateway.RestApi, path: str) -> Any:
    """A reference to the API's resource of a path; it and those above it are added where they lack."""
    if path == "/":
        return GetAtt(api, "RootResourceId")
    above, _, part = path.rpartition("/")
    parent = _resource_id(template, api, above or "/")
    title = f"{_prefix(api)}{_path_title(path)}Resource"
    if title not in template.resources:
        template.add_resource(apigateway.Resource(title, RestApiId=Ref(api), ParentId=parent, PathPart=part))
    return Ref(title)


def _method(
    template: Template, api: apigateway.RestApi, route: Route, open_because: str, **more: Any
) -> apigateway.Method:
    return apigateway.Method(
        f"{_prefix(api)}{route.title}Method",
        RestApiId=Ref(api),
        ResourceId=_resource_id(template, api, route.path),
        HttpMethod=route.method,
        Integration=apigateway.Integration(
            Type="AWS_PROXY", IntegrationHttpMethod="POST", Uri=integration_uri(route.inference.alias)
        ),
        Metadata=checkov_skips(CKV_AWS_59=open_because)
        | guard_suppressions(API_GW_METHOD_AUTHORIZATION_TYPE_RULE=open_because),
        **more,
    )


def _deployment(
    template: Template,
    api: apigateway.RestApi,
    methods: Sequence[apigateway.Method],
    pages: Sequence[apigateway.Method],
    access: Access,
) -> Any:
    """A reference to the deployment for the chosen `auth`.

    A deployment is an immutable snapshot of the API, so there is one for each value, it is made after all that it
    snapshots, and its logical id carries a digest of that: a changed API makes a new one.
    """
    prefix = _prefix(api)
    parts = (api, *methods, *pages, *gateway_responses(template, api).values())
    snapshot = [part.to_dict()["Properties"] for part in parts]
    digest = hashlib.sha256(json.dumps(snapshot, sort_keys=True).encode()).hexdigest()[:8]
    references = {}
    for auth, name in (("NONE", "Open"), ("API_KEY", "Key"), ("AWS_IAM", "Iam")):
        called = [method.title for method in (methods if auth == "NONE" else [*methods, *pages])]
        deployment = apigateway.Deployment(f"{prefix}{name}Deployment{digest}", DependsOn=called, RestApiId=Ref(api))
        chosen = equals(template, f"{prefix}ApiAuthIs{name}", access.auth, auth)
        add(template, chosen, deployment)
        references[name] = (chosen, Ref(deployment))
    key, iam = references["Key"], references["Iam"]
    return choose(key[0], key[1], choose(iam[0], iam[1], references["Open"][1]))


def _stage(template: Template, api: apigateway.RestApi, deployment: Any, access: Access) -> apigateway.Stage:
    return template.add_resource(
        apigateway.Stage(
            f"{_prefix(api)}ProdStage",
            RestApiId=Ref(api),
            StageName=STAGE,
            DeploymentId=deployment,
            MethodSettings=[
                apigateway.MethodSetting(
                    HttpMethod="*",
                    ResourcePath="/*",
                    ThrottlingRateLimit=reference(access.rate),
                    ThrottlingBurstLimit=reference(access.burst),
                )
            ],
            Tags=Tags(Name=str(api.title)),
            Metadata=checkov_skips(
                CKV_AWS_73="The function logs its timings; tracing costs and is not needed for one hop.",
                CKV_AWS_76="Access logs need an account-wide role that a workshop's stack must not set.",
                CKV_AWS_120="Each picture is posted once; a cache would bill by the hour for nothing.",
            )
            | guard_suppressions(
                API_GW_CACHE_ENABLED_AND_ENCRYPTED="Each picture is posted once, see CKV_AWS_120.",
                API_GW_EXECUTION_LOGGING_ENABLED="Logs need an account-wide role, see CKV_AWS_76.",
                API_GW_STAGE_ACCESS_LOGGING_RULE="Logs need an account-wide role, see CKV_AWS_76.",
                api_gw_xray_enabled_check="Tracing costs and is not needed for one hop, see CKV_AWS_73.",
            ),
        )
    )


def _usage_plan(
    template: Template, wanted: Any, api: apigateway.RestApi, stage: apigateway.Stage, access: Access
) -> None:
    prefix = _prefix(api)
    key = add(template, wanted, apigateway.ApiKey(f"{prefix}RiderApiKey", Enabled=True, Description=str(api.title)))
    plan = add(
        template,
        wanted,
        apigateway.UsagePlan(
            f"{prefix}RiderUsagePlan",
            ApiStages=[apigateway.ApiStage(ApiId=Ref(api), Stage=Ref(stage))],
            Throttle=apigateway.ThrottleSettings(RateLimit=reference(access.rate), BurstLimit=reference(access.burst)),
        ),
    )
    add(
        template,
        wanted,
        apigateway.UsagePlanKey(f"{prefix}RiderUsagePlanKey", KeyId=Ref(key), KeyType="API_KEY", UsagePlanId=Ref(plan)),
    )
