"""Lambda and CloudWatch Logs: the function's direct invocation and its log group."""

import json
from typing import Any

from botocore.exceptions import ClientError

from ..records import Invocation
from .faults import MISSING, code_of, translated

# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: network interfaces and mounts take their time.
_NOT_YET = {
    "EFSIOException",
    "EFSMountConnectivityException",
    "EFSMountFailureException",
    "EFSMountTimeoutException",
    "ResourceConflictException",
    "ResourceNotReadyException",
}


class Functions:
    """Lambda."""

    def __init__(self, client: Any, logs: Any) -> None:
        self._client = client
        self._logs = logs

    def invoke(self, name: str, event: dict[str, Any]) -> Invocation:
        """Invokes synchronously; there is no 29 s limit here, only the function's own timeout.

        A function that cannot start yet is an answer with an error, not an exception.
        """
        with translated(f"function {name}"):
            try:
                reply = self._client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
            except ClientError as error:
                if code_of(error) in _NOT_YET:
                    return Invocation(0, "", str(error), has_run=False)
                raise
            payload = json.loads(reply["Payload"].read())
        if reply.get("FunctionError") or not isinstance(payload, dict):
            said = payload.get("errorMessage", payload) if isinstance(payload, dict) else payload
            return Invocation(0, "", str(said))
        return Invocation(int(payload.get("statusCode", 0)), str(payload.get("body", "")))

    def tags(self, name: str) -> dict[str, str] | None:
        """The function's tags, None when there is no such function."""
        with translated(f"function {name}"):
            try:
                return dict(self._client.get_function(FunctionName=name).get("Tags", {}))
            except ClientError as error:
                if code_of(error) in MISSING:
                    return None
                raise

    def log_group_exists(self, name: str) -> bool:
        """Whether the log group exists."""
        with translated(f"log group {name}"):
            groups = self._logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return any(group["logGroupName"] == name for group in groups)

    def delete_log_group(self, name: str) -> None:
        """Deletes a log group; a missing one is fine."""
        with translated(f"log group {name}"):
            try:
                self._logs.delete_log_group(logGroupName=name)
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
