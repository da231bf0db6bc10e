"""What a changed parameter means to people: who may get in, and what the bill will be."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..template.effective import Body, Effective, effective
from ..workshop.account import OPENINGS
from ..workshop.parameters import same
from . import costs
from .openings import openings


@dataclass(frozen=True)
class ParameterChange:
    """A parameter whose value changes. `old` is None for one that the deployed template does not have.

    `opens` says to whom the change opens something, empty when it opens nothing. `dearer` is by how many US dollars a
    month the change raises the idle cost, 0 when it does not.
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


def changes(body: Body, old: Mapping[str, str], new: Mapping[str, str]) -> tuple[ParameterChange, ...]:
    """The parameters of `new` that differ from those of a stack, which may lack some.

    What each opens or makes dearer is told by the template's body with that parameter alone changed.
    """
    known = {**new, **old}
    changed = [name for name in new if name not in old or not same(old[name], new[name])]
    before = effective(body, known) if changed else {"Resources": {}}
    return tuple(
        _change(name, old.get(name), new[name], before, effective(body, {**known, name: new[name]})) for name in changed
    )


def _change(name: str, old: str | None, new: str, before: Effective, after: Effective) -> ParameterChange:
    dearer = costs.total(costs.idle([after])) - costs.total(costs.idle([before]))
    opens = opening(name, new) if name in OPENINGS else "; ".join(openings(before, after))
    return ParameterChange(name, old, new, opens, max(dearer, 0))


def opening(name: str, value: str) -> str:
    """To whom a parameter's value opens something; empty when it opens nothing."""
    return OPENINGS[name](value) if name in OPENINGS else ""


def _public(value: str) -> str:
    """A value without the signature of a link, which is a secret while it holds."""
    return value.partition("?X-Amz-")[0] if "X-Amz-Signature" in value else value


def _shown(value: str) -> str:
    text = _public(value)
    return f"{text[:57]}..." if len(text) > 60 else text or "''"
