"""Destroy as a function, for a program that has a Deployment or an App."""

from typing import TYPE_CHECKING

from ..aws.target import Target
from ..deploy.public import Application, Confirm, Options, connected, settings_of
from ..reporting import Reporter, TextReporter

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..aws.session import Aws


def destroy(
    application: Application,
    target: Target | None = None,
    *,
    reporter: Reporter | None = None,
    confirm: Confirm = lambda lines: None,
    aws: "Aws | None" = None,
    **options: "Unpack[Options]",
) -> bool:
    """Removes what deploy made, proves that it is gone, and returns whether there was anything.

    It takes what `plan` takes. `confirm` is shown what goes and what stays, and raises when it may not; nobody is asked
    without one. With `keep_data=True` EFS and the bucket stay. On an emulator the directory that stands for EFS stays:
    `wildrydes_ml.local.running` removes it.

    Raises Refused, before anything is removed, for a stack that is not ours, for what is protected, holds what is not
    ours, or cannot be kept or left behind; SettingsError for wrong options, credentials or region; InterruptedWork when
    AWS takes too long; WildrydesError when something is left.
    """
    from . import destroyer

    settings, said = settings_of(application, options), reporter or TextReporter()
    place = target or Target()
    return destroyer.destroy(aws or connected(settings, place, said), settings, place, said, confirm)
