"""Destroy as a function, for a program that has a Deployment or an App."""

from typing import TYPE_CHECKING

from ..aws.target import Target
from ..deploy.public import Application, Options, connected, place_of, settings_of
from ..reporting import Confirm, Reporter, TextReporter

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
    """Deletes what deploy created, verifies that nothing is left, and returns whether there was anything.

    It takes the same arguments as `plan`. `confirm` gets the lines that say what is deleted and what is kept; it raises
    if the user does not agree. Without `confirm` nobody is asked. `keep_data=True` keeps EFS and the bucket. On an
    emulator the directory that stands for EFS is kept: `wildrydes_ml.local.running` removes it.

    Raises:
        Refused: Before anything is deleted: a stack is not ours, is protected, contains something that is not ours,
            or cannot be kept.
        SettingsError: Options, credentials or region are wrong.
        InterruptedWork: AWS takes too long.
        WildrydesError: Something is left.
    """
    from . import destroyer

    settings, said = settings_of(application, options), reporter or TextReporter()
    place = place_of(target)
    return destroyer.destroy(aws or connected(settings, place, said), settings, place, said, confirm)
