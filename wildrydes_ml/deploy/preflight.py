"""What would make a deploy fail half-way, found before anything is changed: all problems at once, each with its remedy.

`needs` says what a plan depends on, `look` asks the account for it, `problems` judges the answers, and `check` does
all three. What the account does not tell, for want of a permission or on an emulator, is said and holds nothing up.

Not looked at, since nothing can be in the way there: names of APIs (several may have the same), IAM's (CloudFormation
makes them up) and security groups' (they are of one VPC, which is new).
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import asdict
from functools import partial
from typing import Any, NamedTuple, cast

from .. import parallel
from ..aws.account import Account
from ..aws.facts import QUOTAS, Facts, Unknown, Usage
from ..aws.records import Identity
from ..aws.session import Aws
from ..aws.target import Target
from ..errors import Refused, WildrydesError
from ..reporting import Reporter
from ..web import FOUND
from .desired import Desired
from .problems import Problem, instance_type, problems, taken_concurrency
from .settings import Settings
from .steps import ApplyStack, DeleteStack, Fill, Step

_THREADS = 8
# Seconds. A service that does not answer is tried by the SDK for minutes; a check is not worth them.
_PATIENCE = 30
_EGRESS = {"nat": ("addresses", "nat_gateways", "instance_zones"), "ipv6": ("egress_only_gateways",), "none": ()}


class Unready(WildrydesError):
    """The account is not ready for the deployment; nothing was changed. `record` is the problems as plain data."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        head = "1 problem is" if len(problems) == 1 else f"{len(problems)} problems are"
        lines = [f"  - {problem.describe()}" for problem in problems]
        super().__init__("\n".join([f"{head} in the way in {problems[0].where}; nothing was changed:", *lines]))
        self.record = {"problems": [asdict(problem) for problem in problems]}


class _Question(NamedTuple):
    """What a fact is about, and how it is asked for."""

    title: str
    ask: Callable[[Account, Desired], Any]


def _usage(name: str) -> Callable[[Account, Desired], Any]:
    return lambda account, _: account.usage(name)


_QUESTIONS: Mapping[str, _Question] = {
    **{name: _Question(f"free {quota.counts}", _usage(name)) for name, quota in QUOTAS.items()},
    "zones": _Question("Availability Zones", lambda account, _: account.zones()),
    "instance_architectures": _Question(
        "the instance type's processor",
        lambda account, desired: account.instance_architectures(instance_type(desired.values)),
    ),
    "instance_zones": _Question(
        "the instance type's zones", lambda account, desired: account.instance_zones(instance_type(desired.values))
    ),
    "runtimes": _Question("Lambda's runtimes", lambda account, _: account.runtimes()),
    "concurrency": _Question(
        "free concurrency of Lambda", lambda account, desired: account.concurrency(desired.function_name)
    ),
    "function": _Question(
        "whether the function's name is free", lambda account, desired: account.function(desired.function_name)
    ),
    "log_group": _Question(
        "whether the log group's name is free", lambda account, desired: account.log_group(desired.log_group)
    ),
    "model": _Question("whether the model's URL answers", lambda account, desired: _model_fault(account, desired)),
    "exports": _Question("whether the exports' names are free", lambda account, _: account.exports()),
}


def _model_fault(account: Account, desired: Desired) -> str:
    reply = account.answer(desired.model_url)
    if reply.status in FOUND:
        return ""
    return f"it answers {reply.status}" if reply.status else f"nothing answers ({reply.fault})"


def refuse_other_account(settings: Settings, identity: Identity) -> None:
    """Raises Refused when `--account` names another account than the caller's."""
    if settings.account and settings.account != identity.account:
        raise Refused(
            f"the credentials are of account {identity.account} ({identity.arn}), not of {settings.account} as "
            "--account says: nothing was done; choose other ones with --profile"
        )


def check(aws: Aws, desired: Desired, steps: Sequence[Step], target: Target, reporter: Reporter) -> None:
    """Looks at the account before the steps are taken.

    Raises Unready with all problems, and InterruptedWork when the credentials have expired.
    """
    if "InternetEgress" not in desired.values:
        # What is looked at follows from the parameters of the workshop's network.
        return
    wanted = needs(desired, steps, _is_renamed(aws, desired, steps))
    # An emulator starts no instance that would fetch the model.
    names = [name for name in wanted if name != "model" or desired.fill or not target.is_local]
    facts, unknown = look(aws.account, desired, names, 1 if target.is_local else _THREADS)
    _tell_unknown(facts, unknown, target, reporter)
    found = problems(facts, desired)
    for problem in found:
        if not problem.is_certain:
            reporter.warning(problem.describe())
    certain = [problem for problem in found if problem.is_certain]
    if certain:
        raise Unready(certain)


