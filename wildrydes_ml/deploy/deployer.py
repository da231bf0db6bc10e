"""Deploy: look at what is there, make the plan, take its steps, and prove that the API answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from typing import Any

from .. import costs, expiry
from ..aws.records import ChangeSet, Stack
from ..aws.session import Aws
from ..aws.target import Target
from ..aws.wiring import actions
from ..costs import bursts
from ..deployment import Proof, Verdict
from ..errors import InterruptedWork, Refused, WildrydesError
from ..local import filling
from ..reporting import Confirm, Reporter
from ..tags import EXPIRES_TAG, TAG, lasting
from ..template.effective import made
from ..template.fillers import fillers
from . import drift, handover, offers, planning, preflight, proven, shell, texts
from . import proof as proving
from .desired import DesiredStack, Outputs
from .follower import MADE, Follower, begin, work
from .observer import fill_settings
from .plans import Plan
from .refusals import refuse_losses, refuse_update
from .settings import Settings
from .states import Deploy, Destroy, state
from .steps import ApplyStack, DeleteStack, Fill, MakeBucket, RollBack, Step, Upload, WarmUp, Wire, change_line, told


@dataclass(frozen=True)
class Deployed:
    """What a deploy ends with."""

    changed: bool
    """Whether it changed anything."""
    api_url: str
    """The URL at which the API can be reached; empty without a proof."""
    outputs: Mapping[str, str]
    """The outputs of all stacks."""
    answer: Verdict | None
    """The answer that proves it; None without a proof."""
    command: str = ""
    """A line for a shell that asks the API; empty where curl alone cannot."""


def deploy(
    aws: Aws,
    settings: Settings,
    target: Target,
    reporter: Reporter,
    confirm: Confirm = lambda lines: None,
) -> Deployed:
    """Makes the deployment as wanted; a second time it changes nothing.

    `confirm` is shown what a deploy on AWS makes or makes dearer, and raises when it may not.
    """
    reporter.event("checking what is already deployed")
    plan = planning.make(aws, settings, target, reporter)
    planning.tell_unknown(plan, reporter)
    return apply(aws, plan, reporter, confirm)


def apply(aws: Aws, plan: Plan, reporter: Reporter, confirm: Confirm = lambda lines: None) -> Deployed:
    """Takes the steps of a finished plan, and proves that what was made answers."""
    return taken(aws, plan, reporter, confirm).prove(changed=plan.changes)


def taken(aws: Aws, plan: Plan, reporter: Reporter, confirm: Confirm = lambda lines: None) -> "Deployer":
    """Takes the steps of a finished plan. The proof is the caller's to ask for."""
    deployer = Deployer(aws, plan, reporter)
    deployer.report()
    _check(aws, plan, reporter)
    found = plan.observed.stacks
    if not plan.target.is_local and (lines := offers.offer(plan.desired, plan.steps, found)):
        confirm(lines)
    for step in deployer.left_after_rollbacks():
        deployer.run(step)
    deployer.tidy()
    return deployer


def preview(aws: Aws, settings: Settings, target: Target, reporter: Reporter) -> Plan:
    """Reports what deploy would do, with the changes of each stack's resources, and returns it.

    The change sets that tell these changes are discarded.
    """
    plan = planning.make(aws, settings, target, reporter)
    planning.tell_unknown(plan, reporter)
    return previewed(aws, plan, reporter)


def previewed(aws: Aws, plan: Plan, reporter: Reporter) -> Plan:
    """The same for a plan that is made."""
    deployer, settings, target = Deployer(aws, plan, reporter), plan.settings, plan.target
    deployer.plan = plan = deployer.plan.with_steps(deployer.detailed(deployer.plan.steps))
    deployer.report()
    for step in plan.steps:
        if isinstance(step, ApplyStack):
            refuse_losses(step.desired, step.changes, settings)
    _check(aws, plan, reporter)
    if not target.is_local:
        reporter.output(costs.sentence(stack.effective for stack in plan.desired.stacks))
    _report_expiry(plan, reporter)
    return plan


def _check(aws: Aws, plan: Plan, reporter: Reporter) -> None:
    preflight.check(aws, plan.desired, plan.steps, plan.target, reporter, plan.observed.stacks)


