"""Finding an App in somebody's file: what loads, what does not, and what is left behind."""

import re
import sys
import textwrap
from pathlib import Path

import pytest

from wildrydes_ml import App
from wildrydes_ml.app.load import load
from wildrydes_ml.deployment import Deployment
from wildrydes_ml.errors import SettingsError

PLAIN = """\
from wildrydes_ml import Access, App
app = App("plain", access=Access("API_KEY"))
app.route("POST /", app.function("Answer", code="handler", handler="app.answer"))
"""


def written(folder: Path, text: str, name: str = "plain.py") -> str:
    """A file in the author's folder; its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return str(path)


def loaded(spec: str) -> App:
    """The App of a file."""
    found = load(spec)
    assert isinstance(found, App)
    return found


def fault(spec: str) -> str:
    """The one fault of an App that does not load."""
    with pytest.raises(SettingsError) as raised:
        load(spec)
    (said,) = raised.value.faults
    return said


def test_paths_are_relative_to_the_file(folder: Path) -> None:
    app = loaded(written(folder, PLAIN))
    assert app.directory == folder
    assert app.file == folder / "plain.py"
    assert list(app.code) == [folder / "handler"]


def test_a_relative_path_is_one_from_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(folder, PLAIN, "deep/plain.py")
    (folder / "handler").rename(folder / "deep" / "handler")
    monkeypatch.chdir(folder)
    assert loaded("deep/plain.py").directory == folder / "deep"


def test_one_of_two_apps_is_named(folder: Path) -> None:
    other = 'other = App("other")\nother.function("Two", code="handler", handler="app.answer")\nsame = app\n'
    path = written(folder, PLAIN + other)
    assert load(f"{path}:other").name == "other"
    assert load(f"{path}:app").name == "plain"
    said = fault(path)
    assert "it defines 2 Apps" in said
    assert "app, other" in said
    assert f"{path}:NAME" in said


OWN = """\
from wildrydes_ml.deployment import Deployment, Stack
from wildrydes_ml.template.source import Source
own = Deployment("own", (Stack(Source("own.yml", "", {})),))
"""


def test_a_deployment_is_found_as_an_app_is(folder: Path) -> None:
    found = load(written(folder, OWN))
    assert isinstance(found, Deployment)
    assert found.name == "own"
    said = fault(written(folder, OWN + OWN.replace("own =", "two ="), "two.py"))
    assert "it defines 2 Deployments" in said
    assert "own, two" in said


def test_the_deployment_of_an_app_is_no_second_application(folder: Path) -> None:
    path = written(folder, PLAIN + "deployment = app.deployment()\n")
    assert isinstance(load(path), App)
    assert isinstance(load(f"{path}:deployment"), Deployment)


def test_one_app_of_two_names_is_one(folder: Path) -> None:
    assert load(written(folder, PLAIN + "same = app\n")).name == "plain"


def test_a_module_is_found_from_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(folder, PLAIN.replace('code="handler', 'code="../handler'), "workshop_of_tests/plain.py")
    written(folder, "", "workshop_of_tests/__init__.py")
    monkeypatch.chdir(folder)
    before = list(sys.path)
    try:
        assert load("workshop_of_tests.plain:app").name == "plain"
        assert load("workshop_of_tests.plain").name == "plain"
        assert "there is no App none; it has app" in fault("workshop_of_tests.plain:none")
    finally:
        for name in ("workshop_of_tests", "workshop_of_tests.plain"):
            sys.modules.pop(name, None)
    assert sys.path == before


FAULTS = {
    "syntax": ("from wildrydes_ml import App\napp = App(\n", "{path}, line 2: "),
    "missing module": ("import nothing_there\n", "{path}, line 1: No module named 'nothing_there'; install"),
    "relative": ("x = 1\nfrom .names import NAME\n", "{path}, line 2: attempted relative import with no known parent "
                 "package; remove the first dot"),
    "null byte": ("x = 1\0\n", "source code string cannot contain null bytes"),
    "incomplete resource": (PLAIN + "from troposphere.dynamodb import Table\napp.add(Table('Words'))\n",
                            "App 'plain': Resource KeySchema required in type AWS::DynamoDB::Table (title: Words)"),
    "missing name": ("import sys\nfrom wildrydes_ml import Ap\n", "{path}, line 2: cannot import name 'Ap'"),
    "exception": ("x = {}\n\nx['y']\n", "{path}, line 3: KeyError: 'y'"),
    "exit": ("import sys\nsys.exit(3)\n", "{path}, line 2: SystemExit: 3"),
    "wrong use": (PLAIN + "\napp.parameter('Revision', 1)\n", "{path}, line 5: parameter 'Revision': "),
    "missing code": (PLAIN.replace('code="handler"', 'code="none"'), "{path}, line 3: function 'Answer': code is"),
    "no App": ("x = 1\n", "it defines no App and no Deployment; write app = App("),
    "a class": ("from wildrydes_ml import App\n", "it defines no App"),
    "missing packages": (
        'from wildrydes_ml import *\napp = App("a1", network=NewNetwork(), storage=Storage(),\n'
        '    filling=Filling("none.txt", "model"))\n',
        "{path}, line 2: Filling.packages is 'none.txt': there is no file {folder}/none.txt",
    ),
    "no function": ('from wildrydes_ml import App\napp = App("empty")\n', "App 'empty' has no function: add one with"),
    "proof of no route": (PLAIN + 'app.proof("POST /", {}, bool)\n', "{path}, line 4: proof: 'POST /' is not a route"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), FAULTS.values(), ids=FAULTS)
def test_what_does_not_load_is_one_clear_fault(folder: Path, text: str, said: str) -> None:
    path = written(folder, text)
    assert fault(path).startswith(f"--app {path}: {said.format(path=path, folder=folder)}")


CALLS = {
    "App('x', acces=None)": "line 4: .*unexpected keyword argument 'acces'; did you mean access\\?$",
    "app.route('GET /', None, opened=True)": "unexpected keyword argument 'opened'; did you mean open\\?$",
    "Deployment('x', (), prof=None)": "unexpected keyword argument 'prof'; did you mean proof\\?$",
    "Access('NONE', because='x')": "argument 'because'; did you mean open_because\\?$",
    "app.output('X', 'x', zone=1)": "argument 'zone'; it has name, value, about$",
    "App('x', None, None)": "2 positional arguments but 4 were given; write the others with their names: network=, sto",
    "app.function('X', 'handler', 'app.answer')": "given; write the others with their names: code=, handler=",
    "app.output('X', 'x', 'y', 'z')": "takes from 3 to 4 positional arguments but 5 were given$",
    "int(x=1)": "'x' is an invalid keyword argument for int",
    "(lambda: 0)(x=1)": "unexpected keyword argument 'x'$",
}


@pytest.mark.parametrize(("call", "said"), CALLS.items(), ids=CALLS)
def test_a_call_with_wrong_arguments_says_what_to_write(folder: Path, call: str, said: str) -> None:
    text = f"from wildrydes_ml import Access, App, Deployment\napp = App('plain')\n\n{call}\n"
    assert re.search(said, fault(written(folder, text)))


def test_a_fault_of_a_file_beside_it_is_told_there(folder: Path) -> None:
    beside = written(folder, "\n\nraise RuntimeError('no')\n", "beside_it.py")
    path = written(folder, "import beside_it\n")
    assert fault(path) == f"--app {path}: {beside}, line 3: RuntimeError: no"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "name a file"),
        (":app", "name a file"),
        ("none.py", "there is no file"),
        ("no_such_module:app", "app: No module named 'no_such_module'; install"),
        ("no/such/file", "no/such/file is neither a file that ends in .py nor a module: name a file such as app.py"),
        ("tests", "tests is a directory: name a file such as app.py"),
    ],
)
def test_what_is_not_there_is_told(spec: str, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "tests").mkdir()
    monkeypatch.chdir(folder)
    assert said in fault(spec)


def test_files_beside_it_can_be_imported_and_are_forgotten(folder: Path, tmp_path: Path) -> None:
    before = list(sys.path)
    for name, word in (("one", "first"), ("two", "second")):
        written(tmp_path, PLAIN.replace('"plain"', "beside_it.NAME").replace("handler\"", "../handler\"")
                .replace("from", "import beside_it, beside_pack.part\nfrom", 1), f"{name}/plain.py")  # fmt: skip
        written(tmp_path, f"NAME = '{word}'\n", f"{name}/beside_it.py")
        written(tmp_path, "", f"{name}/beside_pack/__init__.py")
        written(tmp_path, "", f"{name}/beside_pack/part.py")
    assert [load(str(tmp_path / name / "plain.py")).name for name in ("one", "two")] == ["first", "second"]
    assert sys.path == before
    assert not [name for name in sys.modules if name.startswith(("beside_", "wildrydes_ml_loaded"))]


def test_other_modules_stay_loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = folder / ".venv" / "site-packages"
    written(site, "", "installed_one/__init__.py")
    monkeypatch.syspath_prepend(str(site))
    load(written(folder, "import installed_one\n" + PLAIN))
    assert sys.modules.pop("installed_one")


def test_what_it_prints_is_not_the_command_s_answer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(written(folder, PLAIN + "print('a word')\n"))
    assert capsys.readouterr() == ("", "a word\n")


def test_dataclasses_and_annotations_of_its_own_work(folder: Path) -> None:
    own = """\
    from __future__ import annotations
    from dataclasses import dataclass
    @dataclass
    class Size:
        memory: int | None = 256
    """
    assert load(written(folder, textwrap.dedent(own) + PLAIN)).name == "plain"
