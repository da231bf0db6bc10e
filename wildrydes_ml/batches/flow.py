"""A run from its first question to its results, in steps that may be begun anew at any of them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from .. import parallel
from ..aws.machines import SUCCEEDED, Execution
from ..errors import InterruptedWork, SettingsError, WildrydesError
from ..reporting import Confirm, Reporter
from ..writing import write_whole
from . import manifest
from .estimate import Estimate, Speed, estimate, spent
from .results import Results, counted, merged
from .runner import AT_ONCE, ONE_BY_ONE, Runner, Told, lines


@dataclass(frozen=True)
class Flow:
    """A run's steps. `known` completes the sample's speed; `again` is what a person runs to go on. `ready` raises when
    the machine is no longer for these pictures."""

    runner: Runner
    known: Callable[[Speed], Speed]
    concurrency: int
    timeout: float
    is_local: bool
    again: str
    ready: Callable[[], None] = lambda: None

    @property
    def reporter(self) -> Reporter:
        """Where it is told."""
        return self.runner.reporter

    def upload(self, folder: Path, pictures: Sequence[str]) -> None:
        """Copies the pictures of a folder into the bucket; a picture that is there as it is here is left out.

        Raises SettingsError for pictures that have changed since they were answered.
        """
        place, client = self.runner.run.input, self.runner.pictures
        there = {one.key: one for one in client.listed(place.bucket, place.prefix)}
        names = {f"{place.prefix}{Path(one).relative_to(folder).as_posix()}": Path(one) for one in pictures}
        manifest.refuse_odd((key.removeprefix(place.prefix) for key in names), are_files=True)
        new = {key: path for key, path in names.items() if key not in there or there[key].differs(path)}
        self._refuse_answered([key for key in new if key in there])
        if new:
            self.reporter.event(f"uploading {len(new):,} pictures to {place}")
        work = [partial(_upload, client.write, place.bucket, key, path) for key, path in new.items()]
        for future in parallel.start(work, AT_ONCE):
            future.result()

    def _refuse_answered(self, changed: Sequence[str]) -> None:
        """Raises SettingsError when one of them has an answer: it would be told as that of the new picture."""
        lines = self.runner.results().lines if changed else {}
        if answered := [key for key in changed if key in lines]:
            first = answered[0].removeprefix(self.runner.run.input.prefix)
            others = f" and {len(answered) - 1:,} more" if len(answered) > 1 else ""
            raise SettingsError([f"{first}{others}: changed since the answer was written; use --to for another place"])

    def go(self, keys: Sequence[str], sample: int, confirm: Confirm, *, resume: bool, is_new: bool) -> Results:
        """Asks all pictures that have no result yet, and returns the results of all.

        Raises SettingsError for a run that there is already, unless `resume`; WildrydesError when too many batches
        fail; KeyboardInterrupt with words that say how to go on.
        """
        results, running = self.runner.results(), self.runner.running()
        if (results.lines or running) and not resume:
            where = self.runner.run.at("results")
            raise SettingsError(
                [f"{where} already has results of these pictures: add --resume to go on, or --to for another place"]
            )
        missing = results.passing(keys)
        if not missing:
            return results
        if running is None:
            speed = self.known(self._sampled(missing, sample, is_new=is_new))
            found, size = self._estimate(missing, speed)
            confirm(lines(found, self.is_local))
            # Another command with the same pictures may have started them meanwhile: one run is paid for.
            running = self.runner.running()
        else:
            speed = self.known(Speed(picture=0.1))
            found, size = self._estimate(missing, speed)
            self.reporter.event(f"{running.name} is still running: following it")
        with self._leaving_it_running():
            is_others = running is not None
            running = running or self._start(missing, size)
            return self._completed(keys, results, running, found, speed, size, is_others=is_others)

    @contextmanager
    def _leaving_it_running(self) -> Iterator[None]:
        """Whatever ends the command from here on, says how to go on."""
        try:
            yield
        except KeyboardInterrupt as stopped:
            raise KeyboardInterrupt(
                f"the batches go on; to see how far they are, and for the results, run: {self.again}"
            ) from stopped
        except InterruptedWork as error:
            raise type(error)(f"{error}. The pictures may still be asked; to go on, run: {self.again}") from error

    def _sampled(self, keys: Sequence[str], sample: int, *, is_new: bool) -> Speed:
        step = max(len(keys) // sample, 1)
        chosen = list(keys[::step])[:sample]
        # Where all lanes share this machine's processors, the sample must, too.
        lanes = self.concurrency if self.is_local else 1
        self.reporter.event(f"asking about {len(chosen)} of {len(keys):,} pictures first", steps=0)
        return self.runner.sample(chosen, min(lanes, len(chosen)), is_new=is_new)

    def _estimate(self, keys: Sequence[str], speed: Speed) -> tuple[Estimate, int]:
        size = manifest.size(len(keys), speed.picture, self.timeout)
        return estimate(len(keys), size, self.concurrency, speed), size

    def _completed(
        self,
        keys: Sequence[str],
        results: Results,
        running: Execution,
        found: Estimate,
        speed: Speed,
        size: int,
        *,
        is_others: bool,
    ) -> Results:
        """Follows executions, each for what the one before has left, until nothing is left that can be answered.

        With `is_others`, another command has begun the first one, with batches of a size of its own.
        """
        known = 0 if is_others else size
        while True:
            before, execution = len(results.lines), running
            met = self.runner.machines.counts(running.arn).succeeded
            told = Told(len(keys), known, before, found, speed, self.is_local, self.runner.clock(), met)
            execution = self.runner.follow(execution, told)
            results = self.runner.results()
            missing = results.missing(keys)
            if execution.status != SUCCEEDED and missing:
                raise WildrydesError(self._why_stopped(execution, len(missing)))
            if not missing:
                return results
            if len(missing) <= ONE_BY_ONE:
                self.runner.ask_the_rest(missing, self.concurrency)
                return self.runner.results()
            if len(results.lines) == before:
                raise WildrydesError(self._why_stopped(execution, len(missing)))
            self.reporter.event(f"{len(missing):,} pictures were left: asking about them again")
            running, known = self._start(missing, size), size

    def _start(self, missing: Sequence[str], size: int) -> Execution:
        self.ready()
        return self.runner.start(missing, size)

    def _why_stopped(self, execution: Execution, missing: int) -> str:
        reasons = self.runner.machines.failures(execution.arn) or [execution.error or execution.status]
        return (
            f"{execution.name} ended with {missing:,} pictures without an answer: {'; '.join(reasons)}. Remove "
            f"this cause, then run: {self.again}"
        )

    def write(self, results: Results, keys: Sequence[str], file: Path, prefix: str) -> Counter[str]:
        """Writes one line for each key, wholly or not at all, and returns how many there are of each verdict."""
        found = list(merged(results, keys, prefix))
        write_whole(file, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in found))
        return counted(found)

    def cost(self, results: Results, speed: Speed) -> float:
        """What all results have cost, by the seconds that the function took for them."""
        whole = replace(speed, picture=results.seconds / max(len(results.lines), 1))
        found = estimate(len(results.lines), manifest.KEYS, self.concurrency, whole)
        return spent(found, whole, results.seconds, results.objects, len(results.lines))


def _upload(write: Callable[[str, str, bytes], None], bucket: str, key: str, path: Path) -> None:
    write(bucket, key, path.read_bytes())
