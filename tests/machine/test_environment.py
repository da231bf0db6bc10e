"""What make does first: it says in one line which Python does, and makes an environment that is not whole anew."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import environment

CHECKOUT = Path(__file__).parents[2]
PROGRAM = CHECKOUT / "tools" / "environment.py"


class Checkout:
    """A directory with the Makefile, whose pip only writes down that it was called."""

    def __init__(self, directory: Path) -> None:
        self.path = directory
        self.venv = directory / ".venv"
        self.installs = directory / "installs"
        (directory / "tools").mkdir()
        shutil.copy(CHECKOUT / "Makefile", directory)
        shutil.copy(PROGRAM, directory / "tools")
        (directory / "setup.py").touch()

    def make(self, *arguments: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
        """Makes the environment of `make demo`, which a later argument may change."""
        command = ["make", f"{self.venv.name}/local", f"PYTHON={sys.executable}", "PIP=echo >>installs", *arguments]
        environment = {"PATH": path, "HOME": str(self.path)}
        return subprocess.run(command, cwd=self.path, env=environment, capture_output=True, text=True, check=False)

    def installed(self, *arguments: str) -> int:
        """How often pip was called so far, after a call of make that must succeed."""
        done = self.make(*arguments)
        assert done.returncode == 0, done.stderr
        return len(self.installs.read_text().splitlines())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that is there already."""
    directory = tmp_path_factory.mktemp("whole") / "venv"
    assert environment.main(str(directory)) == 0
    return directory


@pytest.fixture
def checkout(whole: Path, tmp_path: Path) -> Checkout:
    """A checkout in which make has run once."""
    checkout = Checkout(tmp_path)
    shutil.copytree(whole, checkout.venv, symlinks=True, copy_function=os.link)
    assert checkout.installed() == 1
    return checkout


def pip(directory: Path) -> str:
    return subprocess.check_output([directory / "bin" / "python", "-Im", "pip", "--version"], text=True)


def test_what_is_whole_is_left_alone(checkout: Checkout) -> None:
    (checkout.venv / "mine").touch()
    assert checkout.installed() == 1
    assert (checkout.venv / "mine").exists()


def test_a_demo_takes_a_model_and_pictures_of_ones_own(checkout: Checkout) -> None:
    (checkout.path / "bin").mkdir()
    (checkout.path / "bin" / "demo.py").write_text("import sys; print(sys.argv[1:])")
    own = checkout.make("demo", "MODEL=my model", "PICTURES=my pictures")
    assert own.stdout.splitlines()[-1] == "['--model', 'my model', '--pictures', 'my pictures']"
    assert checkout.make("demo").stdout.splitlines()[-1] == "[]"


def test_the_new_environment_has_pip_and_nothing_unfinished(whole: Path) -> None:
    assert str(whole) in pip(whole)
    assert {path.name for path in whole.iterdir()} == {"bin", "include", "lib", "lib64", "made", "pyvenv.cfg"}


def lose_pip(venv: Path) -> None:
    shutil.rmtree(next(venv.glob("lib/python*/site-packages/pip")))


def lose_python(venv: Path) -> None:
    """As after an upgrade of the system: the interpreter is elsewhere now."""
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to("/usr/bin/python3.none")


def be_anothers(venv: Path) -> None:
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").write_text("#!/bin/sh\necho '3.10.13 (main) [GCC] /usr'\n")
    (venv / "bin" / "python").chmod(0o755)


def be_killed_while_made(venv: Path) -> None:
    (venv / "unfinished").touch()


def be_empty(venv: Path) -> None:
    shutil.rmtree(venv)
    venv.mkdir()


BROKEN = [lose_pip, lose_python, be_anothers, be_killed_while_made, be_empty]


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_not_whole_is_seen(whole: Path, tmp_path: Path, broken: Callable[[Path], None]) -> None:
    venv = shutil.copytree(whole, tmp_path / "venv", symlinks=True, copy_function=os.link)
    assert environment.is_whole(str(venv))
    broken(venv)
    assert not environment.is_whole(str(venv))


def test_what_is_not_whole_is_made_anew(checkout: Checkout) -> None:
    (checkout.venv / "test").touch()
    be_anothers(checkout.venv)
    assert checkout.installed() == 2, "what was in it has to be installed again"
    assert str(checkout.venv) in pip(checkout.venv)
    assert not (checkout.venv / "test").exists()
    assert checkout.installed() == 2


def test_an_environment_made_by_hand_is_taken_as_it_is(checkout: Checkout) -> None:
    (checkout.venv / "made").unlink()
    (checkout.venv / "mine").touch()
    assert checkout.installed() == 2
    assert (checkout.venv / "mine").exists()


def test_a_target_whose_recipe_failed_is_not_there(checkout: Checkout) -> None:
    os.utime(checkout.venv / "local", (1, 1))
    assert checkout.make("PIP=touch .venv/local; false").returncode == 2
    assert not (checkout.venv / "local").exists()
    assert checkout.installed() == 2


@pytest.mark.parametrize(("version", "words"), [((3, 10), "3.10"), ((3, 9), "3.9"), ((3, 6), "3.6"), ((3, 14), "3.14")])
def test_a_python_too_old_or_too_new_is_refused(version: tuple[int, int], words: str) -> None:
    said = environment.refusal(version, "/usr/bin/python3", "demo")
    assert said.startswith(f"/usr/bin/python3 is Python {words}, but 3.11 to 3.13 is needed: ")
    assert re.search(r": make demo PYTHON=python3\.1[123]$", said)


def test_the_python_that_it_names_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.another() == ""
    for name, text in {"python3.13": "exit 1", "python3.12": f'exec {sys.executable} "$@"', "python3.11": ""}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    assert environment.another() == "python3.12", "3.13 does not run, as pyenv's that is not chosen"
    assert environment.refusal((3, 9), "python3", "test").endswith(": use another, as in: make test PYTHON=python3.12")


def test_a_debian_without_the_package_is_told_its_name(tmp_path: Path) -> None:
    for name, package in {"python3": "python3-venv", "python3.12": "python3.12-venv", "python": "python3-venv"}.items():
        python = tmp_path / name
        python.write_text(f"#!/bin/sh\nexec {sys.executable} $1 \"import sys; sys.modules['ensurepip'] = None; $2\"\n")
        python.chmod(0o755)
        wanted = f"{python} lacks venv or ensurepip: on Debian and Ubuntu, apt-get install {package}"
        assert environment.refusal((3, 12), str(python), "demo") == wanted


def test_no_python_at_all(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    done = checkout.make("PYTHON=python3.99")
    assert done.returncode == 2
    said = "there is no python3.99 here: on Debian and Ubuntu, apt-get install python3 python3-venv"
    assert done.stderr.splitlines()[0] == said


def test_any_python_since_3_6_can_read_it() -> None:
    ast.parse(PROGRAM.read_text(encoding="utf-8"), feature_version=(3, 6))
