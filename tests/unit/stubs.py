"""boto clients that answer as a test prepared."""

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import boto3
from botocore.stub import Stubber

Stub = Callable[[str], tuple[Any, Stubber]]
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
STACK = {"StackName": "s", "StackId": "id:s", "StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}
ARN = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c/1"


def client_of(service: str) -> Any:
    return boto3.client(service, "eu-west-1", aws_access_key_id="key", aws_secret_access_key="secret")
