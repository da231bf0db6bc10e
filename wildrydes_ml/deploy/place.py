"""What a deployment is at a place: AWS makes all of it, an emulator stands in for what it can."""

from collections.abc import Mapping
from dataclasses import replace

from .. import code
from ..aws.session import Aws
from ..aws.target import Target
from ..code import requirements
from ..code.prepared import Files
from ..local import filling, standing_in
from ..packaging import Package
from ..reporting import Reporter
from ..template import parameters
from . import model, packing, samples
from .desired import Desired, describe, values_at
from .model import Model
from .planner import FoundStack
from .proven import back
from .samples import NO_SAMPLES, Samples
from .settings import RESET_ALL, Settings


def desired_at(target: Target, settings: Settings, aws: Aws, reporter: Reporter) -> Desired:
    """The deployment that the settings ask for, as the place can make it; what is different there is told."""
    wanted, files = _model(target, settings, aws, reporter)
    own = _samples(target, settings)
    proven = back(aws, settings, target) if settings.last_proven else {}
    stand_ins = _stand_ins(target, settings, aws, reporter) if target.is_local else {}
    here = replace(target, parameters={**stand_ins, **target.parameters})
    nothing = [Package(b"", "") for _ in settings.deployment.code]
    describe(settings, here, aws.identity, wanted, nothing, proven)  # which refuses what is missing before pip is run
    packages = [] if proven else _packages(target, settings, files, reporter)
    found = describe(settings, here, aws.identity, wanted, packages, proven, own)
    return _possible(found, reporter) if target.is_local else found


def found_at(target: Target, settings: Settings, stacks: dict[str, FoundStack]) -> dict[str, FoundStack]:
    """The stacks as AWS would tell of them.

    Of a parameter that names a value in Systems Manager, MiniStack tells the value and forgets the name: it is taken to
    be the one that is asked for now, or else the default.
    """
    if not target.is_local:
        return stacks
    return {
        title: replace(found, stack=replace(found.stack, parameters=_with_names(found, settings.overrides)))
        for title, found in stacks.items()
    }


def _with_names(found: FoundStack, asked: Mapping[str, str]) -> dict[str, str]:
    rows = found.body.get("Parameters", {})
    stored = {name for name in found.stack.parameters if name in rows and parameters.is_stored(rows[name])}
    names = {name: value for name, value in {**parameters.defaults(rows), **asked}.items() if name in stored}
    plain = {name: value for name, value in found.stack.parameters.items() if name not in stored}
    return {**plain, **names}


def _packages(target: Target, settings: Settings, files: Files, reporter: Reporter) -> list[Package]:
    """The zips of the code directories, each for the Python and the processor of its functions.

    An emulator runs every function with its own, whatever the function's runtime is.
    """
    values, here = values_at(settings, target), target.parameters
    libc = requirements.libc_here() if target.is_local else 0
    packed = settings.deployment.packed
    more = packing.packing(packed, files) if packed else None
    return [
        code.build(
            one.directory,
            here.get("PythonRuntime") or values.get(one.runtime, one.runtime),
            here.get("Architecture") or values.get(one.architecture, one.architecture),
            libc=libc,
            also=one.also,
            reporter=reporter,
            packing=more if one.packed else None,
        )
        for one in settings.deployment.code
    ]


def _stand_ins(target: Target, settings: Settings, aws: Aws, reporter: Reporter) -> dict[str, str]:
    """The emulator's default network for parameters of one that is given on AWS."""
    have = {*settings.parameter_values(), *settings.given, *settings.deployment.local, *target.parameters}
    rows = {
        name: row for name, row in settings.deployment.rows.items() if name not in have and standing_in.is_network(row)
    }
    if not rows:
        return {}
    reporter.event(f"the emulator's own network replaces {', '.join(rows)}")
    return standing_in.stand_ins(rows, aws.networks.default())


def _possible(desired: Desired, reporter: Reporter) -> Desired:
    """The deployment without what the emulator does not make."""
    left_out = {stack.name: standing_in.lacking(stack.effective["Resources"]) for stack in desired.stacks}
    if titles := [title for several in left_out.values() for title in several]:
        reporter.event(f"the emulator does not create {', '.join(titles)}: skipped here")
    return replace(desired, stacks=tuple(stack.free_of(left_out[stack.name]) for stack in desired.stacks))


def _model(target: Target, settings: Settings, aws: Aws, reporter: Reporter) -> tuple[Model, Files]:
    """The model, and its files if they go into the functions' zips."""
    packed = settings.deployment.packed
    if packed:
        return (Model(""), {}) if settings.last_proven else packing.chosen(target, settings, packed, aws, reporter)
    return _model_on_efs(target, settings), {}


def _model_on_efs(target: Target, settings: Settings) -> Model:
    wanted = settings.deployment.filling
    if wanted is None:
        return Model("")
    named = str(settings.model or wanted.model)
    if not target.is_local:
        return model.remote(named, wanted) if named else model.held(settings.held)
    values = settings.parameter_values()
    is_set = "ModelUrl" in {*settings.held, *settings.asked}
    return model.local(named or (values["ModelUrl"] if is_set else _model_here(target, settings)), wanted)


def _samples(target: Target, settings: Settings) -> Samples:
    """The pictures that are named now; on AWS a parameter remembers earlier ones, here the manifest does."""
    wanted = settings.deployment.filling
    if not target.is_local:
        return samples.remote(settings.samples) if settings.samples else NO_SAMPLES
    if settings.samples:
        return samples.local(settings.samples)
    is_reset = wanted is not None and {wanted.samples, RESET_ALL} & set(settings.reset)
    return Samples(filling.samples_location(target.efs_directory) if target.efs_directory and not is_reset else "")


def _model_here(target: Target, settings: Settings) -> str:
    """The location that the directory for EFS was filled from, unless the default is asked for."""
    is_reset = {"ModelUrl", RESET_ALL} & set(settings.reset)
    return filling.model_location(target.efs_directory) if target.efs_directory and not is_reset else ""
