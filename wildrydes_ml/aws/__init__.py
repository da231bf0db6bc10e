"""The one door to AWS: small gateways over boto3 clients.

Session and sleep are injected. Every change is looked at before and after by its caller, so that a reply that
was lost costs a second look and not a second resource.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from ..records import Identity
from ..settings import Target
from .apis import Apis
from .buckets import Buckets
from .faults import translated
from .functions import Functions
from .stacks import Stacks
from .tagging import Tagging

__all__ = ["Apis", "Aws", "Buckets", "Functions", "Stacks", "Tagging", "connect"]

# Standard mode got every one of 120 calls through 20 % throttling with 10 attempts.
_RETRIES = {"mode": "standard", "total_max_attempts": 10}
# The longest that a function may run, and a little: an invocation must not be given up or repeated before.
_INVOKE_SECONDS = 910
# Links must name the region's own host: the global one redirects for a while after a bucket was made.
_S3 = Config(signature_version="s3v4", s3={"us_east_1_regional_endpoint": "regional", "addressing_style": "virtual"})


@dataclass(frozen=True)
class Aws:
    """The gateways of one account and region."""

    identity: Identity
    stacks: Stacks
    buckets: Buckets
    functions: Functions
    apis: Apis
    tagging: Tagging


def connect(target: Target, sleep: Callable[[float], None] = time.sleep) -> Aws:
    """Gateways for the target.

    Raises SettingsError without region or credentials, InterruptedWork when they have expired.
    """
    with translated("credentials"):
        session = _session(target)
        caller = _client(session, "sts", target).get_caller_identity()
        clients = {
            name: _client(session, name, target)
            for name in ("cloudformation", "s3", "lambda", "logs", "apigateway", "resourcegroupstaggingapi")
        }
    partition = caller["Arn"].split(":")[1]
    identity = Identity(caller["Account"], caller["Arn"], partition, session.region_name)
    return Aws(
        identity,
        Stacks(clients["cloudformation"], sleep, target.poll_seconds),
        Buckets(clients["s3"], identity),
        Functions(clients["lambda"], clients["logs"]),
        Apis(clients["apigateway"], session.get_credentials(), identity),
        Tagging(clients["resourcegroupstaggingapi"]),
    )


def _session(target: Target) -> Any:
    if target.is_local:
        # The emulator takes the access key for the account's number; the user's own set-up is none of its business.
        nowhere = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
        bare = botocore.session.Session(session_vars={"profile": (None, None, None, None), **nowhere})
        return boto3.Session("000000000000", "local", region_name=target.region, botocore_session=bare)
    return boto3.Session(profile_name=target.profile or None, region_name=target.region or None)


def _client(session: Any, name: str, target: Target) -> Any:
    read_timeout = _INVOKE_SECONDS if name == "lambda" else 60
    config = Config(retries=_RETRIES, read_timeout=read_timeout, connect_timeout=10)
    if target.is_local:
        # Neither behind a proxy nor ever throttled: what does not answer has been stopped.
        config = config.merge(Config(proxies={}, retries={"mode": "standard", "total_max_attempts": 2}))
    if name == "s3":
        config = config.merge(_S3)
    return session.client(name, endpoint_url=target.endpoint or None, config=config)
