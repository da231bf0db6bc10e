"""The steps of a deploy, as data: printed by `--plan`, taken one after the other by deploy."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ..aws.wiring import DESCRIPTIONS, Action
from ..template.change import ResourceChange
from ..template.fillers import fillers
from . import surprises
from .consequences import ParameterChange
from .desired import DesiredStack


@dataclass(frozen=True)
class MakeBucket:
    """Create the bucket, or finish its creation."""

    bucket: str

    def describe(self) -> str:
        """The step in words."""
        return f"create bucket {self.bucket} (private, encrypted, TLS only)"


@dataclass(frozen=True)
class Upload:
    """Put the code or the model into the bucket."""

    bucket: str
    key: str
    body: bytes = field(repr=False)

    def describe(self) -> str:
        """The step in words."""
        return f"upload s3://{self.bucket}/{self.key} ({len(self.body):,} bytes)"


@dataclass(frozen=True)
class DeleteStack:
    """Delete what is left of a failed creation, so that the stack can be created again."""

    name: str
    id: str
    why: str

    def describe(self) -> str:
        """The step in words."""
        return f"delete stack {self.name}: {self.why}"


@dataclass(frozen=True)
class RollBack:
    """Undo a stack's failed update, so that the stack can be updated again."""

    name: str
    why: str

    def describe(self) -> str:
        """The step in words."""
        return f"roll back the failed update of stack {self.name}: {self.why}"


@dataclass(frozen=True)
class ApplyStack:
    """Create a stack, or update it through a change set."""

    desired: DesiredStack
    kind: str
    why: str = ""
    changes: tuple[ResourceChange, ...] = ()
    parameters: tuple[ParameterChange, ...] = ()

    def describe(self) -> str:
        """The step in words, a line for each change of a parameter and of a resource."""
        head = f"{self.kind} stack {self.desired.name} from {self.desired.template_name}"
        lines = [f"  {change.describe()}" for change in self.parameters]
        instances = fillers(self.desired.body.get("Resources", {}))
        lines += [f"  {change_line(change, instances)}" for change in self.changes]
        return "\n".join([f"{head}: {self.why}" if self.why else head, *lines])


# What the script that fills EFS does for each of its parts, in words.
_PARTS = {
    "tensorflow": "install the packages",
    "model": "fetch the model",
    "prepared": "prepare the model for a fast start",
}


@dataclass(frozen=True)
class Fill:
    """Fill the directory that stands for EFS."""

    directory: str
    parts: tuple[str, ...]

    def describe(self) -> str:
        """The step in words."""
        words = [_PARTS[part] for part in _PARTS if part in self.parts]
        return f"fill {self.directory}: {', '.join(words)}"


@dataclass(frozen=True)
class Wire:
    """Connect the API to the function. The actions are worked out again when the step is taken."""

    actions: tuple[Action, ...]

    def describe(self) -> str:
        """The step in words."""
        return "connect the API to the function: " + ", ".join(DESCRIPTIONS[action] for action in self.actions)


@dataclass(frozen=True)
class WarmUp:
    """Invoke the function until it answers, before anybody else calls it."""

    proof: str

    def describe(self) -> str:
        """The step in words."""
        return f"warm up the function, then {self.proof}"


Step = MakeBucket | Upload | DeleteStack | RollBack | ApplyStack | Fill | Wire | WarmUp


def change_text(change: ResourceChange) -> str:
    """A change of a resource in words: `Modify ModelInferenceFunction (AWS::Lambda::Function)`."""
    suffix = {"True": ", replaced", "Conditional": ", perhaps replaced"}.get(change.replacement, "")
    suffix += f", if condition {change.condition} holds" if change.condition else ""
    return f"{change.action} {change.logical_id} ({change.type}){suffix}"


def change_line(change: ResourceChange, fillers: Collection[str] = ()) -> str:
    """As `change_text`; for a replacement that nobody asked for, also the reason why it is harmless."""
    return ": ".join(filter(None, (change_text(change), surprises.explained(change, fillers))))


def as_record(step: Step) -> dict[str, Any]:
    """The step as plain data for JSON."""
    record: dict[str, Any] = {"step": type(step).__name__, "text": step.describe()}
    if isinstance(step, ApplyStack):
        record |= {"stack": step.desired.name, "kind": step.kind}
        record["changes"] = [vars(change) for change in step.changes]
        record["parameters"] = [change.record() for change in step.parameters]
    if isinstance(step, Wire):
        record["actions"] = list(step.actions)
    return record


def title(step: Step) -> str:
    """The step in a few words, for a line that must not be long: `create stack NAME`, `fill EFS`."""
    match step:
        case MakeBucket():
            return "create the bucket"
        case Upload(_, key):
            return f"upload {key.rpartition('/')[2]}"
        case DeleteStack(name):
            return f"delete stack {name}"
        case RollBack(name):
            return f"roll back the failed update of stack {name}"
        case ApplyStack(stack, kind):
            return f"{kind} stack {stack.name}"
        case Fill():
            return "fill EFS"
        case Wire():
            return "connect the API"
        case WarmUp():
            return "warm up the function"


def told(step: Step, number: int, steps: int) -> dict[str, Any]:
    """The record of a step that begins, number so and so of so many; `on` is the stack that it works on."""
    record: dict[str, Any] = {"step": number, "steps": steps, "doing": title(step)}
    match step:
        case ApplyStack(stack):
            record["on"] = stack.name
        case DeleteStack(name) | RollBack(name):
            record["on"] = name
    return record
