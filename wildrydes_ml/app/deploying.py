"""An App as a Deployment: one stack, its code, its filling and its proof, as plain data."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from troposphere import Parameter, Template

from .. import packaging
from ..blocks.access import Access
from ..blocks.function import ALIAS
from ..blocks.routes import Route
from ..deployment import Code, Deployment, Filling, Packed, Proof, Stack
from ..errors import SettingsError
from ..questions import Question
from ..template.source import built
from . import files
from .declarations import Filling as Declared
from .parameters import REFILLS

if TYPE_CHECKING:
    from .app import App

# On an emulator: one machine has few processors.
_FEW_BATCHES = {"BatchConcurrency": "2"}


def deployment(app: "App", template: Template) -> Deployment:
    """The App as data for the deployer. Raises SettingsError when the model is missing."""
    question = app.question
    has_batches = "BatchMachine" in template.outputs
    also = packaging.batch_files() if has_batches else ()
    return Deployment(
        name=app.name,
        stacks=(Stack(built(f"{app.name}.yml", template)),),
        proof=_proof(app, question) if question else None,
        code=tuple(
            Code(directory, (parameter,), packed=directory in app.packed_code, also=also)
            for directory, parameter in app.code.items()
        ),
        local=_FEW_BATCHES if has_batches else {},
        filling=_filling(app, template),
        packed=_packed(app),
        opens=_opens(app.access),
    )


def _filling(app: "App", template: Template) -> Filling | None:
    if app.filling is None or app.foundation is None or app.foundation.filling is None:
        return None
    exists = app.foundation.filling.exists
    come_and_go = [title for title, one in template.resources.items() if one.resource.get("Condition") == exists]
    return Filling(refills=REFILLS, resources=tuple(come_and_go), model=_model(app, app.filling))


def _packed(app: "App") -> Packed | None:
    """What the zips hold besides the code, with `Storage("zip")`."""
    if app.filling is None or not app.packed:
        return None
    pins = files.pins("Filling.packages", app.directory, app.filling.packages)
    lines = "".join(f"{pin}\n" for pin in pins.split())
    return Packed(packages=lines, model=_local_model(app, app.filling))


def _model(app: "App", filling: Declared) -> Path | str:
    return filling.model if filling.is_url else _local_model(app, filling)


def _local_model(app: "App", filling: Declared) -> Path:
    try:
        return files.model("Filling.model", app.directory, filling.model)
    except ValueError as error:
        raise SettingsError([f"App {app.name} ({app.file or app.directory}): {error}"]) from None


def _proof(app: "App", question: Question) -> Proof:
    route = next(one for one in app.routes if (one.method, one.path) == (question.on, question.resource))
    output = f"{route.inference.function.title}Function"
    asked = Proof.asking(
        question,
        function=lambda values, outputs: f"{outputs[output]}:{ALIAS}",
        auth=lambda values: _auth(app.access, route, values),
    )
    return replace(asked, routes=tuple(_routes(app)))


def _routes(app: "App") -> Iterator[str]:
    """Method and path of each route, with what API Gateway answers browsers itself."""
    yield from (f"{route.method} {route.path}" for route in app.routes)
    if app.origins:
        yield from dict.fromkeys(f"OPTIONS {route.path}" for route in app.routes if route.method != "ANY")


def _auth(access: Access | None, route: Route, values: Mapping[str, str]) -> str:
    """How callers of the route prove who they are."""
    if access is None or route.reason:
        return "NONE"
    if isinstance(access.auth, Parameter):
        return values.get(access.auth.title, str(access.auth.properties.get("Default", "NONE")))
    return str(access.auth)


def _opens(access: Access | None) -> dict[str, Callable[[str], str]]:
    """Who gets access by a value of the parameter of `access`, if `access` has one."""
    if access is None or not isinstance(access.auth, Parameter):
        return {}
    return {access.auth.title: lambda auth: "open to anyone" if auth == "NONE" else ""}
