"""What a command is asked to do with a deployment: names, presets and parameters, checked before anything is called."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .. import expiry, tags
from ..deployment import Deployment
from ..errors import SettingsError
from ..hints import meant
from ..naming import BUCKET, NAME, OWN_NAME
from ..template import parameters

RESET_ALL = "all"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)


@dataclass(frozen=True)
class Settings:
    """What is asked of a deployment. What a command does not use keeps its default."""

    deployments: tuple[Deployment, ...]
    """Those that one name may have, such as the routes of Wild Rydes."""
    name: str = OWN_NAME
    """The name of what is deployed; `OWN_NAME` stands for the deployment's own."""
    route: str = ""
    """Chooses one of `deployments`; '' is the deployed route, the first for a new deployment."""
    preset: str = ""
    """'' changes nothing."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """The `--set` pairs."""
    held: Mapping[str, str] = field(default_factory=dict)
    """What earlier deploys set, as `recall` reads it from the stacks: `preset` and `overrides` win over it."""
    reset: tuple[str, ...] = ()
    """Parameters that get their defaults back, or `("all",)`."""
    bucket: str = ""
    """The bucket for code and model; '' for the one that earlier deploys used, or the deployer's own."""
    model: str = ""
    """A SavedModel: directory, tar.gz or URL; '' for the deployed one, or the deployment's own."""
    samples: str = ""
    """A folder of pictures in which the prepared model must find the same as TensorFlow does; '' for none."""
    allow_replace: tuple[str, ...] = ()
    """Logical ids of protected resources (data, network or address) that may be replaced or deleted."""
    account: str = ""
    """The account that must be called; '' for any."""
    continue_rollback: bool = False
    """Ends an undoing that got stuck."""
    last_proven: bool = False
    """Puts back the code that was proven last."""
    keep_data: bool = False
    """Lets destroy keep EFS and bucket."""
    retain: tuple[str, ...] = ()
    """Resources that destroy may leave behind when they cannot be deleted."""
    role_arn: str = ""
    """The role that CloudFormation takes for its work; '' for the one that a stack has, or the caller's own rights."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The `--tag` pairs; an empty value removes a tag."""
    held_tags: Mapping[str, str] = field(default_factory=dict)
    """The tags that the stacks have."""
    expires: str = ""
    """When the deployment expires, in UTC as `2026-11-27T18:00:00Z`, or `never`; '' changes nothing."""

    def __post_init__(self) -> None:
        """Raises SettingsError with every fault."""
        if self.name == OWN_NAME:
            object.__setattr__(self, "name", self.deployments[0].name)
        faults = [
            *self._name_faults(),
            *self._choice_faults(),
            *self._bucket_faults(),
            *self._account_faults(),
            *self._role_faults(),
            *self._model_faults(),
            *self._samples_faults(),
            *tags.faults(self.tags),
            *expiry.faults(self.expires),
            *(tags.too_many(self.stack_tags) if self.tags or self.expires else ()),
            *self._override_faults(),
            *self._held_faults(),
            *self._reset_faults(),
        ]
        if faults:
            raise SettingsError(faults)

    def _name_faults(self) -> list[str]:
        if NAME.fullmatch(self.name):
            return []
        return [f"--name {self.name!r}: use 2 to 31 lower-case letters, digits and dashes, a letter first"]

    def _choice_faults(self) -> list[str]:
        presets = tuple(dict.fromkeys(name for one in self.deployments for name in one.presets))
        routes, own = tuple(filter(None, self.routes)), self.deployments[0].name
        instead = (
            f"set its parameters with --set: {self._settable}" if self._settable else "it has no parameters to set"
        )
        choices = (
            ("--preset", self.preset, presets, f"{own} has no presets; {instead}"),
            ("--route", self.route, routes, f"there is only one way to deploy {own}; leave the option out"),
        )
        return [
            f"{option} {value!r}: " + (f"use one of {', '.join(known)}{meant(value, known)}" if known else without)
            for option, value, known, without in choices
            if value and value not in known
        ] + self._preset_faults(presets)

    def _preset_faults(self, presets: Sequence[str]) -> list[str]:
        """Whether route and preset go together."""
        if not self.route or self.preset not in presets or self.preset in self.deployment.presets:
            return []
        having = " or ".join(one.route for one in self.deployments if self.preset in one.presets)
        return [f"--preset {self.preset}: the {self.route} route does not have it; use --route {having}"]

    @property
    def _settable(self) -> str:
        """The parameters that people set."""
        return ", ".join(sorted(set(self.rows) - set(self.given)))

    def _override_faults(self) -> list[str]:
        faults = []
        for name, value in self.overrides.items():
            wrong_name = self._unsettable("--set", name)
            faults += wrong_name
            if not isinstance(value, str):  # a program may give a number
                faults.append(
                    f"--set {name}: its value must be text, such as '1', and not of type {type(value).__name__}"
                )
            elif not wrong_name and not parameters.fits(value, self.rows[name]):
                told = parameters.shown(name, value, self.rows)
                faults.append(f"--set {name}={told}: {parameters.constraint(self.rows[name])}")
        return faults + self.deployment.check(self.overrides)

    def _held_faults(self) -> list[str]:
        """What was set once need not suit the present parameters."""
        return [
            f"{name} has the value {value} in the deployed stack, and it {parameters.constraint(self.rows[name])}: "
            f"add --set {name}=VALUE or --reset {name}"
            for name, value in self.held.items()
            if name not in self.asked and value != parameters.HIDDEN and not parameters.fits(value, self.rows[name])
        ]

    def _reset_faults(self) -> list[str]:
        both = [name for name in self.reset if name in self.overrides]
        return [
            *(f"--reset {name}: --set {name} gives it another value; use only one of them" for name in both),
            *(fault for name in self.reset if name != RESET_ALL for fault in self._unsettable("--reset", name)),
        ]

    def _bucket_faults(self) -> list[str]:
        if not self.bucket or re.fullmatch(BUCKET, self.bucket):
            return []
        return [f"--bucket {self.bucket}: must be the name of an S3 bucket"]

    def _account_faults(self) -> list[str]:
        if not self.account or re.fullmatch(r"\d{12}", self.account, re.ASCII):
            return []
        return [f"--account {self.account!r}: an account's number has 12 digits"]

    def _role_faults(self) -> list[str]:
        if not self.role_arn or _ROLE.fullmatch(self.role_arn):
            return []
        return [f"--role-arn {self.role_arn!r}: use the ARN of a role, such as arn:aws:iam::123456789012:role/deployer"]

    def _model_faults(self) -> list[str]:
        takes = self.deployment.filling or self.deployment.packed
        if not self.model or (takes and not takes.model):
            return []
        why = f"it has a model of its own, {takes.model}" if takes else "it does not fill EFS"
        return [f"--model {self.model}: {self.deployment.name} takes no model: {why}"]

    def _samples_faults(self) -> list[str]:
        filling = self.deployment.filling
        if not self.samples:
            return []
        if filling is None or not filling.samples:
            return [f"--samples {self.samples}: {self.deployment.name} has no model that is compared on pictures"]
        if filling.samples in self.overrides:
            return [f"--samples {self.samples}: --set {filling.samples} also names pictures; use only one of them"]
        return []

    def _unsettable(self, option: str, name: str) -> list[str]:
        """Why the option cannot name the parameter; empty when it can."""
        if name not in self.rows:
            known = self._settable or "none that can be set"
            return [f"{option} {name}: no such parameter; there are {known}{meant(name, self.rows)}"]
        if name in self.given:
            return [f"{option} {name}: you cannot set it yourself: {self.given[name]}"]
        if name not in self.deployment.rows:
            known = ", ".join(sorted(set(self.deployment.rows) - set(self.deployment.given)))
            return [f"{option} {name}: the {self.deployment.route} route has no such parameter; it has {known}"]
        return []

    @property
    def routes(self) -> tuple[str, ...]:
        """The names of the deployments among which `route` chooses."""
        return tuple(one.route for one in self.deployments)

    @property
    def deployment(self) -> Deployment:
        """The one that was chosen, the first while none is; a preset chooses among those that have it."""
        return next((one for one in self.deployments if one.route == self.route), self.having_preset[0])

    @property
    def having_preset(self) -> tuple[Deployment, ...]:
        """The deployments that have the preset that is asked for; all without one."""
        return tuple(one for one in self.deployments if self.preset in one.presets) or self.deployments

    @cached_property
    def rows(self) -> dict[str, Mapping[str, Any]]:
        """Every parameter of the deployments with its properties."""
        return {name: row for one in reversed(self.deployments) for name, row in one.rows.items()}

    @cached_property
    def given(self) -> dict[str, str]:
        """The parameters that nobody sets, and why not."""
        return {name: why for one in reversed(self.deployments) for name, why in one.given.items()}

    @property
    def stack_tags(self) -> dict[str, str]:
        """The tags that the stacks have or get, but for the deployer's own."""
        return tags.merged(self.held_tags, {**self.tags, **expiry.tag(self.expires)})

    @property
    def stacks(self) -> tuple[str, ...]:
        """The names of the stacks, in the order in which they are made."""
        return self.deployment.stack_names(self.name)

    @property
    def all_stacks(self) -> tuple[str, ...]:
        """The names of the stacks of every deployment that the name may have."""
        return tuple(dict.fromkeys(name for one in self.deployments for name in one.stack_names(self.name)))

    @property
    def asked(self) -> dict[str, str]:
        """The parameters that this command sets, by preset and one by one."""
        return {**self.deployment.presets.get(self.preset, {}), **self.overrides}

    @property
    def own_defaults(self) -> Mapping[str, str]:
        """The parameters that have other defaults in a deployment of this name."""
        return self.deployment.defaults(self.name)

    def parameter_values(self) -> dict[str, str]:
        """Every parameter that has a value and that nobody else decides, as CloudFormation gets it."""
        defaults = {name: value for name, value in parameters.defaults(self.rows).items() if name not in self.given}
        return {**defaults, **self.own_defaults, **self.held, **self.asked}


def parse_overrides(pairs: list[str]) -> dict[str, str]:
    """`["MinScore=0.5"]` → `{"MinScore": "0.5"}`; raises SettingsError for what has no `=`."""
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise SettingsError([f"--set {pair}: write Parameter=Value" for pair in wrong])
    return dict(pair.split("=", 1) for pair in pairs)
