"""An account in memory for runs: S3, Step Functions and a function, which any call may find dead."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from wildrydes_ml.aws.machines import Counts, Execution
from wildrydes_ml.aws.pictures import Listed, Stored
from wildrydes_ml.batches.estimate import Speed
from wildrydes_ml.batches.flow import Flow
from wildrydes_ml.batches.places import Run
from wildrydes_ml.batches.runner import Runner
from wildrydes_ml.errors import OutOfReach, WildrydesError
from wildrydes_ml.testing import Said

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:rides-batch-Batches"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:judge:live"
BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Killed(Exception):
    """The command is killed: nothing of it runs any more."""


@dataclass
class Account:
    """What survives the command. `fault` is asked at each call: it may raise before or after the call has an effect."""

    objects: dict[tuple[str, str], Stored] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    calls: int = 0
    fault: Callable[[int, str], None] = lambda number, when: None
    batch: Callable[["Account", dict[str, Any]], dict[str, Any]] = lambda account, event: account.answer(event)
    looks_until_over: int = 2
    looks: dict[str, int] = field(default_factory=dict)
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    failing: str = ""
    tolerated: int = 5

    def called(self, act: Callable[[], Any]) -> Any:
        """A call of the command's: the n-th may be its last."""
        self.calls += 1
        self.fault(self.calls, "before")
        found = act()
        self.fault(self.calls, "after")
        return found

    def put(self, bucket: str, **content: bytes) -> None:
        for key, body in content.items():
            self.objects[bucket, key] = Stored(body, {})

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """What the function does with a batch: a line for each picture, in one object."""
        asked = event["batch"]
        lines = [self.line(asked["input"], key) for key in asked["keys"]]
        output = asked["output"]
        name = f"{output['prefix']}{abs(hash(tuple(asked['keys']))):x}.jsonl"
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        self.objects[output["bucket"], name] = Stored(body, {"seconds": str(0.1 * len(lines))})
        return {"done": len(lines), "left": 0, "keys": [], "problems": 0, "seconds": 0.1 * len(lines)}

    def line(self, bucket: str, key: str) -> dict[str, Any]:
        found = self.objects.get((bucket, key))
        if found is None:
            return {"key": key, "problem": "picture-missing"}
        if found.body == b"poison":
            return {"key": key, "problem": "undecodable-image"}
        return {
            "key": key,
            "message": "Unicorn is validated" if found.body == b"horse" else "Unable to validate Unicorn",
        }


@dataclass
class Pictures:
    account: Account

    def keys(self, bucket: str, prefix: str = "") -> Iterator[str]:
        names = sorted(key for one, key in self.account.objects if one == bucket and key.startswith(prefix))
        return iter(self.account.called(lambda: names))

    def listed(self, bucket: str, prefix: str = "") -> list[Listed]:
        bodies = {key: self.account.objects[bucket, key].body for key in self.keys(bucket, prefix)}
        return [
            Listed(key, len(body), BEGIN.timestamp(), hashlib.md5(body).hexdigest()) for key, body in bodies.items()
        ]

    def read(self, bucket: str, key: str) -> Stored | None:
        found: Stored | None = self.account.called(lambda: self.account.objects.get((bucket, key)))
        return found

    def write(self, bucket: str, key: str, body: bytes) -> None:
        self.account.called(lambda: self.account.objects.__setitem__((bucket, key), Stored(body, {})))


@dataclass
class Functions:
    account: Account

    def call(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        assert name == FUNCTION
        found: dict[str, Any] = self.account.called(lambda: self.account.batch(self.account, event))
        return found


@dataclass
class Machines:
    """An execution goes on whether the command lives or not; it is over after so many looks."""

    account: Account

    def start(self, machine: str, name: str, data: dict[str, Any]) -> str:
        def begin() -> str:
            arn = f"execution:{name}"
            if arn not in self.account.executions:
                number = len(self.account.executions)
                started = BEGIN + timedelta(seconds=number)
                self.account.executions[arn] = Execution(arn, name, "RUNNING", started)
                self.account.looks[arn] = self.account.looks_until_over
                self.account.inputs[arn] = data
            return arn

        return str(self.account.called(begin))

    def _run(self, arn: str, data: dict[str, Any]) -> None:
        manifest = self.account.objects[data["manifest"]["bucket"], data["manifest"]["key"]]
        batches = [json.loads(line)["keys"] for line in manifest.body.decode().splitlines()]
        failed = 0
        for keys in batches:
            try:
                event = {"batch": {"input": data["input"], "keys": keys, "output": data["output"]}}
                self.account.batch(self.account, event)
            except WildrydesError as error:
                failed, self.account.failing = failed + 1, str(error)
        self.account.counts[arn] = Counts(len(batches), len(batches) - failed, failed, 0)

    def execution(self, arn: str) -> Execution:
        def look() -> Execution:
            looks = self.account.looks
            looks[arn] -= 1
            if looks[arn] == 0:
                self._run(arn, self.account.inputs[arn])
                counts = self.account.counts[arn]
                is_bad = counts.failed * 100 > self.account.tolerated * counts.total
                found = replace(self.account.executions[arn], status="FAILED" if is_bad else "SUCCEEDED")
                self.account.executions[arn] = found
            return self.account.executions[arn]

        found: Execution = self.account.called(look)
        return found

    def executions(self, machine: str, begin: str = "", status: str = "") -> list[Execution]:
        found = [one for one in self.account.executions.values() if one.name.startswith(begin)]
        kept = [one for one in found if not status or one.status == status]
        listed: list[Execution] = self.account.called(lambda: sorted(kept, key=lambda one: one.started, reverse=True))
        return listed

    def counts(self, arn: str) -> Counts:
        found: Counts = self.account.called(lambda: self.account.counts.get(arn, Counts()))
        return found

    def failures(self, arn: str, most: int = 3) -> list[str]:
        return [self.account.failing] if self.account.failing else []


def flow(account: Account, run: Run, said: Said | None = None, concurrency: int = 2) -> Flow:
    """A run's steps in that account."""
    functions: Any = Functions(account)
    machines: Any = Machines(account)
    pictures: Any = Pictures(account)
    ticks = iter(range(10**6))
    runner = Runner(
        functions,
        machines,
        pictures,
        run,
        MACHINE,
        FUNCTION,
        said or Said(),
        1.0,
        lambda seconds: None,
        lambda: next(ticks),
    )
    return Flow(runner, known, concurrency, 90.0, False, "wildrydes-ml batch s3://pics/p/ --resume")


def known(sampled: Speed) -> Speed:
    """Nothing more is known of the deployment."""
    return sampled


def unreachable(text: str = "s3: AWS cannot be reached; run the same command again") -> OutOfReach:
    """A lost reply."""
    return OutOfReach(text)
