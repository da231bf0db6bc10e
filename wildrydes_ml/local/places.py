"""This machine as a target for a program: with an emulator that keeps running, or one that is stopped at the end."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..aws.target import Target
from . import emulator


def place(name: str, home: Path | str = ".wildrydes") -> Target:
    """The target for the deployment with that name on this machine; starts the emulator unless it runs already.

    The emulator keeps running after the program has ended, as with `deploy --local --home HOME`; to stop it, run
    `destroy --local --home HOME`. Raises SettingsError when the emulator is not installed
    (`pip install 'wildrydes_ml[local]'`) or the home is a directory of somebody else; WildrydesError when the emulator
    does not start.
    """
    directory = Path(home).expanduser().resolve()
    return emulator.target(directory, emulator.start(directory)[0], name)


@contextmanager
def running(name: str, home: Path | str | None = None) -> Iterator[Target]:
    """The target for the deployment with that name on this machine, inside a `with` statement.

    The emulator has a temporary home. At the end the home is removed, with everything that was deployed. With a `home`
    of your own, an emulator that was running before keeps running, with everything that is deployed there. Raises the
    same errors as `place`.
    """
    with ExitStack() as stack:
        here = Path(home or stack.enter_context(tempfile.TemporaryDirectory())).expanduser().resolve()
        started, is_new = emulator.start(here)
        if is_new:
            stack.callback(_remove, here, name)
        yield emulator.target(here, started, name)


def _remove(home: Path, name: str) -> None:
    emulator.stop(home)
    emulator.clear(home, name)
    emulator.tidy(home)
