"""What prepare.py tells on its way."""

from __future__ import annotations


def say(text: str) -> None:
    """A line of the log that EFS keeps of its filling."""
    print(f"prepare: {text}", flush=True)
