"""A machine for many pictures, or other objects, in an App: the block's, with the App's own function and bucket."""

from troposphere import Parameter, Ref, Template, ec2

from ..blocks import arguments
from ..blocks.batch import Batches, BatchSettings, add_batch, add_outputs, add_s3_endpoint
from ..blocks.choices import Value
from ..blocks.rows import MOST_CHILDREN
from .functions import Function

CONCURRENCY, TOLERATED = "BatchConcurrency", "BatchToleratedFailures"


def add(
    template: Template, function: Function, read: Value | None, write: Value | None, concurrency: int, tolerated: int
) -> Batches:
    """Adds the machine with its parameters and outputs, and in a new network a way to S3.

    Raises ValueError for a second machine, for a number out of range, and for a new network from which the function
    cannot reach S3.
    """
    if CONCURRENCY in template.parameters:
        raise ValueError("batch: the App already has one; keep only one")
    arguments.number("batch: concurrency", concurrency, 1, MOST_CHILDREN, "batches at a time", whole=True)
    arguments.number("batch: tolerated", tolerated, 0, 100, "percent", whole=True)
    bucket = template.parameters["DataBucket"]
    settings = BatchSettings(
        input=bucket if read is None else read,
        output=bucket if write is None else write,
        concurrency=_number(
            template, CONCURRENCY, concurrency, 1, MOST_CHILDREN, "How many batches are answered at a time."
        ),
        tolerated=_number(template, TOLERATED, tolerated, 0, 100, "Percent of the batches that may fail."),
        permissions_boundary=template.parameters["PermissionsBoundary"],
    )
    role = template.resources[f"{function.title}Role"]
    made = add_batch(template, function.inference, role, settings)
    _give_way(template, settings)
    add_outputs(template, made, function.inference, settings)
    return made


def _number(template: Template, name: str, default: int, least: int, most: int, about: str) -> Parameter:
    return template.add_parameter(
        Parameter(name, Type="Number", Default=default, MinValue=least, MaxValue=most, Description=about)
    )


def _give_way(template: Template, settings: BatchSettings) -> None:
    vpcs = [one for one in template.resources.values() if isinstance(one, ec2.VPC)]
    if not vpcs or any(isinstance(one, ec2.VPCEndpoint) for one in template.resources.values()):
        return  # without a network everything can be reached, and an author's own endpoint is the way
    if "InternetEgress" not in template.parameters:
        raise ValueError(
            "batch: the functions may connect to EFS only, and S3 is outside: use NewNetwork(egress='ipv6'), which is "
            "free, or 'nat'"
        )
    add_s3_endpoint(template, vpcs[0], [Ref("PrivateRouteTable")], settings)
