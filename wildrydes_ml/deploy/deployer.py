"""Deploy: look at what is there, make the plan, take its steps, and prove that the API answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial

from ..aws.records import ChangeSet, Stack
from ..aws.session import Aws
from ..aws.target import Target
from ..aws.wiring import actions
from ..deployment import Proof, Verdict
from ..errors import InterruptedWork, Refused, WildrydesError
from ..local import filling
from ..reporting import Reporter
from ..tags import TAG
from ..template.fillers import fillers
from . import costs, drift, handover, offers, planner, preflight, proven, surprises
from . import proof as proving
from .desired import Desired, DesiredStack
from .follower import MADE, Follower
from .observer import Observer, StackObserver, fill_settings
from .place import desired_at
from .planner import FoundStack, Observed
from .recall import recall
from .refusals import refuse_losses, refuse_update
from .settings import Settings
from .states import Deploy, state
from .steps import (
    ApplyStack,
    DeleteStack,
    Fill,
    MakeBucket,
    RollBack,
    Step,
    Upload,
    WarmUp,
    Wire,
    as_record,
    change_line,
)

# The instance fetches the model within the wait condition's hour.
_LINK_SECONDS = 2 * 3600


@dataclass(frozen=True)
class Deployed:
    """What a deploy ends with."""

    changed: bool
    api_url: str
    outputs: Mapping[str, str]
    answer: Verdict | None


def deploy(
    aws: Aws,
    settings: Settings,
    target: Target,
    reporter: Reporter,
    confirm: Callable[[list[str]], None] = lambda lines: None,
) -> Deployed:
    """Makes the deployment as wanted; a second time it changes nothing.

    `confirm` is shown what a deploy on AWS makes or makes dearer, and raises when it may not.
    """
    deployer = Deployer(aws, settings, target, reporter)
    steps = deployer.steps()
    deployer.report(steps)
    preflight.check(aws, deployer.desired, steps, target, reporter, deployer.found)
    if not target.is_local and (lines := offers.offer(deployer.desired, steps, deployer.found)):
        confirm(lines)
    for step in deployer.left_after_rollbacks(steps):
        deployer.run(step)
    deployer.tidy()
    return deployer.prove(changed=bool(steps))


def preview(aws: Aws, settings: Settings, target: Target, reporter: Reporter) -> bool:
    """Reports what deploy would do, with the changes of each stack's resources; returns whether it would do any."""
    deployer = Deployer(aws, settings, target, reporter)
    steps = deployer.detailed(deployer.steps())
    deployer.report(steps)
    for step in steps:
        if isinstance(step, ApplyStack):
            refuse_losses(step.desired, step.changes, settings)
    preflight.check(aws, deployer.desired, steps, target, reporter, deployer.found)
    if not target.is_local:
        reporter.output(costs.sentence(stack.effective for stack in deployer.desired.stacks))
    return bool(steps)


