"""How often the deployer's calls get through when AWS throttles or fails, by the SDK's retry modes.

The project's own gateways, on the SDK's real clients with the real pauses, call moto; before some calls reach it, they
are answered as AWS answers when it is busy. Prints a table. Takes a quarter of an hour, most of it asleep.

    python benchmarks/retries.py [--rounds 4] [--seed 1]
"""

import argparse
import os
import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from moto import mock_aws

from wildrydes_ml.aws.apis import Apis
from wildrydes_ml.aws.buckets import Buckets
from wildrydes_ml.aws.records import Identity
from wildrydes_ml.aws.repeating import Repeater
from wildrydes_ml.aws.stacks import Stacks
from wildrydes_ml.aws.wiring import Wiring
from wildrydes_ml.errors import WildrydesError

IDENTITY = Identity("123456789012", "arn:aws:iam::123456789012:user/rider", "aws", "us-east-1")
MODES = ("legacy", "standard", "adaptive")
ATTEMPTS = (3, 5, 10)
WIRING = Wiring("arn:aws:lambda:us-east-1:123456789012:function:f:live", "NONE", 5, 10, name="f")
# moto takes every call for one without TLS, which a bucket of ours refuses.
UPLOADS = "uploads"

# The answers of a busy AWS, by service: HTTP status and code.
THROTTLED = {"cloudformation": (400, "Throttling"), "s3": (503, "SlowDown"), "apigateway": (429, "TooManyRequests")}
FAILED = dict.fromkeys(THROTTLED, (503, "ServiceUnavailable"))
FAULTS = {
    "20 % throttled": (0.2, THROTTLED),
    "50 % throttled": (0.5, THROTTLED),
    "20 % fail with 503": (0.2, FAILED),
    "50 % fail with 503": (0.5, FAILED),
}


@dataclass(frozen=True)
class Result:
    """What one way of repeating came to: how many of the operations got through, and how long each took [s]."""

    mode: str
    attempts: int
    faults: str
    through: int
    seconds: tuple[float, ...]

    def row(self) -> str:
        """A row of the table."""
        ordered = sorted(self.seconds)
        mean, worst = sum(ordered) / len(ordered), ordered[-1]
        share = 100 * self.through / len(ordered)
        return f"| {self.mode} | {self.attempts} | {self.faults} | {share:.0f} % | {mean:.1f} | {worst:.1f} |"


class Busy:
    """Answers calls in AWS's place, at random."""

    def __init__(self, share: float, answers: dict[str, tuple[int, str]], seed: int) -> None:
        self._share = share
        self._answers = answers
        self._random = random.Random(seed)

    def watch(self, client: Any) -> Any:
        """The client, whose calls may now be answered here."""
        client.meta.events.register_first("before-send", self._answer)
        return client

    def _answer(self, request: Any, **_: Any) -> AWSResponse | None:
        if self._random.random() >= self._share:
            return None
        service = next(name for name in self._answers if name in request.url)
        status, code = self._answers[service]
        xml = f"<ErrorResponse><Error><Code>{code}</Code><Message>busy</Message></Error></ErrorResponse>"
        if service == "s3":
            xml = f"<Error><Code>{code}</Code><Message>busy</Message></Error>"
        headers = {"x-amzn-errortype": f"{code}Exception"}
        return AWSResponse(request.url, status, headers, _Body(b"{}" if service == "apigateway" else xml.encode()))


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterable[bytes]:
        yield self._content


def clients(mode: str, attempts: int) -> dict[str, Any]:
    """One client of each service."""
    config = Config(retries={"mode": mode, "total_max_attempts": attempts})
    session = boto3.Session("key", "secret", region_name=IDENTITY.region)
    return {name: session.client(name, config=config) for name in THROTTLED}


def operations(made: dict[str, Any], busy: Busy, api: str, bucket: str) -> list[Callable[[], object]]:
    """A few steps of a deploy."""
    watched = {name: busy.watch(client) for name, client in made.items()}
    buckets = Buckets(watched["s3"], IDENTITY)
    stacks = Stacks(watched["cloudformation"], time.sleep, 5)
    apis = Apis(watched["apigateway"], watched["apigateway"], None, IDENTITY, Repeater(1))
    return [
        lambda: buckets.create(bucket, {"wildrydes-ml": "n"}),
        lambda: buckets.tags(bucket),
        lambda: buckets.upload(UPLOADS, f"code/{bucket}.zip", b"zip"),
        lambda: stacks.describe("a-stack"),
        lambda: stacks.describe("another-stack"),
        lambda: apis.found(api, WIRING),
    ]


def measure(mode: str, attempts: int, faults: str, made: dict[str, Any], api: str, rounds: int, seed: int) -> Result:
    """Does the operations, round after round, and counts those that get through."""
    todo = operations(made, Busy(*FAULTS[faults], seed), api, f"bucket-{mode}-{attempts}-{list(FAULTS).index(faults)}")
    through, seconds = 0, []
    for _ in range(rounds):
        for operation in todo:
            started = time.monotonic()
            try:
                operation()
                through += 1
            except WildrydesError:
                pass
            seconds.append(time.monotonic() - started)
    return Result(mode, attempts, faults, through, tuple(seconds))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4, help="times that six operations are done for each row")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    with mock_aws(), ThreadPoolExecutor(40) as pool:
        plain = clients("standard", 1)
        plain["s3"].create_bucket(Bucket=UPLOADS)
        api = plain["apigateway"].create_rest_api(name="a")["id"]
        rows = [(*row, clients(*row[:2])) for row in product(MODES, ATTEMPTS, FAULTS)]
        running = [pool.submit(measure, *row, api, options.rounds, options.seed) for row in rows]
        print("| mode | attempts | faults | get through | mean [s] | longest [s] |")
        print("|---|---:|---|---:|---:|---:|")
        for each in running:
            print(each.result().row(), flush=True)


if __name__ == "__main__":
    main()
