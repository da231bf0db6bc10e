"""A REST API in front of the function: a skeleton that somebody wires, or the whole with method and stage."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from troposphere import GetAtt, Ref, Sub, Tags, Template, apigateway, awslambda

from .choices import Value, add, choose, differs, equals, fill, reference
from .function import Inference
from .gateway_responses import add_gateway_responses, gateway_responses
from .lint import checkov_skips

STAGE = "prod"
API_NAME = "ModelInferenceApi"
BINARY_MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")

_PICTURE_URL = (
    "https://images.pexels.com/photos/310983/pexels-photo-310983.jpeg?auto=compress&cs=tinysrgb&dpr=2&h=650&w=940"
)


@dataclass(frozen=True)
class Access:
    """Who may call and how often: `auth` is NONE, API_KEY or AWS_IAM; rate in requests a second."""

    auth: Value = "NONE"
    rate: Any = 5
    burst: Any = 10


def add_rest_api(template: Template, inference: Inference, access: Access) -> apigateway.RestApi:
    """Adds the API without method or stage, its own answers to bad requests, and the permissions for it to invoke
    the function.

    Both the function and its alias may be the target, so that a person in the console can wire the one
    and a deployer the other; the three stars stand for stage, method and the root path, so that the
    console's test button works too.
    """
    api = template.add_resource(
        apigateway.RestApi(
            API_NAME,
            Name=API_NAME,
            Description=_description(access),
            BinaryMediaTypes=list(BINARY_MEDIA_TYPES),
            EndpointConfiguration=apigateway.EndpointConfiguration(Types=["REGIONAL"]),
        )
    )
    add_gateway_responses(template, api)
    caller = Sub(f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api.title}}}/*/*/")
    for title, target in (
        ("lambdaApiGatewayInvoke", GetAtt(inference.function, "Arn")),
        ("lambdaApiGatewayInvokeLive", Ref(inference.alias)),
    ):
        template.add_resource(
            awslambda.Permission(
                title,
                Action="lambda:InvokeFunction",
                FunctionName=target,
                Principal="apigateway.amazonaws.com",
                SourceArn=caller,
            )
        )
    return api


def add_proxy_stage(
    template: Template, api: apigateway.RestApi, inference: Inference, access: Access
) -> apigateway.Stage:
    """Adds `ANY /` as Lambda proxy, the stage `prod` with throttling, and for API_KEY a key and usage plan.

    With API_KEY and AWS_IAM, `GET /` is an open method of its own. A browser that opens the page sends neither key
    nor signature, and the function answers GET with its static page only, whatever else the request holds.
    """
    wants_key = equals(template, "ApiAuthIsKey", access.auth, "API_KEY")
    wants_iam = equals(template, "ApiAuthIsIam", access.auth, "AWS_IAM")
    closed = differs(template, "ApiAuthIsClosed", access.auth, "NONE")
    method = _method(
        api,
        inference,
        "ANY",
        "The workshop's riders call without credentials; ApiAuth=API_KEY or AWS_IAM closes it.",
        # Not for its own sake: what follows the method, the deployment, is to follow these too.
        DependsOn=list(gateway_responses(template)),
        AuthorizationType=choose(wants_iam, "AWS_IAM", "NONE"),
        ApiKeyRequired=choose(wants_key, True, False),
    )
    page = _method(api, inference, "GET", "The static page, which asks for the key itself.", AuthorizationType="NONE")
    template.add_resource(method)
    add(template, closed, page)
    stage = _stage(template, api, _deployment(template, api, method, page, access), access)
    _usage_plan(template, wants_key, api, stage, access)
    return stage


def integration_uri(alias: awslambda.Alias) -> Sub:
    """The Lambda proxy URI for an alias; `Ref` of an alias is its ARN."""
    return Sub(
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
        f"${{{alias.title}}}/invocations"
    )


def invoke_url(api: apigateway.RestApi) -> Sub:
    """The public URL, ending in the stage's name."""
    return Sub(f"https://${{{api.title}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{STAGE}")


