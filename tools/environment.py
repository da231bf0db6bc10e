#!/usr/bin/env python3
"""Makes the environment that the Makefile's other targets run in, or says in one line what this machine lacks.

    python3 tools/environment.py DIRECTORY [GOAL...]

It is the first thing that make runs, so a Python that is too old for the project must be able to run it: any since 3.6.
A directory that is no whole environment of this very Python, with pip, is made anew. Its file `made` changes only then.
"""

import os
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
"""Where a local deploy runs: microsoft-antissrf needs 3.11, and the locked TensorFlow has no wheel for 3.14."""

_WHO = "import pip, sys; print(sys.version, sys.base_prefix)"
_MADE, _UNFINISHED = "made", "unfinished"


def main(directory: str, *goals: str) -> int:
    """Prints what is wrong and returns 1, or sees to it that the environment is there and returns 0."""
    wrong = refusal(sys.version_info[:2], sys.executable, " ".join(goals) or "demo")
    if not wrong:
        try:
            see_to(directory)
        except (OSError, subprocess.CalledProcessError) as error:
            wrong = f"{directory} cannot be created: {error}"
    if wrong:
        print(wrong, file=sys.stderr)
    return int(bool(wrong))


def refusal(version: "tuple[int, int]", executable: str, goals: str) -> str:
    """Why this Python does not do, and what to do about it; empty if it does."""
    if not OLDEST <= version <= NEWEST:
        other = another()
        use = "use another" if other else "install one, and python3-venv where it is a package of its own, and name it"
        return (
            f"{executable} is Python {dotted(version)}, but {dotted(OLDEST)} to {dotted(NEWEST)} is needed:"
            f" {use}, as in: make {goals} PYTHON={other or 'python' + dotted(NEWEST)}"
        )
    if not makes_environments(executable):
        name = os.path.basename(executable)
        package = (name if "." in name else "python3") + "-venv"
        return f"{executable} lacks venv or ensurepip: on Debian and Ubuntu, apt-get install {package}"
    return ""


def another() -> str:
    """The newest Python on PATH that does; empty if there is none."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        name = f"python3.{minor}"
        if shutil.which(name) and makes_environments(name):
            return name
    return ""


def makes_environments(python: str) -> bool:
    """Whether it runs, and has what Debian keeps in packages of their own."""
    command = [python, "-Ic", "import ensurepip, venv"]
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def dotted(version: "tuple[int, int]") -> str:
    """(3, 11) is 3.11."""
    return ".".join(map(str, version))


def see_to(directory: str) -> None:
    """Makes the environment unless it is there. Raises OSError and CalledProcessError."""
    if not is_whole(directory):
        if os.path.lexists(directory):
            print(f"{directory} is not complete, or not of {sys.executable}: it is created again", flush=True)
        else:
            print(f"making {directory}, the environment of this checkout", flush=True)
        make(directory)
    mark = os.path.join(directory, _MADE)
    if not os.path.exists(mark):
        open(mark, "w").close()


def is_whole(directory: str) -> bool:
    """Whether it is a finished environment of the Python that runs this."""
    python = os.path.join(directory, "bin", "python")
    if os.path.exists(os.path.join(directory, _UNFINISHED)) or not os.path.exists(python):
        return False
    try:
        said = subprocess.check_output([python, "-Ic", _WHO], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return False
    return said.decode().strip() == f"{sys.version} {sys.base_prefix}"


def make(directory: str) -> None:
    """An environment in place of what is there; one that is killed meanwhile is seen to be unfinished."""
    subprocess.check_call([sys.executable, "-m", "venv", "--clear", "--without-pip", directory])
    unfinished = os.path.join(directory, _UNFINISHED)
    open(unfinished, "w").close()
    pip = [os.path.join(directory, "bin", "python"), "-Im", "ensurepip", "--upgrade", "--default-pip"]
    subprocess.check_call(pip, stdout=subprocess.DEVNULL)
    os.remove(unfinished)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
