"""Whether the file system is mounted where the function looks for it, and the function may read it."""

import re
from collections.abc import Iterator
from typing import Any

from ..template.resolve import Body, is_known, mapping
from .findings import Fault, at
from .stack import ACCESS_POINT, FILE_SYSTEM, FUNCTION, Mount, Stack, entries, entries_or_values

LOCAL_PATH = r"/mnt/[a-zA-Z0-9_.-]+"
_READ_AND_ENTER = 0o5


def waits_for_mount_targets(stack: Stack) -> Iterator[Fault]:
    """The function is created after the mount targets of its file system."""
    for mount in stack.mounts():
        targets = stack.mount_targets(mount.file_system) if mount.file_system else {}
        if late := [title for title in targets if title not in stack.needed_by(mount.function)]:
            what = f"{mount.function} mounts {mount.file_system}, but does not wait for {' and '.join(late)}"
            yield Fault(at(mount.function, "FileSystemConfigs"), what, f"Add DependsOn: [{', '.join(late)}].")


def access_point_by_its_arn(stack: Stack) -> Iterator[Fault]:
    """A mount names its access point by ARN; `Ref` returns the id."""
    for title, function in stack.of(FUNCTION).items():
        for entry in entries(function.get("FileSystemConfigs")):
            match entry.get("Arn"):
                case {"Ref": str(point)} if point in stack.of(ACCESS_POINT):
                    what = f"{title} uses Ref of {point}, which is its id, but Lambda needs its ARN"
                    yield Fault(at(title, "FileSystemConfigs"), what, f"Use GetAtt {point}.Arn.")


def local_path_is_under_mnt(stack: Stack) -> Iterator[Fault]:
    """Lambda accepts the mount path, and the environment names no other path."""
    for mount in stack.mounts():
        path = mount.local_path
        if isinstance(path, str) and not (re.fullmatch(LOCAL_PATH, path) and len(path) <= 160):
            what = f"{mount.function} mounts its file system at {path!r}"
            yield Fault(at(mount.function, "FileSystemConfigs"), what, "Use a path such as /mnt/python.")
    for function in stack.of(FUNCTION):
        yield from _elsewhere(stack, function)


def _elsewhere(stack: Stack, function: str) -> Iterator[Fault]:
    """Variables with a path under /mnt at which nothing is mounted, or not whatever the parameters are."""
    paths = [mount.local_path for mount in stack.mounts() if mount.function == function]
    written = mapping(stack.written[function].get("Properties"))
    follows = not all(isinstance(one.get("LocalMountPath"), str) for one in entries(written.get("FileSystemConfigs")))
    for name, value in _variables(stack.of(FUNCTION)[function]).items():
        if not paths or not all(isinstance(one, str) for one in (value, *paths)) or not value.startswith("/mnt/"):
            continue
        inside = any(f"{value}/".startswith(f"{path}/") for path in paths)
        if inside and follows and isinstance(_variables(written).get(name), str):
            what = f"variable {name} of {function} is always {value!r}, but the mount path is a parameter"
        elif inside:
            continue
        else:
            what = f"variable {name} of {function} is {value!r}, but the file system is at {' and '.join(paths)}"
        yield Fault(at(function, "Environment", "Variables", name), what, "Use one parameter in both places.")


def _variables(function: Body) -> Body:
    return mapping(mapping(function.get("Environment")).get("Variables"))


def access_point_can_read(stack: Stack) -> Iterator[Fault]:
    """The user of the function's access point may read its directory, whichever access point creates it."""
    points = stack.of(ACCESS_POINT)
    for mount in stack.mounts():
        if not mount.access_point:
            continue
        point = points[mount.access_point]
        yield from _unmade(mount, point)
        for title, maker in points.items():
            same_place = _directory(maker) == _directory(point) and _system(stack, maker) == mount.file_system
            if (
                same_place
                and (may := _permission(point, maker)) is not None
                and may & _READ_AND_ENTER != _READ_AND_ENTER
            ):
                user = mapping(point.get("PosixUser"))
                info = _creation(maker)
                what = (
                    f"{mount.function} reads as uid {user.get('Uid')}, gid {user.get('Gid')}, but {title} creates "
                    f"{_directory(maker)} for uid {info.get('OwnerUid')}, gid {info.get('OwnerGid')} with permissions "
                    f"{info.get('Permissions')}"
                )
                yield Fault(at(title, "RootDirectory"), what, "Use the same owner and PosixUser, or permissions 755.")


def _unmade(mount: Mount, point: Body) -> Iterator[Fault]:
    """A directory on a new file system that nothing creates."""
    root = mapping(point.get("RootDirectory"))
    if mount.access_point and mount.file_system and "CreationInfo" not in root and _directory(point) not in (None, "/"):
        what = (
            f"{mount.access_point} leads to {_directory(point)} on the new {mount.file_system}, but nothing creates it"
        )
        fix = "Add CreationInfo to the access point: without it the mount fails."
        yield Fault(at(mount.access_point, "RootDirectory"), what, fix)


def _directory(point: Body) -> Any:
    path = mapping(point.get("RootDirectory")).get("Path", "/")
    return path.rstrip("/") or "/" if isinstance(path, str) else None


def _system(stack: Stack, point: Body) -> str | None:
    return stack.named(point.get("FileSystemId"), FILE_SYSTEM)


def _creation(point: Body) -> Body:
    return mapping(mapping(point.get("RootDirectory")).get("CreationInfo"))


def _permission(point: Body, maker: Body) -> int | None:
    """The three bits that the point's user has on the directory that `maker` makes; None when not known."""
    user, info = mapping(point.get("PosixUser")), _creation(maker)
    needed = [user.get("Uid"), user.get("Gid"), *(info.get(key) for key in ("OwnerUid", "OwnerGid", "Permissions"))]
    if not all(map(is_known, needed)):
        return None
    uid, gid, owner, group, bits = map(str, needed)
    if not re.fullmatch("[0-7]{3,4}", bits):
        return None
    mode = int(bits, 8)
    groups = {gid, *map(str, entries_or_values(user.get("SecondaryGids")))}
    if uid == "0":
        return 0o7
    return (mode >> 6 if uid == owner else mode >> 3 if group in groups else mode) & 0o7
