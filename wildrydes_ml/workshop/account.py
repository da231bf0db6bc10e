"""What is to be known of Wild Rydes before a deploy: what to do instead, what goes together, what opens something."""

from collections.abc import Mapping

from .parameters import PACKAGES

# What `tools/lock_packages.py` locks; the wheels want a newer C library than the one of Lambda's python3.11.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
LOCKED_RUNTIMES = ("python3.12", "python3.13")
LOCKED_LOCALLY = ("python3.11", *LOCKED_RUNTIMES)
# Value of a parameter with packages → the runtimes that they are locked for, on AWS and locally.
LOCKED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {PACKAGES: (LOCKED_RUNTIMES, LOCKED_LOCALLY)}
# Question of `aws.facts` → what to do instead, where the template's parameters do not tell.
INSTEAD: Mapping[str, str] = {
    "addresses": "deploy with --set InternetEgress=ipv6 or none, which need no address",
    "nat_gateways": "deploy with --set InternetEgress=ipv6 or none, which need no NAT gateway",
    "egress_only_gateways": "deploy with --set InternetEgress=none, which needs no such gateway",
    "burst": "use --set ThrottleBurst={less} and a lower ThrottleRate",
    "model": "pass another with --model, as docs/how-to/model.md has it",
}
