"""What an update does with a resource."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ResourceChange:
    """One change of a change set: action Add, Modify or Remove; replacement True, Conditional or False.

    `causes` are the properties for whose change CloudFormation replaces the resource, or perhaps does, in order.
    """

    logical_id: str
    type: str
    action: str
    replacement: str = "False"
    causes: tuple[str, ...] = ()
