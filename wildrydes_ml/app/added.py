"""Resources that an author adds: AWS's defaults are written into the template where linters ask for a decision.

This changes nothing: what an App creates is deleted with it, and the template says so.
"""

from collections.abc import Mapping
from typing import Any

from troposphere import AWSObject

from ..blocks.suppressions import checkov_skips

# Types that hold data, and whose default is to be deleted
# (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html).
_HOLDING_DATA = frozenset(
    {"AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Kinesis::Stream", "AWS::Logs::LogGroup"}
)
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    # Seconds: four days
    # (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html).
    "AWS::SQS::Queue": {"MessageRetentionPeriod": 345600},
}
_ENCRYPTED = "SqsManagedSseEnabled encrypts the queue; the rule accepts only a key of KMS."


def explicit(resource: AWSObject) -> None:
    """Sets AWS's defaults where the author has set nothing else."""
    if resource.resource_type in _HOLDING_DATA:
        for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
            resource.resource.setdefault(attribute, "Delete")
    for name, value in _DEFAULTS.get(resource.resource_type, {}).items():
        resource.properties.setdefault(name, value)
    if resource.resource_type == "AWS::SQS::Queue" and resource.properties.get("SqsManagedSseEnabled") is True:
        resource.resource["Metadata"] = {
            **checkov_skips(CKV_AWS_27=_ENCRYPTED),
            **resource.resource.get("Metadata", {}),
        }