def test_command(api: apigateway.RestApi) -> Sub:
    """The workshop's curl line for this API."""
    return Sub(
        f"""curl -d '{{ "url": "{_PICTURE_URL}"}}' -H "Content-Type: application/json" -X POST """
        f"https://${{{api.title}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{STAGE}"
    )


def _description(access: Access) -> Any:
    """Says what whoever wires a skeleton by hand should set."""
    return fill(
        "Is this picture a unicorn? Method ANY on / to ModelInferenceFunction, stage prod, "
        "auth {auth}, {rate} requests/s, burst {burst}",
        auth=access.auth,
        rate=access.rate,
        burst=access.burst,
    )


def _method(
    api: apigateway.RestApi, inference: Inference, verb: str, open_because: str, **more: Any
) -> apigateway.Method:
    return apigateway.Method(
        f"{verb.capitalize()}RootMethod",
        RestApiId=Ref(api),
        ResourceId=GetAtt(api, "RootResourceId"),
        HttpMethod=verb,
        Integration=apigateway.Integration(
            Type="AWS_PROXY", IntegrationHttpMethod="POST", Uri=integration_uri(inference.alias)
        ),
        Metadata=checkov_skips(CKV_AWS_59=open_because),
        **more,
    )


def _deployment(
    template: Template, api: apigateway.RestApi, method: apigateway.Method, page: apigateway.Method, access: Access
) -> Any:
    """A reference to the deployment for the chosen `auth`.

    A deployment is an immutable snapshot of the API, so there is one for each value, it is made after all that it
    snapshots, and its logical id carries a digest of that: a changed API makes a new one.
    """
    parts = (api, method, page, *gateway_responses(template).values())
    snapshot = [part.to_dict() for part in parts]
    digest = hashlib.sha256(json.dumps(snapshot, sort_keys=True).encode()).hexdigest()[:8]
    references = {}
    for auth, name in (("NONE", "Open"), ("API_KEY", "Key"), ("AWS_IAM", "Iam")):
        methods = [method.title] if auth == "NONE" else [method.title, page.title]
        deployment = apigateway.Deployment(f"{name}Deployment{digest}", DependsOn=methods, RestApiId=Ref(api))
        chosen = equals(template, f"ApiAuthIs{name}", access.auth, auth)
        add(template, chosen, deployment)
        references[name] = (chosen, Ref(deployment))
    key, iam = references["Key"], references["Iam"]
    return choose(key[0], key[1], choose(iam[0], iam[1], references["Open"][1]))


def _stage(template: Template, api: apigateway.RestApi, deployment: Any, access: Access) -> apigateway.Stage:
    return template.add_resource(
        apigateway.Stage(
            "ProdStage",
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
            Tags=Tags(Name=API_NAME),
            Metadata=checkov_skips(
                CKV_AWS_73="The function logs its timings; tracing costs and is not needed for one hop.",
                CKV_AWS_76="Access logs need an account-wide role that a workshop's stack must not set.",
                CKV_AWS_120="Each picture is posted once; a cache would bill by the hour for nothing.",
            ),
        )
    )


def _usage_plan(
    template: Template, wanted: Any, api: apigateway.RestApi, stage: apigateway.Stage, access: Access
) -> None:
    key = add(template, wanted, apigateway.ApiKey("RiderApiKey", Enabled=True, Description=API_NAME))
    plan = add(
        template,
        wanted,
        apigateway.UsagePlan(
            "RiderUsagePlan",
            ApiStages=[apigateway.ApiStage(ApiId=Ref(api), Stage=Ref(stage))],
            Throttle=apigateway.ThrottleSettings(RateLimit=reference(access.rate), BurstLimit=reference(access.burst)),
        ),
    )
    add(
        template,
        wanted,
        apigateway.UsagePlanKey("RiderUsagePlanKey", KeyId=Ref(key), KeyType="API_KEY", UsagePlanId=Ref(plan)),
    )
