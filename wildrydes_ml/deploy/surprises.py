"""What an update does that its settings do not tell: in words for the plan, and before `--allow-replace` is asked for.

Each rule is AWS's, and its source stands beside it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..aws.records import StackEvent
from ..template.change import ResourceChange
from ..template.effective import Effective

# https://docs.aws.amazon.com/efs/latest/ug/managing-throughput.html and API_UpdateFileSystem.html (TooManyRequests)
THROUGHPUT_PAUSE = timedelta(hours=24)
_FILE_SYSTEM = "AWS::EFS::FileSystem"
# The image that a dynamic reference names is looked up in every operation, whether or not the template changed:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm.html
_IMAGE = "ImageId"
# Conditionally create-only in the schema of AWS::EC2::Subnet. EC2 itself adds and removes such a block in place:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateSubnetCidrBlock.html
_BLOCK = "Ipv6CidrBlock"
_FOLLOWING = "SubnetId"


def explained(change: ResourceChange, fillers: Collection[str] = ()) -> str:
    """Why something is replaced that nobody asked to replace, or may be; empty for what needs no words.

    `fillers` are the logical ids of the instances that fill EFS.
    """
    if change.action != "Modify" or change.replacement not in ("True", "Conditional"):
        return ""
    if change.logical_id in fillers:
        cause = "a newer Amazon Linux image; " if change.causes == (_IMAGE,) else ""
        return f"{cause}EFS keeps its content, and nothing is installed again"
    if _is_by_block(change):
        return f"CloudFormation cannot tell beforehand; {_BLOCK} changes, which EC2 does in place"
    if _follows(change):
        return "only if its subnet is replaced"
    return ""


def perhaps(changes: Sequence[ResourceChange]) -> str:
    """What `perhaps replaced` means for these changes; empty when none of them has it."""
    if not any(change.replacement == "Conditional" for change in changes):
        return ""
    told = '"Perhaps replaced" means that CloudFormation cannot tell beforehand.'
    if not any(_is_by_block(change) for change in changes):
        return told
    return (
        f"{told} Here a subnet's {_BLOCK} changes. EC2 adds and removes it in place, so the subnets and their "
        "content should stay. If CloudFormation creates a new subnet nevertheless, it has the addresses of the old "
        "one: EC2 refuses it, and the update is rolled back."
    )


def throughput_changes(before: Effective, after: Effective) -> list[str]:
    """The file systems, by logical id, whose throughput changes in a way that EFS takes only once in 24 hours."""
    old, new = before["Resources"], after["Resources"]
    both = [title for title in new if new[title].get("Type") == _FILE_SYSTEM and title in old]
    return [title for title in both if _is_held_back(_properties(old[title]), _properties(new[title]))]


def throughput_warning(stack: str, title: str, events: Sequence[StackEvent], now: datetime) -> str:
    """A warning that EFS may refuse such a change, with earlier changes from the stack's events."""
    rule = (
        f"stack {stack}: the throughput of {title} changes. EFS accepts a change of throughput mode, or a decrease, "
        "only 24 hours after the last change"
    )
    times = [event.time for event in events if _is_update(event, title) and now - event.time < THROUGHPUT_PAUSE]
    if not times:
        return f"{rule}. If there was one, this update fails and is rolled back"
    last = max(times)
    return (
        f"{rule}. {title} was updated at {last:%Y-%m-%d %H:%M} UTC: if that changed its throughput, this update fails "
        f"and is rolled back, until {last + THROUGHPUT_PAUSE:%Y-%m-%d %H:%M} UTC"
    )


def _is_by_block(change: ResourceChange) -> bool:
    return change.type == "AWS::EC2::Subnet" and change.causes == (_BLOCK,) and change.replacement == "Conditional"


def _follows(change: ResourceChange) -> bool:
    return change.causes == (_FOLLOWING,) and change.replacement == "Conditional"


def _properties(entry: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = entry.get("Properties", {})
    return found


def _is_held_back(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    modes = [one.get("ThroughputMode", "bursting") for one in (old, new)]
    amounts = [float(one.get("ProvisionedThroughputInMibps", 0)) for one in (old, new)]
    return modes[0] != modes[1] or amounts[1] < amounts[0]


def _is_update(event: StackEvent, title: str) -> bool:
    return event.resource == title and event.type == _FILE_SYSTEM and event.status == "UPDATE_COMPLETE"
