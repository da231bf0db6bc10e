"""A file with options: read as the command line is, which wins over it."""

from pathlib import Path

import pytest

from wildrydes_ml.cli.config import OPTIONS, read
from wildrydes_ml.cli.options import settings as asked
from wildrydes_ml.cli.parser import build_parser
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.errors import SettingsError

FILE = """
name = "mine"
region = "eu-west-1"
preset = "lean"
allow-replace = ["NatGateway"]
model = "models/mine"
role-arn = "arn:aws:iam::123456789012:role/cfn"
tag = ["team=rides", "cost=12"]

[set]
MinScore = 0.5
InternetEgress = "nat"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rydes.toml"
    path.write_text(FILE)
    return path


def settings(file: Path, *arguments: str) -> Settings:
    return asked(build_parser("deploy", read(file)).parse_args([*arguments, "--config", str(file)]))


def test_the_file_s_options_hold(file: Path) -> None:
    options = build_parser("deploy", read(file)).parse_args([])
    assert (options.name, options.region, options.preset) == ("mine", "eu-west-1", "lean")
    found = settings(file)
    assert (found.name, found.preset, found.allow_replace) == ("mine", "lean", ("NatGateway",))
    values = found.parameter_values()
    assert (values["MinScore"], values["InternetEgress"], values["ThroughputMode"]) == ("0.5", "nat", "elastic")


def test_a_file_of_an_editor_on_windows_is_read(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
    assert settings(file).name == "mine"


def test_the_command_line_wins(file: Path) -> None:
    found = settings(file, "--name", "other", "--set", "MinScore=0.6", "--allow-replace", "NatPublicIP")
    assert found.name == "other"
    assert found.parameter_values()["MinScore"] == "0.6"
    assert found.allow_replace == ("NatGateway", "NatPublicIP")
    other = settings(file, "--preset", "workshop", "--set", "MinScore=0.6").parameter_values()
    assert (other["InternetEgress"], other["ThroughputMode"]) == ("nat", "provisioned")
    assert "MinScore" not in settings(file, "--reset", "MinScore").overrides


def test_role_and_tags_are_as_on_the_command_line(file: Path) -> None:
    found = settings(file, "--tag", "team=fleet", "--tag", "cost=")
    assert found.role_arn == "arn:aws:iam::123456789012:role/cfn"
    assert found.tags == {"team": "fleet", "cost": ""}


def test_a_signature_is_a_parameter(file: Path) -> None:
    assert settings(file, "--signature", "serving_default").parameter_values()["Signature"] == "serving_default"


def test_paths_count_from_the_file(file: Path) -> None:
    assert settings(file).model == str(file.parent / "models/mine")


APP = """
from wildrydes_ml import App
app = App("glad")
app.function("Answer", code=".", handler="app.answer")
def answer(event, context): ...
"""


@pytest.mark.parametrize(
    ("given", "loaded"), [("app.py", "app.py"), ("app.py:app", "app.py:app"), ("./app.py", "app.py")]
)
def test_a_file_names_the_application_beside_it(tmp_path: Path, given: str, loaded: str) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "glad.toml").write_text(f"app = '{given}'\nlocal = true")
    options = build_parser("deploy", read(tmp_path / "glad.toml")).parse_args([])
    assert (options.app, options.local) == (str(tmp_path / loaded), True)
    assert asked(options).name == "glad"
    assert build_parser("status", read(tmp_path / "glad.toml")).parse_args(["--app", "other.py"]).app == "other.py"


@pytest.mark.parametrize("given", ["package.module:app", "module", "~/app.py"])
def test_a_module_and_a_home_are_no_paths_from_the_file(tmp_path: Path, given: str) -> None:
    (tmp_path / "glad.toml").write_text(f"app = '{given}'\nlocal = false")
    found = read(tmp_path / "glad.toml").options
    assert (found["app"], found["local"]) == (given, False)


@pytest.mark.parametrize("verb", ["destroy", "classify", "status"])
def test_other_verbs_take_what_concerns_them(file: Path, verb: str) -> None:
    arguments = ["a.png"] if verb == "classify" else []
    options = build_parser(verb, read(file)).parse_args(arguments)
    assert (options.name, options.region) == ("mine", "eu-west-1")


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("nam = 'x'", ["there is no option 'nam'; did you mean 'name'?"]),
        ("allow_replace = []", ["there is no option 'allow_replace'; did you mean 'allow-replace'?"]),
        ("name = 3", ["name must be text in quotes"]),
        ("set = 3", ["set must be a table of parameters"]),
        (
            "allow-replace = 'A'\n[set]\nA = [1]",
            ["allow-replace must be a list of texts", "set.A must be text, a number"],
        ),
        ("local = 'yes'", ["local must be true or false"]),
        ("app = true", ["app must be text in quotes"]),
        ("tag = [1]", ["tag must be a list of texts"]),
        ("name = ", ["this is not TOML"]),
    ],
)
def test_faults_of_a_file_are_told_at_once(tmp_path: Path, text: str, faults: list[str]) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as error:
        read(path)
    assert len(error.value.faults) == len(faults)
    for told, fault in zip(error.value.faults, faults, strict=True):
        assert told.startswith(f"--config {path}: ")
        assert fault in told


def test_a_file_that_is_not_there_is_a_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--config .*none.toml: No such file"):
        read(tmp_path / "none.toml")


def test_a_file_may_hold_each_option_that_a_deploy_has_in_text() -> None:
    parser = build_parser("deploy")
    named = {text.removeprefix("--") for action in parser._actions for text in action.option_strings}
    assert set(OPTIONS) <= named
