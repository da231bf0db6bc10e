"""Which instances of a template fill a file system: they may be created and deleted, and the files are kept."""

from collections.abc import Mapping
from typing import Any

from .references import references
from .resolve import mapping

_HANDLE, _FILES = "AWS::CloudFormation::WaitConditionHandle", ("AWS::EFS::FileSystem", "AWS::EFS::AccessPoint")


def fillers(resources: Mapping[str, Any]) -> frozenset[str]:
    """The logical ids of instances that signal the stack when they have finished, if the stack has a file system."""
    kinds = {title: mapping(entry).get("Type") for title, entry in resources.items()}
    if not {*kinds.values()} & {*_FILES}:
        return frozenset()
    return frozenset(
        title
        for title, kind in kinds.items()
        if kind == "AWS::EC2::Instance"
        and any(
            kinds.get(name) == _HANDLE
            for name in references(mapping(resources[title].get("Properties")).get("UserData"))
        )
    )
