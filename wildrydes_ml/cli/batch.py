"""`batch`: many pictures of a bucket or a folder, answered by the deployed function, many at a time."""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..ask import pictures
from ..aws.machines import Machines
from ..aws.pictures import Pictures
from ..aws.session import Aws, connect_batches
from ..aws.target import Target
from ..batches import manifest, places, site
from ..batches.estimate import Speed
from ..batches.flow import Flow
from ..batches.places import Run
from ..batches.results import NO_ANSWER
from ..batches.runner import Runner
from ..deploy import public as deploying
from ..deploy.desired import default_bucket
from ..errors import SettingsError
from ..reporting import Reporter
from . import ask_line, commands
from .options import settings as _settings


def batch(options: argparse.Namespace, reporter: Reporter) -> int:
    """Asks many pictures and writes a line for each; 1 when some have no answer."""
    settings = _settings(options)
    target = commands.existing_target(options, settings)
    aws = deploying.connected(settings, target, reporter, tells_account=False)
    there = site.find(aws, settings)
    machines, s3 = connect_batches(target, aws.identity.region, reporter.warning)
    bucket = settings.bucket or there.parameters.get("DataBucket", "") or default_bucket(settings, aws.identity)
    run = places.run(_asked(options.pictures), options.to, bucket)
    site.refuse_elsewhere(there, run)
    for one in dict.fromkeys((run.output.bucket, run.input.bucket)):
        s3.refuse_unfit(one)
    found = _in_folder(options.pictures)
    if not found:
        _refuse_none(s3, run, options.pictures)
    return _run(options, reporter, aws, there, target, machines, s3, run, found)


def _run(
    options: argparse.Namespace,
    reporter: Reporter,
    aws: Aws,
    there: site.Site,
    target: Target,
    machines: Machines,
    s3: Pictures,
    run: Run,
    found: Sequence[str],
) -> int:
    lanes = site.concurrency(aws, there, options.concurrency, target.is_local)
    machine, is_new = site.machine(
        aws, machines, there, target, run, reporter, concurrency=lanes, tolerated=options.tolerate
    )
    runner = Runner(
        aws.functions, machines, s3, run, machine, there.function, reporter, min(target.poll_seconds * 10, 5.0)
    )
    known = partial(_known, there, target.is_local)
    flow = Flow(runner, known, lanes, there.facts.timeout, target.is_local, ask_line.resuming(options))
    if found:
        flow.upload(Path(options.pictures), found)
    keys = runner.keys()
    manifest.refuse_odd(keys)
    confirm = _agreement(options, reporter)
    results = flow.go(keys, options.sample, confirm, resume=options.resume, is_new=is_new)
    file = options.out or Path(f"batch-{run.id}.jsonl")
    counts = flow.write(results, keys, file, run.input.prefix if found else "")
    for verdict, number in counts.most_common():
        reporter.output(f"{number:>10,}  {verdict}", verdict=verdict, pictures=number)
    dollars = 0.0 if target.is_local else flow.cost(results, known(Speed(picture=0.0)))
    cost = "" if target.is_local else f", about {dollars:.2f} US$"
    reporter.output(f"wrote {file}: {sum(counts.values()):,} lines{cost}")
    missing = counts[f"problem: {NO_ANSWER}"]
    reporter.result(
        not missing, pictures=len(keys), counts=dict(counts), function_seconds=round(results.seconds, 1), file=str(file)
    )
    return 1 if missing else 0


def _asked(text: str) -> str:
    """The place of the pictures: an s3:// location, or a folder's whole path. Raises SettingsError for neither."""
    if places.is_location(text):
        places.location(text)
        return text
    if not Path(text).is_dir():
        raise SettingsError([f"{text}: no such folder; name a folder, or s3://BUCKET/PREFIX"])
    return str(Path(text).resolve())


def _in_folder(text: str) -> list[str]:
    """The pictures of a folder; none for a place in S3. Raises SettingsError for a folder without one."""
    if places.is_location(text):
        return []
    found = [one for one in pictures.find([text]) if Path(one).is_file()]
    if not found:
        raise SettingsError([f"{text}: no JPEG, PNG, WebP or GIF picture in this folder"])
    return found


def _refuse_none(s3: Pictures, run: Run, asked: str) -> None:
    if next(s3.keys(run.input.bucket, run.input.prefix), None) is None:
        raise SettingsError([f"{asked}: no object is there; check the prefix"])


def _known(there: site.Site, is_local: bool, sampled: Speed) -> Speed:
    """The sample's speed with what is known of the deployment."""
    mibps, is_elastic = there.throughput
    speed = replace(sampled, memory=there.facts.memory, architecture=there.facts.architecture)
    if is_local:
        # The sample has started the instances that the run uses.
        return replace(speed, cold=0.0, dispatched=math.inf, overhead=0.1)
    cold = max(sampled.cold, Speed(picture=0).cold)
    return replace(speed, cold=cold, efs_mibps=mibps, efs_elastic=is_elastic and there.facts.mounts)


def _agreement(options: argparse.Namespace, reporter: Reporter) -> Callable[[list[str]], None]:
    """Shows the estimate, and asks a person at a terminal; a program is not asked."""

    def confirm(lines: list[str]) -> None:
        for line in lines:
            reporter.output(line)
        if not (options.yes or options.local or options.output == "json" or not sys.stdin.isatty()):
            commands.agree("Ask these pictures? [y/N] ", "nothing was asked but the sample")

    return confirm
