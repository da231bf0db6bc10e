"""A class is deployed: what all share once, then each student's part, several at a time and below AWS's rates.

Nothing is remembered between runs. What is done stays, and what failed is tried again: the same command finishes
a class.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from .. import parallel
from ..aws.facts import Quota, Unknown, Usage
from ..aws.records import Stack
from ..aws.session import Aws
from ..aws.target import Target
from ..deploy import deployer, planning
from ..deploy.desired import Desired, describe
from ..deploy.model import Model
from ..deploy.plans import Plan
from ..deploy.preflight import Unready
from ..deploy.preflight.case import Problem
from ..deploy.settings import Settings
from ..deployment import Deployment
from ..errors import InterruptedWork, Refused, SettingsError, WildrydesError
from ..local import filling
from ..reporting import Confirm, Quiet, Reporter
from ..tags import BESIDE_TAG, CLASS_TAG, STUDENT_TAG, TAG
from ..template.decode import decode
from ..template.parameters import defaults
from . import estimate, parts, present
from .answers import answered, connected_answer
from .board import WORKERS, Board, SeatReporter, together
from .estimate import Scale
from .joining import with_what_others_have
from .pacing import Pace, Unhurried, paced
from .parts import Common
from .roster import Student
from .seats import FAILED, Seat
from .sharing import Free, free, shared


@dataclass(frozen=True)
class Order:
    """What is asked for: the settings of the application, the class's name, who is in it, and who of them gets it now.

    With `is_wired` each API is connected to its function; without it that is the students' task. `hours` is how long
    the class lasts, for the estimate of its cost. `removing` is what a person runs to delete the class, at this place.
    """

    asked: Settings
    name: str
    students: tuple[Student, ...]
    only: tuple[Student, ...]
    is_wired: bool = False
    hours: float = 2.0
    workers: int = WORKERS
    removing: str = "wildrydes-ml class destroy"

    @property
    def whole(self) -> Deployment:
        """The application."""
        return parts.application(self.asked)

    def check(self) -> None:
        """Raises SettingsError for an order that no account can have, before AWS is called."""
        parts.settings_of_shared(self.asked, self.whole, self.name)
        common = self.whole.stack_names(self.name)[:-1]
        if taken := [one.id for one in self.students if self.stack_name(one) in common]:
            raise SettingsError(
                [f"id {id}: a stack that all share has this name; give the student another id" for id in taken]
            )
        if len(self.only) > 1 and self.whole.named_by in self.asked.overrides:
            raise SettingsError(
                [f"--set {self.whole.named_by}: all students would get this name; set it for one, with --only ID"]
            )
        needs_wiring = self.whole.wiring and self.whole.proof and not self.is_wired
        values = {**defaults(self.whole.rows), **self.asked.asked}
        if needs_wiring and self.whole.proof and self.whole.proof.auth(values) == "API_KEY":
            raise SettingsError(["an API key for each student comes with the connected API: add --wired"])

    def part(self, student: Student, common: Common) -> Settings:
        """The settings of a student's part."""
        id, is_wired = student.id, self.is_wired
        part = parts.student(self.whole, common, id=id, class_name=self.name, is_wired=is_wired)
        return parts.settings_of_student(self.asked, part, self.name, id, common.bucket)

    def stack_name(self, student: Student) -> str:
        """The name of a student's stack."""
        return self.whole.stacks[-1].name(f"{self.name}-{student.id}")


def preview(aws: Aws, order: Order, target: Target, reporter: Reporter) -> bool:
    """Reports the plan for what all share, the estimate, and whose parts differ; whether there is anything to do.

    It changes nothing. Raises the same errors as `deploy`, before anything is made.
    """

    def shown(plan: Plan) -> Plan:
        reporter.output("what all share:")
        return deployer.previewed(aws, plan, reporter)

    there, order, plan, scale = _looked(aws, order, target, reporter, shown)
    for line in _lines(scale, plan, order, target):
        reporter.output(line)
    old = [one for one in order.only if order.stack_name(one) in there]
    if plan.changes and old:
        reporter.output("what all share changes, so the students' stacks may change, too")
    differing = [] if plan.changes else _differing(aws, order, plan, old, there, target)
    if differing:
        reporter.output(f"the stacks of these students change: {', '.join(differing)}")
    return plan.changes or scale.new > 0 or bool(differing)


def _differing(
    aws: Aws, order: Order, plan: Plan, old: Sequence[Student], there: Mapping[str, Stack], target: Target
) -> list[str]:
    """The ids of those whose part a deploy would change; it only looks."""
    if not old:
        return []
    common = _common(order, plan.desired, there)
    known = shared(aws, there, Free())

    def differs(student: Student) -> bool:
        try:
            return planning.make(known, order.part(student, common), target, Quiet()).changes
        except WildrydesError:  # which the deploy tells
            return True

    futures = parallel.start([partial(differs, one) for one in old], order.workers)
    found: list[bool] = []
    parallel.in_order(futures, found.append, lambda done: None)
    return [one.id for one, is_other in zip(old, found, strict=True) if is_other]


