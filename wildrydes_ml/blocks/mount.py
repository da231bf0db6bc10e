"""Where functions find EFS: what all functions of one file system have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import arguments
from .choices import Later, Value, Values

# https://docs.aws.amazon.com/lambda/latest/api/API_FileSystemConfig.html
_MOUNT_PATH = r"/mnt/[A-Za-z0-9_.-]+"


@dataclass(frozen=True, kw_only=True)
class FileSystemMount:
    """Where functions of a file system find packages and models. Raises TypeError and ValueError for wrong values.

    Attributes:
        subnets: Ids of the functions' subnets, each in a zone with a mount target; a list, or a list parameter.
        security_groups: Ids of the functions' security groups; a list, or a list parameter.
        access_point_arn: The ARN of the access point, such as `Storage.access_point_arn`.
        path: Where the functions see the access point: /mnt/ and one name.
        ipv6: Whether the functions may use IPv6 to reach the Internet.
        mount_targets: Logical ids of this template's mount targets; a function is created after them.
    """

    subnets: Values | Later
    security_groups: Values | Later
    access_point_arn: Value
    path: Value = "/mnt/python"
    ipv6: Any = False
    mount_targets: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name, kind in (("subnets", "subnet"), ("security_groups", "sg")):
            where, values = f"FileSystemMount.{name}", getattr(self, name)
            if isinstance(values, str) or not hasattr(values, "to_dict"):
                arguments.several(where, values, 1, "name one or more ids, each once")
                arguments.ids(where, values, kind)
        arguments.access_point_arn("FileSystemMount.access_point_arn", self.access_point_arn)
        arguments.text("FileSystemMount.path", self.path, _MOUNT_PATH, "use /mnt/ and one name, such as /mnt/python")
        if isinstance(self.mount_targets, str):
            raise TypeError("FileSystemMount.mount_targets is text: pass Storage.mount_targets, a tuple of logical ids")
