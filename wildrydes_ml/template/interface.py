"""In which order, and under which names, the console asks for a template's parameters.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudformation-interface.html
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

Group: TypeAlias = Literal[
    "Code",
    "This application",
    "Network",
    "Storage",
    "Filling EFS",
    "Function",
    "API",
    "Batches",
    "Permissions",
    "Not used",
]
"""A heading in the console, in the order in which the console shows them."""


def interface(groups: Mapping[str, Group], labels: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """A template's `Metadata` that tells the console the group of each parameter, and what to call it.

    Within a group the parameters keep their order. One without a label is called by its name.
    """
    shown = {group: [name for name, own in groups.items() if own == group] for group in get_args(Group)}
    told: dict[str, Any] = {
        "ParameterGroups": [
            {"Label": {"default": group}, "Parameters": names} for group, names in shown.items() if names
        ]
    }
    if labels:
        in_turn = (name for names in shown.values() for name in names if name in labels)
        told["ParameterLabels"] = {name: {"default": labels[name]} for name in in_turn}
    return {"AWS::CloudFormation::Interface": told}
