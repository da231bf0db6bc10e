"""A function that tells where it runs: `{"probe": "processor"}` and its like, invoked directly, answer as JSON.

Everything else it answers in the contract's shape without a model, so that a deploy takes it for the workshop's;
a request with `?slow` in its body takes a while, so that requests meet.
"""

import ctypes.util
import json
import os
import platform
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_HOSTS = ("images.pexels.com", "www.wildrydes.com")
_LIBRARIES = {"GLIBC": "c", "GLIBCXX": "stdc++"}
_FOLDERS = ("/usr/lib64", "/lib64", "/usr/lib", "/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu")
SLOW = b"?slow"
_SLOW_SECONDS = 3.0


def processor() -> dict[str, Any]:
    """Its kind, and what is in the folder that XNNPACK reads."""
    folder = Path("/sys/devices/system/cpu")
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else None
    return {"machine": platform.machine(), "cores": os.cpu_count(), "/sys/devices/system/cpu": names}


def libraries() -> dict[str, str]:
    """The newest version of its symbols that each C library has; empty where the library is not found."""
    return {name: _newest(name, _library(stem)) for name, stem in _LIBRARIES.items()}


def _library(stem: str) -> Path | None:
    name = ctypes.util.find_library(stem) or ""
    patterns = [name] if name else [f"lib{stem}.so.*"]
    found = (path for folder in _FOLDERS for pattern in patterns for path in sorted(Path(folder).glob(pattern)))
    return next(found, None)


def _newest(name: str, path: Path | None) -> str:
    """As the library's own bytes tell it: it has no other list of them."""
    text = path.read_bytes() if path else b""
    found = {tuple(map(int, one.split(b"."))) for one in re.findall(rb"\b%s_(\d+(?:\.\d+)+)\b" % name.encode(), text)}
    return ".".join(map(str, max(found))) if found else ""


def addresses() -> dict[str, list[str]]:
    """What getaddrinfo gives, in its order."""
    return {host: _looked_up(host) for host in _HOSTS}


def _looked_up(host: str) -> list[str]:
    try:
        return [str(one[4][0]) for one in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]
    except OSError as error:
        return [f"{type(error).__name__}: {error}"]


def interfaces(subnet: str = "", client: Any = None) -> dict[str, str]:
    """What EC2 says to a network interface that the function's own code asks for; nothing is made by a dry run.

    UnauthorizedOperation where it is denied, DryRunOperation where it would be made.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        (client or _ec2()).create_network_interface(SubnetId=subnet, DryRun=True)
    except ClientError as error:
        return {"code": str(error.response["Error"]["Code"])}
    except BotoCoreError as error:
        return {"fault": f"{type(error).__name__}: {error}"}
    return {"code": ""}


def _ec2() -> Any:
    """By either kind of address: the function may have one kind of way out."""
    import boto3
    from botocore.config import Config

    retries = {"total_max_attempts": 2}
    return boto3.client(
        "ec2", config=Config(use_dualstack_endpoint=True, connect_timeout=5, read_timeout=10, retries=retries)
    )


PROBES: dict[str, Callable[[str], object]] = {
    "processor": lambda subnet: processor(),
    "libraries": lambda subnet: libraries(),
    "addresses": lambda subnet: addresses(),
    "interfaces": interfaces,
}


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Probes, or sees a unicorn in everything."""
    if event.get("probe") in PROBES:
        return _answer(PROBES[event["probe"]](str(event.get("subnet", ""))))
    if SLOW.decode() in str(event.get("body") or ""):
        time.sleep(_SLOW_SECONDS)
    seen = {"label": "Horse", "score": 0.9, "box": [0.1, 0.1, 0.9, 0.9]}
    return _answer(
        {"message": "Unicorn is validated", "validated": True, "detections": [seen], "timings_ms": {"total": 0.1}}
    )


def _answer(body: object) -> dict[str, Any]:
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
