"""What a command is asked to do: names, presets and parameter overrides, checked before anything is called."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .. import tags
from ..errors import SettingsError
from ..workshop import parameters

DEFAULT_NAME = "wildrydes-ml"
DEFAULT_FUNCTION = "ml_inferencefunction"
ROUTES = ("long", "short")

_LEAN = {
    "ThroughputMode": "elastic",
    "BootstrapInstance": "stop",
    "InternetEgress": "ipv6",
}
# `workshop` is the module's own shape and cost: the templates' defaults, by name, so that it can be chosen again.
# `lean` costs less than a dollar a month while idle. It says nothing of the processor: the deployed one stays, such as
# the arm64 that `lean` once set.
PRESETS: dict[str, dict[str, str]] = {
    "workshop": {name: str(parameters.TABLE[name]["Default"]) for name in (*_LEAN, "Architecture")},
    "lean": _LEAN,
}
RESET_ALL = "all"

# Parameters that the deployer fills in itself, and what to use instead of --set.
DERIVED = {
    "SecurityGroupIds": "it comes from the EFS stack",
    "SubnetIDs": "it comes from the EFS stack",
    "AccessPointARN": "it comes from the EFS stack",
    "DataBucket": "use --bucket",
    "CodeKey": "it holds the digest of the code",
    "PreparationKey": "it is the code's key when EFS was filled",
    "Ipv6AllowedForDualStack": "it follows InternetEgress",
    "Revision": "it follows the settings and what is on EFS",
    "DataProcessingExecutionRoleName": "it has no use",
    "TrainedModelPath": "it has no use",
}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}[a-z0-9]")


@dataclass(frozen=True)
class Settings:
    """The options that name and shape a deployment; `overrides` are the `--set` pairs.

    An empty `route` is the deployed one, `long` for a new deployment; an empty `preset` changes nothing. `held` is what
    earlier deploys set, as `recall` reads it from the stacks: `preset` and `overrides` win over it. `reset` names
    parameters that get their defaults back, or is `("all",)`.
    `tags` are the `--tag` pairs, of which an empty value removes a tag; `held_tags` are those that the stacks have.
    `role_arn` is the role that CloudFormation takes for its work, '' for the one that a stack has, or the caller's own
    rights. `code` is the directory of the function's source; without one it is the package's own `lambda_src`.
    `account` is the one that must be called; `continue_rollback` ends an undoing that got stuck. `keep_data` lets
    destroy keep EFS and bucket, `retain` names resources that it may leave behind when they cannot be deleted.
    """

    name: str = DEFAULT_NAME
    route: str = ""
    preset: str = ""
    overrides: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    reset: tuple[str, ...] = ()
    bucket: str = ""
    model: str = ""
    allow_replace: tuple[str, ...] = ()
    code: Path | None = None
    account: str = ""
    continue_rollback: bool = False
    keep_data: bool = False
    retain: tuple[str, ...] = ()
    role_arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    held_tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises SettingsError with every fault."""
        faults = [
            *self._name_faults(),
            *self._choice_faults(),
            *self._bucket_faults(),
            *self._account_faults(),
            *self._role_faults(),
            *tags.faults(self.tags),
            *(tags.too_many(self.stack_tags) if self.tags else ()),
            *override_faults(self.overrides),
            *self._held_faults(),
            *self._reset_faults(),
        ]
        if faults:
            raise SettingsError(faults)

    def _name_faults(self) -> list[str]:
        if _NAME.fullmatch(self.name):
            return []
        return [f"--name {self.name!r}: use 2 to 31 lower-case letters, digits and dashes, a letter first"]

    def _choice_faults(self) -> list[str]:
        choices = (("--preset", self.preset, tuple(PRESETS)), ("--route", self.route, ROUTES))
        return [
            f"{option} {value!r}: use one of {', '.join(known)}"
            for option, value, known in choices
            if value and value not in known
        ]

    def _held_faults(self) -> list[str]:
        """What was set once need not suit the present table."""
        return [
            f"{name} is {value} in what is deployed, and it {parameters.constraint(parameters.TABLE[name])}: "
            f"add --set {name}=VALUE or --reset {name}"
            for name, value in self.held.items()
            if name not in self.asked and not parameters.fits(value, parameters.TABLE[name])
        ]

    def _reset_faults(self) -> list[str]:
        both = [name for name in self.reset if name in self.overrides]
        return [
            *(f"--reset {name}: --set {name} asks for another value; leave one of them out" for name in both),
            *(fault for name in self.reset if name != RESET_ALL for fault in _unsettable("--reset", name)),
        ]

    def _bucket_faults(self) -> list[str]:
        entry = parameters.TABLE["DataBucket"]
        if not self.bucket or parameters.fits(self.bucket, entry):
            return []
        return [f"--bucket {self.bucket}: {parameters.constraint(entry)}"]

    def _account_faults(self) -> list[str]:
        if not self.account or re.fullmatch(r"\d{12}", self.account, re.ASCII):
            return []
        return [f"--account {self.account!r}: an account's number has 12 digits"]

    def _role_faults(self) -> list[str]:
        if not self.role_arn or _ROLE.fullmatch(self.role_arn):
            return []
        return [f"--role-arn {self.role_arn!r}: use the ARN of a role, such as arn:aws:iam::123456789012:role/deployer"]

    @property
    def stack_tags(self) -> dict[str, str]:
        """The tags that the stacks have or get, but for the deployer's own."""
        return tags.merged(self.held_tags, self.tags)

    @property
    def efs_stack(self) -> str:
        """The long route's first stack."""
        return f"{self.name}-mod5"

    @property
    def inference_stack(self) -> str:
        """The long route's second stack."""
        return f"{self.name}-mod5-inf"

    @property
    def complete_stack(self) -> str:
        """The short route's stack."""
        return f"{self.name}-mod5-complete"

    @property
    def is_short(self) -> bool:
        """Whether one stack holds everything."""
        return self.route == "short"

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks of the route, in the order in which they are made."""
        return (self.complete_stack,) if self.is_short else (self.efs_stack, self.inference_stack)

    @property
    def other_stacks(self) -> tuple[str, ...]:
        """The stacks of the route that was not chosen."""
        return (self.efs_stack, self.inference_stack) if self.is_short else (self.complete_stack,)

    @property
    def asked(self) -> dict[str, str]:
        """The parameters that this command sets, by preset and one by one."""
        return {**PRESETS.get(self.preset, {}), **self.overrides}

    @property
    def default_function_name(self) -> str:
        """What the function is called unless it is given a name; another `--name` has another function."""
        return DEFAULT_FUNCTION if self.name == DEFAULT_NAME else f"{self.name}-{DEFAULT_FUNCTION}"

    @property
    def function_name(self) -> str:
        """The function's name."""
        return self.parameter_values()["FunctionName"]

    def parameter_values(self) -> dict[str, str]:
        """Every parameter of the table that is not derived, as CloudFormation gets it."""
        chosen = {"FunctionName": self.default_function_name, **self.held, **self.asked}
        defaults = {
            name: str(entry["Default"])
            for name, entry in parameters.TABLE.items()
            if "Default" in entry and name not in DERIVED
        }
        return {**defaults, **chosen}


