"""A run: a sample, an execution that is followed to its end, what it left, and the results of all.

Nothing of a run is kept here: manifests and results are in the bucket, executions have names that follow from the run.
So a run that was stopped anywhere goes on with the same command and `--resume`.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .. import parallel
from ..aws.functions import Functions
from ..aws.machines import Counts, Execution, Machines
from ..aws.pictures import Pictures
from ..durations import about
from ..errors import WildrydesError
from ..reporting import Reporter
from . import manifest
from .estimate import Estimate, Speed, spent
from .places import Location, Run
from .results import DENIED, Results

ONE_BY_ONE = 1000
"""So many pictures that were left, at most, are asked in an invocation each."""
AT_ONCE = 16
"""Objects that are read or written at a time, and pictures that are asked alone."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0
# How often the sample is asked again while rights that were just given do not hold yet.
_TRIES = 6


@dataclass(frozen=True)
class Runner:
    """What a run needs: the gateways, the places, the machine, the function's alias and how fast it is."""

    functions: Functions
    machines: Machines
    pictures: Pictures
    run: Run
    machine: str
    function: str
    reporter: Reporter
    poll_seconds: float = 5.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def keys(self) -> list[str]:
        """The pictures of the run: those that are there, and those of earlier manifests."""
        there = list(self.pictures.keys(self.run.input.bucket, self.run.input.prefix))
        place = self.run.at("manifests")
        earlier = [key for name in self.pictures.keys(place.bucket, place.prefix) for key in self._listed(place, name)]
        return list(dict.fromkeys([*there, *earlier]))

    def _listed(self, place: Location, name: str) -> list[str]:
        """The keys of a manifest that is whole."""
        found = self.pictures.read(place.bucket, name)
        if found is None or manifest.digest(found.body) not in name:
            self.reporter.warning(
                f"s3://{place.bucket}/{name} was changed since it was written; the pictures are listed again"
            )
            return []
        return list(manifest.keys_of(found.body))

    def results(self) -> Results:
        """What there is of results."""
        place, found = self.run.at("results"), Results()
        names = sorted(self.pictures.keys(place.bucket, place.prefix))
        futures = parallel.start([partial(self.pictures.read, place.bucket, name) for name in names], AT_ONCE)
        for future in futures:
            stored = future.result()
            if stored is not None:
                found.add(stored.body, stored.labels)
        return found

    def running(self) -> Execution | None:
        """The execution of this run that is under way."""
        found = self.machines.executions(self.machine, self.run.name, "RUNNING")
        return found[0] if found else None

    def sample(self, keys: Sequence[str], lanes: int, *, is_new: bool) -> Speed:
        """Asks some pictures, `lanes` invocations side by side. Raises WildrydesError when the function may not read.

        One picture each starts the instances, and the others tell the speed. With `is_new`, rights were given a
        moment ago: it waits until they hold.
        """
        first, others = keys[:lanes], keys[lanes:]
        for attempt in range(_TRIES if is_new else 1):
            if attempt:
                self.sleep(_FIRST_PAUSE)
            answers, took = self._side_by_side(first, lanes)
            if self._denied(first) < len(first):
                break
        cold = max(took - max(float(one["seconds"]) for one in answers), 0.0)
        if others:
            answers, _ = self._side_by_side(others, lanes)
        if self._denied(keys) == len(keys):
            raise WildrydesError(
                f"the function may not read {self.run.input}: all {len(keys)} pictures of the sample were denied. "
                "Allow it in the bucket's policy, and for encrypted objects in the key's policy"
            )
        done, seconds = sum(one["done"] for one in answers), sum(float(one["seconds"]) for one in answers)
        if not done:
            raise WildrydesError(
                "the sample was not answered in the function's time. A function in a network needs a way to S3, such "
                "as a gateway endpoint; if it has one, give it more time, such as deploy --set Timeout=300"
            )
        return Speed(picture=seconds / done, cold=cold)

    def _side_by_side(self, keys: Sequence[str], lanes: int) -> tuple[list[dict[str, Any]], float]:
        """What so many invocations return for a part of the keys each, and the seconds until the last one has."""
        began = self.clock()
        parts = [part for lane in range(lanes) if (part := list(keys[lane::lanes]))]
        futures = parallel.start([partial(self._ask, part, "sample") for part in parts], len(parts))
        return [future.result() for future in futures], self.clock() - began

    def _denied(self, keys: Sequence[str]) -> int:
        """How many of the sample the function may not read."""
        place = self.run.at("sample")
        found = Results()
        for name in self.pictures.keys(place.bucket, place.prefix):
            if (stored := self.pictures.read(place.bucket, name)) is not None:
                found.add(stored.body, {})
        return sum(f'"{DENIED}"' in found.lines.get(key, "") for key in keys)

    def _ask(self, keys: Sequence[str], part: str) -> dict[str, Any]:
        """Asks for some keys directly."""
        place = self.run.at(part)
        output = {"bucket": place.bucket, "prefix": place.prefix}
        event = {"batch": {"input": self.run.input.bucket, "keys": list(keys), "output": output}}
        answer = self.functions.call(self.function, event)
        if not {"done", "left", "seconds"} <= answer.keys():
            raise WildrydesError(
                f"function {self.function} does not answer batches: deploy this version's code first, with deploy"
            )
        return answer

    def start(self, keys: Sequence[str], size: int) -> Execution:
        """Writes the manifest for these keys, and starts an execution."""
        body = manifest.text(manifest.batches(keys, size)).encode()
        place, output = self.run.at("manifests"), self.run.at("results")
        key = f"{place.prefix}{manifest.digest(body)}.jsonl"
        self.pictures.write(place.bucket, key, body)
        number = len(self.machines.executions(self.machine, self.run.name)) + 1
        data = {
            "manifest": {"bucket": place.bucket, "key": key},
            "input": self.run.input.bucket,
            "output": {"bucket": output.bucket, "prefix": output.prefix},
        }
        arn = self.machines.start(self.machine, f"{self.run.name}{number}", data)
        return self.machines.execution(arn)

    def follow(self, execution: Execution, told: "Told") -> Execution:
        """Waits until the execution has ended, and tells how far it is, less and less often."""
        pause, interval = min(self.poll_seconds, _FIRST_PAUSE), _FIRST_PAUSE
        next_time = self.clock() + interval
        while not execution.is_over:
            self.sleep(pause)
            execution = self.machines.execution(execution.arn)
            if self.clock() >= next_time or execution.is_over:
                told.tell(self.machines.counts(execution.arn), self.clock(), self.reporter)
                interval = min(interval * 1.5, _LONGEST_PAUSE)
                next_time = self.clock() + interval
        return execution

    def ask_the_rest(self, keys: Sequence[str], lanes: int) -> None:
        """Asks each picture alone: one that ends the function takes no other with it."""
        self.reporter.event(f"{len(keys):,} pictures were left: each gets a request of its own")
        futures = parallel.start([partial(self._ask, [key], "results") for key in keys], min(lanes, AT_ONCE))
        for future in futures:
            if isinstance(error := future.exception(), WildrydesError):
                self.reporter.event(f"one picture has no answer: {error}")
            elif error:
                raise error


