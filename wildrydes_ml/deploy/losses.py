"""A look at what somebody deleted outside CloudFormation: any function of the stacks, the proof's alias, API and stage.

It is a part of every deploy, so it asks little: the proof's function by its alias, which tells of both, all others
together, and CloudFormation for the names that neither templates nor outputs tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..aws.facts import Unknown
from ..aws.session import Aws
from ..aws.wiring import FoundWiring
from ..errors import InterruptedWork, WildrydesError
from . import lost
from .desired import Desired
from .planner import FoundStack
from .proof import stage as stage_of

_Loss: TypeAlias = str | Unknown
"""The type of what is gone, empty when nothing is."""


@dataclass(frozen=True)
class Losses:
    """What is gone of the stacks of a deployment, which are given by name."""

    aws: Aws
    desired: Desired
    stacks: Mapping[str, FoundStack]

    @property
    def api(self) -> str | None:
        """The id of the API that the proof asks, where there is one."""
        proof = self.desired.deployment.proof
        return self._outputs.get(proof.api) if proof and self.desired.service.name in self.stacks else None

    def find(self, wiring: FoundWiring | None) -> tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]:
        """The logical ids of what is gone, by stack, and the permissions that were missing for the look.

        `wiring` is what is known of the proof's API already.
        """
        api = self.api
        called, alias = self._called() if api else ("", "")
        functions, unread = self._functions(called)
        of_function = self.aws.functions.lost(called, alias) if api else ""
        others = [name for one in functions.values() for name in one.values() if name not in ("", called)]
        missing = self.aws.functions.missing(others) if others else ()
        of_api = self._of_api(api, wiring) if api else ""
        names = {
            *(() if isinstance(missing, Unknown) else missing),
            *([called] if of_function == lost.FUNCTION else []),
        }
        gone = {stack: tuple(title for title in one if one[title] in names) for stack, one in functions.items()}
        if of_function == lost.ALIAS:
            self._add_aliases(gone, functions, called, alias)
        if api and of_api in (lost.API, lost.STAGE):
            stack, titles = self._parts_of_api(of_api, api)
            gone[stack] += titles
        unknown = (of_function, of_api, missing)
        return gone, (*unread, *(one.detail for one in unknown if isinstance(one, Unknown)))

    def _add_aliases(
        self, gone: dict[str, tuple[str, ...]], functions: Mapping[str, Mapping[str, str]], called: str, alias: str
    ) -> None:
        for stack, named in functions.items():
            for title in (title for title, name in named.items() if name == called):
                gone[stack] += lost.parts(self.stacks[stack], lost.ALIAS, title, alias)

    def _parts_of_api(self, kind: _Loss, api: str) -> tuple[str, tuple[str, ...]]:
        """The stack that has the proof's API, and the logical ids of what is gone of it."""
        proof = self.desired.deployment.proof
        assert proof is not None
        key = proof.api.rpartition(".")[2]
        telling = [name for name, one in self.stacks.items() if one.stack.outputs.get(key) == api]
        stack = next((name for name in telling if lost.api(self.stacks[name], key)), telling[-1])
        title = lost.api(self.stacks[stack], key)
        if kind == lost.STAGE:
            return stack, lost.parts(self.stacks[stack], lost.STAGE, title, stage_of(proof, self._outputs))
        return stack, (title,) if title else ()

    def _of_api(self, api: str, wiring: FoundWiring | None) -> _Loss:
        """What the wiring tells is not asked again: on the long route a stage is the wiring's, not the stack's."""
        if self.desired.wiring:
            return "" if wiring else lost.API
        proof = self.desired.deployment.proof
        assert proof is not None
        return self.aws.apis.lost(api, stage_of(proof, self._outputs))

    def _called(self) -> tuple[str, str]:
        """The function that the proof invokes, and its alias, as the deployed stacks tell them."""
        proof, values = self.desired.deployment.proof, dict(self.desired.values)
        assert proof is not None
        for found in self.stacks.values():
            values |= found.stack.parameters
        called = proof.function(values, self._outputs)
        function, _, alias = (called.partition(":function:")[2] or called).partition(":")
        return function, alias

    @property
    def _outputs(self) -> Mapping[str, str]:
        told = {name: found.stack.outputs for name, found in self.stacks.items()}
        return self.desired.deployment.merged(self.desired.settings.name, told)

    def _functions(self, called: str) -> tuple[dict[str, dict[str, str]], Sequence[str]]:
        """Logical id and name of the functions of each stack, and the permission that was missing for it.

        The only function of all is the one that is called, if nothing else tells its name.
        """
        named, unread = {}, []
        for stack, found in self.stacks.items():
            named[stack] = {
                title: name or found.functions.get(title, "") for title, name in lost.functions(found).items()
            }
            if "" not in named[stack].values():
                continue
            try:
                ids = {one.logical_id: one.physical_id for one in self.aws.stacks.resources(found.stack.id)}
            except InterruptedWork:
                raise
            except WildrydesError:
                unread = ["cloudformation:ListStackResources"]
            else:
                named[stack] = {title: name or ids.get(title, "") for title, name in named[stack].items()}
        match [(stack, title, name) for stack, one in named.items() for title, name in one.items()]:
            case [(stack, title, "")]:
                named[stack][title] = called
        return named, unread
