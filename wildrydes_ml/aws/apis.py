"""API Gateway: the wiring of an API, and the calls that change it.

The calls have no token by which AWS would recognize a repeated call. So each action can be repeated as a whole: it uses
what exists and creates only what is missing. An action is finished when AWS's answer, or a check, shows the change:
what closes an API or deletes a key depends on the action before it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from .facts import Unknown
from .faults import DENIED, code_of, translated
from .keys import FoundKeys, Keys, Tags, confirm, listed, number, one_each
from .records import Billable, Identity
from .repeating import Repeater, optional
from .wiring import MARK, PAGE, STAGE, Action, FoundMethod, FoundWiring, Wiring

_INTEGRATION_PATH = "2015-03-31/functions"
# AWS makes no two changes of an API at once. A key or plan that was to be linked may have gone to a second deployer.
_AGAIN = {"ConflictException"}
_KEY_AGAIN = {"ConflictException", "NotFoundException"}
# A deployment that a stage has taken up again meanwhile stays.
_IN_USE = {"BadRequestException", "NotFoundException"}


class Apis:
    """API Gateway's REST APIs. `client` repeats by itself and looks; `once` tries once and changes."""

    def __init__(
        self,
        client: Any,
        once: Any,
        credentials: Any,
        identity: Identity,
        repeater: Repeater,
    ) -> None:
        self._client = client
        self._once = once
        self._keys = Keys(client, once)
        self._credentials = credentials
        self._identity = identity
        self._repeater = repeater

    def found(self, api: str, wanted: Wiring) -> FoundWiring | None:
        """The present wiring of an API's root; None when there is no such API."""
        with translated(f"API {api}"):
            root = optional(self._root, api=api)
            if root is None:
                return None
            method, get = (root.get("resourceMethods", {}).get(verb) for verb in ("ANY", "GET"))
            stages = self._stages(api)
            deployments = self._deployments(api) if stages else {}
            stage = next((stage for stage in stages if stage["stageName"] == STAGE), {})
            description = deployments.get(stage.get("deploymentId", ""))
            is_ours = (description or "").startswith(MARK)
            superseded = _unused(deployments, stages) if is_ours else ()
            auth = _auth(method) if method else None
            # No more calls than needed: only where a key is or may have been wanted.
            is_changing = bool(superseded) or (is_ours and description != wanted.description)
            # Nobody has a key of an API that has neither method nor stage, and making one looks for what is there.
            is_new = method is None and not stages
            asks_for_key = is_changing or ("API_KEY" in (auth, wanted.auth) and not is_new)
            keys = self._keys.found(api, wanted.tags) if asks_for_key else FoundKeys()
        return FoundWiring(
            auth=auth,
            target=self._target(method) if method else None,
            description=description,
            throttle=_throttle(stage),
            has_key=keys.serves,
            owns_key=keys.owned,
            get=FoundMethod(_auth(get), self._target(get), get.get("operationName") == PAGE) if get else None,
            plan_throttle=keys.throttle,
            superseded=superseded,
            root=root["id"],
            deployment=stage.get("deploymentId", ""),
            plan=keys.plan,
        )

    def lost(self, api: str, stage: str) -> str | Unknown:
        """The type of the missing resource, the API or the stage with that name; empty when both exist.

        An empty `stage` means that its name is not known: any stage counts. Unknown when the call is not permitted.
        """
        with translated(f"API {api}"):
            try:
                stages = optional(self._client.get_stages, restApiId=api)
            except ClientError as error:
                if code_of(error) in DENIED:
                    return Unknown("denied", "apigateway:GET")
                raise
        if stages is None:
            return "AWS::ApiGateway::RestApi"
        names = [one["stageName"] for one in stages.get("item", [])]
        return "" if stage in names or (names and not stage) else "AWS::ApiGateway::Stage"

    def perform(self, api: str, action: Action, wiring: Wiring, found: FoundWiring) -> None:
        """Does one action of the wiring. To repeat it, after a lost reply or by a second deployer, changes nothing."""
        place = {"restApiId": api, "resourceId": found.root}
        acts: dict[Action, Callable[[], object]] = {
            "method": lambda: self._put_method(place, "ANY", wiring),
            "page": lambda: self._put_method(place, "GET", wiring),
            "no page": lambda: self._delete_page(place),
            "deployment": lambda: self._deploy(api, wiring),
            "throttle": lambda: self._set_throttle(api, wiring, found.plan),
            "key": lambda: self._keys.make(api, wiring),
            "no key": lambda: self._keys.remove(one_each(wiring.tags)),
            "tidy": lambda: self._tidy(api),
        }

        def look() -> bool | None:
            return (action == "deployment" and self._is_deployed(api, wiring, found)) or None

        again = _KEY_AGAIN if action == "key" else _AGAIN
        self._repeater.ensured(f"API {api}", acts[action], look, again)

    def unwire(self, tags: Tags) -> None:
        """Deletes our keys and usage plans, even if their API no longer exists; methods and stages go with the API."""
        self._repeater.ensured("API keys and usage plans", lambda: self._keys.remove(tags), again=_AGAIN)

    def keys_and_plans(self, tags: Tags) -> list[Billable]:
        """The API keys and usage plans that are ours; they cost nothing.

        One in a stack is ours when `tags` names the stack as `aws:cloudformation:stack-name`; any other, when it has
        all the other tags.
        """
        with translated("API keys"):
            return self._keys.all(tags)

    def key(self, api: str, stage: str = STAGE) -> str:
        """The value of a stage's key (of any stage if `stage` is empty); empty when there is none.

        Raises WildrydesError when the key is disabled.
        """
        with translated(f"API {api}"):
            return self._keys.value(api, stage)

    def signed_headers(self, url: str, body: bytes, headers: dict[str, str], method: str = "POST") -> dict[str, str]:
        """The headers with an AWS signature, for an API with AWS_IAM."""
        request = AWSRequest(method=method, url=url, data=body, headers=headers)
        SigV4Auth(self._credentials, "execute-api", self._identity.region).add_auth(request)
        return dict(request.headers.items())

    def _root(self, api: str) -> dict[str, Any]:
        resources = listed(self._client, "get_resources", restApiId=api, embed=["methods"])
        return next(item for item in resources if item["path"] == "/")

    def _stages(self, api: str) -> list[dict[str, Any]]:
        # Without stages there is an empty list; an answer without one is none.
        return list(self._client.get_stages(restApiId=api)["item"])

    def _deployments(self, api: str) -> dict[str, str]:
        """The deployments' descriptions by id."""
        found = listed(self._client, "get_deployments", restApiId=api)
        return {item["id"]: str(item.get("description") or "") for item in found}

    def _is_deployed(self, api: str, wiring: Wiring, before: FoundWiring) -> bool:
        stage = next((stage for stage in self._stages(api) if stage["stageName"] == STAGE), {})
        now = stage.get("deploymentId", "")
        return now not in ("", before.deployment) and self._deployments(api).get(now) == wiring.description

    def _tidy(self, api: str) -> None:
        """AWS keeps no more than 200 deployments of an API."""
        deployments = self._deployments(api)
        if len(deployments) < 2:
            return
        removed = {
            deployment
            for deployment in _unused(deployments, self._stages(api))
            if optional(self._once.delete_deployment, _IN_USE, restApiId=api, deploymentId=deployment) is not None
        }
        if removed:
            left = removed.intersection(self._deployments(api))
            confirm(not left, f"deletion of deployments of API {api}: {', '.join(sorted(left))}")

    def _target(self, method: dict[str, Any]) -> str | None:
        integration = method.get("methodIntegration") or {}
        if integration.get("type") != "AWS_PROXY":
            return None
        _, _, function = str(integration.get("uri", "")).partition(f"/{_INTEGRATION_PATH}/")
        return function.removesuffix("/invocations") or None

    def _put_method(self, place: dict[str, str], verb: str, wiring: Wiring) -> None:
        place = {**place, "httpMethod": verb}
        auth = wiring.auth if verb == "ANY" else "NONE"
        kind, needs_key = "AWS_IAM" if auth == "AWS_IAM" else "NONE", auth == "API_KEY"
        named = {} if verb == "ANY" else {"operationName": PAGE}
        try:
            put = self._once.put_method(**place, authorizationType=kind, apiKeyRequired=needs_key, **named)
        except ClientError as error:
            # A method cannot be put again. It stays, so that no deployment of another deployer misses it.
            if code_of(error) != "ConflictException" or not self._is_ours(place, verb):
                raise
            changes = {"authorizationType": kind, "apiKeyRequired": str(needs_key).lower()}
            patch = [{"op": "replace", "path": f"/{key}", "value": value} for key, value in changes.items()]
            put = self._once.update_method(**place, patchOperations=patch)
        confirm(_auth(put) == auth, f"method {verb} of API {place['restApiId']}")
        self._put_integration(place, wiring.target)

    def _put_integration(self, place: dict[str, str], target: str) -> None:
        integration = {"type": "AWS_PROXY", "uri": self._uri(target)}
        put = self._once.put_integration(**place, integrationHttpMethod="POST", **integration)
        is_put = all(put.get(key) == value for key, value in integration.items())
        confirm(is_put, f"integration of method {place['httpMethod']} of API {place['restApiId']}")

    def _delete_page(self, place: dict[str, str]) -> None:
        place = {**place, "httpMethod": "GET"}
        optional(self._once.delete_method, **place)
        is_gone = optional(self._client.get_method, **place) is None
        confirm(is_gone, f"deletion of method GET of API {place['restApiId']}")

    def _deploy(self, api: str, wiring: Wiring) -> None:
        made = self._once.create_deployment(restApiId=api, stageName=STAGE, description=wiring.description)
        confirm("id" in made, f"deployment of API {api} to stage {STAGE}")

    def _is_ours(self, place: dict[str, str], verb: str) -> bool:
        """Whether the method is there and ours to change; a GET that somebody made meanwhile is not."""
        found = optional(self._client.get_method, **place)
        return found is not None and (verb == "ANY" or found.get("operationName") == PAGE)

    def _uri(self, target: str) -> str:
        identity = self._identity
        path = f"lambda:path/{_INTEGRATION_PATH}/{target}/invocations"
        return f"arn:{identity.partition}:apigateway:{identity.region}:{path}"

    def _set_throttle(self, api: str, wiring: Wiring, plan: str) -> None:
        changes = [
            {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": number(wiring.rate)},
            {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": str(wiring.burst)},
        ]
        stage = self._once.update_stage(restApiId=api, stageName=STAGE, patchOperations=changes)
        confirm(_throttle(stage) == (wiring.rate, wiring.burst), f"throttle of stage {STAGE} of API {api}")
        if plan and wiring.auth == "API_KEY":
            self._keys.limit(plan, wiring)


def _unused(deployments: Mapping[str, str], stages: list[dict[str, Any]]) -> tuple[str, ...]:
    """Our deployments that no stage uses, not even for a part of its callers."""
    served = {stage.get("deploymentId") for stage in stages}
    served |= {(stage.get("canarySettings") or {}).get("deploymentId") for stage in stages}
    return tuple(id for id, description in deployments.items() if description.startswith(MARK) and id not in served)


def _auth(method: dict[str, Any]) -> str:
    if method.get("apiKeyRequired"):
        return "API_KEY"
    return str(method.get("authorizationType"))


def _throttle(stage: dict[str, Any]) -> tuple[float, int] | None:
    settings = stage.get("methodSettings", {}).get("*/*")
    if settings is None:
        return None
    return float(settings.get("throttlingRateLimit", 0)), int(settings.get("throttlingBurstLimit", 0))
