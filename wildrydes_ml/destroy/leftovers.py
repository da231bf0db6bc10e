"""The check after destroy: which resources of a deployment still exist, what they cost, and how to delete them.

The tagging API lists deleted resources for up to an hour, and new ones only after a while. So every kind of billable
resource is checked by itself. https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ..aws.records import Billable
from ..aws.session import Aws
from ..aws.target import Target
from ..costs import PRICES
from ..deploy.remedies import Remedies, some
from ..deploy.settings import Settings
from ..errors import InterruptedWork, WildrydesError
from ..reporting import Reporter
from ..tags import TAG
from .remains import Remains, is_tagged, look, our_tags

T = TypeVar("T")

# Things that the error names one by one; each has a line before it.
_NAMED = 20


@dataclass(frozen=True)
class Sought:
    """What to look for: tags with their values, the names of functions and of log groups."""

    tags: Mapping[str, Sequence[str]]
    functions: Collection[str]
    log_groups: Collection[str]


@dataclass(frozen=True)
class Claim:
    """Whose things are looked for: the name in words, the tag that all of them have with its value, and all tags that
    mark one as theirs."""

    name: str
    tag: str
    tags: Mapping[str, Sequence[str]]


def prove(aws: Aws, settings: Settings, target: Target, removed: Remains, reporter: Reporter) -> None:
    """Reports that no billable resource of a deployment remains. Raises WildrydesError when one does, after a line for
    each.

    Kinds of resources that the permissions do not allow to check are reported; that is no failure.
    """
    prove_all(aws, [(settings, removed)], Claim(settings.name, TAG, our_tags(settings)), target, reporter)


def prove_all(
    aws: Aws, removed: Sequence[tuple[Settings, Remains]], claim: Claim, target: Target, reporter: Reporter
) -> None:
    """The same for several deployments at once: what was removed of each. Raises the same error."""
    looked = [look(aws, settings).split(settings) for settings, _ in removed]
    goes, stays = [one for one, _ in looked], [one for _, one in looked]
    looks = _Looks(aws, _sought(claim.tags, [*goes, *(one for _, one in removed)]), reporter)
    kept = "file system" if any(one.stacks for one in stays) else ""
    left = [*(thing for one in goes for thing in _named(one)), *(one for one in looks.found() if one.kind != kept)]
    remedies = Remedies(aws.identity.region, target.endpoint)
    for thing in left:
        _report(thing, remedies, reporter)
    if left:
        raise WildrydesError("still exists: " + some([f"{thing.kind} {thing.id}" for thing in left], _NAMED))
    if not target.is_local:  # an emulator forgets them when it ends
        _report_unsure(looks, removed, claim, remedies, reporter)
    but = ", except what was kept" if any(one.describe() for one in stays) else ""
    unseen = f"; not checked: {', '.join(looks.skipped)}" if looks.skipped else ""
    reporter.event(f"verified: no billable resource of {claim.name} remains{but}{unseen}", about="idle cost")


def _sought(tags: Mapping[str, Sequence[str]], remains: Sequence[Remains]) -> Sought:
    groups = {name for one in remains for name in one.possible_log_groups}
    return Sought(tags, {name for one in remains for name in one.functions}, groups)


class _Looks:
    """The checks of each kind of resource; `skipped` names those that the credentials or an emulator do not allow."""

    def __init__(self, aws: Aws, what: Sought, reporter: Reporter) -> None:
        self._aws = aws
        self._what = what
        self._reporter = reporter
        self.skipped: list[str] = []

    def found(self) -> list[Billable]:
        """What still exists of the kinds that are checked."""
        return [thing for name, kind in _LOOKS.items() for thing in self._if_permitted(name, kind)]

    def alike(self) -> list[Billable]:
        """Log groups with the name of one of ours that nothing says is ours."""
        return self._if_permitted("CloudWatch Logs", partial(_log_groups, ours=False))

    def arns(self, claim: Claim) -> list[str]:
        """The ARNs that the tagging API lists with the claim's tag."""
        return self._if_permitted("tags", lambda aws, _: aws.tagging.arns(claim.tag, claim.tags[claim.tag][0]))

    def _if_permitted(self, name: str, look: Callable[[Aws, Sought], list[T]]) -> list[T]:
        if name in self.skipped:
            return []
        try:
            return look(self._aws, self._what)
        except InterruptedWork:
            raise
        except WildrydesError as error:
            self._reporter.event(f"{name} not checked: {error}")
            self.skipped.append(name)
            return []


