"""The table of how many pictures take and cost, by the formula of the command `batch`."""

from tools.markdown import table
from wildrydes_ml.batches.estimate import Speed, estimate
from wildrydes_ml.batches.manifest import KEYS
from wildrydes_ml.durations import about

_PICTURE_SECONDS = 0.1
# Concurrency, EFS's throughput in MiB/s (elastic: 3 GiB/s of a region, billed by the byte).
_PLACES = (
    ("100 at a time, elastic EFS", 100, Speed(_PICTURE_SECONDS, efs_mibps=3072, efs_elastic=True)),
    ("1,000 at a time, elastic EFS", 1000, Speed(_PICTURE_SECONDS, efs_mibps=3072, efs_elastic=True)),
    ("10,000 at a time, elastic EFS", 10_000, Speed(_PICTURE_SECONDS, efs_mibps=3072, efs_elastic=True)),
    ("100 at a time, EFS with 15 MiB/s", 100, Speed(_PICTURE_SECONDS, efs_mibps=15)),
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
