"""Time that runs fast, for what sleeps, and an account that throttles, for what ought to sleep."""

import time
from collections.abc import Sequence

from wildrydes_ml.classroom.pacing import Pace
from wildrydes_ml.classroom.rates import RATES, TOTAL, Calls


def fast(times: float) -> Pace:
    """A pace for which a second passes in so small a part of one."""
    return Pace(lambda: time.monotonic() * times, lambda seconds: time.sleep(seconds / times))


def throttled(went: Sequence[tuple[float, Calls]]) -> list[str]:
    """The operations that an account with AWS's quotas would throttle: a bucket of tokens for each, as AWS has them.

    `went` are the seconds at which calls came.
    """
    found = []
    for name, rate in RATES.items():
        tokens, last = float(rate.burst), 0.0
        for now, calls in sorted(went, key=lambda one: one[0]):
            tokens = min(rate.burst, tokens + (now - last) / rate.seconds)
            tokens -= sum(calls.values()) if name == TOTAL else calls.get(name, 0)
            last = now
            if tokens < -1e-6:
                found.append(name)
    return found
