"""What a proof costs at most, from the product's own prices, told and agreed to before anything is made."""

from collections.abc import Sequence

from wildrydes_ml.costs import HOURS, PRICES, Cost, idle, total
from wildrydes_ml.costs.bills import DISK_GB, STORED_GB
from wildrydes_ml.template.effective import effective
from wildrydes_ml.workshop.deployments import PRESETS
from wildrydes_ml.workshop.templates import complete

MOST_DOLLARS = 1.0
# Both routes one after the other, the release of Lambda's network interfaces included; each instance ends itself.
_ROUTE_HOURS, _FILLING_HOURS = 1.5, 1.0
_INSTANCES = ("c5.large", "c7g.large")
# Not among the product's prices, which are of an idle deployment: https://aws.amazon.com/efs/pricing/ (elastic
# throughput) and https://aws.amazon.com/lambda/pricing/, us-east-1, 2026-11.
_WRITTEN_GB, _READ_GB, _GB_SECOND = 0.06, 0.03, 0.0000166667
# Each deploy with a change starts the function anew, which reads its packages; and what it runs for in all.
_STARTS, _START_GB, _RUN_GB_SECONDS = 12, 0.4, 3 * 300


def lines() -> Sequence[Cost]:
    """A line for each thing, of both routes together, in US dollars."""
    filling = sum(PRICES[kind] + PRICES["public IPv4 address"] + DISK_GB * PRICES["EBS gp3, GB"] for kind in _INSTANCES)
    standing = total(idle([effective(complete().to_dict(), PRESETS["lean"])]))
    return (
        Cost("instances that fill EFS", filling / HOURS * _FILLING_HOURS),
        Cost("the deployments while they stand", 2 * standing / HOURS * _ROUTE_HOURS),
        Cost("EFS written and read", 2 * (STORED_GB * _WRITTEN_GB + _STARTS * _START_GB * _READ_GB)),
        Cost("the function's running time", 2 * _RUN_GB_SECONDS * _GB_SECOND),
    )


def sentence() -> str:
    """The cost in one line."""
    parts = ", ".join(f"{line.item} {line.dollars or 0:.2f}" for line in lines())
    return f"about {total(list(lines())):.2f} US$ ({parts}; list prices of us-east-1), in two to three hours"
