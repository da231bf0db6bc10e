"""Finds what would make a deploy fail half-way, before anything is changed: all problems together, each with a remedy.

`needs` says what a plan depends on, `look` asks the account for it, `problems` judges the answers, and `check` does
all three. Checks that the permissions or an emulator do not allow are reported as skipped and do not block.

Some names need no check: several APIs may have the same name, and names of security groups must differ only within
their VPC. CloudFormation itself checks names of other kinds before it creates a change set.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import asdict
from functools import partial
from typing import Any, NamedTuple

from ... import parallel
from ...aws.account import Account
from ...aws.facts import QUOTAS, Ask, Facts, Unknown, Usage
from ...aws.records import Identity
from ...aws.session import Aws
from ...aws.target import Target
from ...errors import Refused, WildrydesError
from ...reporting import Reporter
from ...web import FOUND
from ..desired import Desired
from ..planner import FoundStack
from ..settings import Settings
from ..steps import Step
from .case import Problem
from .needs import GIVEN, needs, parts
from .problems import problems

_THREADS = 8
# Seconds. A service that does not answer is tried by the SDK for minutes; a check is not worth them.
_PATIENCE = 30
# A network that is given, and what is around it: an emulator has none.
_NOT_LOCAL = {*GIVEN.values(), "reach"}
_NOTHING: Mapping[str, FoundStack] = {}


class Unready(WildrydesError):
    """The account is not ready for the deployment; nothing was changed. `record` is the problems as plain data."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        head = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [f"  - {problem.describe()}" for problem in problems]
        super().__init__("\n".join([f"{head} in {problems[0].where}; nothing was changed:", *lines]))
        self.record = {"problems": [asdict(problem) for problem in problems]}


class _Question(NamedTuple):
    """What a fact is about, in words, and the function that asks the account about a subject."""

    title: str
    ask: Callable[[Account, str], Any]


def _usage(name: str) -> Callable[[Account, str], Any]:
    return lambda account, _: account.usage(name)


_QUESTIONS: Mapping[str, _Question] = {
    **{name: _Question(f"free {quota.counts}", _usage(name)) for name, quota in QUOTAS.items()},
    "zones": _Question("Availability Zones", lambda account, _: account.zones()),
    "instance_architectures": _Question(
        "the instance type's processor", lambda account, type: account.instance_architectures(type)
    ),
    "instance_zones": _Question("the instance type's zones", lambda account, type: account.instance_zones(type)),
    "runtimes": _Question("Lambda's runtimes", lambda account, _: account.runtimes()),
    "concurrency": _Question("free concurrency of Lambda", lambda account, name: account.concurrency(name)),
    "function": _Question("whether the function's name is free", lambda account, name: account.function(name)),
    "log_group": _Question("whether the log group's name is free", lambda account, name: account.log_group(name)),
    "model": _Question("whether the model's URL answers", lambda account, url: _model_fault(account, url)),
    "exports": _Question("whether the exports' names are free", lambda account, _: account.exports()),
    "stored": _Question("the parameters in Systems Manager", lambda account, name: account.stored(name)),
    "subnet": _Question("the given subnets", lambda account, id: account.subnet(id)),
    "security_group": _Question("the given security groups", lambda account, id: account.security_group(id)),
    "vpc": _Question("the given VPC", lambda account, id: account.vpc(id)),
    "reach": _Question("what the given subnets can reach", lambda account, id: account.reach(id)),
}


def _model_fault(account: Account, url: str) -> str:
    reply = account.answer(url)
    if reply.status in FOUND:
        return ""
    return f"it answers {reply.status}" if reply.status else f"no answer ({reply.fault})"


def refuse_other_account(settings: Settings, identity: Identity) -> None:
    """Raises Refused when `--account` names another account than the caller's."""
    if settings.account and settings.account != identity.account:
        raise Refused(
            f"the credentials belong to account {identity.account} ({identity.arn}), but --account says "
            f"{settings.account}. Nothing was changed. Choose other credentials with --profile"
        )


def check(
    aws: Aws,
    desired: Desired,
    steps: Sequence[Step],
    target: Target,
    reporter: Reporter,
    there: Mapping[str, FoundStack] = _NOTHING,
) -> None:
    """Checks the account before the steps are taken. `there` are the existing stacks.

    Raises Unready with all problems, and InterruptedWork when the credentials have expired.
    """
    made = parts(desired, steps, there)
    wanted = needs(desired, made, steps)
    if target.is_local:
        wanted = tuple(ask for ask in wanted if _is_for_an_emulator(ask, desired))
    facts, unknown = look(aws.account, wanted, 1 if target.is_local else _THREADS)
    _tell_unknown(facts, unknown, target, reporter)
    found = problems(facts, desired, made, target.endpoint)
    for problem in found:
        if not problem.is_certain:
            reporter.warning(problem.describe())
    certain = [problem for problem in found if problem.is_certain]
    if certain:
        raise Unready(certain)


def _is_for_an_emulator(ask: Ask, desired: Desired) -> bool:
    """Whether an emulator can answer: it has no network, and starts no instance that would fetch the model."""
    return ask.name not in _NOT_LOCAL and (ask.name != "model" or desired.fill is not None)


def look(
    account: Account, asks: Sequence[Ask], threads: int, patience: float = _PATIENCE
) -> tuple[Facts, dict[Ask, Unknown]]:
    """Asks the account several questions at a time; returns the known facts, and why the others are not known.

    A fact counts as unknown if there is no answer after `patience` seconds.
    """
    futures = parallel.start([partial(_QUESTIONS[ask.name].ask, account, ask.subject) for ask in asks], threads)
    wait(futures, timeout=patience)
    late = Unknown("unanswered", f"no answer in {patience:g} s")
    answers = {ask: future.result() if future.done() else late for ask, future in zip(asks, futures, strict=True)}
    unknown = {ask: answer for ask, answer in answers.items() if isinstance(answer, Unknown)}
    return {ask: answer for ask, answer in answers.items() if ask not in unknown}, unknown


_WHY_UNKNOWN = {
    "denied": "not checked because permissions are missing",
    "unanswered": "not checked because there was no answer",
    "unknown": "not checked here",
}


def _tell_unknown(facts: Facts, unknown: Mapping[Ask, Unknown], target: Target, reporter: Reporter) -> None:
    """Reports what was not checked: a line for each reason."""
    usages: dict[str, Usage] = {name: facts[Ask(name)] for name in QUOTAS if Ask(name) in facts}
    skipped = [(_QUESTIONS[ask.name].title, answer) for ask, answer in unknown.items()]
    skipped += [(f"the quota of {QUOTAS[name].counts}", one.unread) for name, one in usages.items() if one.unread]
    for kind, words in _WHY_UNKNOWN.items():
        found = {title: answer.detail for title, answer in skipped if answer.kind == kind}
        if not found:
            continue
        if target.is_local:
            reporter.event(f"{words}: {', '.join(found)}")
        else:
            reporter.warning(f"{words}: {', '.join(f'{title} ({detail})' for title, detail in found.items())}")
