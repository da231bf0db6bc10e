"""A stack of a deployment, as its author writes it: what cannot be deployed fails at its line."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .proofs import Values
from .template import parameters
from .template.source import Given, Source, source_of

# A stack's name has 128 characters at most
# (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html), and the longest
# deployment's name 31.
_ID = r"[A-Za-z0-9-]{0,96}"


@dataclass(frozen=True)
class StackOutput:
    """An output of another stack of the deployment."""

    stack: str
    """The id of the stack."""
    key: str
    """The output's name."""


@dataclass(frozen=True)
class Stack:
    """A CloudFormation stack of a deployment."""

    source: Source
    """Its template."""
    id: str = ""
    """The end of the stack's name: NAME-ID, or NAME alone without an id."""
    parameters: Values = field(default_factory=dict)
    """Parameters that the deployment sets. Nobody else can set them."""
    inputs: Mapping[str, tuple[StackOutput, ...]] = field(default_factory=dict)
    """Parameters that get their values from outputs of earlier stacks. Several outputs are joined with commas."""

    def __post_init__(self) -> None:
        """Raises TypeError for a value of the wrong kind, ValueError for a wrong id, for a parameter that the template
        does not have, and for a value that it does not allow."""
        if not isinstance(self.source, Source):
            raise TypeError(f"Stack.source is {self.source!r}: use Stack.of(file), which reads the file")
        if not re.fullmatch(_ID, self.id, re.ASCII):
            raise ValueError(
                f"stack {self.id!r}: an id has up to 96 letters, digits and dashes, for it ends the stack's name"
            )
        _refuse_no_mapping(self.id, "parameters", self.parameters)
        _refuse_no_mapping(self.id, "inputs", self.inputs)
        for name in (*self.parameters, *self.inputs):
            if name not in self.rows:
                known = names(self.rows)
                raise ValueError(f"stack {self.id!r}: {self.source.name} has no parameter {name}; it has {known}")
        _refuse_wrong_values(self)
        _refuse_wrong_inputs(self)

    @classmethod
    def of(
        cls,
        template: Given,
        id: str = "",
        *,
        parameters: Values | None = None,
        inputs: Mapping[str, StackOutput | tuple[StackOutput, ...]] | None = None,
        name: str = "",
    ) -> "Stack":
        """A stack of a YAML or JSON file, or of a troposphere template.

        A relative path starts at the working directory. `name` is the file's name for a template
        that code has built, ID.yml without one. Raises SettingsError with file, line and
        column for a template that CloudFormation or the deployer does not accept.
        """
        source = source_of(template, name or f"{id or 'template'}.yml")
        _refuse_no_mapping(id, "inputs", given := inputs or {})
        fed = {key: one if isinstance(one, tuple) else (one,) for key, one in given.items()}
        return cls(source, id, parameters or {}, fed)

    def name(self, prefix: str) -> str:
        """The stack's name in a deployment of that name."""
        return f"{prefix}-{self.id}" if self.id else prefix

    @property
    def rows(self) -> Mapping[str, Mapping[str, Any]]:
        """The template's parameters with their properties."""
        rows: Mapping[str, Mapping[str, Any]] = self.source.body.get("Parameters", {})
        return rows

    @property
    def told(self) -> Values:
        """The names of the template's outputs, without values."""
        return dict.fromkeys(self.source.body.get("Outputs", {}), "")


def names(known: Iterable[str]) -> str:
    """The names in a sentence."""
    return ", ".join(sorted(known)) or "none"


def _refuse_no_mapping(id: str, name: str, given: object) -> None:
    if not isinstance(given, Mapping):
        raise TypeError(f"stack {id!r}: {name} is {given!r}: pass a dictionary by the parameters' names")


def _refuse_wrong_values(stack: Stack) -> None:
    for name, value in stack.parameters.items():
        if not isinstance(value, str):
            raise TypeError(f"stack {stack.id!r}: the value of {name} is {value!r}: pass text, such as '1'")
        # An empty value may stand for one that is not known yet, such as an output before there is a stack.
        if value and not parameters.fits(value, row := stack.rows[name]):
            told = parameters.shown(name, value, stack.rows)
            raise ValueError(f"stack {stack.id!r}: the value of {name} is {told!r}: it {parameters.constraint(row)}")


def _refuse_wrong_inputs(stack: Stack) -> None:
    for name, outputs in stack.inputs.items():
        for output in outputs:
            if not isinstance(output, StackOutput):
                raise TypeError(f"input {name} of stack {stack.id!r} is {output!r}: pass StackOutput(stack, output)")