class Deployer:
    """One deploy: the finished plan, the gateways, and what became of the stacks on the way."""

    def __init__(self, aws: Aws, plan: Plan, reporter: Reporter) -> None:
        self._aws = aws
        self._reporter = reporter
        self._follower = Follower(aws, reporter)
        self.plan = plan
        self._stacks = _stacks(plan)
        self._given: dict[str, str] = {}

    @classmethod
    def planned(cls, aws: Aws, settings: Settings, target: Target, reporter: Reporter) -> "Deployer":
        """With the plan for what is asked for."""
        plan = planning.make(aws, settings, target, reporter)
        planning.tell_unknown(plan, reporter)
        return cls(aws, plan, reporter)

    def report(self) -> None:
        """Reports the plan, and how it changes the idle cost."""
        plan = self.plan
        is_local = plan.target.is_local
        idle = {} if is_local else offers.idle_change(plan.desired, plan.steps, plan.observed.stacks)
        self._reporter.plan(plan.records(), **idle)

    def detailed(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """The steps with the changes of their change sets, where these can be made before the steps in front of them.

        An update for which CloudFormation finds nothing to do is left out, unless a step before it may give it some.
        """
        found: list[Step] = []
        for step in steps:
            detail = self._detail(step)
            if detail or any(not isinstance(one, (MakeBucket, Upload)) for one in found):
                found.append(detail or step)
        return () if all(isinstance(step, WarmUp) for step in found) else tuple(found)

    def _detail(self, step: Step) -> Step | None:
        """An update with its changes; None when there are none."""
        if not isinstance(step, ApplyStack) or step.changes or not self._can_prepare(step):
            return step
        change_set = self._prepare(step.desired)
        if change_set is None:
            return None
        self._aws.stacks.discard(change_set.id)
        refuse_update(self._aws, change_set.stack, change_set.changes, self._reporter)
        return replace(step, changes=change_set.changes)

    def left_after_rollbacks(self) -> tuple[Step, ...]:
        """Undoes failed updates and returns the steps that are left: what there is to update is only then known."""
        rollbacks = [step for step in self.plan.steps if isinstance(step, RollBack)]
        if not rollbacks:
            return self.plan.steps
        for step in rollbacks:
            self.run(step)
        last = self.plan.steps[-1:]
        later = planning.again(self._aws, self.plan.settings, self.plan.target, self._reporter)
        self.plan = later if later.changes else later.with_steps(last)
        self._stacks = _stacks(self.plan)
        self.report()
        return self.plan.steps

    def run(self, step: Step) -> None:
        """Takes one step."""
        self._reporter.event(step.describe().splitlines()[0], **self._told(step))
        match step:
            case MakeBucket(bucket):
                self._aws.buckets.create(bucket, lasting(self.plan.desired.service.tags))
            case Upload(bucket, key, body):
                self._aws.buckets.upload(bucket, key, body, {TAG: self.plan.settings.name})
            case DeleteStack(name):
                self._delete(self._stacks.pop(name))
            case RollBack(name):
                self._undo(self._stacks[name])
            case ApplyStack(stack, "create"):
                self._create(self._resolved(stack))
            case ApplyStack(stack):
                self._update(stack)
            case Fill():
                self._fill()
            case Wire():
                self._wire()
            case WarmUp():
                self._warm_up()

    def _told(self, step: Step) -> dict[str, Any]:
        """Which of the plan's steps begins; none of it for a step that the plan has no more."""
        steps = self.plan.steps
        number = next((at for at, one in enumerate(steps, start=1) if one is step), 0)
        return told(step, number, len(steps)) if number else {}

    def tidy(self) -> None:
        """Removes what a killed deploy left in the bucket."""
        if left := self.plan.observed.templates:
            self._reporter.event(f"deleting {', '.join(left)} from the bucket, left there by a deploy that was stopped")
            handover.remove(self._aws, self.plan.desired.bucket, left, self._reporter)

    def prove(self, changed: bool) -> Deployed:
        """Asks through the public URL and reports the answer."""
        asked, outputs = self.plan.desired.deployment.proof, self.outputs
        if asked is None:
            texts.remember(self._aws, self.plan, self._stacks, self._given)
            self._report_outputs(outputs)
            _report_expiry(self.plan, self._reporter)
            self._reporter.warning(f"{self.plan.settings.name} has no proof, so it was not checked whether it answers")
            return Deployed(changed, "", outputs, None)
        url = proving.public_url(self.plan.target, asked, outputs)
        send = proving.sender(self._aws, self.plan.target, asked, self.plan.desired.values, outputs)
        answer = self._proven(partial(proving.ask_api, send, asked, self._reporter, is_warm=changed, look=self._look))
        proven.remember(self._aws, self.plan.desired, self.plan.observed.keys)
        texts.remember(self._aws, self.plan, self._stacks, self._given)
        shown = shell.reachable(outputs, outputs.get(asked.url, ""), url, self.plan.target)
        command = self._shell_line(asked, outputs, url)
        self._report_outputs(shown)
        self._report_answer(answer, url, command)
        return Deployed(changed, url, shown, answer, command)

    def _shell_line(self, asked: Proof, outputs: Mapping[str, str], url: str) -> str:
        plan = self.plan
        region, name = plan.desired.identity.region, plan.settings.name
        return shell.line(asked, asked.auth(plan.desired.values), outputs, url, plan.target, region, name)

    def _warm_up(self) -> None:
        proof = self.plan.desired.deployment.proof
        assert proof is not None
        function = proof.function(self.plan.desired.values, self.outputs)
        self._proven(partial(proving.warm, self._aws, function, proof, self._reporter, look=self._look))

    def _proven(self, proof: Callable[[], Verdict]) -> Verdict:
        """The proof's answer; when it fails, the error also tells what was changed outside CloudFormation."""
        try:
            return proof()
        except InterruptedWork:
            raise
        except WildrydesError as error:
            cause = drift.findings(self._aws, self._stacks.values(), self._reporter)
            before = proven.hint(self._aws, self.plan.desired)
            if not cause and not before:
                raise
            raise WildrydesError(f"{error}{'; ' if cause else ''}{cause}{before}") from error

    def _look(self) -> None:
        """Raises InterruptedWork when somebody else deletes a stack, or has."""
        for stack in self._stacks.values():
            found = self._aws.stacks.describe(stack.id)
            row = state(found.status if found else None)
            if row.destroy in (Destroy.WATCH, Destroy.NOTHING):
                raise InterruptedWork(f"stack {stack.name}: somebody else is deleting it, or has deleted it; run again")

    def _resolved(self, stack: DesiredStack) -> DesiredStack:
        """The stack with its inputs, which come from the stacks made before it; a finished one as it is."""
        if stack.is_resolved:
            return stack
        desired, outputs = self.plan.desired, self._stack_outputs
        contents = filling.manifest(desired.fill) if desired.fill else desired.contents(stack, outputs)
        return stack.resolved(outputs, contents)

    def _can_prepare(self, step: ApplyStack) -> bool:
        stack, found = step.desired, self._stacks.get(step.desired.name)
        is_updatable = step.kind == "update" and found is not None and state(found.status).deploy is Deploy.UPDATE
        has_way = self.plan.observed.bucket_tags is not None or not handover.is_large(stack)
        return is_updatable and has_way and stack.is_resolvable(self._stack_outputs)

    def _prepare(self, stack: DesiredStack) -> ChangeSet | None:
        wanted = self._resolved(stack)
        with handover.handed(self._aws, self.plan.desired, wanted, self._reporter) as template:
            return self._aws.stacks.prepare(self._stacks[wanted.name], template, wanted.parameters, wanted.tags)

    def _create(self, stack: DesiredStack) -> None:
        with handover.handed(self._aws, self.plan.desired, stack, self._reporter) as template:
            begun = self._aws.stacks.create(stack.name, template, stack.parameters, stack.tags)
        self._work(begun, "create", _made(stack))
        self._stacks[stack.name] = self._follower.follow(begun, set(), MADE)
        self._given[stack.name] = stack.template

    def _update(self, stack: DesiredStack) -> None:
        change_set = self._prepare(stack)
        if change_set is None:
            self._reporter.event(f"stack {stack.name} needs no change")
            return
        try:
            refuse_losses(stack, change_set.changes, self.plan.settings)
            refuse_update(self._aws, change_set.stack, change_set.changes, self._reporter)
        except Refused:
            self._aws.stacks.discard(change_set.id)
            raise
        instances = fillers(stack.body.get("Resources", {}))
        for change in change_set.changes:
            self._reporter.event(f"{stack.name}  {change_line(change, instances)}", change=change.logical_id)
        token = self._aws.stacks.execute(change_set)
        self._work(change_set.stack, "update", {one.logical_id: one.type for one in change_set.changes})
        self._stacks[stack.name] = self._follower.follow(change_set.stack, set(), MADE, token)
        self._given[stack.name] = stack.template

    def _work(self, stack: Stack, operation: str, resources: Mapping[str, str]) -> None:
        """Tells what CloudFormation has begun."""
        desired = next((one for one in self.plan.desired.stacks if one.name == stack.name), None)
        body = desired.body if desired else {}
        begin(self._reporter, work(stack, operation, resources, body, self.plan.target.is_local))

    def _delete(self, stack: Stack) -> None:
        seen = self._follower.marks(stack.id)
        self._aws.stacks.delete(stack.id)
        self._work(stack, "delete", {})
        self._follower.follow(stack, seen)

    def _undo(self, stack: Stack) -> None:
        seen = self._follower.marks(stack.id)
        self._aws.stacks.undo(stack)
        self._work(stack, "undo", {})
        self._stacks[stack.name] = self._follower.follow(stack, seen, {"UPDATE_ROLLBACK_COMPLETE"})

    def _fill(self) -> None:
        assert self.plan.desired.fill is not None
        filling.fill(self.plan.desired.fill, fill_settings(self.plan.desired), self._reporter)

    def _wire(self) -> None:
        wanted = self.plan.desired.wiring
        assert wanted is not None
        proof = self.plan.desired.deployment.proof
        assert proof is not None
        api = self.outputs[proof.api]
        found = self._aws.apis.found(api, wanted)
        if found is None:
            raise InterruptedWork(
                f"API {api} was deleted in the meantime: run the same command again; it creates a new one"
            )
        for action in actions(wanted, found):
            self._aws.apis.perform(api, action, wanted, found)

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the stacks, as the deployment calls them."""
        return self.plan.desired.deployment.merged(self.plan.settings.name, self._stack_outputs)

    @property
    def _stack_outputs(self) -> Outputs:
        return {name: one.outputs for name, one in self._stacks.items()}

    def _report_outputs(self, outputs: Mapping[str, str]) -> None:
        for key, value in outputs.items():
            self._reporter.event(f"output {key} = {value}", key=key, value=value)

    def _report_answer(self, answer: Verdict, url: str, command: str) -> None:
        self._reporter.output(answer.describe(), **proving.record(answer), about="verdict")
        self._reporter.output(f"URL: {url}", api_url=url, about="URL")
        if command:
            self._reporter.output(f"Try: {command}", curl=command, about="command")
        if not self.plan.target.is_local:
            self._report_costs()
        _report_expiry(self.plan, self._reporter)

    def _report_costs(self) -> None:
        desired = self.plan.desired
        made = [stack.effective for stack in desired.stacks]
        self._reporter.output(costs.sentence(made), about="idle cost")
        contents = desired.deployment.contents(self.outputs)
        if told := bursts.sentence(made, contents, desired.identity.region):
            self._reporter.output(told, about="burst")


def _stacks(plan: Plan) -> dict[str, Stack]:
    return {name: found.stack for name, found in plan.observed.stacks.items()}


def _report_expiry(plan: Plan, reporter: Reporter) -> None:
    """Reports when the deployment expires, if it does."""
    tags = plan.desired.settings.stack_tags
    if told := expiry.sentence([tags], datetime.now(timezone.utc), plan.target.options(plan.desired.identity.region)):
        reporter.output(told, expires=tags.get(EXPIRES_TAG), about="expiry")


def _made(stack: DesiredStack) -> dict[str, str]:
    """Logical id and type of what the stack makes, as far as that is known before CloudFormation has decided."""
    found = made(stack.body, stack.parameters) if stack.body else None
    return {**found.certain, **found.perhaps} if found else {}
