"""Lambda and CloudWatch Logs: the function's direct invocation and its log group."""

import json
import re
from collections.abc import Collection
from typing import Any

from botocore.exceptions import ClientError

from ..errors import WildrydesError
from .facts import Unknown
from .faults import DENIED, code_of, translated
from .records import FunctionFacts, Invocation
from .repeating import optional

# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: network interfaces and mounts take their time.
_NOT_YET = {
    "EFSIOException",
    "EFSMountConnectivityException",
    "EFSMountFailureException",
    "EFSMountTimeoutException",
    "ResourceConflictException",
    "ResourceNotReadyException",
}
_WANTED = '{"statusCode": 200, "body": json.dumps(...)}'


class Functions:
    """Lambda."""

    def __init__(self, client: Any, logs: Any) -> None:
        self._client = client
        self._logs = logs

    def invoke(self, name: str, event: dict[str, Any]) -> Invocation:
        """Invokes the function and waits; the limit is the function's own timeout, not API Gateway's 29 s.

        A function that cannot start yet gives a result with an error, not an exception.
        """
        with translated(f"function {name}"):
            try:
                reply = self._client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
            except ClientError as error:
                if code_of(error) in _NOT_YET:
                    return Invocation(0, "", str(error), has_run=False)
                raise
            payload = json.loads(reply["Payload"].read())
        if reply.get("FunctionError"):
            return Invocation(0, "", _error(payload))
        return _answered(payload)

    def call(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        """What the function returns, as it is. Raises WildrydesError when it fails."""
        with translated(f"function {name}"):
            reply = self._client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
            payload = json.loads(reply["Payload"].read())
        if reply.get("FunctionError") or not isinstance(payload, dict):
            raise WildrydesError(f"function {name}: {_error(payload)}")
        return payload

    def facts(self, name: str) -> FunctionFacts | None:
        """What a function, or its alias, is; None when there is none."""
        with translated(f"function {name}"):
            found = optional(self._client.get_function_configuration, FunctionName=name)
        if found is None:
            return None
        return FunctionFacts(
            name=found["FunctionName"],
            role=found["Role"].rpartition("/")[2],
            memory=int(found["MemorySize"]),
            timeout=int(found["Timeout"]),
            architecture=(found.get("Architectures") or ["x86_64"])[0],
            mounts=bool(found.get("FileSystemConfigs")),
            subnets=tuple(found.get("VpcConfig", {}).get("SubnetIds", ())),
        )

    def tags(self, name: str) -> dict[str, str] | None:
        """The function's tags, None when there is no such function."""
        with translated(f"function {name}"):
            found = optional(self._client.get_function, FunctionName=name)
            return None if found is None else dict(found.get("Tags", {}))

    def lost(self, name: str, alias: str) -> str | Unknown:
        """The type of the missing resource, the function or its alias (if one is named); empty when both exist.

        It needs one call if they exist. Unknown when the permissions do not allow it.
        """
        if not alias:
            return "AWS::Lambda::Function" if self.tags(name) is None else ""
        with translated(f"function {name}"):
            try:
                if optional(self._client.get_alias, FunctionName=name, Name=alias) is not None:
                    return ""
            except ClientError as error:
                if code_of(error) in DENIED:
                    return Unknown("denied", "lambda:GetAlias")
                raise
        return "AWS::Lambda::Function" if self.tags(name) is None else "AWS::Lambda::Alias"

    def missing(self, names: Collection[str]) -> tuple[str, ...] | Unknown:
        """Those of the functions that are gone: with one call where the account has not more than a page of functions.

        Unknown when it may not be asked.
        """
        listed = self._listed() if len(names) > 1 else set[str]()
        gone = {name: self._is_gone(name) for name in names if name not in listed}
        return next(
            (one for one in gone.values() if isinstance(one, Unknown)), tuple(name for name in gone if gone[name])
        )

    def _listed(self) -> set[str]:
        """The names on the first page of the account's functions; none where it may not be read."""
        with translated("functions"):
            try:
                return {one["FunctionName"] for one in self._client.list_functions()["Functions"]}
            except ClientError as error:
                if code_of(error) in DENIED:
                    return set()
                raise

    def _is_gone(self, name: str) -> bool | Unknown:
        with translated(f"function {name}"):
            try:
                return optional(self._client.get_function, FunctionName=name) is None
            except ClientError as error:
                if code_of(error) in DENIED:
                    return Unknown("denied", "lambda:GetFunction")
                raise

    def log_group_tags(self, name: str) -> dict[str, str] | None:
        """The log group's tags, None when there is no such log group."""
        with translated(f"log group {name}"):
            # Listed by name, so that the first page has it if there is one.
            groups = self._logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
            arns = [group["arn"] for group in groups if group["logGroupName"] == name]
            if not arns:
                return None
            found = optional(self._logs.list_tags_for_resource, resourceArn=arns[0].removesuffix(":*"))
            return None if found is None else dict(found.get("tags", {}))

    def delete_log_group(self, name: str) -> None:
        """Deletes a log group; a missing one is fine."""
        with translated(f"log group {name}"):
            optional(self._logs.delete_log_group, logGroupName=name)


def _error(payload: Any) -> str:
    """Why the function failed, with the name of Python's exception: a KeyError's message is only the key
    (https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html)."""
    if not isinstance(payload, dict) or "errorMessage" not in payload:
        return str(payload)
    said, kind = str(payload["errorMessage"]), str(payload.get("errorType", ""))
    return said if kind in said or not kind.isidentifier() else f"{kind}: {said}"


def _answered(payload: Any) -> Invocation:
    """A function's result as API Gateway reads it: a status, and text as the body
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html)."""
    fault = _fault(payload)
    if fault:
        return Invocation(0, "", f"the function returned {fault}, which API Gateway does not accept: return {_WANTED}")
    return Invocation(int(payload["statusCode"]), payload.get("body") or "")


def _fault(payload: Any) -> str:
    """What API Gateway does not accept; the same words each time, so that repeated errors are recognized."""
    match payload:
        case {"statusCode": status, **more} if re.fullmatch(r"[1-5]\d\d", str(status), re.ASCII):
            body = more.get("body")
            return "" if body is None or isinstance(body, str) else "a body that is not text"
        case {"statusCode": status}:
            return f"statusCode {json.dumps(status)}"
        case dict():
            return "no statusCode"
    return "nothing" if payload is None else "no object"
