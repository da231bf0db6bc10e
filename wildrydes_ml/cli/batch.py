"""`batch`: many pictures of a bucket or a folder, answered by the deployed function, many at a time."""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..ask import pictures
from ..aws.session import connect_batches
from ..batches import manifest, places, site
from ..batches.estimate import Speed
from ..batches.flow import Flow
from ..batches.results import NO_ANSWER, Results
from ..batches.runner import Runner
from ..deploy import public as deploying
from ..deploy.desired import default_bucket
from ..errors import SettingsError
from ..reporting import Confirm, Reporter
from ..writing import refuse_unwritable
from . import ask_line, commands
from .options import settings as _settings


def batch(options: argparse.Namespace, reporter: Reporter) -> int:
    """Asks many pictures and writes a line for each; 1 when some have no answer."""
    settings, asked = _settings(options), _asked(options.pictures)
    _refuse_unwritable(options.out or Path("batch.jsonl"))
    target = commands.existing_target(options, settings)
    aws = deploying.connected(settings, target, reporter, tells_account=False)
    there = site.find(aws, settings)
    if not target.is_local:  # an emulator's functions reach everything
        site.refuse_cut_off(aws, there)
    machines, s3 = connect_batches(target, aws.identity.region, reporter.warning)
    bucket = settings.bucket or there.parameters.get("DataBucket", "") or default_bucket(settings, aws.identity)
    run = places.run(asked, options.to, bucket, settings.name)
    site.refuse_elsewhere(there, run)
    lanes = site.concurrency(aws, there, options.concurrency, target.is_local)
    poll_seconds = min(target.poll_seconds * 10, 5.0)
    runner = Runner(aws.functions, machines, s3, run, "", there.function, reporter, poll_seconds)
    known, again = partial(_known, there, target.is_local), ask_line.resuming(options)
    flow = Flow(runner, known, lanes, there.facts.timeout, target.is_local, again)
    with stoppable(again):
        keys = _keys(options.pictures, flow)
        machine, is_new = site.machine(
            aws, machines, there, target, run, reporter, concurrency=lanes, tolerated=options.tolerate
        )
        ready = partial(site.refuse_changed, aws, there, run)
        flow = replace(flow, runner=replace(runner, machine=machine), ready=ready)
        confirm = _agreement(options, reporter)
        results = flow.go(keys, options.sample, confirm, resume=options.resume, is_new=is_new)
        return _told(options, flow, results, keys)


@contextmanager
def stoppable(again: str) -> Iterator[None]:
    """A Ctrl-C says how to go on, where nothing in it has said what is true."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt(str(stopped) or f"stopped; what is done stays. To go on, run: {again}") from stopped


def _refuse_unwritable(file: Path) -> None:
    """Raises SettingsError where the results cannot be written: before anything is paid for."""
    if file.is_dir():
        raise SettingsError([f"--out {file}: this is a directory; name a file"])
    refuse_unwritable(file.parent, is_made=False)


def _keys(asked: str, flow: Flow) -> list[str]:
    """The pictures' keys; those of a folder are uploaded first. Raises SettingsError for what cannot be asked."""
    run, s3 = flow.runner.run, flow.runner.pictures
    for one in dict.fromkeys((run.output.bucket, run.input.bucket)):
        s3.refuse_unfit(one)
    if found := _in_folder(asked):
        flow.upload(Path(asked), found)
    keys = flow.runner.keys()
    if not keys:
        raise SettingsError([f"{asked}: no object is there; check the prefix"])
    manifest.refuse_odd(keys)
    return keys


def _told(options: argparse.Namespace, flow: Flow, results: Results, keys: Sequence[str]) -> int:
    """Writes the results and tells what they are; 1 when some pictures have no answer."""
    run, reporter = flow.runner.run, flow.reporter
    file = options.out or Path(f"batch-{run.id}.jsonl")
    counts = flow.write(results, keys, file, "" if places.is_location(options.pictures) else run.input.prefix)
    for verdict, number in counts.most_common():
        reporter.output(f"{number:>10,}  {verdict}", verdict=verdict, pictures=number)
    cost = "" if flow.is_local else f", about {flow.cost(results, flow.known(Speed(picture=0.0))):.2f} US$"
    reporter.output(f"wrote {file}: {sum(counts.values()):,} lines{cost}")
    missing, seconds = counts[f"problem: {NO_ANSWER}"], round(results.seconds, 1)
    told = {"pictures": len(keys), "counts": dict(counts), "function_seconds": seconds, "file": str(file)}
    reporter.result(not missing, **told)
    return 1 if missing else 0


def _asked(text: str) -> str:
    """The place of the pictures: an s3:// location, or a folder's whole path. Raises SettingsError for neither."""
    if places.is_location(text):
        places.location(text)
        return text
    if not text or not Path(text).is_dir():  # an empty one would be the working directory
        raise SettingsError([f"{text or 'an empty name'}: no such folder; name a folder, or s3://BUCKET/PREFIX"])
    return str(Path(text).resolve())


def _in_folder(text: str) -> list[str]:
    """The pictures of a folder; none for a place in S3. Raises SettingsError for a folder without one."""
    if places.is_location(text):
        return []
    found = [one for one in pictures.find([text]) if Path(one).is_file()]
    if not found:
        raise SettingsError([f"{text}: no JPEG, PNG, WebP or GIF picture in this folder"])
    return found


def _known(there: site.Site, is_local: bool, sampled: Speed) -> Speed:
    """The sample's speed with what is known of the deployment."""
    mibps, is_elastic = there.throughput
    speed = replace(sampled, memory=there.facts.memory, architecture=there.facts.architecture)
    if is_local:
        # The sample has started the instances that the run uses.
        return replace(speed, cold=0.0, dispatched=math.inf, overhead=0.1)
    cold = max(sampled.cold, Speed(picture=0).cold)
    return replace(speed, cold=cold, efs_mibps=mibps, efs_elastic=is_elastic, start_mib=there.start_mib)


def _agreement(options: argparse.Namespace, reporter: Reporter) -> Confirm:
    """Shows the estimate, and asks a person at a terminal; a program is not asked."""

    def confirm(lines: list[str]) -> None:
        for line in lines:
            reporter.output(line)
        if not (options.yes or options.local or options.output == "json" or not sys.stdin.isatty()):
            commands.agree("Ask about all pictures? [y/N] ", "only the sample was asked about")

    return confirm
