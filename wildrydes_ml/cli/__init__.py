"""The command line: arguments in, gateways and reporter put together, exit code out."""

from .collecting import unsearched

with unsearched():
    from .entry import main, run

__all__ = ["main", "run"]
