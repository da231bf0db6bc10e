"""How long instances of a function that start together wait for what they read from EFS.

Each reads the same bytes, and the file system gives all of them together no more than its throughput: the last one has
its bytes when all bytes of all were given. Lambda itself starts up to 1,000 instances of a function in ten seconds
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html), so that a hundred do start together.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .. import durations
from ..template.effective import Effective
from ..template.resolve import mapping

TOGETHER = 100
"""Instances, of which `sentence` tells."""
MIB = 1024 * 1024
_FILE_SYSTEM = "AWS::EFS::FileSystem"
# What is read counts as a third: https://docs.aws.amazon.com/efs/latest/ug/performance.html#throughput-modes
_READS_PER_METERED = 3
# MiB/s that a file system gives to all who read, and the regions that have more:
# https://docs.aws.amazon.com/efs/latest/ug/limits.html
_MOST = {"elastic": (10 * 1024, 60 * 1024), "provisioned": (3 * 1024, 10 * 1024)}
_LARGE = {
    "elastic": {
        "us-east-1", "us-east-2", "us-west-2", "ap-southeast-1", "ap-northeast-1", "eu-central-1", "eu-west-1"
    },
    "provisioned": {"us-east-1", "us-east-2", "us-west-2", "eu-west-1"},
}  # fmt: skip
MODES = (*_MOST, "bursting")
# Metered, of a file system below 1 TiB while it has burst credits, and below 20 GiB when it has none. A new one has
# credits for 2.1 TiB, which 100 instances do not use up (the same page on performance, "Bursting throughput").
_BURSTING, _WITHOUT_CREDITS = 100, 1
# MiB/s for one client; 1,500 need a client that Lambda does not say to have.
_EACH = 500
# As accepted.py and fill.py in lambda_src/filling write them into the output of the stack.
_READ = re.compile(r"a cold start reads ([\d,.]+) MB")
_STORED = re.compile(r"\b(?:packages|model) ([\d,.]+) MB")


@dataclass(frozen=True)
class Throughput:
    """How fast a file system can be read, in MiB/s."""

    together: float
    """By all together."""
    each: float = _EACH
    """By one."""

    def seconds(self, instances: float, size: float) -> float:
        """Until the last of the instances has read so many bytes.

        An estimate: what one has read is not in the memory of another, and round trips are not counted.
        """
        return max(size / MIB / self.each, instances * size / MIB / self.together)


def throughput(file_system: Mapping[str, object], region: str) -> Throughput:
    """Of an AWS::EFS::FileSystem, given its properties; one in mode `bursting` has its credits."""
    mode = _mode(file_system)
    if mode == "bursting":
        return Throughput(_BURSTING * _READS_PER_METERED)
    usual, large = _MOST[mode]
    most = large if region in _LARGE[mode] else usual
    if mode == "elastic":
        return Throughput(most)
    reserved = float(str(file_system.get("ProvisionedThroughputInMibps") or 1))
    return Throughput(min(reserved * _READS_PER_METERED, most))


def sentence(made: Iterable[Effective], contents: str, region: str) -> str:
    """How long 100 instances would wait, in one line; empty without a file system, or when the bytes are not known.

    `made` are results of `template.effective.effective`; `contents` is the output that says what is on EFS.
    """
    systems = [
        mapping(one.get("Properties"))
        for stack in made
        for one in stack["Resources"].values()
        if one.get("Type") == _FILE_SYSTEM
    ]
    size, most = cold_start(contents)
    if not systems or not size or _mode(systems[0]) not in MODES:
        return ""
    return (
        f"{TOGETHER} instances that start together would wait {_words(throughput(systems[0], region), size, most)} "
        f"for EFS ({_instead(systems[0], region, size)})"
    )


def _mode(file_system: Mapping[str, object]) -> str:
    return str(file_system.get("ThroughputMode") or "bursting")


def cold_start(contents: str) -> tuple[float, str]:
    """The bytes that a cold start reads, and a word for `about`: of a model that is not prepared only the most that it
    can read is known. 0 when nothing is."""
    if read := _READ.search(contents):
        return _bytes(read[1]), "about"
    return sum(map(_bytes, _STORED.findall(contents))), "at most"


def _bytes(megabytes: str) -> float:
    return float(megabytes.replace(",", "")) * 1e6


def _words(speed: Throughput, size: float, most: str = "") -> str:
    seconds = speed.seconds(TOGETHER, size)
    return "under 1 s" if seconds < 1 else f"{most} {durations.words(round(seconds))}".strip()


def _instead(file_system: Mapping[str, object], region: str, size: float) -> str:
    """The file system's settings, and how long it would be with others."""
    elastic = f"with elastic throughput {_words(throughput({'ThroughputMode': 'elastic'}, region), size)}"
    match _mode(file_system):
        case "provisioned":
            return f"provisioned, {float(str(file_system['ProvisionedThroughputInMibps'])):g} MiB/s; {elastic}"
        case "bursting":
            empty = Throughput(_WITHOUT_CREDITS * _READS_PER_METERED)
            return f"bursting; without burst credits {_words(empty, size)}; {elastic}"
        case mode:
            return mode
