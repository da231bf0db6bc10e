"""What holds for all tests, and what is told at the end.

Told are how large a corpus was, and what it met; how many tests were skipped, and why.
"""

import gc
import os
import signal
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Generator
from typing import Any

import hypothesis
import pytest

# What is started in the background, as by nohup or CI, ignores Ctrl-C and a closed terminal. What it starts would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# The logs of commands that tests run are nobody's.
_STATE = tempfile.TemporaryDirectory()
os.environ["XDG_STATE_HOME"] = _STATE.name

# On a busy machine everything is slow; that is no fault of the code.
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")


def pytest_collection_finish() -> None:
    """What all tests share is no garbage: with TensorFlow and moto, a look at its many objects takes half a second."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Adds numbers to a line of the summary: `count("URLs that lead nowhere", cases=2, connections=0)`."""
    return lambda what, **numbers: record_property("count", [what, numbers])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: Any) -> Generator[None]:
    """The counts stand before pytest's own summary, and the reasons for skipped tests after it."""
    _tell_counts(terminalreporter)
    yield
    skipped = Counter(str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []))
    for reason, number in sorted(skipped.items()):
        terminalreporter.line(f"{number} skipped: {reason.removeprefix('Skipped: ')}")


def _tell_counts(terminalreporter: Any) -> None:
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for report in terminalreporter.getreports("passed"):
        for what, numbers in [value for name, value in report.user_properties if name == "count"]:
            sums[what].update(numbers)
    if sums:
        terminalreporter.section("counted")
    for what, numbers in sorted(sums.items()):
        terminalreporter.line(f"{what}: " + ", ".join(f"{number} {name}" for name, number in numbers.items()))
