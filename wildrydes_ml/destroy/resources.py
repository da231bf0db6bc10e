"""The types of resources that destroy treats specially, and their physical ids."""

from collections.abc import Sequence

from ..aws.records import StackResource

FUNCTION = "AWS::Lambda::Function"
LOG_GROUP = "AWS::Logs::LogGroup"
SECURITY_GROUP = "AWS::EC2::SecurityGroup"


def physical_ids(resources: Sequence[StackResource], kind: str) -> list[str]:
    """The physical ids of resources of a type."""
    return [item.physical_id for item in resources if item.type == kind and item.physical_id]
