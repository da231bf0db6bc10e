"""Commands of bin/ as processes that are forked from a server, which has imported what all of them import.

Each is a process of its own, with its own arguments, folder, environment and output, as when a person starts it. Half
of a short command's time is imports, and those are done once.
"""

import atexit
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.warm"])
# What takes longer hangs.
_SECONDS = 1800


def run(
    script: Path, arguments: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Runs a script to its end, as `subprocess.run` does. Raises TimeoutExpired when it hangs."""
    argv = [str(script), *map(str, arguments)]
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as errors:
        place = (str(cwd), dict(os.environ if env is None else env), out.name, errors.name)
        process = PROCESSES.Process(target=_main, args=(argv, *place))
        process.start()
        process.join(_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(argv, _SECONDS)
        said = [Path(file.name).read_text(encoding="utf-8") for file in (out, errors)]
        return subprocess.CompletedProcess(argv, process.exitcode, *said)


def _main(argv: list[str], cwd: str, environment: dict[str, str], out: str, errors: str) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for stream, path in ((sys.stdout, out), (sys.stderr, errors)):
        with open(path, "w") as file:
            os.dup2(file.fileno(), stream.fileno())
    sys.argv = argv
    try:
        runpy.run_path(argv[0], run_name="__main__")
    finally:
        atexit._run_exitfuncs()
