"""Deploy: look at what is there, make the plan, take its steps, and prove that the API answers."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from . import costs, models, planning, populating, proving
from .asking import Answer
from .aws import Aws
from .desired import PREFIXES, Desired, DesiredStack, describe
from .errors import Refused
from .following import Follower
from .parts.function import ALIAS
from .planning import ApplyStack, DeleteStack, Fill, FoundStack, MakeBucket, Observed, Step, Upload, Wire
from .records import ChangeSet, ResourceChange, Stack
from .reporting import Reporter
from .settings import Settings, Target
from .states import is_busy
from .wiring import STAGE, actions

# The instance fetches the model within the wait condition's hour.
_LINK_SECONDS = 2 * 3600


@dataclass(frozen=True)
class Deployed:
    """What a deploy ends with."""

    changed: bool
    api_url: str
    outputs: Mapping[str, str]
    answer: Answer | None


def deploy(aws: Aws, settings: Settings, target: Target, reporter: Reporter) -> Deployed:
    """Makes the deployment as wanted; a second time it changes nothing."""
    deployer = Deployer(aws, settings, target, reporter)
    steps = deployer.steps()
    reporter.plan([planning.as_record(step) for step in steps])
    for step in steps:
        deployer.run(step)
    return deployer.prove(changed=bool(steps))


def preview(aws: Aws, settings: Settings, target: Target, reporter: Reporter) -> bool:
    """Reports what deploy would do, with the changes of each stack's resources; returns whether it would do any."""
    deployer = Deployer(aws, settings, target, reporter)
    steps = [deployer.detailed(step) for step in deployer.steps()]
    reporter.plan([planning.as_record(step) for step in steps])
    for step in steps:
        if isinstance(step, ApplyStack):
            _refuse_losses(step.desired.name, step.changes, settings)
    if not target.is_local:
        reporter.output(costs.sentence(deployer.desired.values))
    return bool(steps)


