"""What the instance that fills EFS and the functions that read from it must agree on: one Python and one processor.

Compiled packages load only in the Python, and on the processor, that they were installed for
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
    """A filling, as `add_populate` made it: pass it whole, as `FunctionSettings.contents`.

    `exists` tells whether there is an instance; `contents` is what it reported (JSON text), which is there with an
    instance only; `runtime` and `architecture` are what it installs for.
    """

    exists: Choice
    contents: Any
    runtime: Value
    architecture: Architecture | Later

    @property
    def reported(self) -> Any:
        """The contents, once the file system is filled, or '' without an instance."""
        return choose(self.exists, self.contents, "")


def check(where: str, filling: object, **wanted: object) -> None:
    """`filling` must be a Populate, or None, for the wanted `runtime` and `architecture`.

    Raises TypeError for anything else, ValueError unless each is the same plain value or the same parameter as there.
    """
    if filling is None:
        return
    if not isinstance(filling, Populate):
        raise TypeError(f"{where}.contents is {arguments.shown(filling)}: pass what add_populate returns, whole")
    for name, value in wanted.items():
        own, other = reference(value), reference(getattr(filling, name))
        if filling.exists and own != other:
            raise ValueError(
                f"{where}.{name} is {arguments.shown(own)}, but add_populate installs for {arguments.shown(other)}: "
                "pass one value, or one parameter, to both"
            )
