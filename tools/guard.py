"""Runs AWS's own Guard rules on the templates and says what neither passes nor is suppressed with a reason.

    python tools/guard.py [RULES_DIRECTORY...]

Engine and rules are those of the package cdklabs.cdk-validator-cfnguard (cfn-guard 3.1 and the proactive controls of
AWS Control Tower), which `make check` unpacks. Rules of one's own, or a checkout of aws-guard-rules-registry, may be
added. Guard knows no intrinsic functions: it would skip a policy behind Fn::If and fail a parameter. So it is shown
the template with its parameters put in, for each row of VARIANTS.
"""

import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from wildrydes_ml.template.resolve import resolve
from wildrydes_ml.workshop import templates

PACKAGE = Path(__file__).parents[1] / ".venv" / "guard" / "package"
_SYSTEMS = {"Linux": "ubuntu", "Darwin": "macos"}
_MACHINES = {"arm64": "aarch64"}

# What a stack must be given, so that Guard sees values.
GIVEN = {
    "SecurityGroupIds": ["sg-0123456789abcdef0"],
    "SubnetIDs": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "AccessPointARN": "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0",
    "DataBucket": "wildrydes-ml-123456789012-eu-west-1",
}
VARIANTS: tuple[Mapping[str, Any], ...] = (
    {},
    {"InternetEgress": "ipv6", "ThroughputMode": "elastic", "BootstrapInstance": "stop", "Architecture": "arm64"},
    {"ApiAuth": "API_KEY", "ReservedConcurrency": "5", "ProvisionedConcurrency": 1, "SshCidr": "192.0.2.1/32"},
    {"ApiAuth": "AWS_IAM", "InternetEgress": "none", "BootstrapInstance": "none"},
)

# Control Tower's controls that ask what a rule of the registry asks: the template names the registry's.
SAME_AS = {
    "api_gw_v1_execution_logging_enabled_check": "API_GW_EXECUTION_LOGGING_ENABLED",
    "cloudwatch_log_group_encrypted_check": "CLOUDWATCH_LOG_GROUP_ENCRYPTED",
    "ec2_instance_detailed_monitoring_enabled_check": "EC2_INSTANCE_DETAILED_MONITORING_ENABLED",
    "ec2_instance_no_public_ip_check": "EC2_INSTANCE_NO_PUBLIC_IP",
    "lambda_inside_vpc_check": "LAMBDA_INSIDE_VPC",
    "efs_automatic_backups_enabled_check": "EFS_RESOURCES_PROTECTED_BY_BACKUP_PLAN",
}


@dataclass(frozen=True, order=True)
class Failure:
    """A rule that a resource of a template does not pass."""

    template: str
    resource: str
    rule: str


def failures(bodies: Mapping[str, Mapping[str, Any]], rules: Sequence[Path] = ()) -> set[Failure]:
    """What Guard finds in the templates (file name to body), in any variant, suppressed or not."""
    with TemporaryDirectory() as directory:
        for name, body in bodies.items():
            for number, variant in enumerate(VARIANTS):
                shown = json.dumps(as_deployed(body, variant))
                Path(directory, f"{number}-{name}.json").write_text(shown, encoding="utf-8")
        return {failure for report in _run(Path(directory), [PACKAGE / "rules", *rules]) for failure in _read(report)}


def as_deployed(body: Mapping[str, Any], variant: Mapping[str, Any]) -> dict[str, Any]:
    """The template with parameters and conditions put in, what Fn::Sub joins as text, and without Metadata.

    A rule that finds itself suppressed there would pass, needed or not.
    """
    offered = body.get("Parameters", {})
    values = {name: value for name, value in {**GIVEN, **variant}.items() if name in offered}
    resources = resolve(body, values)["Resources"]
    bare = {title: {key: item for key, item in one.items() if key != "Metadata"} for title, one in resources.items()}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": _joined(bare)}


def suppressed(bodies: Mapping[str, Mapping[str, Any]]) -> dict[Failure, str]:
    """The suppressions in the templates, each with its reason, which stand in the same order."""
    found = {}
    for name, body in bodies.items():
        for title, resource in body["Resources"].items():
            guard = resource.get("Metadata", {}).get("guard", {"SuppressedRules": [], "reasons": []})
            for rule, reason in zip(guard["SuppressedRules"], guard["reasons"], strict=True):
                found[Failure(name, title, rule)] = reason
    return found


def unexplained(found: set[Failure], explained: Mapping[Failure, str]) -> list[Failure]:
    """The failures that no suppression names."""
    return sorted(one for one in found if one not in explained and _registered(one) not in explained)


def needless(found: set[Failure], explained: Mapping[Failure, str], known: set[str]) -> list[Failure]:
    """The suppressions of rules that were run, but did not fail."""
    needed = {*found, *map(_registered, found)}
    return sorted(one for one in explained if one not in needed and one.rule in known)


def known_rules(rules: Sequence[Path] = ()) -> set[str]:
    """The names of all rules that are run, and of those that ask the same."""
    files = [file for directory in [PACKAGE / "rules", *rules] for file in directory.rglob("*.guard")]
    names = {name for file in files for name in re.findall(r"^rule +(\w+)", file.read_text(encoding="utf-8"), re.M)}
    return names | {same for name, same in SAME_AS.items() if name in names}


def _registered(failure: Failure) -> Failure:
    return Failure(failure.template, failure.resource, SAME_AS.get(failure.rule, failure.rule))


def _run(data: Path, rules: Sequence[Path]) -> Any:
    machine = _MACHINES.get(platform.machine(), platform.machine())
    engine = PACKAGE / "bin" / _SYSTEMS[platform.system()] / machine / "cfn-guard"
    chosen = [option for directory in rules for option in ("--rules", str(directory))]
    output = ["--structured", "--output-format", "json", "--show-summary", "none"]
    done = subprocess.run([engine, "validate", *chosen, "--data", data, *output], capture_output=True, text=True)
    if done.returncode not in (0, 19):  # 19: some rule failed
        raise RuntimeError(f"cfn-guard: {done.stderr.strip()}")
    return json.loads(done.stdout)


def _read(report: Mapping[str, Any]) -> Iterator[Failure]:
    template = Path(report["name"]).name.split("-", 1)[1].removesuffix(".json")
    for one in report["not_compliant"]:
        resources = set(re.findall(r"/Resources/(\w+)", json.dumps(one)))
        yield from (Failure(template, resource, one["Rule"]["name"]) for resource in resources or {""})


def _joined(value: Any) -> Any:
    match value:
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", r"\1", text)
        case Mapping():
            return {key: _joined(item) for key, item in value.items()}
        case list():
            return [_joined(item) for item in value]
    return value


def main(rules: Sequence[Path]) -> int:
    """Prints what is wrong, and returns the exit code."""
    bodies = {name: build().to_dict() for name, build in templates.TEMPLATES.items()}
    found, explained = failures(bodies, rules), suppressed(bodies)
    wrong = [f"{one.template}: {one.resource} fails {one.rule}" for one in unexplained(found, explained)]
    wrong += [
        f"{one.template}: {one.resource} suppresses {one.rule}, which it passes"
        for one in needless(found, explained, known_rules(rules))
    ]
    print("\n".join(wrong) or f"cfn-guard: {len(found)} findings, each suppressed with its reason")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
