"""Step Functions: executions of a state machine with a Distributed Map, how far they are, and why batches failed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import WildrydesError
from .faults import translated
from .repeating import optional

RUNNING, SUCCEEDED = "RUNNING", "SUCCEEDED"
# Executions of one machine that are looked at: those of a run are the newest.
_PAGES = 10


@dataclass(frozen=True)
class Execution:
    """An execution of a state machine."""

    arn: str
    name: str
    status: str
    started: datetime
    stopped: datetime | None = None
    error: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it has ended, however."""
        return self.status != RUNNING


@dataclass(frozen=True)
class Counts:
    """The batches of an execution, by how far they are."""

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    running: int = 0

    @property
    def over(self) -> int:
        """The batches that have ended."""
        return self.succeeded + self.failed


class Machines:
    """Step Functions."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def exists(self, machine: str) -> bool:
        """Whether there is such a machine that is not being deleted."""
        with translated(f"state machine {machine}"):
            gone = {"ResourceNotFound", "StateMachineDoesNotExist"}
            found = optional(self._client.describe_state_machine, gone, stateMachineArn=machine)
            return found is not None and found["status"] == "ACTIVE"

    def start(self, machine: str, name: str, data: Mapping[str, Any]) -> str:
        """Starts an execution, and returns its ARN. With a name that there is already, it starts nothing: a lost reply
        costs no second execution."""
        with translated(f"state machine {machine}"):
            asked = {"stateMachineArn": machine, "name": name, "input": json.dumps(data)}
            found = optional(self._client.start_execution, {"ExecutionAlreadyExists"}, **asked)
        return _arn(machine, name) if found is None else str(found["executionArn"])

    def execution(self, arn: str) -> Execution:
        """The execution. Raises WildrydesError when there is none."""
        with translated(f"execution {arn}"):
            found = optional(self._client.describe_execution, {"ExecutionDoesNotExist"}, executionArn=arn)
            if found is None:
                raise WildrydesError(f"execution {arn}: it no longer exists; run again")
            return _execution(found)

    def executions(self, machine: str, begin: str = "", status: str = "") -> list[Execution]:
        """The machine's executions whose name begins so, the newest first."""
        found: list[Execution] = []
        more: dict[str, str] = {"statusFilter": status} if status else {}
        with translated(f"state machine {machine}"):
            for _ in range(_PAGES):
                page = self._client.list_executions(stateMachineArn=machine, maxResults=1000, **more)
                found += [_execution(item) for item in page["executions"] if item["name"].startswith(begin)]
                if "nextToken" not in page:
                    break
                more["nextToken"] = page["nextToken"]
        return sorted(found, key=lambda one: one.started, reverse=True)

    def counts(self, arn: str) -> Counts:
        """How far the batches are; all 0 while the manifest is being read."""
        run = self._map_run(arn)
        if run is None:
            return Counts()
        with translated(f"execution {arn}"):
            found = self._client.describe_map_run(mapRunArn=run)["itemCounts"]
        failed = sum(int(found[name]) for name in ("failed", "timedOut", "aborted"))
        return Counts(int(found["total"]), int(found["succeeded"]), failed, int(found["running"]))

    def failures(self, arn: str, most: int = 3) -> list[str]:
        """Why batches failed, in the words of the function or of Lambda; each reason once."""
        run = self._map_run(arn)
        if run is None:
            return []
        with translated(f"execution {arn}"):
            page = self._client.list_executions(mapRunArn=run, statusFilter="FAILED", maxResults=20)
            told = [_reason(self._client.describe_execution(executionArn=one["executionArn"]))
                    for one in page["executions"]]  # fmt: skip
        return list(dict.fromkeys(filter(None, told)))[:most]

    def _map_run(self, arn: str) -> str | None:
        with translated(f"execution {arn}"):
            runs = self._client.list_map_runs(executionArn=arn)["mapRuns"]
        return str(runs[0]["mapRunArn"]) if runs else None


def _arn(machine: str, name: str) -> str:
    return f"{machine.replace(':stateMachine:', ':execution:', 1)}:{name}"


def _execution(found: Mapping[str, Any]) -> Execution:
    return Execution(
        arn=found["executionArn"],
        name=found["name"],
        status=found["status"],
        started=found["startDate"],
        stopped=found.get("stopDate"),
        error=_reason(found),
    )


def _reason(found: Mapping[str, Any]) -> str:
    """Error and cause; of a function's error, whose cause is JSON, the message."""
    error, cause = str(found.get("error") or ""), str(found.get("cause") or "")
    try:
        payload = json.loads(cause)
        cause = str(payload["errorMessage"]) if isinstance(payload, dict) and "errorMessage" in payload else cause
    except ValueError:
        pass
    return ": ".join(filter(None, [error, cause]))