class Deployer:
    """One deploy: what is wanted, what is known of the stacks, and the gateways to get from one to the other."""

    def __init__(self, aws: Aws, settings: Settings, target: Target, reporter: Reporter) -> None:
        self._aws = aws
        self._settings = settings
        self._target = target
        self._reporter = reporter
        self._follower = Follower(aws, reporter)
        for name in settings.overrides.keys() & target.parameters.keys():
            reporter.warning(f"--set {name} has no effect with --local: it is {target.parameters[name]!r} here")
        self.desired: Desired
        self.found: Mapping[str, FoundStack]
        self._stacks: dict[str, Stack] = {}
        self._leftovers: tuple[str, ...] = ()
        self._has_bucket = False

    def steps(self) -> tuple[Step, ...]:
        """What there is to do about what is asked for and what earlier deploys set."""
        stacks = StackObserver(self._aws, self._settings, self._follower).observe()
        settings = recall(self._settings, stacks, self._aws.identity, self._target.parameters)
        self.desired = desired_at(self._target, settings, self._aws, self._reporter)
        observed = Observer(self._aws, self.desired, stacks).observe()
        self.found = observed.stacks
        self._stacks = {name: found.stack for name, found in observed.stacks.items()}
        self._leftovers, self._has_bucket = observed.templates, observed.bucket_tags is not None
        self.desired = self._with_uploads(observed)
        handover.refuse_too_large(self.desired.stacks)
        for permission in observed.unread:
            self._reporter.warning(f"not checked whether all is there: this needs the permission {permission}")
        self._tell_unheeded(observed)
        self._tell_window()
        steps = planner.plan(self.desired, observed)
        if not self._target.is_local:
            self._tell_throughput(observed)
        return steps

    def report(self, steps: Sequence[Step]) -> None:
        """Reports the plan, and how it changes the idle cost."""
        idle = {} if self._target.is_local else offers.idle_change(self.desired, steps, self.found)
        self._reporter.plan([as_record(step) for step in steps], **idle)

    def detailed(self, steps: Sequence[Step]) -> Sequence[Step]:
        """The steps with the changes of their change sets, where these can be made before the steps in front of them.

        An update for which CloudFormation finds nothing to do is left out, unless a step before it may give it some.
        """
        found: list[Step] = []
        for step in steps:
            detail = self._detail(step)
            if detail or any(not isinstance(one, (MakeBucket, Upload)) for one in found):
                found.append(detail or step)
        return () if all(isinstance(step, WarmUp) for step in found) else found

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

    def left_after_rollbacks(self, steps: Sequence[Step]) -> Sequence[Step]:
        """Undoes failed updates and returns the steps that are left: what there is to update is only then known."""
        rollbacks = [step for step in steps if isinstance(step, RollBack)]
        if not rollbacks:
            return steps
        for step in rollbacks:
            self.run(step)
        left = self.steps() or steps[-1:]
        self.report(left)
        return left

    def run(self, step: Step) -> None:
        """Takes one step."""
        self._reporter.event(step.describe().splitlines()[0])
        match step:
            case MakeBucket(bucket):
                self._aws.buckets.create(bucket, self.desired.service.tags)
            case Upload(bucket, key, body):
                self._aws.buckets.upload(bucket, key, body, {TAG: self._settings.name})
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

    def tidy(self) -> None:
        """Removes what a killed deploy left in the bucket."""
        if self._leftovers:
            self._reporter.event(f"removing {', '.join(self._leftovers)} from the bucket, left by a deploy that ended")
            handover.remove(self._aws, self.desired.bucket, self._leftovers, self._reporter)

    def prove(self, changed: bool) -> Deployed:
        """Asks through the public URL and reports the answer."""
        asked, outputs = self.desired.deployment.proof, self._outputs()
        if asked is None:
            self._report_outputs(outputs)
            self._reporter.warning(f"{self._settings.name} names no proof: that it answers was not looked at")
            return Deployed(changed, "", outputs, None)
        url = proving.public_url(self._target, asked, outputs)
        send = proving.sender(self._aws, self._target, asked, self.desired.values, outputs)
        answer = self._proven(partial(proving.ask_api, send, asked, self._reporter, is_warm=changed))
        if changed:
            proven.remember(self._aws, self.desired)
        self._report_outputs(outputs)
        self._report_answer(asked, url, outputs, answer)
        return Deployed(changed, url, outputs, answer)

    def _warm_up(self) -> None:
        proof = self.desired.deployment.proof
        assert proof is not None
        function = proof.function(self.desired.values, self._outputs())
        self._proven(partial(proving.warm, self._aws, function, proof, self._reporter))

    def _proven(self, proof: Callable[[], Verdict]) -> Verdict:
        """The proof's answer; when it fails, the error also tells what was changed outside CloudFormation."""
        try:
            return proof()
        except InterruptedWork:
            raise
        except WildrydesError as error:
            cause = drift.findings(self._aws, self._stacks.values(), self._reporter)
            before = proven.hint(self._aws, self.desired)
            if not cause and not before:
                raise
            raise WildrydesError(f"{error}{'; ' if cause else ''}{cause}{before}") from error

    def _with_uploads(self, observed: Observed) -> Desired:
        """Tells the filling instance where its uploads are: the code and a model's fresh link.

        What filled EFS already stays as it was: new code or an expired link is no reason to touch the instance. Another
        template comes with the code that it was written for: CloudFormation may make the instance anew at any time.
        """
        desired, first, filling = self.desired, self.desired.filler, self.desired.deployment.filling
        if first is None or filling is None:
            return desired
        found = observed.stacks.get(first.name)
        known = found.stack.parameters if found else {}
        boots = planner.boots_instance(filling, first, found)
        is_rewritten = found is not None and found.template != first.template
        kept = () if boots or is_rewritten else filling.uploads
        uploads = {key: known[key] for key in kept if key in known}
        if desired.model.digest and not self._target.is_local:
            self._refuse_lost_archive(observed)
            is_same = known.get("ModelSha256") == desired.model.digest and not boots
            link = self._aws.buckets.link
            uploads["ModelUrl"] = (
                known["ModelUrl"] if is_same else link(desired.bucket, desired.model_key, _LINK_SECONDS)
            )
        told = first.with_parameters(**uploads)
        return replace(desired, stacks=tuple(told if one.name == told.name else one for one in desired.stacks))

    def _refuse_lost_archive(self, observed: Observed) -> None:
        desired = self.desired
        if not desired.model.archive and not observed.has_model:
            raise WildrydesError(
                f"s3://{desired.bucket}/{desired.model_key}, the model of this deployment, is gone from the bucket: "
                "pass it again with --model, or go back to the default with --reset ModelUrl"
            )

    def _tell_window(self) -> None:
        """Warns of a time in which callers are refused."""
        service = self._stacks.get(self.desired.service.name)
        if service and (text := self.desired.deployment.window(service.parameters, self.desired.values)):
            self._reporter.warning(text)

    def _tell_unheeded(self, observed: Observed) -> None:
        """Warns of what is set now and changes nothing, so that nobody waits for it."""
        asked = self._settings.overrides.keys() - self._target.parameters.keys()
        for stack, name in planner.unheeded(self.desired, observed):
            if name in asked:
                self._reporter.warning(
                    f"--set {name} changes nothing in stack {stack}{planner.why_unheeded(self.desired, name)}: "
                    "CloudFormation does not keep the new value; set it again when it matters"
                )

    def _tell_throughput(self, observed: Observed) -> None:
        """Warns of a change of throughput that EFS may not take yet."""
        now = datetime.now(timezone.utc)
        for stack in self.desired.stacks:
            found = observed.stacks.get(stack.name)
            changed = surprises.throughput_changes(found.effective, stack.effective) if found else []
            events = self._aws.stacks.events(found.stack.id) if found and changed else []
            for title in changed:
                self._reporter.warning(surprises.throughput_warning(stack.name, title, events, now))

    def _resolved(self, stack: DesiredStack) -> DesiredStack:
        """The stack with its inputs, which come from the stacks made before it; a finished one as it is."""
        if stack.is_resolved:
            return stack
        outputs = {name: one.outputs for name, one in self._stacks.items()}
        contents = filling.manifest(self.desired.fill) if self.desired.fill else self.desired.contents(stack, outputs)
        return stack.resolved(outputs, contents)

    def _can_prepare(self, step: ApplyStack) -> bool:
        stack, found = step.desired, self._stacks.get(step.desired.name)
        outputs = {name: one.outputs for name, one in self._stacks.items()}
        is_updatable = step.kind == "update" and found is not None and state(found.status).deploy is Deploy.UPDATE
        has_way = self._has_bucket or not handover.is_large(stack)
        return is_updatable and has_way and stack.is_resolvable(outputs)

    def _prepare(self, stack: DesiredStack) -> ChangeSet | None:
        wanted = self._resolved(stack)
        with handover.handed(self._aws, self.desired, wanted, self._reporter) as template:
            return self._aws.stacks.prepare(self._stacks[wanted.name], template, wanted.parameters, wanted.tags)

    def _create(self, stack: DesiredStack) -> None:
        with handover.handed(self._aws, self.desired, stack, self._reporter) as template:
            begun = self._aws.stacks.create(stack.name, template, stack.parameters, stack.tags)
        self._stacks[stack.name] = self._follower.follow(begun, set(), MADE)

    def _update(self, stack: DesiredStack) -> None:
        change_set = self._prepare(stack)
        if change_set is None:
            self._reporter.event(f"stack {stack.name} has nothing to change")
            return
        try:
            refuse_losses(stack, change_set.changes, self._settings)
            refuse_update(self._aws, change_set.stack, change_set.changes, self._reporter)
        except Refused:
            self._aws.stacks.discard(change_set.id)
            raise
        instances = fillers(stack.body.get("Resources", {}))
        for change in change_set.changes:
            self._reporter.event(f"{stack.name}  {change_line(change, instances)}")
        token = self._aws.stacks.execute(change_set)
        self._stacks[stack.name] = self._follower.follow(change_set.stack, set(), MADE, token)

    def _delete(self, stack: Stack) -> None:
        seen = self._follower.marks(stack.id)
        self._aws.stacks.delete(stack.id)
        self._follower.follow(stack, seen)

    def _undo(self, stack: Stack) -> None:
        seen = self._follower.marks(stack.id)
        self._aws.stacks.undo(stack)
        self._stacks[stack.name] = self._follower.follow(stack, seen, {"UPDATE_ROLLBACK_COMPLETE"})

    def _fill(self) -> None:
        assert self.desired.fill is not None
        filling.fill(self.desired.fill, fill_settings(self.desired), self._reporter)

    def _wire(self) -> None:
        wanted = self.desired.wiring
        assert wanted is not None
        proof = self.desired.deployment.proof
        assert proof is not None
        api = self._outputs()[proof.api]
        found = self._aws.apis.found(api, wanted)
        if found is None:
            raise InterruptedWork(f"API {api} was deleted meanwhile: run the same command again, which makes a new one")
        for action in actions(wanted, found):
            self._aws.apis.perform(api, action, wanted, found)

    def _outputs(self) -> dict[str, str]:
        return {key: value for stack in self._stacks.values() for key, value in stack.outputs.items()}

    def _report_outputs(self, outputs: Mapping[str, str]) -> None:
        for key, value in outputs.items():
            self._reporter.event(f"output {key} = {value}", key=key, value=value)

    def _report_answer(self, proof: Proof, url: str, outputs: Mapping[str, str], answer: Verdict) -> None:
        record = {key: value for key, value in answer.record().items() if key in ("validated", "message")}
        self._reporter.output(answer.describe(), **record)
        self._reporter.output(f"URL: {url}", api_url=url)
        if command := proof.command(outputs, url):
            self._reporter.output(f"Try: {command}", curl=command)
        if not self._target.is_local:
            self._reporter.output(costs.sentence(stack.effective for stack in self.desired.stacks))