def _is_renamed(aws: Aws, desired: Desired, steps: Sequence[Step]) -> bool:
    """Whether an update gives the function a name that its stack does not have yet."""
    service = desired.service.name
    if not any(
        isinstance(step, ApplyStack) and (step.desired.name, step.kind) == (service, "update") for step in steps
    ):
        return False
    found = aws.stacks.describe(service)
    return found is not None and found.parameters.get("FunctionName") != desired.function_name


def needs(desired: Desired, steps: Sequence[Step], is_renamed: bool = False) -> tuple[str, ...]:
    """The facts that the steps depend on; none for a plan that touches no stack.

    Names are looked at when they are new to the stack: when it is made, and when the function `is_renamed`.
    Room for a network is not looked for when the remains of a failed one are deleted first: that makes room.
    """
    applied = [step for step in steps if isinstance(step, ApplyStack)]
    touched = {step.desired.name for step in applied}
    made = {step.desired.name for step in applied if step.kind == "create"}
    removed = {step.name for step in steps if isinstance(step, DeleteStack)}
    values = desired.values
    network, service = desired.stacks[0].name, desired.service.name
    found: list[str] = []
    if network in made and network not in removed:
        found += ["vpcs", "internet_gateways", "file_systems", *_EGRESS[values["InternetEgress"]]]
    found += ["zones"] if network in made else []
    boots = _boots([step for step in applied if step.desired.name == network], network in made)
    if boots:
        found += ["zones", "instance_architectures", "instance_zones"]
    fills = [step for step in steps if isinstance(step, Fill) and "model" in step.parts]
    if desired.model_url and (fills if desired.fill else boots):
        found += ["model"]
    if touched:
        found += ["runtimes"]
    # An emulator's limit is its machine's memory, and reserves nothing.
    if service in touched and (taken_concurrency(values) or service in made) and not desired.fill:
        found += ["concurrency"]
    found += ["function", "log_group"] if service in made or is_renamed else []
    found += ["exports"] if desired.efs and network in made else []
    return tuple(dict.fromkeys(found))


def look(
    account: Account, desired: Desired, names: Sequence[str], threads: int, patience: float = _PATIENCE
) -> tuple[Facts, dict[str, Unknown]]:
    """Asks for the named facts, several at a time; returns those that are known, and why the others are not.

    What has not answered after `patience` seconds is not known.
    """
    futures = parallel.start([partial(_QUESTIONS[name].ask, account, desired) for name in names], threads)
    wait(futures, timeout=patience)
    late = Unknown("unanswered", f"nothing in {patience:g} s")
    answers = {name: future.result() if future.done() else late for name, future in zip(names, futures, strict=True)}
    unknown = {name: answer for name, answer in answers.items() if isinstance(answer, Unknown)}
    return cast(Facts, {name: answers[name] for name in names if name not in unknown}), unknown


def _boots(applied: Sequence[ApplyStack], made: bool) -> bool:
    """Whether a new instance will fill EFS: in a new network, after the old one was removed, or as the first one."""
    instances = [step.desired.parameters.get("BootstrapInstance", "none") != "none" for step in applied]
    parameters = [change for step in applied for change in step.parameters]
    is_first = any((change.name, change.old) == ("BootstrapInstance", "none") for change in parameters)
    return any(instances) and (made or False in instances or is_first)


_WHY_UNKNOWN = {
    "denied": "not checked for want of permission",
    "unanswered": "not checked for want of an answer",
    "unknown": "not checked here",
}


def _tell_unknown(facts: Facts, unknown: Mapping[str, Unknown], target: Target, reporter: Reporter) -> None:
    """Says in a line for each reason what was not checked."""
    usages = cast(Mapping[str, Usage], facts)
    quotas = {name: usages[name].unread for name in QUOTAS if name in facts}
    skipped = [(_QUESTIONS[name].title, answer) for name, answer in unknown.items()]
    skipped += [(f"the quota of {QUOTAS[name].counts}", answer) for name, answer in quotas.items() if answer]
    for kind, words in _WHY_UNKNOWN.items():
        found = [(title, answer.detail) for title, answer in skipped if answer.kind == kind]
        if not found:
            continue
        if target.is_local:
            reporter.event(f"{words}: {', '.join(title for title, _ in found)}")
        else:
            reporter.warning(f"{words}: {', '.join(f'{title} ({detail})' for title, detail in found)}")