def deploy(
    aws: Aws,
    order: Order,
    target: Target,
    reporter: Reporter,
    confirm: Confirm = lambda lines: None,
    pace: Pace | None = None,
) -> list[Seat]:
    """Makes the class, and returns a seat for each student of `order.only`.

    `confirm` gets the estimate before anything is made on AWS that costs money, and raises to stop. One student's
    failure does not stop the others: the seat tells it.

    Raises the errors of a deploy for what all share, Unready when the account has no room for the class.
    """
    _, order, plan, scale = _looked(aws, order, target, reporter, lambda plan: plan)
    agree = _Agreement(confirm, [] if target.is_local else _lines(scale, plan, order, target))
    if plan.changes:
        deployer.taken(aws, plan, reporter, agree)
    if scale.new:
        agree([])
    stacks = aws.stacks.listed()
    common = _common(order, plan.desired, stacks)
    hurry = pace or (Unhurried() if target.is_local else Pace())
    names = free(aws, _functions(order, common, stacks), f"/aws/lambda/{order.name}-")
    return _students(shared(paced(aws, hurry), stacks, names), order, common, target, reporter)


def _looked(
    aws: Aws, order: Order, target: Target, reporter: Reporter, shown: Callable[[Plan], Plan]
) -> tuple[Mapping[str, Stack], Order, Plan, Scale]:
    """What is there, and what is to be made: the plan for what all share, as `shown` gives it, and the class's size.

    Raises Unready when the account has no room for the class, Refused when it would take over other stacks, and what
    `shown` raises.
    """
    reporter.event("checking what is already deployed")
    there = aws.stacks.listed()
    _refuse_taken(order, there)
    order = _joined(aws, order, there)
    plan = planning.make(aws, parts.settings_of_shared(order.asked, order.whole, order.name), target, reporter)
    _tell_unknown(aws, order, plan, there, reporter)
    plan = shown(plan)
    scale = _scale(order, plan, there)
    _check(aws, scale, target, reporter)
    _tell_others(order, there, reporter)
    return there, order, plan, scale


def _functions(order: Order, common: Common, there: Mapping[str, Stack]) -> list[str]:
    """The names of the new students' functions, where the application gives its functions names."""
    named_by = order.whole.named_by
    new = [order.part(one, common) for one in order.only if order.stack_name(one) not in there]
    found = [{**one.own_defaults, **one.asked}.get(named_by, "") for one in new]
    return [name for name in found if name]


def _tell_others(order: Order, there: Mapping[str, Stack], reporter: Reporter) -> None:
    """Who has a part and is not in the list: the deploy leaves them alone."""
    known = {one.id for one in order.students}
    others = [one.id for one in present.students(present.of_class(there, order.name)) if one.id not in known]
    if others:
        only = " ".join(f"--only {id}" for id in others)
        reporter.warning(
            f"in AWS, but not in the list: {', '.join(others)}. To delete their stacks, run: {order.removing} {only}"
        )


def _tell_unknown(aws: Aws, order: Order, plan: Plan, there: Mapping[str, Stack], reporter: Reporter) -> None:
    """Warns of names of `--allow-replace` that no part of the class has, what is deployed included."""
    known = {**planning.types(order.whole.stacks[-1].source.body), **planning.resources(plan)}
    for stack in present.of_class(there, order.name):
        if known.keys() >= set(order.asked.allow_replace):
            return
        known |= planning.types(decode(aws.stacks.template(stack.name)))
    planning.tell_unknown(plan, reporter, known)


class _Agreement:
    """Asks once, whatever the question comes from."""

    def __init__(self, confirm: Confirm, lines: Sequence[str]) -> None:
        self._confirm = confirm
        self._lines = lines
        self._is_asked = not lines

    def __call__(self, others: list[str]) -> None:
        if not self._is_asked:
            self._is_asked = True
            self._confirm([*others, *self._lines])


def _joined(aws: Aws, order: Order, there: Mapping[str, Stack]) -> Order:
    """The order in which new students get what those have who are there.

    Raises SettingsError as `Order.check`.
    """
    if all(order.stack_name(one) in there for one in order.only):
        return order
    stacks = present.of_class(there, order.name)
    found = replace(order, asked=with_what_others_have(aws, order.asked, order.whole, stacks))
    found.check()
    return found


