"""This machine instead of AWS: an emulator, and a directory instead of EFS.

Programs use `running` and `place`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["place", "running"]

if TYPE_CHECKING:
    from .places import place, running
else:

    def __getattr__(name: str) -> object:
        """One of `__all__`, imported on first use (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(".places", __name__), name)