def parse_overrides(pairs: list[str]) -> dict[str, str]:
    """`["MinScore=0.5"]` → `{"MinScore": "0.5"}`; raises SettingsError for what has no `=`."""
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise SettingsError([f"--set {pair}: write Parameter=Value" for pair in wrong])
    return dict(pair.split("=", 1) for pair in pairs)


def override_faults(overrides: Mapping[str, str]) -> list[str]:
    """What is wrong with `--set` pairs, by the parameters' own rules; empty when nothing is."""
    faults = []
    for name, value in overrides.items():
        wrong_name = _unsettable("--set", name)
        faults += wrong_name
        if not wrong_name and not parameters.fits(value, parameters.TABLE[name]):
            faults.append(f"--set {name}={value}: {parameters.constraint(parameters.TABLE[name])}")
    return faults + _zone_faults(overrides)


def _unsettable(option: str, name: str) -> list[str]:
    """Why the option cannot name the parameter; empty when it can."""
    if name not in parameters.TABLE:
        known = ", ".join(sorted(set(parameters.TABLE) - set(DERIVED)))
        return [f"{option} {name}: no such parameter; there are {known}"]
    if name in DERIVED:
        return [f"{option} {name}: not to be set by hand, {DERIVED[name]}"]
    return []


def _zone_faults(overrides: Mapping[str, str]) -> list[str]:
    """EFS has one mount target in a zone, so the two subnets must not end up in the same one."""
    one, two = (overrides.get(f"AvailabilityZone{number}", "") for number in ("One", "Two"))
    if (one, two) == ("", "") or (one and two and one != two):
        return []
    return ["--set AvailabilityZoneOne and AvailabilityZoneTwo: set both, to two different zones, or neither"]
