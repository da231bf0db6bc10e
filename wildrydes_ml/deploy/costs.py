"""What a deployment costs while nobody uses it: list prices of us-east-1, in US dollars, as of 2026-11.

Sources: the price pages of Amazon VPC, EFS, EC2 and EBS (https://aws.amazon.com/pricing/). A month has 730 hours.
Requests, data transfer and the function's running time come on top; idle, they are nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

HOURS = 730
PRICES = {
    "NAT gateway": 0.045 * HOURS,
    "public IPv4 address": 0.005 * HOURS,
    "EFS provisioned throughput, MiB/s": 6.00,
    "EFS storage, GB": 0.30,
    "c5.large": 0.085 * HOURS,
    "c7g.large": 0.0725 * HOURS,
    "EBS gp3, GB": 0.08,
    "provisioned concurrency, GB": 0.0000041667 * 3600 * HOURS,
}
STORED_GB = 1.3
DISK_GB = 8


@dataclass(frozen=True)
class Cost:
    """One line: what for, and US dollars a month; None when the price is not in the table."""

    item: str
    dollars: float | None


def idle(values: Mapping[str, str]) -> list[Cost]:
    """The costs of a deployment with these parameter values, dearest first; known ones alone add up."""
    costs = [Cost(f"EFS storage ({STORED_GB} GB)", STORED_GB * PRICES["EFS storage, GB"])]
    if values.get("ThroughputMode") == "provisioned":
        mibps = float(values["ProvisionedThroughputInMibps"])
        costs.append(Cost(f"EFS throughput ({mibps:g} MiB/s)", mibps * PRICES["EFS provisioned throughput, MiB/s"]))
    if values.get("InternetEgress") == "nat":
        costs.append(Cost("NAT gateway", PRICES["NAT gateway"]))
        costs.append(Cost("its public IPv4 address", PRICES["public IPv4 address"]))
    if values.get("BootstrapInstance") == "keep":
        costs += _instance(values)
    if values.get("ProvisionedConcurrency", "0") != "0":
        gigabytes = float(values["MemorySize"]) / 1024 * float(values["ProvisionedConcurrency"])
        costs.append(Cost("provisioned concurrency", gigabytes * PRICES["provisioned concurrency, GB"]))
    return sorted(costs, key=lambda cost: -(cost.dollars or 0))


def total(costs: list[Cost]) -> float:
    """US dollars a month."""
    return sum(cost.dollars or 0 for cost in costs)


def sentence(values: Mapping[str, str]) -> str:
    """The costs in one line."""
    costs = idle(values)
    parts = ", ".join(f"{cost.item} {'?' if cost.dollars is None else f'{cost.dollars:.2f}'}" for cost in costs)
    return (
        f"idle cost: about {total(costs):.2f} US$ a month ({parts}; list prices of us-east-1, 2026-11); destroy ends it"
    )


def _instance(values: Mapping[str, str]) -> list[Cost]:
    default = "c7g.large" if values.get("Architecture") == "arm64" else "c5.large"
    kind = values.get("BootstrapInstanceType") or default
    return [
        Cost(f"filling instance ({kind})", PRICES.get(kind)),
        Cost("its public IPv4 address", PRICES["public IPv4 address"]),
        Cost(f"its disk ({DISK_GB} GB)", DISK_GB * PRICES["EBS gp3, GB"]),
    ]
