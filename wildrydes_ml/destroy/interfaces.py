"""Waits for Lambda to release its network interfaces, which it keeps for a while after a function is deleted.

While one exists, CloudFormation can delete neither its subnet nor its security group. The interfaces of our functions
have a security group of the stack, even in somebody else's subnets.
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
    """Returns once Lambda has no network interface with the security groups; deletes those that are no longer in use.

    An interface that also has a foreign group may belong to a foreign function: only Lambda deletes it. Raises
    InterruptedWork after an hour.
    """
    began = clock()
    while True:
        left = _lambdas(aws, groups, reporter)
        if left == []:
            return
        for interface in left or ():
            if interface.status == "available" and set(interface.groups) <= set(groups):
                reporter.event(f"deleting network interface {interface.id}, which Lambda no longer uses")
                aws.networks.delete_interface(interface.id)
        passed = clock() - began
        if passed > BUDGET_SECONDS:
            raise InterruptedWork(
                f"Lambda's network interfaces still have the stack's security groups after {passed / 60:.0f} minutes "
                f"({_names(left)}). {ESTIMATE}, unless another function uses these groups. Run again later"
            )
        if left:
            reporter.event(
                f"waiting for Lambda to release its network interfaces ({_names(left)}), "
                f"{passed:.0f} s so far; {ESTIMATE}"
            )
        for _ in range(_PAUSES):
            aws.stacks.pause()


def _lambdas(aws: Aws, groups: Sequence[str], reporter: Reporter) -> list[NetworkInterface] | None:
    """Lambda's interfaces; None while AWS cannot be reached, which must not end an hour's wait."""
    try:
        found = aws.networks.interfaces(groups)
    except OutOfReach as error:
        reporter.event(f"{error}; checking again")
        return None
    return [interface for interface in found if interface.description.startswith(_MADE_BY_LAMBDA)]


def _names(interfaces: Sequence[NetworkInterface] | None) -> str:
    return ", ".join(interface.id for interface in interfaces or ()) or "AWS cannot be reached"
