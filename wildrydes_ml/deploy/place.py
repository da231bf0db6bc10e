"""What a deployment is at a place: AWS makes all of it, an emulator stands in for what it can."""

from dataclasses import replace

from .. import code
from ..aws.session import Aws
from ..aws.target import Target
from ..local import filling, standing_in
from ..packaging import Package
from ..reporting import Reporter
from . import model
from .desired import Desired, describe, values_at
from .model import Model
from .proven import back
from .settings import RESET_ALL, Settings


def desired_at(target: Target, settings: Settings, aws: Aws, reporter: Reporter) -> Desired:
    """The deployment that the settings ask for, as the place can make it; what is different there is told."""
    wanted = _model(target, settings)
    proven = back(aws, settings, target) if settings.last_proven else {}
    packages = [] if proven else _packages(target, settings, reporter)
    if not target.is_local:
        return describe(settings, target, aws.identity, wanted, packages, proven)
    stand_ins = _stand_ins(target, settings, aws, reporter)
    here = replace(target, parameters={**stand_ins, **target.parameters})
    return _possible(describe(settings, here, aws.identity, wanted, packages, proven), reporter)


def _packages(target: Target, settings: Settings, reporter: Reporter) -> list[Package]:
    """The zips of the code directories, each for the Python and the processor of its functions."""
    values = values_at(settings, target)
    return [
        code.build(
            one.directory,
            values.get(one.runtime, one.runtime),
            values.get(one.architecture, one.architecture),
            reporter=reporter,
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
    reporter.event(f"the emulator's own network stands for {', '.join(rows)}")
    return standing_in.stand_ins(rows, aws.networks.default())


def _possible(desired: Desired, reporter: Reporter) -> Desired:
    """The deployment without what the emulator does not make."""
    left_out = {stack.name: standing_in.lacking(stack.effective["Resources"]) for stack in desired.stacks}
    if titles := [title for several in left_out.values() for title in several]:
        reporter.event(f"the emulator does not make {', '.join(titles)}: left out here")
    return replace(desired, stacks=tuple(stack.free_of(left_out[stack.name]) for stack in desired.stacks))


def _model(target: Target, settings: Settings) -> Model:
    wanted = settings.deployment.filling
    if wanted is None:
        return Model("")
    named = str(settings.model or wanted.model)
    if not target.is_local:
        return model.remote(named, wanted) if named else model.held(settings.held)
    values = settings.parameter_values()
    is_set = "ModelUrl" in {*settings.held, *settings.asked}
    return model.local(named or (values["ModelUrl"] if is_set else _model_here(target, settings)), wanted)


def _model_here(target: Target, settings: Settings) -> str:
    """The location that the directory for EFS was filled from, unless the default is asked for."""
    is_reset = {"ModelUrl", RESET_ALL} & set(settings.reset)
    return filling.model_location(target.efs_directory) if target.efs_directory and not is_reset else ""
