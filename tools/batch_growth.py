"""The table of how many pictures take and cost, by the formula of the command `batch`."""

from tools.growth import CURVES, READ
from tools.markdown import table
from wildrydes_ml.batches.estimate import Speed, estimate
from wildrydes_ml.batches.manifest import KEYS
from wildrydes_ml.costs.bursts import MIB
from wildrydes_ml.durations import about


def _from(curve: str, *, is_billed: bool = False) -> Speed:
    return Speed(picture=0.1, start_mib=READ / MIB, efs_mibps=CURVES[curve].together, efs_elastic=is_billed)


_ELASTIC = _from("elastic", is_billed=True)
# Concurrency, and what EFS gives.
_PLACES = (
    ("100 at a time, elastic EFS", 100, _ELASTIC),
    ("1,000 at a time, elastic EFS", 1000, _ELASTIC),
    ("10,000 at a time, elastic EFS", 10_000, _ELASTIC),
    ("100 at a time, EFS with 15 MiB/s", 100, _from("provisioned, 15 MiB/s")),
)


def growth() -> str:
    """From a thousand to ten million pictures: time, cost, and the limit that binds."""
    rows = []
    for power in range(3, 8):
        for name, concurrency, speed in _PLACES:
            found = estimate(10**power, KEYS, concurrency, speed)
            rows.append(
                (
                    f"{10**power:,}",
                    name,
                    about(found.seconds).removeprefix("about "),
                    f"{found.dollars:.2f}",
                    found.limit,
                )
            )
    return table(("pictures", "where", "time", "US$", "what takes the time"), rows)
