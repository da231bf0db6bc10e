"""Whether the instance that fills a file system fits the functions that read from it, and finishes before them.

An installer is an instance that runs pip or gets the variable `PYTHON_RUNTIME`, like this package's own instance. A
filler is an instance that refers to the file system or to one of its access points.
"""

import re
from collections.abc import Iterator
from typing import Any

from ..template.resolve import Body, mapping
from .findings import Fault, Path, at
from .stack import FUNCTION, INSTANCE, Mount, Stack, entries_or_values, references, texts

WAIT_CONDITION = "AWS::CloudFormation::WaitCondition"
_TOLD = re.compile(r'\bPYTHON_RUNTIME="?python(3\.\d+)')
_RUN = re.compile(r"\bpython(3\.\d+)\b")
_PROCESSOR = re.compile(r"\b(x86_64|arm64)\b")
_PROCESSOR_PARTS = re.compile(r"x86_64|arm64|Fn::|Ref")
# https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html: g after the generation is Graviton.
_ARM_TYPE = re.compile(r"(a1|[a-z]+\d+g[a-z]*)\.")
_FIX = "Use one parameter, or one value, in both places."


def python_is_the_functions(stack: Stack) -> Iterator[Fault]:
    """The installers install for the functions' Python version, with any values of the parameters."""
    for instance in stack.of(INSTANCE):
        path, versions = _versions(stack.resources[instance], instance)
        for title, function in _mounting(stack).items() if versions else ():
            runtime = re.fullmatch(r"python(3\.\d+)", str(function.get("Runtime")))
            if runtime and runtime[1] not in versions:
                what = f"{instance} installs for Python {' and '.join(sorted(versions))}, but {title} runs {runtime[1]}"
                yield Fault(path, what, "Install with the interpreter of the function's runtime.")
            elif runtime and (why := _parts_with(stack, instance, title, "Runtime", runtime[0])):
                yield Fault(path, f"{instance} installs for Python {runtime[1]}, and {title} runs it, but {why}", _FIX)


def processor_is_the_functions(stack: Stack) -> Iterator[Fault]:
    """The installers install for the functions' processor, with any values of the parameters."""
    for instance, properties in stack.of(INSTANCE).items():
        processor = _processor(properties)
        if processor is None or not _versions(stack.resources[instance], instance)[1]:
            continue
        for title, function in _mounting(stack).items():
            own = next(iter(entries_or_values(function.get("Architectures"))), "x86_64")
            if own in ("x86_64", "arm64") and own != processor:
                what = f"{instance} is {processor}, but {title} runs on {own}"
                yield Fault(at(instance, "ImageId"), what, "Use one processor for image, instance type and function.")
            elif own == processor and (why := _parts_with(stack, instance, title, "Architectures", processor)):
                yield Fault(at(instance, "ImageId"), f"{instance} and {title} are {processor}, but {why}", _FIX)


def function_waits_for_its_filling(stack: Stack) -> Iterator[Fault]:
    """The function is created after the instance has filled its file system."""
    for mount in stack.mounts():
        for instance in fillers(stack, mount):
            late = [title for title in _ends(stack, instance) if title not in stack.needed_by(mount.function)]
            if late:
                what = f"{instance} fills {mount.file_system}, but {mount.function} does not wait for {late[0]}"
                fix = f"Add DependsOn: [{late[0]}]; with the blocks, pass the result of add_populate as contents=."
                yield Fault(at(mount.function, "FileSystemConfigs"), what, fix)


def fillers(stack: Stack, mount: Mount) -> list[str]:
    """The instances that refer to the file system, or to the access point, that a function mounts."""
    wanted = {name for name in (mount.file_system, mount.access_point) if name}
    return [title for title in stack.of(INSTANCE) if wanted & references(_entry(stack.resources[title]))]


def _mounting(stack: Stack) -> dict[str, Body]:
    return {title: function for title, function in stack.of(FUNCTION).items() if "FileSystemConfigs" in function}


def _entry(resource: Body) -> list[Any]:
    return [resource.get("Properties"), resource.get("Metadata")]


def _versions(resource: Body, title: str) -> tuple[Path, set[str]]:
    """For which Python an instance installs, and where that stands."""
    metadata = list(texts(resource.get("Metadata")))
    if told := {found for text in metadata for found in _TOLD.findall(text)}:
        return ("Resources", title, "Metadata"), told
    data = [*texts(mapping(resource.get("Properties")).get("UserData")), *metadata]
    told = {found for text in data for found in _TOLD.findall(text)}
    run = {found for text in data if "pip" in text for found in _RUN.findall(text)}
    return at(title, "UserData"), told or run


def _processor(properties: Body) -> str | None:
    """What its image is for or, if that is not told, its type."""
    if found := _PROCESSOR.search(str(properties.get("ImageId", ""))):
        return found[1]
    kind = properties.get("InstanceType")
    return None if not isinstance(kind, str) else "arm64" if _ARM_TYPE.match(kind) else "x86_64"


def _parts_with(stack: Stack, instance: str, function: str, name: str, value: str) -> str:
    """How another value of a parameter would part the two; nothing if it would not, or if that is not known."""
    own = mapping(stack.written[function].get("Properties")).get(name)
    own = own[0] if isinstance(own, list) and own else own
    part = _telling(stack.written[instance], name)
    others = {title for title in references(part) if title not in stack.written and not title.startswith("AWS::")}
    if "Fn::If" in str(part):
        return ""
    match own:
        case {"Ref": str(parameter)} if parameter not in others:
            return f"{instance} does not follow parameter {parameter}"
        case str() if others and value not in "\n".join(texts(part)):
            return f"{instance} follows a parameter and {function} does not"
    return ""


def _telling(instance: Body, name: str) -> list[Any]:
    """What tells the Python or the processor of an instance, as it is written."""
    properties = mapping(instance.get("Properties"))
    if name == "Runtime":
        return [properties.get("UserData"), instance.get("Metadata")]
    return [properties.get("ImageId" if _PROCESSOR_PARTS.search(str(properties.get("ImageId"))) else "InstanceType")]


def _ends(stack: Stack, instance: str) -> list[str]:
    """What is complete once the instance has filled the file system."""
    waits = [
        title
        for title, wait in stack.of(WAIT_CONDITION).items()
        if instance in stack.needed_by(title)
        or references(wait.get("Handle")) & references(_entry(stack.resources[instance]))
    ]
    return [*waits, *([instance] if "CreationPolicy" in stack.resources[instance] else [])]
