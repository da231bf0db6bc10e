"""What is missing here for --local and for AWS, one line each with how to get it."""

import argparse
from dataclasses import replace

from ..aws.session import connect, region_of
from ..aws.target import Target
from ..errors import WildrydesError
from ..local import needs
from ..local.needs import Finding
from ..reporting import Reporter
from .commands import home_of

# The credentials are looked at there when no region is set: every account has it.
_ANY_REGION = "us-east-1"
# A look is not worth the patience of a deploy.
_ATTEMPTS = 2


def doctor(options: argparse.Namespace, reporter: Reporter) -> int:
    """Looks at all that this machine, and without --local an AWS account, must have; 1 when something is missing."""
    missing = {"--local": _tell("--local", needs.findings(home_of(options), options.port), reporter)}
    if not options.local:
        missing["AWS"] = _tell("AWS", _on_aws(Target(options.region, options.profile, attempts=_ATTEMPTS)), reporter)
    for use, names in missing.items():
        verdict = f"is not ready: {', '.join(names)} missing" if names else "is ready"
        reporter.output(f"{use} {verdict}", use=use, ready=not names)
    found = [name for names in missing.values() for name in names]
    reporter.result(not found, missing=found)
    return 1 if found else 0


def _tell(use: str, findings: list[Finding], reporter: Reporter) -> list[str]:
    """Says each, and returns the names of those that are missing."""
    for one in findings:
        state = "ok" if one.is_there else "missing"
        reporter.output(
            f"{state:8}{use:8}{one.name:12}{one.text}", use=use, check=one.name, ok=one.is_there, found=one.text
        )
    return [one.name for one in findings if not one.is_there]


def _on_aws(target: Target) -> list[Finding]:
    region = _region(target)
    known = region.text if region.is_there else _ANY_REGION
    return [region, _credentials(replace(target, region=known))]


def _region(target: Target) -> Finding:
    try:
        found = region_of(target)
    except WildrydesError as error:
        return Finding("region", False, str(error))
    return Finding("region", bool(found), found or "none is set: pass --region, or run aws configure")


def _credentials(target: Target) -> Finding:
    try:
        identity = connect(target).identity
    except WildrydesError as error:
        return Finding("credentials", False, str(error).removeprefix("credentials: "))
    return Finding("credentials", True, f"account {identity.account}, as {identity.arn}")
