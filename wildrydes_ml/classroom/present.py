"""Who of a class is in AWS: found by the tags of the stacks alone, whoever made the class and on whatever machine."""

from collections.abc import Mapping, Sequence
from functools import partial

from ..aws.records import Stack
from ..aws.session import Aws
from ..aws.target import Target
from ..deploy import health, survey
from ..deploy.settings import Settings
from ..deploy.states import Status, state
from ..errors import WildrydesError
from ..reporting import Reporter
from ..tags import BESIDE_TAG, CLASS_TAG, STUDENT_TAG, TAG
from ..template.effective import effective
from . import estimate, parts
from .answers import connected_answer
from .board import Board, together
from .roster import Student, only
from .seats import Seat

_THREADS = 8
NOT_DEPLOYED = "not deployed: run class deploy"


def of_class(stacks: Mapping[str, Stack], class_name: str) -> list[Stack]:
    """The stacks of a class, what all share included. The class's tags alone make none: somebody may copy them."""
    return [one for one in stacks.values() if one.tags.get(CLASS_TAG) == class_name and _is_part(class_name, one)]


def _is_part(class_name: str, stack: Stack) -> bool:
    """Whether a stack is what its tags say: a student's deployment has the name of the class and the student's id."""
    id = stack.tags.get(STUDENT_TAG)
    name = f"{class_name}-{id}" if id else class_name
    return stack.tags.get(TAG) == name and survey.is_of(name, stack)


def own_parts(stacks: Sequence[Stack]) -> list[Stack]:
    """The students' parts as `class deploy` makes them, without what another command made beside one, such as
    `batch`."""
    return [one for one in stacks if one.tags.get(STUDENT_TAG) and BESIDE_TAG not in one.tags]


def students(stacks: Sequence[Stack]) -> tuple[Student, ...]:
    """The students who have a stack, of whatever kind, by their ids."""
    ids = sorted({id for one in stacks if (id := one.tags.get(STUDENT_TAG))})
    return tuple(Student(id, id) for id in ids)


def everybody(listed: Sequence[Student], there: Sequence[Student]) -> tuple[Student, ...]:
    """Those of a list, with its names, and those who are only in AWS."""
    known = {one.id for one in listed}
    return (*listed, *(one for one in there if one.id not in known))


def settings_of(asked: Settings, class_name: str, student: Student) -> Settings:
    """A student's deployment as it may be there, on any route."""
    return Settings(
        asked.deployments,
        name=f"{class_name}-{student.id}",
        account=asked.account,
        role_arn=asked.role_arn,
        retain=asked.retain,
        tags={CLASS_TAG: class_name},
    )


def status(
    aws: Aws,
    asked: Settings,
    class_name: str,
    listed: Sequence[Student],
    ids: Sequence[str],
    target: Target,
    reporter: Reporter,
) -> list[Seat]:
    """A seat for each student of a list and in AWS, or for those with the ids: whether the stack is complete, and what
    the API answers.

    Raises WildrydesError when nothing of the class is there, SettingsError for an id that nobody has.
    """
    stacks = of_class(aws.stacks.listed(), class_name)
    if not stacks:
        raise WildrydesError(
            f"there is no class {class_name} here: run class deploy first, or name another with --name"
        )
    board = Board(only(everybody(listed, students(stacks)), ids), reporter)
    whole = parts.application(asked)
    work = [
        partial(_look, aws, settings_of(asked, class_name, seat.student), whole.stacks[-1].source.body, stacks, target,
                board, seat.student)
        for seat in board.seats
    ]  # fmt: skip
    together(work, _THREADS)
    return board.seats


def _look(
    aws: Aws,
    settings: Settings,
    body: Mapping[str, object],
    stacks: Sequence[Stack],
    target: Target,
    board: Board,
    student: Student,
) -> None:
    """One student's part."""
    own = [one for one in own_parts(stacks) if one.tags[STUDENT_TAG] == student.id]
    cost = estimate.dollars([effective(body, one.parameters) for one in own])
    with board.failing(student.id, cost):
        if not own:
            raise WildrydesError(NOT_DEPLOYED)
        for one in own:
            row = state(one.status)
            if row.status is Status.EXPLAIN:
                raise WildrydesError(f"stack {one.name} is {one.status} ({row.meaning}): {row.advice}")
        values, outputs = health.parameters(own), health.outputs(settings, own)
        board.done(student.id, connected_answer(aws, settings, target, values, outputs), cost)
