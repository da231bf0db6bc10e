"""What tests counted, summed up at their end: a corpus shows how large it was, and what it met."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Adds numbers to a line of the summary: `count("URLs that lead nowhere", cases=2, connections=0)`."""
    return lambda what, **numbers: record_property("count", [what, numbers])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for report in terminalreporter.getreports("passed"):
        for what, numbers in [value for name, value in report.user_properties if name == "count"]:
            sums[what].update(numbers)
    if sums:
        terminalreporter.section("counted")
    for what, numbers in sorted(sums.items()):
        terminalreporter.line(f"{what}: " + ", ".join(f"{number} {name}" for name, number in numbers.items()))
