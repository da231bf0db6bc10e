"""A class is deleted: first the students' stacks, several at a time and below AWS's rates, then what all share.

One proof at the end covers the whole class. Its tag finds what is left of students whose stacks are gone, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

from ..aws.apis import Apis
from ..aws.facts import Unknown
from ..aws.functions import Functions
from ..aws.keys import Tags
from ..aws.records import Billable, Stack
from ..aws.session import Aws, Buckets, Stacks
from ..aws.target import Target
from ..deploy.desired import bare_stacks, default_bucket
from ..deploy.remedies import some
from ..deploy.settings import Settings
from ..destroy import destroyer, leftovers
from ..destroy import repeating as destroying
from ..destroy.destroyer import Removal
from ..destroy.leftovers import Claim
from ..destroy.refusals import refuse_unknown
from ..destroy.remains import STACK_TAG
from ..errors import InterruptedWork, SettingsError, WildrydesError
from ..reporting import Confirm, Reporter
from ..tags import CLASS_TAG, TAG
from . import parts as parts_of
from . import rates, repeating
from .answers import Answer
from .board import WORKERS, Board, SeatReporter, together
from .pacing import Over, Pace, Unhurried, paced
from .present import of_class, settings_of, students
from .roster import Student, is_id, nobody, only, strangers
from .seats import FAILED, Seat
from .sharing import Once

_LOG_GROUPS = "/aws/lambda/"
# Of what was deleted, so many things are named.
_NAMED = 5


def destroy(
    aws: Aws,
    asked: Settings,
    class_name: str,
    ids: Sequence[str],
    target: Target,
    reporter: Reporter,
    confirm: Confirm = lambda lines: None,
    workers: int = WORKERS,
    pace: Pace | None = None,
) -> bool:
    """Deletes the class, or the parts of some students, and checks that nothing is left; whether there was anything.

    `ids` may be of students whose stacks are gone: what is left of them goes. `confirm` gets what is deleted and what
    is kept, and raises to stop.

    Raises:
        Refused: Before anything is deleted: something is protected, is not ours or cannot be kept.
        SettingsError: Nobody has one of the ids, or no stack has a resource that is to be retained.
        InterruptedWork: AWS takes too long.
        WildrydesError: Something is left.
    """
    reporter.event("checking what is already deployed")
    return _Removing(aws, asked, class_name, ids, target, reporter).run(confirm, workers, pace)


class _Removing:
    """One run of it."""

    def __init__(
        self, aws: Aws, asked: Settings, class_name: str, ids: Sequence[str], target: Target, reporter: Reporter
    ) -> None:
        self._aws = aws
        self._asked = asked
        self._name = class_name
        self._ids = ids
        self._target = target
        self._reporter = reporter
        self._stacks = aws.stacks.listed()
        self._there = students(of_class(self._stacks, class_name))
        gone = tuple(Student(id, id) for id in strangers(self._there, ids) if self._may_have_been(id))
        self._who = only((*self._there, *gone), ids)

    def _may_have_been(self, id: str) -> bool:
        """Whether the id may be of a student whose stack is gone: nothing else has the name that the stack had."""
        if not is_id(id, self._name):
            return False
        settings = settings_of(self._asked, self._name, Student(id, id))
        named = {*settings.all_stacks, *bare_stacks(settings)}
        return not any(one.name in named or one.tags.get(TAG) == settings.name for one in self._stacks.values())

    def run(self, confirm: Confirm, workers: int, pace: Pace | None) -> bool:
        known = self._sharing(self._stacks)
        theirs = [destroyer.planned(known, one, self._target, self._reporter) for one in self._settings]
        self._refuse_strangers(theirs)
        common = None if self._ids else destroyer.planned(known, self._shared, self._target, self._reporter)
        parts = [*theirs, *([common] if common else [])]
        refuse_unknown(self._shared, [found for one in parts for found in one.stacks], f"class {self._name}")
        keys = [] if self._ids else leftovers.api_keys(self._aws, self._tags, self._reporter)
        lines = [line for one in theirs for line in one.lines] + (common.lines if common else [])
        lines += [f"{key.kind} {key.id}" for key in keys if f"{key.kind} {key.id}" not in lines]
        if lines:
            confirm([*lines, *(line for line in common.offer[len(common.lines) :])] if common else lines)
        options = self._options(theirs, common)
        hurry = pace or (Unhurried() if self._target.is_local else Pace())
        self._take_theirs(theirs, hurry, workers)
        if common:
            destroyer.take(self._aws, common, self._target, self._reporter)
            self._take_rest(bool(keys))
        self._prove(parts, bool(lines))
        if lines:
            self._reporter.event(f"deleted: {some(lines, _NAMED)}", about="gone", **destroying.record(options))
        return bool(lines)

    def _options(self, theirs: Sequence[Removal], common: Removal | None) -> list[str] | None:
        """Those with which `class deploy` makes again what goes."""
        shared = common.goes.stacks if common else ()
        parts = [found for one in theirs for found in one.goes.stacks]
        bucket = default_bucket(self._shared, self._aws.identity)
        whole = parts_of.application(self._asked)
        found = repeating.options_of(self._aws, whole, self._asked, shared, parts, self._target, bucket)
        return found or [] if common and common.stays.stacks else found

    def _refuse_strangers(self, theirs: Sequence[Removal]) -> None:
        """Raises SettingsError for ids whose name another deployment has, of which only a bucket is there; warns of
        those of whom nothing is left."""
        gone = strangers(self._there, self._ids)
        removals = {one.id: removal for one, removal in zip(self._who, theirs, strict=True) if one.id in gone}
        if others := [id for id, removal in removals.items() if removal.goes.own_bucket]:
            raise SettingsError([nobody(self._there, id) for id in others])
        for id in (id for id, removal in removals.items() if not removal.lines):
            self._reporter.warning(f"{nobody(self._there, id)}. Nothing of this id is left to delete")

    @property
    def _settings(self) -> list[Settings]:
        """Those of the students' deployments."""
        return [settings_of(self._asked, self._name, one) for one in self._who]

    @property
    def _shared(self) -> Settings:
        """Those of what all share."""
        return replace(self._asked, name=self._name, tags={CLASS_TAG: self._name})

    @property
    def _tags(self) -> Mapping[str, Sequence[str]]:
        """The tag of all that belongs to the class."""
        return {CLASS_TAG: (self._name,)}

    def _take_theirs(self, removals: Sequence[Removal], pace: Pace, workers: int) -> None:
        """The students' parts. Raises the worst failure when some are left: what all share is still in use then."""
        left = [(one, removal) for one, removal in zip(self._who, removals, strict=True) if removal.lines]
        if not left:
            return
        board = Board([one for one, _ in left], self._reporter)
        aws = paced(self._aws, pace)
        work = [partial(self._take, aws, removal, student, board, pace) for student, removal in left]
        together(work, workers)
        _raise_failures(board.seats)

    def _take(self, aws: Aws, removal: Removal, student: Student, board: Board, pace: Pace) -> None:
        types = [item.type for found in removal.goes.stacks for item in found.resources]
        board.works(student.id, "waits for its turn")
        pace.wait(rates.deleting(types))
        with board.failing(student.id):
            destroyer.take(aws, removal, self._target, SeatReporter(board, student.id))
            board.done(student.id, Answer("deleted"))

    def _take_rest(self, has_keys: bool) -> None:
        """What is left of students whose stacks somebody deleted: keys, and logs that a function wrote at its end."""
        if has_keys:
            self._aws.apis.unwire(self._tags)
        for name in self._left_groups():
            self._reporter.event(f"delete log group {name}")
            self._aws.functions.delete_log_group(name)

    def _left_groups(self) -> list[str]:
        groups = self._aws.account.log_groups(f"{_LOG_GROUPS}{self._name}-")
        names = () if isinstance(groups, Unknown) else sorted(groups)
        return [one for one in names if (self._aws.functions.log_group_tags(one) or {}).get(CLASS_TAG) == self._name]

    def _prove(self, removals: Sequence[Removal], is_changed: bool) -> None:
        if is_changed:
            self._reporter.event("checking that nothing billable is left", steps=0)
        removed = [(one.settings, one.goes) for one in removals]
        leftovers.prove_all(
            self._sharing(self._aws.stacks.listed()), removed, self._claim, self._target, self._reporter
        )

    @property
    def _claim(self) -> Claim:
        """Everything of the class, or of the students who are named."""
        parts = self._settings if self._ids else [*self._settings, self._shared]
        stacks = [stack for one in parts for stack in one.all_stacks]
        if not self._ids:
            return Claim(f"class {self._name}", CLASS_TAG, {**self._tags, STACK_TAG: stacks})
        names = [one.name for one in parts]
        return Claim(", ".join(names), TAG, {TAG: names, STACK_TAG: stacks})

    def _sharing(self, stacks: Mapping[str, Stack]) -> Aws:
        """The gateways with one answer for what each student's removal asks."""
        aws, once = self._aws, Once()
        prefix = f"{_LOG_GROUPS}{self._name}-"
        groups = aws.account.log_groups(prefix)
        names = frozenset[str]() if isinstance(groups, Unknown) else groups
        buckets = {name: once.of(getattr(aws.buckets, name), name) for name in ("tags", "versions", "metadata")}
        has_keys = bool(leftovers.api_keys(aws, {CLASS_TAG: (self._name,)}, self._reporter))

        def tags_of(group: str) -> dict[str, str] | None:
            is_known = group.startswith(prefix) and not isinstance(groups, Unknown)
            return None if is_known and group not in names else aws.functions.log_group_tags(group)

        def keys(tags: Tags) -> list[Billable]:
            return aws.apis.keys_and_plans(tags) if has_keys else []

        return replace(
            aws,
            stacks=cast(Stacks, Over(aws.stacks, describe=stacks.get)),
            buckets=cast(Buckets, Over(aws.buckets, **buckets)),
            functions=cast(Functions, Over(aws.functions, log_group_tags=tags_of)),
            apis=cast(Apis, Over(aws.apis, keys_and_plans=keys)),
        )


def _raise_failures(seats: Sequence[Seat]) -> None:
    failed = [one for one in seats if one.state == FAILED]
    if not failed:
        return
    told = "\n".join(f"{one.student.id}: {one.verdict}" for one in failed)
    is_interrupted = all(one.exit_code == InterruptedWork.exit_code for one in failed)
    kind = InterruptedWork if is_interrupted else WildrydesError
    raise kind(
        f"{len(failed)} of {len(seats)} students' stacks were not deleted, so what all share stays. Fix this, and run "
        f"the same command again:\n{told}"
    )
