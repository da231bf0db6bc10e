"""How long many pictures take and what they cost, by one closed formula, before anything is started.

Batches run side by side, `lanes` of them: as many as are allowed, and no more than there are. Each lane begins with a
cold start, in which an instance loads packages and model from EFS, all instances at the same time. Step Functions
begins so many children a second and no more. So

    seconds = start + max(work, dispatch)
    start = max(cold, lanes * bytes of a start / throughput of EFS)
    work = ceil(batches / lanes) * (pictures of a batch * seconds of a picture + overhead of a batch)
    dispatch = batches / children a second

The prices are those of `costs.usage`. The limits: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..costs import usage

DISPATCHED = 100.0
"""Children of a standard workflow that Step Functions starts in a second."""
COLD_SECONDS = 5.0
"""A cold start with fast storage, where the sample met none."""
OVERHEAD_SECONDS = 0.3
"""What a batch takes beside its pictures: its child's start, and writing its results."""
_MIB_IN_GB = 1024.0


@dataclass(frozen=True)
class Speed:
    """What the sample and the deployment say: seconds of a picture and of a cold start, the function's memory in MiB
    and its processor, EFS's throughput for all readers in MiB/s (infinite: it does not bind), the MiB that a cold start
    reads from it, children a second."""

    picture: float
    cold: float = COLD_SECONDS
    memory: int = 3008
    architecture: str = "x86_64"
    efs_mibps: float = math.inf
    efs_elastic: bool = False
    start_mib: float = 0.0
    dispatched: float = DISPATCHED
    overhead: float = OVERHEAD_SECONDS


@dataclass(frozen=True)
class Estimate:
    """How long, by part, and what it costs, by part. `limit` is what the time is made of."""

    pictures: int
    batches: int
    lanes: int
    start: float
    loads: float
    work: float
    dispatch: float
    costs: Mapping[str, float]

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.start + max(self.work, self.dispatch)

    @property
    def dollars(self) -> float:
        """All of it."""
        return sum(self.costs.values())

    @property
    def limit(self) -> str:
        """Which limit binds."""
        if self.start > max(self.work, self.dispatch):
            return "EFS, from which all instances load at the start" if self.loads > 0 else "the cold start"
        if self.dispatch > self.work:
            return f"Step Functions, which starts at most {DISPATCHED:.0f} batches a second"
        if self.lanes < self.batches:
            return f"the batches, of which {self.lanes:,} run at a time"
        return "one batch, since all run at the same time"


def estimate(pictures: int, keys: int, concurrency: int, speed: Speed) -> Estimate:
    """What so many pictures take, with so many keys in a batch and so many batches at a time."""
    batches = -(-pictures // keys) if pictures else 0
    lanes = max(1, min(concurrency, batches))
    loads = lanes * speed.start_mib / speed.efs_mibps if batches else 0.0
    start = max(speed.cold, loads) if batches else 0.0
    # The last batch may be a short one, and a batch alone has all pictures.
    longest = min(keys, pictures) * speed.picture + speed.overhead
    return Estimate(
        pictures=pictures,
        batches=batches,
        lanes=lanes,
        start=start,
        loads=loads if loads > speed.cold else 0.0,
        work=-(-batches // lanes) * longest,
        dispatch=batches / speed.dispatched,
        costs=_costs(pictures, batches, lanes, start, speed),
    )


def spent(found: Estimate, speed: Speed, seconds: float, batches: int, pictures: int) -> float:
    """The cost of what is done so far: `seconds` are those that the function took for pictures, without cold starts."""
    per_picture = seconds / pictures if pictures else 0.0
    so_far = _costs(pictures, batches, min(found.lanes, batches), found.start, replace(speed, picture=per_picture))
    return sum(so_far.values())


def _costs(pictures: int, batches: int, lanes: int, start: float, speed: Speed) -> dict[str, float]:
    busy = pictures * speed.picture + (lanes * start if batches else 0.0)
    gigabytes = speed.memory / _MIB_IN_GB
    price = usage.GB_SECOND.get(speed.architecture, usage.GB_SECOND["x86_64"])
    return {
        "Lambda": busy * gigabytes * price + batches * usage.INVOCATION,
        # A child's start and its one state.
        "transitions": 2 * batches * usage.TRANSITION,
        # Each picture and each result is read once, each result written once; a list has 1,000 keys.
        "S3": (pictures + batches) * usage.S3_READ + (batches + pictures / 1000) * usage.S3_WRITE,
        "EFS": lanes * speed.start_mib / _MIB_IN_GB * usage.EFS_READ_GB if speed.efs_elastic and batches else 0.0,
    }
