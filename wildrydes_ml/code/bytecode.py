"""Turns the sources of installed packages into bytecode: a function cannot write any, so each start would make it."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

# Where the packages are in a function: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_SHOWN = "/var/task"


@cache
def interpreter(version: str) -> str:
    """A Python of that version, such as 3.13, on this machine; empty if none runs. Bytecode is for one version."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = shutil.which(f"python{version}")
    if not found:
        return ""
    asked = [found, "-Ic", "import sys; print(sys.version_info[:2])"]  # a stand-in of pyenv may run nothing
    told = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
    return found if told.strip() == str(tuple(map(int, version.split(".")))) else ""


def compile_all(directory: Path, python: str, place: str, *, instead: bool) -> None:
    """Adds the bytecode of each source that compiles, or puts it in its place; `place` is the directory in the zip.

    The bytecode does not depend on when and where it is made, and tracebacks name the files as a function has them.
    """
    command = [python, "-Im", "compileall", "-q", *(["-b"] if instead else []), "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(directory), "-p", f"{_SHOWN}/{place}".rstrip("/"), str(directory)]
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    for source in directory.rglob("*.py") if instead else ():
        if source.with_suffix(".pyc").is_file():
            source.unlink()
