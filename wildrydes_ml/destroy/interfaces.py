"""Waiting for the network interfaces that Lambda leaves behind for a while after a function is gone.

As long as one is there, CloudFormation can delete neither its subnet nor its security group. Those of our functions
carry a security group of the stack, also where the subnets are somebody else's.
"""

import time
from collections.abc import Callable, Sequence

from ..aws.records import NetworkInterface
from ..aws.session import Aws
from ..errors import InterruptedWork, OutOfReach
from ..reporting import Reporter

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html names 20 minutes; Terraform's provider gives
# up after 45 (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_function).
BUDGET_SECONDS = 60 * 60.0
ESTIMATE = "AWS releases them within 20 to 45 minutes"
# AWS describes its own so.
_MADE_BY_LAMBDA = "AWS Lambda VPC ENI-"
# Looks at a stack that pass between two looks at interfaces: with 5 s each, less than the 30 s between two words.
_PAUSES = 5


def release(aws: Aws, groups: Sequence[str], reporter: Reporter, clock: Callable[[], float] = time.monotonic) -> None:
    """Returns once Lambda has no network interface with the security groups; deletes those that it left unused.

    One that also carries another's group may be of another's function: Lambda alone removes it. Raises
    InterruptedWork when the budget is over.
    """
    began = clock()
    while True:
        left = _lambdas(aws, groups, reporter)
        if left == []:
            return
        for interface in left or ():
            if interface.status == "available" and set(interface.groups) <= set(groups):
                reporter.event(f"removing network interface {interface.id}, which Lambda left unused")
                aws.networks.delete_interface(interface.id)
        passed = clock() - began
        if passed > BUDGET_SECONDS:
            raise InterruptedWork(
                f"network interfaces of Lambda still have the stack's security groups after {passed / 60:.0f} minutes "
                f"({_names(left)}): {ESTIMATE}, unless another function uses these groups; run again later"
            )
        if left:
            reporter.event(f"waiting for network interfaces of Lambda ({_names(left)}), {passed:.0f} s now; {ESTIMATE}")
        for _ in range(_PAUSES):
            aws.stacks.pause()


def _lambdas(aws: Aws, groups: Sequence[str], reporter: Reporter) -> list[NetworkInterface] | None:
    """Lambda's interfaces; None when AWS is out of reach, which an hour's wait must bear."""
    try:
        found = aws.networks.interfaces(groups)
    except OutOfReach as error:
        reporter.event(f"{error}; looking again")
        return None
    return [interface for interface in found if interface.description.startswith(_MADE_BY_LAMBDA)]


def _names(interfaces: Sequence[NetworkInterface] | None) -> str:
    return ", ".join(interface.id for interface in interfaces or ()) or "AWS is out of reach"