class Deployer:
    """One deploy: what is wanted, and the gateways to get there."""

    def __init__(self, aws: Aws, settings: Settings, target: Target, reporter: Reporter) -> None:
        self._aws = aws
        self._settings = settings
        self._target = target
        self._reporter = reporter
        self._follower = Follower(aws, reporter)
        if target.is_local:
            model = models.local(settings.model or settings.overrides.get("ModelUrl", ""))
        else:
            model = models.remote(settings.model)
        for name in settings.overrides.keys() & target.parameters.keys():
            reporter.warning(f"--set {name} has no effect with --local: it is {target.parameters[name]!r} here")
        self.desired = describe(settings, target, aws.identity, model)

    def steps(self) -> tuple[Step, ...]:
        """What there is to do."""
        found = {stack.name: self._found(stack) for stack in self.desired.stacks}
        for stack in self.desired.stacks:
            planning.refuse_strangers(self._settings.name, stack, found[stack.name])
        found = {name: self._settled(one) for name, one in found.items()}
        observed = self._observe({name: one for name, one in found.items() if one})
        self.desired = self._with_uploads(observed)
        return planning.plan(self.desired, observed)

    def detailed(self, step: Step) -> Step:
        """An update with the changes of its change set; any other step as it is."""
        if not isinstance(step, ApplyStack) or step.kind != "update":
            return step
        stack = self._resolved(step.desired)
        if stack is None:
            return step
        change_set = self._prepare(stack)
        if change_set is None:
            return step
        self._aws.stacks.discard(change_set.id)
        return replace(step, changes=change_set.changes)

    def run(self, step: Step) -> None:
        """Takes one step."""
        self._reporter.event(step.describe().splitlines()[0])
        match step:
            case MakeBucket(bucket):
                self._aws.buckets.create(bucket, self.desired.service.tags)
            case Upload(bucket, key, body):
                self._aws.buckets.upload(bucket, key, body)
            case DeleteStack(_, stack_id):
                self._delete(stack_id)
            case ApplyStack(stack):
                self._apply(stack)
            case Fill():
                self._fill()
            case Wire():
                self._wire()

    def prove(self, changed: bool) -> Deployed:
        """Warms the function, posts a picture through the public URL and reports both."""
        outputs = self._outputs()
        api = outputs["ModelInferenceApiId"]
        url = public_url(self._target, outputs)
        proving.warm(self._aws, f"{self.desired.function_name}:{ALIAS}", self._reporter)
        send = proving.sender(self._aws, self._target, url, api, self.desired.values["ApiAuth"])
        answer = proving.post_sample(send)
        self._report_outputs(url, outputs, answer)
        return Deployed(changed, url, outputs, answer)

    def _found(self, stack: DesiredStack) -> FoundStack | None:
        found = self._aws.stacks.describe(stack.name)
        if found is None:
            return None
        template = self._aws.stacks.template(stack.name)
        return FoundStack(found, template, tuple(self._aws.stacks.resources(stack.name)))

    def _settled(self, found: FoundStack | None) -> FoundStack | None:
        """The stack after an operation that is under way; it is followed, whoever started it."""
        if found is None or not is_busy(found.stack.status):
            return found
        self._reporter.event(f"stack {found.stack.name} is {found.stack.status}: following it")
        self._follower.follow(found.stack, set())
        stack = self._aws.stacks.describe(found.stack.name)
        return replace(found, stack=stack, template=self._aws.stacks.template(stack.name)) if stack else None

    def _observe(self, found: Mapping[str, FoundStack]) -> Observed:
        desired, buckets = self.desired, self._aws.buckets
        tags = buckets.tags(desired.bucket)
        prefixes = ("",) if desired.own_bucket else PREFIXES
        keys = (
            {key for prefix in prefixes for key in buckets.keys(desired.bucket, prefix)} if tags is not None else set()
        )
        service = found.get(desired.service.name)
        api = service.stack.outputs.get("ModelInferenceApiId") if service else None
        return Observed(
            bucket_tags=tags,
            bucket_is_empty=not keys,
            has_code=desired.code_key in keys,
            has_model=desired.model_key in keys,
            stacks=found,
            other_route=self._other_route(),
            wiring=self._aws.apis.found(api, self._settings.function_name) if api and desired.wiring else None,
            fill=self._missing_on_efs(),
            has_log_group=self._aws.functions.log_group_exists(desired.log_group),
            contents=self._contents({name: one.stack for name, one in found.items()}),
        )

    def _other_route(self) -> list[str]:
        settings = self._settings
        short = settings.route == "short"
        others = (settings.efs_stack, settings.inference_stack) if short else (settings.complete_stack,)
        return [name for name in others if self._aws.stacks.describe(name)]

    def _missing_on_efs(self) -> tuple[str, ...]:
        if self.desired.fill is None:
            return ()
        return populating.missing(self.desired.fill, self._populate_settings())

    def _populate_settings(self) -> dict[str, str]:
        return populating.environment(self.desired.values, self.desired.model.location, os.environ)

    def _with_uploads(self, observed: Observed) -> Desired:
        """Tells the filling instance where its uploads are: the code and a model's fresh link.

        What filled EFS already stays as it was: new code or an expired link is no reason to touch the instance.
        """
        desired, first = self.desired, self.desired.stacks[0]
        found = observed.stacks.get(first.name)
        known = found.stack.parameters if found else {}
        boots = planning.boots_instance(first, found)
        kept = () if boots else planning.UPLOADED_PARAMETERS[self._settings.route]
        uploads = {key: known[key] for key in kept if key in known}
        if desired.model.archive and not self._target.is_local:
            is_same = known.get("ModelSha256") == desired.model.digest and not boots
            link = self._aws.buckets.link
            uploads["ModelUrl"] = (
                known["ModelUrl"] if is_same else link(desired.bucket, desired.model_key, _LINK_SECONDS)
            )
        told = first.with_parameters(**uploads)
        return replace(desired, efs=told) if desired.efs else replace(desired, service=told)

    def _contents(self, stacks: Mapping[str, Stack]) -> str:
        """What is on EFS, as its filler told it: the local manifest, or the EFS stack's output."""
        if self.desired.fill:
            return populating.manifest(self.desired.fill)
        efs = stacks.get(self.desired.efs.name) if self.desired.efs else None
        return efs.outputs.get("EFSContents", "") if efs else ""

    def _resolved(self, stack: DesiredStack) -> DesiredStack | None:
        """The stack with its inputs, None while the stack that they come from does not exist."""
        if stack.name != self.desired.service.name:
            return stack
        efs = self._aws.stacks.describe(self.desired.efs.name) if self.desired.efs else None
        outputs = efs.outputs if efs else {}
        if not stack.is_resolvable(outputs):
            return None
        return stack.resolved(outputs, self._contents({efs.name: efs} if efs else {}))

    def _prepare(self, stack: DesiredStack) -> ChangeSet | None:
        return self._aws.stacks.prepare(stack.name, stack.template, stack.parameters, stack.tags)

    def _apply(self, desired: DesiredStack) -> None:
        stack = self._resolved(desired)
        assert stack is not None, "the EFS stack is made first"
        change_set = self._prepare(stack)
        if change_set is None:
            self._reporter.event(f"stack {stack.name} has nothing to change")
            return
        try:
            _refuse_losses(stack.name, change_set.changes, self._settings)
        except Refused:
            self._aws.stacks.discard(change_set.id)
            raise
        for change in change_set.changes if change_set.stack.status != "REVIEW_IN_PROGRESS" else ():
            self._reporter.event(f"{stack.name}  {planning.change_text(change)}")
        seen = self._follower.marks(change_set.stack.id)
        self._aws.stacks.execute(change_set)
        self._follower.follow(change_set.stack, seen)

    def _delete(self, stack_id: str) -> None:
        stack = self._aws.stacks.describe(stack_id)
        if stack is None:
            return
        seen = self._follower.marks(stack_id)
        self._aws.stacks.delete(stack_id)
        self._follower.follow(stack, seen)

    def _fill(self) -> None:
        assert self.desired.fill is not None
        populating.fill(self.desired.fill, self._populate_settings(), self._reporter)

    def _wire(self) -> None:
        wanted = self.desired.wiring
        assert wanted is not None
        api = self._outputs()["ModelInferenceApiId"]
        for action in actions(wanted, self._aws.apis.found(api, self._settings.function_name)):
            self._aws.apis.perform(api, action, wanted, self._settings.function_name)

    def _outputs(self) -> dict[str, str]:
        outputs: dict[str, str] = {}
        for desired in self.desired.stacks:
            stack: Stack | None = self._aws.stacks.describe(desired.name)
            outputs |= stack.outputs if stack else {}
        return outputs

    def _report_outputs(self, url: str, outputs: Mapping[str, str], answer: Answer) -> None:
        for key, value in outputs.items():
            self._reporter.event(f"output {key} = {value}", key=key, value=value)
        self._reporter.output(answer.describe(), validated=answer.validated, message=answer.message)
        self._reporter.output(f"URL: {url}", api_url=url)
        curl = outputs["InferenceFunctionTestCommand"].replace(outputs["ApiGatewayInvokeURL"], url)
        self._reporter.output(f"Try: {curl}", curl=curl)
        if not self._target.is_local:
            self._reporter.output(costs.sentence(self.desired.values))


def public_url(target: Target, outputs: Mapping[str, str]) -> str:
    """Where the API answers: AWS's URL, or the emulator's for the same stage."""
    if target.is_local:
        return f"{target.endpoint}/_aws/execute-api/{outputs['ModelInferenceApiId']}/{STAGE}/"
    return outputs["ApiGatewayInvokeURL"]


def _refuse_losses(stack: str, changes: Sequence[ResourceChange], settings: Settings) -> None:
    refused = planning.protected(changes, settings.allow_replace)
    if refused:
        losses = "; ".join(map(planning.change_text, refused))
        names = " ".join(f"--allow-replace {change.logical_id}" for change in refused)
        raise Refused(
            f"stack {stack} would lose network or files: {losses}. It was not changed; to allow it, add {names}"
        )
