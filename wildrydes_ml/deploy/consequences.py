"""What a changed parameter means for people: who gets access, and what it costs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from .. import costs
from ..costs.bills import is_free
from ..template.effective import Body, Effective, effective
from ..template.parameters import HIDDEN, is_hidden, same
from ..template.resolve import mapping
from .openings import SEEN, openings

# What says more of what bills: a function's memory, a subnet's addresses.
_BESIDE = ("AWS::Lambda::Function", "AWS::EC2::Subnet")
Opens = Mapping[str, Callable[[str], str]]
"""Parameter → a function that says who gets access with a value of it."""


@dataclass(frozen=True)
class ParameterChange:
    """A parameter whose value changes. `old` is None for one that the deployed template does not have.

    `opens` says who gets access by the change; it is empty when nobody does. `dearer` is the rise of the idle cost in
    US dollars a month, 0 when it does not rise.
    """

    name: str
    old: str | None
    new: str
    opens: str = ""
    dearer: float = 0

    def describe(self) -> str:
        """`ApiAuth API_KEY → NONE: open to anyone`."""
        marks = [self.opens, f"costs about {self.dearer:.2f} US$ a month more while idle" if self.dearer else ""]
        old = "(new)" if self.old is None else _shown(self.old)
        said = "; ".join(mark for mark in marks if mark)
        return f"{self.name} {old} → {_shown(self.new)}" + (f": {said}" if said else "")

    def record(self) -> dict[str, object]:
        """For a program."""
        old = None if self.old is None else _public(self.old)
        return {**vars(self), "old": old, "new": _public(self.new), "dearer": round(self.dearer, 2)}


def changes(
    body: Body, old: Mapping[str, str], new: Mapping[str, str], opens: Opens = MappingProxyType({})
) -> tuple[ParameterChange, ...]:
    """The parameters of `new` that differ from those of a stack, which may lack some.

    For each one the template's body, with only this parameter changed, gives the rise of the cost. It also gives what
    the change opens, unless `opens` has an entry for the parameter.
    """
    known = {**new, **old}
    changed = [name for name in new if name not in old or not same(old[name], new[name])]
    if not changed:
        return ()
    part = _telling(body)
    before, after = effective(part, known), effective(part, new)
    is_told = costs.idle([before]) != costs.idle([after]) or openings(before, after)

    def alone(name: str) -> Effective:
        return effective(part, {**known, name: new[name]}) if is_told else before

    rows = mapping(body.get("Parameters"))
    found = [_change(name, old.get(name), new[name], before, alone(name), opens) for name in changed]
    return tuple(_secretive(change) if is_hidden(mapping(rows.get(change.name))) else change for change in found)


def _secretive(change: ParameterChange) -> ParameterChange:
    """The change of a secret, without its values."""
    return replace(change, old=None if change.old is None else HIDDEN, new=HIDDEN)


def _telling(body: Body) -> dict[str, Any]:
    """The part of a template that decides what it costs and opens: to work out the whole template takes long."""
    resources = {
        title: entry
        for title, entry in mapping(body.get("Resources")).items()
        if not is_free(kind := str(mapping(entry).get("Type"))) or kind in SEEN or kind in _BESIDE
    }
    return {**body, "Resources": resources, "Outputs": {}}


def _change(name: str, old: str | None, new: str, before: Effective, after: Effective, opens: Opens) -> ParameterChange:
    dearer = costs.total(costs.idle([after])) - costs.total(costs.idle([before]))
    opened = opens[name](new) if name in opens else "; ".join(openings(before, after))
    return ParameterChange(name, old, new, opened, max(dearer, 0))


def _public(value: str) -> str:
    """A value without the signature of a link, which is a secret as long as it is valid."""
    return value.partition("?X-Amz-")[0] if "X-Amz-Signature" in value else value


def _shown(value: str) -> str:
    text = _public(value)
    return f"{text[:57]}..." if len(text) > 60 else text or "''"
