"""A plan before the facts of an account: what the judges ask, and what they answer with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...aws.facts import Ask, Facts, Quota
from ..desired import Desired
from ..remedies import Remedies
from .needs import Part


@dataclass(frozen=True)
class Problem:
    """A problem: what it is about, where, why the deploy would fail, and what to do.

    A problem that is not certain, for example because a quota could not be read, does not stop the deploy.
    """

    what: str
    where: str
    why: str
    remedy: str
    is_certain: bool = True

    def describe(self) -> str:
        """The problem in words."""
        return f"{self.what}: {self.why}. {self.remedy}"


@dataclass(frozen=True)
class Case:
    """The facts, the deployment, the parts of it that the plan creates or changes, and the whole deployment.

    `instead` says for a question what to do, where the template's parameters do not show it. `locked` are the
    runtimes that packages are made for: a parameter's value → the runtimes on AWS, and locally. `endpoint` is an
    emulator's address: a command that a person pastes must not go to AWS then.
    """

    facts: Facts
    desired: Desired
    parts: tuple[Part, ...]
    whole: tuple[Part, ...]
    instead: Mapping[str, str] = field(default_factory=dict)
    locked: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    endpoint: str = ""

    @property
    def remedies(self) -> Remedies:
        """The commands for this account or emulator."""
        return Remedies(self.desired.identity.region, self.endpoint)

    def fact(self, name: str, subject: str = "") -> Any:
        """The answer; None where it is not known."""
        return self.facts.get(Ask(name, subject))

    def knows(self, name: str, subject: str = "") -> bool:
        """Whether there is an answer, which may be None."""
        return Ask(name, subject) in self.facts

    def problem(self, what: str, why: str, remedy: str, is_certain: bool = True) -> Problem:
        """A problem in this account and region."""
        identity = self.desired.identity
        return Problem(what, f"account {identity.account}, {identity.region}", why, remedy, is_certain)

    def raising(self, quota: Quota, value: int) -> str:
        """The command that asks for more of a quota.

        https://docs.aws.amazon.com/servicequotas/latest/userguide/request-quota-increase.html
        """
        return self.remedies.command(
            "service-quotas", "request-service-quota-increase", "--service-code", quota.service,
            "--quota-code", quota.raised_by or quota.code, "--desired-value", str(value),
        )  # fmt: skip


def choice(parameter: str, value: str, otherwise: str) -> str:
    """How to choose a value: by the parameter, or `otherwise` if the template has no parameter for it."""
    return f"--set {parameter}={value}" if parameter else otherwise
