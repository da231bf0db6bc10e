"""The instance that fills EFS and the functions that read from it must have the same Python version and processor.

Compiled packages load only in the Python version, and on the processor, that they were installed for
(https://docs.aws.amazon.com/lambda/latest/dg/python-package.html).
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from . import arguments
from .choices import Choice, Later, Value, choose, reference

Architecture: TypeAlias = Literal["x86_64", "arm64"]
RUNTIME = r"python3\.\d+"


@dataclass(frozen=True)
class Populate:
    """The result of `add_populate`. Pass it as `FunctionSettings.contents`.

    Attributes:
        exists: Whether there is a filling instance.
        contents: The instance's report, as JSON text; without an instance there is none.
        runtime: The Lambda runtime that it installs for.
        architecture: The processor that it installs for.
    """

    exists: Choice
    contents: Any
    runtime: Value
    architecture: Architecture | Later

    @property
    def reported(self) -> Any:
        """The instance's report, once EFS is filled; '' without an instance."""
        return choose(self.exists, self.contents, "")


def check(where: str, filling: object, **wanted: object) -> None:
    """`filling` must be None, or a Populate for the wanted `runtime` and `architecture`.

    Raises TypeError for anything else, ValueError unless both have the same plain values, or the same parameters.
    """
    if filling is None:
        return
    if not isinstance(filling, Populate):
        raise TypeError(f"{where}.contents is {arguments.shown(filling)}: pass the result of add_populate")
    for name, value in wanted.items():
        own, other = reference(value), reference(getattr(filling, name))
        if filling.exists and own != other:
            raise ValueError(
                f"{where}.{name} is {arguments.shown(own)}, but add_populate installs for {arguments.shown(other)}: "
                "pass the same value, or the same parameter, to both"
            )
