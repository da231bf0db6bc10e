"""What an update does to a resource."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ResourceChange:
    """One change of a change set: action Add, Modify or Remove; replacement True, Conditional or False.

    `causes` are the properties whose change makes CloudFormation replace the resource, or may do so, in order.
    `condition` is the condition that only CloudFormation can decide, and without which it adds nothing.
    """

    logical_id: str
    type: str
    action: str
    replacement: str = "False"
    causes: tuple[str, ...] = ()
    condition: str = ""
