"""What stacks cost while nobody uses them, at list prices of us-east-1, in US dollars, as of 2026-11.

Sources: the price pages of the services (https://aws.amazon.com/pricing/). A month has 730 hours. Requests, data
transfer and a function's running time cost extra; an idle deployment has none. `bills` says how a resource is billed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..template.effective import Effective
from ..template.resolve import mapping
from .bills import BILLED, Bill, Resources, is_free

HOURS = 730
# On-demand prices of Linux in an hour, https://aws.amazon.com/ec2/pricing/on-demand/. Leftovers are priced by it, too.
_INSTANCES = {
    "t2.micro": 0.0116, "t2.small": 0.023, "t2.medium": 0.0464,
    "t3.nano": 0.0052, "t3.micro": 0.0104, "t3.small": 0.0208, "t3.medium": 0.0416, "t3.large": 0.0832,
    "t4g.nano": 0.0042, "t4g.micro": 0.0084, "t4g.small": 0.0168, "t4g.medium": 0.0336, "t4g.large": 0.0672,
    "c5.large": 0.085, "c5.xlarge": 0.17, "c6i.large": 0.085, "c6g.large": 0.068, "c7g.large": 0.0725,
    "m5.large": 0.096, "m5.xlarge": 0.192, "m6i.large": 0.096, "m6g.large": 0.077, "m7g.large": 0.0816,
    "g4dn.xlarge": 0.526,
}  # fmt: skip
# https://aws.amazon.com/api-gateway/pricing/, by the cache's size in GB, in an hour.
_API_CACHES = {"0.5": 0.02, "1.6": 0.038, "6.1": 0.20, "13.5": 0.25, "28.4": 0.50, "58.2": 1.00, "118": 1.90}
PRICES: Mapping[str, float] = {
    "NAT gateway": 0.045 * HOURS,
    "public IPv4 address": 0.005 * HOURS,
    "EFS provisioned throughput, MiB/s": 6.00,
    "EFS storage, GB": 0.30,
    "EBS gp3, GB": 0.08,
    "EBS gp2, GB": 0.10,
    "EBS st1, GB": 0.045,
    "EBS sc1, GB": 0.015,
    "EBS standard, GB": 0.05,
    "provisioned concurrency, GB": 0.0000041667 * 3600 * HOURS,
    "interface endpoint in a zone": 0.01 * HOURS,
    "transit gateway attachment": 0.05 * HOURS,
    "VPN connection": 0.05 * HOURS,
    "load balancer": 0.0225 * HOURS,
    "gateway load balancer": 0.0125 * HOURS,
    "classic load balancer": 0.025 * HOURS,
    "alarm": 0.10,
    "high-resolution alarm": 0.30,
    "composite alarm": 0.50,
    "dashboard": 3.00,
    "KMS key": 1.00,
    "secret": 0.40,
    "advanced parameter": 0.05,
    "hosted zone": 0.50,
    "web ACL": 5.00,
    "web ACL rule": 1.00,
    "Kinesis shard": 0.015 * HOURS,
    "Kinesis stream on demand": 0.04 * HOURS,
    "DynamoDB read capacity unit": 0.00013 * HOURS,
    "DynamoDB write capacity unit": 0.00065 * HOURS,
    **{f"API cache of {size} GB": price * HOURS for size, price in _API_CACHES.items()},
    **{name: price * HOURS for name, price in _INSTANCES.items()},
}


@dataclass(frozen=True)
class Cost:
    """One line: the item, and US dollars a month; None when the price is not in the table."""

    item: str
    dollars: float | None


def idle(made: Iterable[Effective]) -> list[Cost]:
    """The costs of stacks, the highest first. Unknown costs do not count in the total.

    `made` are results of `template.effective.effective`, one for each stack.
    """
    costs = [cost for stack in made for cost in _of_stack(stack["Resources"])]
    return sorted(costs, key=lambda cost: -(cost.dollars or 0))


def total(costs: Iterable[Cost]) -> float:
    """US dollars a month."""
    return sum(cost.dollars or 0 for cost in costs)


def sentence(made: Iterable[Effective]) -> str:
    """The costs in one line."""
    costs = idle(made)
    parts = ", ".join(f"{cost.item} {'?' if cost.dollars is None else f'{cost.dollars:.2f}'}" for cost in costs)
    unknown = dict.fromkeys(cost.item for cost in costs if cost.dollars is None)
    known = f"idle cost: about {total(costs):.2f} US$ a month"
    besides = f", plus an unknown price for {', '.join(unknown)}" if unknown else ""
    return f"{known}{besides} ({f'{parts}; ' if parts else ''}list prices of us-east-1, 2026-11); destroy ends it"


def _of_stack(resources: Resources) -> Iterator[Cost]:
    for title, entry in resources.items():
        kind = str(entry.get("Type"))
        if kind in BILLED:
            yield from map(_priced, BILLED[kind](mapping(entry.get("Properties")), title, resources))
        elif not is_free(kind):
            yield Cost(f"{title} ({kind})", None)


def _priced(bill: Bill) -> Cost:
    price = PRICES.get(bill.price)
    return Cost(bill.item, None if price is None or bill.amount is None else price * bill.amount)
