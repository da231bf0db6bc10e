"""The result of a check: the fault that it found, and the finding that the user reads."""

from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Fault:
    """Where in the template, what is wrong there, and what to do."""

    path: Path
    what: str
    fix: str


@dataclass(frozen=True)
class Finding:
    """A fault with the rule that it breaks, the reason for the rule, and the rule's source."""

    rule: str
    path: Path
    what: str
    why: str
    fix: str
    source: str

    def __str__(self) -> str:
        return f"{self.rule} {'/'.join(self.path)}: {self.message}"

    @property
    def message(self) -> str:
        return f"{self.what}. {self.why} {self.fix}"


def at(resource: str, *properties: str) -> Path:
    """The path of a resource's property."""
    return ("Resources", resource, "Properties", *properties)