def _refuse_taken(order: Order, there: Mapping[str, Stack]) -> None:
    """Raises Refused for names with which the class, or a student, would take over somebody else's stacks."""
    strangers = [one for one in there.values() if one.tags.get(CLASS_TAG) != order.name and BESIDE_TAG not in one.tags]
    of = {one.tags.get(TAG, ""): one.name for one in strangers}
    names = {f"id {one.id}": f"{order.name}-{one.id}" for one in order.only}
    if any(one.tags.get(TAG) == order.name and STUDENT_TAG in one.tags for one in strangers):
        names[f"--name {order.name}"] = order.name
    faults = [
        f"{what}: stack {of[name]} is of a deployment {name}, which is not of this class"
        for what, name in names.items()
        if name in of
    ]
    if faults:
        told = "\n".join(faults)
        raise Refused(f"{told}\nNothing was changed. Use another id, or another --name for the class")


def _common(order: Order, desired: Desired, stacks: Mapping[str, Stack]) -> Common:
    contents = filling.manifest(desired.fill) if desired.fill else ""
    keys = [one.key for one in desired.code]
    return parts.common_of(order.whole, order.name, stacks, keys, desired.bucket, contents)


def _scale(order: Order, plan: Plan, there: Mapping[str, Stack]) -> Scale:
    """The class's size. What the stacks for all will tell is not known yet, and changes no number."""
    new = [one for one in order.only if order.stack_name(one) not in there]
    example = _example(order, plan)
    everybody = present.everybody(order.students, present.students(present.of_class(there, order.name)))
    return Scale(example.service, example.wiring, len(new), len(everybody), order.workers)


def _example(order: Order, plan: Plan) -> Desired:
    """A student's part as it will be, with names in place of what the stacks for all will tell."""
    whole, desired = order.whole, plan.desired
    common = Common(
        desired.values,
        {stack.id: stack.told for stack in whole.stacks},
        {name: name for code in whole.code for name in code.parameters},
        desired.bucket,
    )
    return describe(order.part(order.only[0], common), plan.target, desired.identity, Model(""))


def _lines(scale: Scale, plan: Plan, order: Order, target: Target) -> list[str]:
    """The estimate, of which on an emulator only the number counts."""
    found = estimate.lines(scale, plan.desired.stacks, plan.observed.stacks, order.hours)
    if target.is_local:
        return found[:1]
    identity = plan.desired.identity
    return [f"class {order.name} in account {identity.account}, region {identity.region}", *found]


def _check(aws: Aws, scale: Scale, target: Target, reporter: Reporter) -> None:
    """Raises Unready when the quotas have no room for the new students."""
    if not scale.new or target.is_local:
        return
    if warning := estimate.crowd(scale, aws.account.concurrency("")):
        reporter.warning(warning)
    where = f"account {aws.identity.account}, {aws.identity.region}"
    apis, roles = aws.account.apis(), aws.account.roles()
    for what, found in (("REST APIs", apis), ("IAM roles", roles)):
        if isinstance(found, Unknown):
            reporter.warning(f"not checked whether the account has room for more {what}: {found.detail}")
    if problems := [_problem(where, *one) for one in estimate.lacks(scale, apis, roles)]:
        raise Unready(problems)


def _problem(where: str, quota: Quota, more: int, usage: Usage) -> Problem:
    used = usage.used.get("", 0)
    why = f'{used} are in use, {more} more are needed, and the quota "{quota.name}" is {usage.limit}'
    return Problem(
        quota.counts,
        where,
        why,
        f"Delete {used + more - usage.limit} that nobody needs, or use another account or --region",
    )


def _students(aws: Aws, order: Order, common: Common, target: Target, reporter: Reporter) -> list[Seat]:
    """Each student's part, several at a time."""
    board = Board(order.only, reporter)
    work = [partial(_student, aws, order.part(one, common), one, target, board, order.is_wired) for one in order.only]
    together(work, order.workers)
    return board.seats


def _student(aws: Aws, settings: Settings, student: Student, target: Target, board: Board, is_wired: bool) -> None:
    said = SeatReporter(board, student.id)
    board.works(student.id, "looks")
    with board.failing(student.id):
        plan = planning.make(aws, settings, target, said)
        made = deployer.taken(aws, plan, said)
        cost = estimate.dollars([stack.effective for stack in plan.desired.stacks])
        proof, values = settings.deployment.proof, plan.desired.values
        if is_wired and proof:
            answer = made.prove(changed=plan.changes).answer
            found = answered(aws, proof, target, values, made.outputs, answer.describe() if answer else "")
        else:
            found = connected_answer(aws, settings, target, values, made.outputs)
        board.done(student.id, found, cost)


def exit_code(seats: Sequence[Seat]) -> int:
    """That of the command: 0 when all are done, 3 when all failures were interruptions, else the first other one."""
    codes = [seat.exit_code for seat in seats if seat.state == FAILED]
    others = [code for code in codes if code != InterruptedWork.exit_code]
    return (others or codes or [0])[0]
