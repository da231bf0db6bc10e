"""Who may call an API and how often, defined in one place; and how this changes a method.

An API is open only if its author has written down why. The reason is part of the template: it stands where the rule
that asks for it is suppressed.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, TypeAlias, get_args

from troposphere import Parameter, Template

from . import arguments
from .choices import Choice, Later, Number, differs, equals
from .suppressions import checkov_skips, guard_suppressions

Auth: TypeAlias = Literal["NONE", "API_KEY", "AWS_IAM"]

# What an account has in a region, unless it asks for more
# (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
RATE = (1, 10000)
BURST = (1, 5000)

_KINDS = get_args(Auth)
WORDS: Mapping[Auth, str] = {"NONE": "Open", "API_KEY": "Key", "AWS_IAM": "Iam"}
"""Each way of calling as a part of logical ids."""
# API Gateway has no authorization type for keys: a method that requires one has type NONE
# (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-key-with-console.html).
_KEY_REASON = "The method needs an API key; its authorization type is then NONE."


@dataclass(frozen=True)
class Access:
    """Who may call an API, and how often.

    Attributes:
        auth: NONE (anyone may call), API_KEY, AWS_IAM, or a template parameter whose AllowedValues are some of these.
        rate: Requests a second, 1 to 10000.
        burst: Requests at once, 1 to 5000.
        open_because: Why anyone may call, in a sentence that goes into the template. It is required when `auth` is
            NONE, or a parameter that allows NONE.

    Raises:
        ValueError: `open_because` is missing, or is given although nothing is open; `auth` is unknown, or is a
            parameter that allows an unknown value; a number is out of range.
        TypeError: `auth` is neither text nor a parameter: CloudFormation needs one of them for a condition.
    """

    auth: Auth | Later
    _: KW_ONLY
    rate: Number = 5
    burst: Number = 10
    open_because: str = ""

    def __post_init__(self) -> None:
        _check_auth(self.auth)
        reason = sentence("Access.open_because", self.open_because)
        if "NONE" in self.kinds and not reason:
            raise ValueError(
                f"Access.auth {self._shown} lets anyone call: say why in open_because, or use 'API_KEY' or 'AWS_IAM'"
            )
        if reason and "NONE" not in self.kinds:
            raise ValueError(f"Access.open_because is given, but auth {self._shown} opens nothing: remove it")
        arguments.number("Access.rate", self.rate, *RATE, "requests a second")
        arguments.number("Access.burst", self.burst, *BURST, "requests at once", whole=True)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The value of `auth`; for a parameter, its possible values."""
        return (str(self.auth),) if not isinstance(self.auth, Parameter) else tuple(self.auth.AllowedValues)

    @property
    def _shown(self) -> str:
        return f"parameter {self.auth.title}" if isinstance(self.auth, Parameter) else repr(self.auth)

    def suppressions(self) -> dict[str, Any]:
        """Metadata for a method that is protected by `auth`: suppressions, with a true reason for each value of it."""
        by_kind = {"NONE": sentence("Access.open_because", self.open_because), "API_KEY": _KEY_REASON}
        reasons = {kind: text for kind, text in by_kind.items() if kind in self.kinds}
        if isinstance(self.auth, Parameter):
            reasons = {kind: f"Where {self.auth.title} is {kind}: {text}" for kind, text in reasons.items()}
        return _suppressions(reasons.get("NONE", ""), " ".join(reasons.values()))


def chosen(template: Template, access: Access, auth: Auth, prefix: str) -> Choice:
    """Whether the API uses `auth`. The name of a condition, if one is needed, begins with `prefix`."""
    if auth not in access.kinds or len(access.kinds) == 1:
        return auth in access.kinds
    return equals(template, f"{prefix}ApiAuthIs{WORDS[auth]}", access.auth, auth)


def closed(template: Template, access: Access, prefix: str) -> Choice:
    """Whether callers need a key or a signature."""
    if "NONE" not in access.kinds or len(access.kinds) == 1:
        return "NONE" not in access.kinds
    return differs(template, f"{prefix}ApiAuthIsClosed", access.auth, "NONE")


def open_suppressions(because: str) -> dict[str, Any]:
    """Metadata for a method that anyone may call, whatever `Access.auth` is."""
    return _suppressions(because, because)


def sentence(where: str, text: object) -> str:
    """The reason with a full stop, or an empty text. Raises TypeError for anything but text."""
    return arguments.sentence(where, text, "write a sentence that says why anyone may call")


def _suppressions(checkov: str, guard: str) -> dict[str, Any]:
    return {
        **(checkov_skips(CKV_AWS_59=checkov) if checkov else {}),
        **(guard_suppressions(API_GW_METHOD_AUTHORIZATION_TYPE_RULE=guard) if guard else {}),
    }


def _check_auth(auth: object) -> None:
    if isinstance(auth, Parameter):
        allowed = auth.properties.get("AllowedValues", [])
        if not allowed or not set(allowed) <= set(_KINDS):
            raise ValueError(
                f"Access.auth is parameter {auth.title}, which allows {allowed or 'anything'}: "
                f"use AllowedValues from {', '.join(map(repr, _KINDS))}"
            )
    elif isinstance(auth, str):
        arguments.one_of("Access.auth", auth, _KINDS)
    else:
        raise TypeError(f"Access.auth is {auth!r}: pass one of {', '.join(map(repr, _KINDS))}, or a template parameter")
