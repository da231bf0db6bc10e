"""The access to AWS: small gateways over boto3 clients.

Session and sleep are injected. The caller checks before and after every change, so a lost reply costs a second check,
not a second resource.
"""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from .account import Account
from .apis import Apis
from .buckets import Buckets
from .faults import translated
from .functions import Functions
from .lazy import Lazy
from .logs import Logs
from .machines import Machines
from .networks import Networks
from .pictures import Pictures
from .reading import Say, guard
from .records import Identity
from .regions import Resolve, known, refuse_unknown
from .repeating import Repeater
from .stacks import Stacks
from .tagging import Tagging
from .target import Target

__all__ = ["Account", "Apis", "Aws", "Buckets", "Functions", "Logs", "Networks", "Stacks", "Tagging", "connect"]

_SERVICES = (
    "apigateway",
    "cloudformation",
    "ec2",
    "efs",
    "iam",
    "lambda",
    "logs",
    "resourcegroupstaggingapi",
    "s3",
    "service-quotas",
    "ssm",
)
# What many pictures need; nobody else asks them.
_FOR_BATCHES = ("s3", "stepfunctions")
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
    networks: Networks
    account: Account
    logs: Logs


def _session(target: Target) -> Any:
    if target.is_local:
        # The emulator takes the access key for the account's number; the user's own set-up is none of its business.
        nowhere = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
        bare = botocore.session.Session(session_vars={"profile": (None, None, None, None), **nowhere})
        return boto3.Session("000000000000", "local", region_name=target.region, botocore_session=bare)
    return boto3.Session(profile_name=target.profile or None, region_name=target.region or None)


def region_of(target: Target) -> str:
    """The target's region, or the one that the AWS CLI would take; empty for none. AWS is not called.

    Raises SettingsError for a region or a profile that there is not.
    """
    with translated("region"):
        session = _session(target)
        if session.region_name:
            url = _client(session, "sts", target, lambda text: None).meta.endpoint_url
            refuse_unknown(session, url, socket.getaddrinfo)
        return session.region_name or ""


def connect(
    target: Target,
    sleep: Callable[[float], None] = time.sleep,
    say: Say = lambda text: None,
    resolve: Resolve = socket.getaddrinfo,
    role: str = "",
    open_session: Callable[[Target], Any] = _session,
) -> Aws:
    """Gateways for the target. `say` gets a text when AWS does not answer and a call is tried again. `role` is the ARN
    of the role that CloudFormation assumes.

    Raises SettingsError without region or credentials and for an unknown region, InterruptedWork when the credentials
    have expired, OutOfReach when AWS cannot be reached.
    """
    with translated("credentials"):
        session = open_session(target)
        sts = _client(session, "sts", target, say)
        if not target.is_local:
            refuse_unknown(session, sts.meta.endpoint_url, resolve, say)
        caller = sts.get_caller_identity()
        identity = Identity(caller["Account"], caller["Arn"], caller["Arn"].split(":")[1], session.region_name)
    clients = {name: Lazy(partial(_client, session, name, target, say)) for name in _SERVICES}
    once = Lazy(partial(_client, session, "apigateway", replace(target, attempts=1), say))
    repeater = Repeater(target.attempts, sleep, say)
    return Aws(
        identity,
        Stacks(clients["cloudformation"], sleep, target.poll_seconds, role),
        Buckets(clients["s3"], identity, repeater),
        Functions(clients["lambda"], clients["logs"]),
        Apis(clients["apigateway"], once, session.get_credentials(), identity, repeater),
        Tagging(clients["resourcegroupstaggingapi"]),
        Networks(clients["ec2"], clients["efs"]),
        Account(clients, identity),
        Logs(clients["logs"], clients["ec2"]),
    )


def connect_batches(target: Target, region: str, say: Say) -> tuple[Machines, Pictures]:
    """The gateways for batches of pictures, at a target that `connect` has reached; the region is its identity's."""
    session = _session(target)
    s3, states = (Lazy(partial(_client, session, name, target, say)) for name in _FOR_BATCHES)
    return Machines(states), Pictures(s3, region)


def _client(session: Any, name: str, target: Target, say: Say) -> Any:
    read_timeout = _INVOKE_SECONDS if name == "lambda" else 60
    # By benchmarks/retries.py, with half of all calls throttled: 75 % of the deployer's operations get through with 3
    # attempts, 92 % with 5, 96 % with 10, whatever the mode. Legacy mode's pauses double without a limit (378 s the
    # longest operation, 61 s in standard mode); adaptive mode slows down what was throttled once (1.0 s instead of 0.4
    # where 20 % are).
    retries = {"mode": "standard", "total_max_attempts": target.attempts}
    config = Config(retries=retries, read_timeout=read_timeout, connect_timeout=10)
    if target.is_local:  # never behind a proxy
        config = config.merge(Config(proxies={}))
    if name == "s3":
        config = config.merge(_S3)
    client = session.client(name, endpoint_url=target.endpoint or None, config=config)
    return guard(client, target.attempts, say, target.is_local, partial(known, session))
