"""Destroy: what exists, what is deleted and what is kept, and the check that nothing is left.

Programs call `destroy`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["destroy"]

if TYPE_CHECKING:
    from .public import destroy
else:

    def __getattr__(name: str) -> object:
        """`destroy`, imported on first use (PEP 562): who imports a module below does not need it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(".public", __name__), name)
