"""An App whose functions have packages and model in their zips: what it renders to, deploys, and refuses."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml import Access, App, Filling, NewNetwork, Storage
from wildrydes_ml.deploy import packing
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.errors import SettingsError

FILLING = Filling(packages=["six==1.17.0", "numpy==2.4.6;python_version<'3.14'"], model="model/")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name, text in {"handler/app.py": "def answer(event, context): ...\n", "model/words.txt": "good\n"}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    return tmp_path


def app(here: Path, **options: Any) -> App:
    made = App("words", storage=Storage("zip"), filling=FILLING, access=Access("API_KEY"), directory=here, **options)
    answer = made.function("Answer", code="handler/", handler="app.answer")
    made.route("POST /", answer)
    return made


def test_there_is_no_network_and_the_function_finds_all_in_its_zip(
    here: Path, evaluate: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    left = evaluate(app(here).template().to_dict())
    kinds = {entry["Type"].split("::")[1] for entry in left["Resources"].values()}
    assert kinds == {"ApiGateway", "IAM", "Lambda", "Logs"}
    function = left["Resources"]["Answer"]["Properties"]
    assert function["Environment"]["Variables"].items() >= {"EFS_PATH": "packed", "PY_PKG_PATH": "packages"}.items()
    assert "VpcConfig" not in function


def test_the_zip_holds_the_app_s_packages_and_model(here: Path) -> None:
    deployment = app(here).deployment()
    assert deployment.filling is None
    assert deployment.packed is not None
    assert deployment.packed.packages == "six==1.17.0\nnumpy==2.4.6;python_version<'3.14'\n"
    assert deployment.packed.model == here / "model"
    assert packing.own(here / "model") == {"model/words.txt": b"good\n"}
    assert [code.packed for code in deployment.code] == [True]


def test_a_model_in_an_archive_is_unpacked(here: Path) -> None:
    with tarfile.open(here / "model.tar", "w") as archive:
        info = tarfile.TarInfo("words.txt")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"good\n"))
    assert packing.own(here / "model.tar") == {"model/words.txt": b"good\n"}


def test_a_function_that_does_not_ask_for_it_has_only_its_code(here: Path) -> None:
    made = app(here)
    (here / "other").mkdir()
    (here / "other" / "app.py").write_text("def answer(event, context): ...\n")
    made.function("Other", code="other/", handler="app.answer", mounted=False)
    by_name = {code.directory.name: code.packed for code in made.deployment().code}
    assert by_name == {"handler": True, "other": False}
    assert "EFS_PATH" not in made.template().to_dict()["Resources"]["Other"]["Properties"]["Environment"]["Variables"]


def test_the_app_s_own_model_is_not_exchanged(here: Path) -> None:
    with pytest.raises(SettingsError, match="words takes no model: it has a model of its own"):
        Settings((app(here).deployment(),), model="other")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"storage": Storage("zip"), "filling": FILLING, "network": NewNetwork()}, "Storage.'zip'. needs no network"),
        ({"storage": Storage("zip")}, "add filling=Filling"),
        (
            {
                "storage": Storage("zip"),
                "filling": Filling(packages=["six==1.17.0"], model="https://example.org/m.tar"),
            },
            "name a directory or an archive on this machine",
        ),
        ({"storage": Storage("zip"), "filling": Filling(packages=["six"], model="model/")}, "use an exact version"),
    ],
)
def test_what_does_not_go_with_a_zip_is_refused(here: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        App("words", directory=here, **options)


def test_another_kind_of_storage_is_refused() -> None:
    kind: Any = "elastic"
    with pytest.raises(ValueError, match=r"Storage\.kind"):
        Storage(kind)
