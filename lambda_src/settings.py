"""What the function's environment variables say, read once and checked."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ENGINES = ("litert", "capi", "tensorflow")
"""What runs models, in the usual order of their times per request."""

_HERE = Path(__file__).parent
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


class Settings(NamedTuple):
    """Where packages and model are, and how detections become a verdict.

    `root` is where EFS is mounted, or what stands for it in the function's zip, with its manifest; `packages` is a
    site-packages directory, `model` a SavedModel directory. `min_score` is in 0..1. `engine` is one of ENGINES, or
    `auto`: the fastest that works. `private_image_hosts` holds `host:port` texts (lower case, `[addr]:port` for IPv6):
    the only places that may have a private address or a port other than 80 and 443. `api_auth` is what the API asks of
    a caller: NONE, API_KEY or AWS_IAM. `memory_mib` is the function's memory.
    """

    root: Path
    packages: Path
    model: Path
    min_score: float = 0.3
    target_label: str = "Horse"
    private_image_hosts: frozenset[str] = frozenset()
    engine: str = "auto"
    api_auth: str = "NONE"
    memory_mib: int = 3008


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables; one that is missing or empty has its default.

    A relative EFS_PATH is a directory of the function's zip.

    Raises ValueError, naming the variable, when a value makes no sense.
    """

    def value(name: str, default: str) -> str:
        return environment.get(name) or default

    efs = _HERE / value("EFS_PATH", "/mnt/python")
    return Settings(
        root=efs,
        packages=efs / value("PY_PKG_PATH", f"tensorflow/lib/{_PYTHON}/site-packages"),
        model=efs / value("MODEL_DIR", "model"),
        min_score=_score(value("MIN_SCORE", "0.3")),
        target_label=value("TARGET_LABEL", "Horse"),
        private_image_hosts=_hosts(value("PRIVATE_IMAGE_HOSTS", "")),
        engine=_one_of("ENGINE", value("ENGINE", "auto"), ("auto", *ENGINES)),
        api_auth=_one_of("API_AUTH", value("API_AUTH", "NONE"), ("NONE", "API_KEY", "AWS_IAM")),
        memory_mib=int(value("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "3008")),
    )


def _score(text: str) -> float:
    with suppress(ValueError):
        if 0 <= (score := float(text)) <= 1:
            return score
    raise ValueError(f"MIN_SCORE is {text!r}, not a number from 0 to 1")


def _one_of(name: str, text: str, known: Sequence[str]) -> str:
    if text not in known:
        raise ValueError(f"{name} is {text!r}, not {', '.join(known)}")
    return text


def _hosts(text: str) -> frozenset[str]:
    hosts = {part.strip().lower() for part in text.split(",")} - {""}
    for host in hosts:
        name, _, port = host.rpartition(":")
        if not name or not port.isdecimal():
            raise ValueError(f"PRIVATE_IMAGE_HOSTS: {host!r} is not host:port")
    return frozenset(hosts)
