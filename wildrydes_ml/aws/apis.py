"""API Gateway: what an API's wiring is, and the calls that change it."""

from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from ..records import Identity
from ..wiring import PAGE, STAGE, Action, FoundMethod, FoundWiring, Wiring
from .faults import code_of, translated

_INTEGRATION_PATH = "2015-03-31/functions"


class Apis:
    """API Gateway's REST APIs."""

    def __init__(self, client: Any, credentials: Any, identity: Identity) -> None:
        self._client = client
        self._credentials = credentials
        self._identity = identity

    def found(self, api: str, name: str) -> FoundWiring:
        """The wiring of an API's root as it is; `name` is that of the usage plan that perform() makes."""
        with translated(f"API {api}"):
            root = {"restApiId": api, "resourceId": self._root(api)}
            method, get = (self._optional(self._client.get_method, **root, httpMethod=verb) for verb in ("ANY", "GET"))
            stage = self._optional(self._client.get_stage, restApiId=api, stageName=STAGE)
            description = self._deployment_description(api, stage)
            plan = self._usage_plan(api)
            keys = self._keys(plan)
        return FoundWiring(
            auth=_auth(method) if method else None,
            target=self._target(method) if method else None,
            description=description,
            throttle=_throttle(stage),
            has_key=bool(keys),
            owns_key=plan is not None and plan["name"] == name,
            get=FoundMethod(_auth(get), self._target(get), get.get("operationName") == PAGE) if get else None,
        )

    def perform(self, api: str, action: Action, wiring: Wiring, name: str) -> None:
        """Does one action of the wiring; each may be repeated after a lost reply."""
        with translated(f"API {api}"):
            match action:
                case "method":
                    self._put_method(api, "ANY", wiring.target, wiring.auth)
                case "page":
                    self._put_method(api, "GET", wiring.target, "NONE", operationName=PAGE)
                case "no page":
                    self._optional(self._client.delete_method, **self._place(api, "GET"))
                case "deployment":
                    self._client.create_deployment(restApiId=api, stageName=STAGE, description=wiring.description)
                case "throttle":
                    self._set_throttle(api, wiring)
                case "key":
                    self._make_key(api, wiring, name)
                case "no key":
                    self._remove_key(api, name)

    def unwire(self, api: str, name: str) -> None:
        """Removes the key and usage plan of that name; method and stage go with the API."""
        with translated(f"API {api}"):
            self._remove_key(api, name)

    def key(self, api: str) -> str:
        """The value of the API's key; empty when it has none."""
        with translated(f"API {api}"):
            for key in self._keys(self._usage_plan(api)):
                found = self._client.get_api_key(apiKey=key, includeValue=True)
                return str(found["value"])
        return ""

    def signed_headers(self, url: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
        """The headers with an AWS signature, for an API that wants AWS_IAM."""
        request = AWSRequest(method="POST", url=url, data=body, headers=headers)
        SigV4Auth(self._credentials, "execute-api", self._identity.region).add_auth(request)
        return dict(request.headers.items())

    def _root(self, api: str) -> str:
        pages = self._client.get_paginator("get_resources").paginate(restApiId=api)
        return str(next(item["id"] for page in pages for item in page["items"] if item["path"] == "/"))

    def _optional(self, call: Any, **arguments: Any) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = call(**arguments)
        except ClientError as error:
            if code_of(error) == "NotFoundException":
                return None
            raise
        return found

    def _target(self, method: dict[str, Any]) -> str | None:
        integration = method.get("methodIntegration") or {}
        if integration.get("type") != "AWS_PROXY":
            return None
        _, _, function = str(integration.get("uri", "")).partition(f"/{_INTEGRATION_PATH}/")
        return function.removesuffix("/invocations") or None

    def _deployment_description(self, api: str, stage: dict[str, Any] | None) -> str | None:
        if stage is None:
            return None
        found = self._optional(self._client.get_deployment, restApiId=api, deploymentId=stage.get("deploymentId", ""))
        return str(found.get("description") or "") if found else None

    def _place(self, api: str, verb: str) -> dict[str, str]:
        return {"restApiId": api, "resourceId": self._root(api), "httpMethod": verb}

    def _put_method(self, api: str, verb: str, target: str, auth: str, **more: str) -> None:
        place = self._place(api, verb)
        # A method's authorization cannot be put again; nobody is cut off, the stage serves its snapshot.
        self._optional(self._client.delete_method, **place)
        self._client.put_method(
            **place,
            authorizationType="AWS_IAM" if auth == "AWS_IAM" else "NONE",
            apiKeyRequired=auth == "API_KEY",
            **more,
        )
        identity = self._identity
        self._client.put_integration(
            **place,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"arn:{identity.partition}:apigateway:{identity.region}:lambda:path/{_INTEGRATION_PATH}/"
            f"{target}/invocations",
        )

    def _set_throttle(self, api: str, wiring: Wiring) -> None:
        changes = [
            {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": f"{wiring.rate:g}"},
            {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": str(wiring.burst)},
        ]
        self._client.update_stage(restApiId=api, stageName=STAGE, patchOperations=changes)

    def _usage_plan(self, api: str) -> dict[str, Any] | None:
        pages = self._client.get_paginator("get_usage_plans").paginate()
        for page in pages:
            for plan in page.get("items", []):
                if any(stage.get("apiId") == api for stage in plan.get("apiStages", [])):
                    return dict(plan)
        return None

    def _keys(self, plan: dict[str, Any] | None) -> list[str]:
        if plan is None:
            return []
        pages = self._client.get_paginator("get_usage_plan_keys").paginate(usagePlanId=plan["id"])
        return [item["id"] for page in pages for item in page.get("items", [])]

    def _make_key(self, api: str, wiring: Wiring, name: str) -> None:
        # Each part is looked for first, so that a run that was cut in between is completed.
        named = self._client.get_api_keys(nameQuery=name)["items"]
        keys = [key["id"] for key in named if key["name"] == name]
        key = keys[0] if keys else self._client.create_api_key(name=name, enabled=True)["id"]
        plan = self._usage_plan(api) or self._client.create_usage_plan(
            name=name,
            throttle={"rateLimit": wiring.rate, "burstLimit": wiring.burst},
            apiStages=[{"apiId": api, "stage": STAGE}],
        )
        self._client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key, keyType="API_KEY")

    def _remove_key(self, api: str, name: str) -> None:
        plan = self._usage_plan(api)
        if plan is None or plan["name"] != name:
            return
        for key in self._keys(plan):
            self._optional(self._client.delete_api_key, apiKey=key)
        stage = {"op": "remove", "path": "/apiStages", "value": f"{api}:{STAGE}"}
        self._client.update_usage_plan(usagePlanId=plan["id"], patchOperations=[stage])
        self._client.delete_usage_plan(usagePlanId=plan["id"])


def _auth(method: dict[str, Any]) -> str:
    if method.get("apiKeyRequired"):
        return "API_KEY"
    return str(method.get("authorizationType"))


def _throttle(stage: dict[str, Any] | None) -> tuple[float, int] | None:
    settings = (stage or {}).get("methodSettings", {}).get("*/*")
    if settings is None:
        return None
    return float(settings.get("throttlingRateLimit", 0)), int(settings.get("throttlingBurstLimit", 0))