@dataclass
class Told:
    """What is told of a run while it goes on. `keys` are those of a batch, 0 for an execution that another command
    began: its batches may be of another size."""

    pictures: int
    keys: int
    before: int
    """The pictures that were done when the command met the execution."""
    found: Estimate
    speed: Speed
    is_local: bool
    began: float
    met: int = 0
    """The batches that were done when the command met the execution."""

    def tell(self, counts: Counts, now: float, reporter: Reporter) -> None:
        """Tells pictures done, their speed, failed batches, the cost so far and the time left."""
        new, missing = max(counts.succeeded - self.met, 0), self.pictures - self.before
        keys = self.keys or missing / max(counts.total - self.met, 1)
        done = min(round(new * keys), missing)
        rate = done / max(now - self.began, 0.001)
        left = (missing - done) / rate if rate else 0.0
        so_far = self.before + done
        cost = spent(self.found, self.speed, so_far * self.speed.picture, counts.over, so_far)
        parts = [f"{so_far:,} of {self.pictures:,} pictures", f"{rate:.1f} a second"]
        parts += [f"{counts.failed:,} batches failed"] * bool(counts.failed)
        parts += [f"about {cost:.2f} US$ so far"] * (not self.is_local)
        parts += [f"{about(left)} left"] * bool(rate and left)
        reporter.event(
            ", ".join(parts),
            done=so_far,
            pictures=self.pictures,
            failed_batches=counts.failed,
            seconds_left=round(left),
        )


def lines(found: Estimate, is_local: bool) -> list[str]:
    """The estimate in words."""
    told = [
        f"{found.pictures:,} picture{'s' * (found.pictures != 1)} in {found.batches:,} "
        f"batch{'es' * (found.batches != 1)}, {found.lanes:,} at a time: "
        f"{about(found.seconds)}",
        f"what takes the time: {found.limit}",
    ]
    if is_local:
        return told
    parts = ", ".join(f"{name} {dollars:.2f}" for name, dollars in found.costs.items() if dollars >= 0.005)
    return [*told, f"about {found.dollars:.2f} US$ ({parts or 'each part less than 0.01'})"]