def api_keys(aws: Aws, tags: Mapping[str, Sequence[str]], reporter: Reporter) -> list[Billable]:
    """The API keys and usage plans with such tags; none, with an event, if the credentials may not list them."""
    try:
        return aws.apis.keys_and_plans(tags)
    except InterruptedWork:
        raise
    except WildrydesError as error:
        reporter.event(f"API keys not checked: {error}")
        return []


def _named(remains: Remains) -> list[Billable]:
    """Stacks, bucket and objects that are found again."""
    stacks = [Billable("stack", found.stack.name) for found in remains.stacks]
    if remains.own_bucket:
        return [*stacks, Billable("bucket", remains.bucket)]
    return [*stacks, *(Billable("object", f"s3://{remains.bucket}/{item.key}") for item in remains.objects)]


def dollars(thing: Billable) -> float | None:
    """What it costs a month while idle; None when the price of one of its items is not in the table."""
    if not set(thing.prices) <= set(PRICES):
        return None
    return sum(PRICES[item] * amount for item, amount in thing.prices.items())


def _report(thing: Billable, remedies: Remedies, reporter: Reporter) -> None:
    cost, remedy = dollars(thing), remedies.removal(thing)
    price = "price unknown" if cost is None else f"about {cost:.2f} US$ a month"
    reporter.output(
        f"still exists: {thing.kind} {thing.id}, {price}; to delete it: {remedy}",
        kind=thing.kind,
        id=thing.id,
        dollars=cost,
        remedy=remedy,
    )


def _report_unsure(
    looks: _Looks, removed: Sequence[tuple[Settings, Remains]], claim: Claim, remedies: Remedies, reporter: Reporter
) -> None:
    """What is perhaps ours, or perhaps there no longer."""
    if any(one.describe() for _, one in removed):
        _report_alike(looks.alike(), remedies, reporter)
    if not any(settings.keep_data for settings, _ in removed):
        _report_tagged(looks.arns(claim), reporter)


def _report_tagged(arns: Collection[str], reporter: Reporter) -> None:
    if arns:
        reporter.warning(f"AWS still lists these with our tag, for up to an hour after deletion: {', '.join(arns)}")


def _report_alike(groups: Collection[Billable], remedies: Remedies, reporter: Reporter) -> None:
    """A function of an earlier version wrote once more after its log group had gone, or it is somebody else's."""
    for group in groups:
        reporter.warning(
            f"{group.kind} {group.id} has a name of ours but no tag of ours, so it was not deleted. "
            f"If nobody needs it, delete it with: {remedies.removal(group)}"
        )


def _log_groups(aws: Aws, what: Sought, ours: bool = True) -> list[Billable]:
    """Those of the names that are there, ours or the others."""
    tags = {name: aws.functions.log_group_tags(name) for name in sorted(what.log_groups)}
    return [
        Billable("log group", name)
        for name, found in tags.items()
        if found is not None and is_tagged(found, what.tags) is ours
    ]


def _functions(aws: Aws, what: Sought) -> list[Billable]:
    """The functions that are ours: somebody else's may have the same name."""
    names = [name for name in sorted(what.functions) if is_tagged(aws.functions.tags(name), what.tags)]
    return [Billable("function", name) for name in names]


# What is checked, and how: a call or two each.
_LOOKS: dict[str, Callable[[Aws, Sought], list[Billable]]] = {
    "EC2": lambda aws, what: aws.networks.billing(what.tags),
    "EFS": lambda aws, what: aws.networks.file_systems(what.tags),
    "Lambda": _functions,
    "CloudWatch Logs": _log_groups,
    "API keys": lambda aws, what: aws.apis.keys_and_plans(what.tags),
}
