"""The proof after a removal: what of a deployment still exists, what it costs, and how to remove it.

The tagging API lists for up to an hour what is gone, and not at once what is new, so that each kind that bills
is looked at itself. https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from .aws import Aws
from .costs import PRICES
from .desired import TAG
from .errors import InterruptedWork, WildrydesError
from .records import Billable
from .remains import Remains, look
from .reporting import Reporter
from .settings import Settings, Target

# CloudFormation's own tag finds what a stack without our tag has made, one of the plain AWS CLI's.
_STACK_TAG = "aws:cloudformation:stack-name"

# Kind → how to remove one.
REMEDIES = {
    "stack": "run destroy again",
    "object": "aws s3 rm {id}",
    "NAT gateway": "aws ec2 delete-nat-gateway --nat-gateway-id {id}",
    "public IPv4 address": "aws ec2 release-address --allocation-id {id}",
    "instance": "aws ec2 terminate-instances --instance-ids {id}",
    "volume": "aws ec2 delete-volume --volume-id {id}",
    "file system": "aws efs delete-file-system --file-system-id {id}, after its mount targets",
    "bucket": "aws s3 rb --force s3://{id}",
    "log group": "aws logs delete-log-group --log-group-name {id}",
    "function": "aws lambda delete-function --function-name {id}",
    "API key": "aws apigateway delete-api-key --api-key {id}",
    "usage plan": "aws apigateway delete-usage-plan --usage-plan-id {id}",
}


@dataclass(frozen=True)
class Sought:
    """What to look for: tags with their values, the function's name, the names of stacks and of log groups."""

    tags: Mapping[str, Collection[str]]
    function: str
    stacks: Collection[str]
    log_groups: Collection[str]

    def is_our_key(self, name: str) -> bool:
        """Whether an API key or usage plan is ours: the wiring names it as the function, a stack after itself."""
        return name == self.function or name.startswith(tuple(f"{stack}-" for stack in self.stacks))


def prove(aws: Aws, settings: Settings, target: Target, removed: Remains, reporter: Reporter) -> None:
    """Says that nothing bills any more. Raises WildrydesError when something is left, after a line for each thing."""
    goes, stays = look(aws, settings, target).split(settings)
    found, skipped = _find(aws, _sought(settings, removed, goes), reporter)
    kept = "file system" if stays.stacks else ""
    left = [*_named(goes), *(thing for thing in found if thing.kind != kept)]
    for thing in left:
        _report(thing, reporter)
    if left:
        raise WildrydesError("still there: " + ", ".join(f"{thing.kind} {thing.id}" for thing in left))
    if not settings.keep_data:
        _report_tagged(aws.tagging.arns(TAG, settings.name), reporter)
    but = " but what is kept" if stays.describe() else ""
    unseen = f"; not looked at: {', '.join(skipped)}" if skipped else ""
    reporter.event(f"nothing that bills is left of {settings.name}{but}{unseen}")


def _sought(settings: Settings, removed: Remains, found: Remains) -> Sought:
    stacks = (settings.efs_stack, settings.inference_stack, settings.complete_stack)
    tags = {TAG: (settings.name,), _STACK_TAG: stacks}
    return Sought(tags, removed.function_name, stacks, removed.possible_log_groups.union(found.log_groups))


def _find(aws: Aws, what: Sought, reporter: Reporter) -> tuple[list[Billable], list[str]]:
    """What still exists of the kinds that are looked at, and which were not.

    What an emulator does not know and what these credentials may not see is skipped, and said.
    """
    found: list[Billable] = []
    skipped: list[str] = []
    for name, kind in _LOOKS.items():
        try:
            found += kind(aws, what)
        except InterruptedWork:
            raise
        except WildrydesError as error:
            reporter.event(f"{name} skipped: {error}")
            skipped.append(name)
    return found, skipped


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


def _report(thing: Billable, reporter: Reporter) -> None:
    cost, remedy = dollars(thing), REMEDIES[thing.kind].format(id=thing.id)
    price = "at a price that is not in the table" if cost is None else f"about {cost:.2f} US$ a month"
    reporter.output(
        f"still there: {thing.kind} {thing.id}, {price}; to remove it: {remedy}",
        kind=thing.kind,
        id=thing.id,
        dollars=cost,
        remedy=remedy,
    )


def _report_tagged(arns: Collection[str], reporter: Reporter) -> None:
    if arns:
        reporter.warning(f"AWS lists with our tag, for up to an hour after they are gone: {', '.join(arns)}")


def _log_groups(aws: Aws, what: Sought) -> list[Billable]:
    return [Billable("log group", name) for name in sorted(what.log_groups) if aws.functions.log_group_exists(name)]


def _functions(aws: Aws, what: Sought) -> list[Billable]:
    """The function, if it is ours: the workshop's own has the same name."""
    tags = aws.functions.tags(what.function) or {}
    is_ours = any(value in what.tags.get(key, ()) for key, value in tags.items())
    return [Billable("function", what.function)] if is_ours else []


# What is looked at, and how: a call or two each.
_LOOKS: dict[str, Callable[[Aws, Sought], list[Billable]]] = {
    "EC2": lambda aws, what: aws.networks.billing(what.tags),
    "EFS": lambda aws, what: aws.networks.file_systems(what.tags),
    "Lambda": _functions,
    "CloudWatch Logs": _log_groups,
    "API keys": lambda aws, what: aws.apis.keys_and_plans(what.is_our_key),
}
