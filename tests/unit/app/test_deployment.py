"""An App as a Deployment: what the deployer needs to know of it, as data."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from troposphere import Parameter

from wildrydes_ml import Access, App, Filling, NewNetwork, Storage, render
from wildrydes_ml.errors import SettingsError


def answering(app: App) -> App:
    app.route("POST /", app.function("Answer", code="handler", handler="app.answer"))
    return app


def test_it_is_one_stack_of_the_app_s_name(full: App) -> None:
    made = answering(full).deployment()
    (stack,) = made.stacks
    assert (made.name, stack.name("other"), stack.source.name) == ("sentiment", "other", "sentiment.yml")
    assert stack.source.text == render(full.template())
    assert "AnswerFunction" in stack.source.body["Outputs"]


def test_each_directory_is_a_zip(full: App, folder: Path) -> None:
    full.function("Two", code="other", handler="app.answer")
    made = answering(full).deployment()
    assert {(code.directory, code.parameters) for code in made.code} == {
        (folder / "other", ("CodeKey",)),
        (folder / "handler", ("AnswerCodeKey",)),
    }
    assert {"CodeKey", "AnswerCodeKey", "DataBucket", "Revision"} <= set(made.given)
    assert all({code.runtime, code.architecture} <= set(made.rows) for code in made.code)


def test_the_filling_knows_its_model_and_what_comes_and_goes(full: App, folder: Path) -> None:
    filling = answering(full).deployment().filling
    assert filling is not None
    assert filling.model == folder / "model"
    assert {"Packages", "ModelUrl", "PythonRuntime", "Architecture"} <= set(filling.refills)
    assert {"EfsMountEC2Instance", "EFSFilled", "InstanceSecurityGroup"} <= set(filling.resources)
    assert "FileSystemResource" not in filling.resources
    rows = full.deployment().rows
    assert {filling.switch, *filling.refills} <= set(rows)


def test_a_model_behind_a_url_is_not_looked_for(folder: Path) -> None:
    filling = Filling("packages.txt", "https://example.com/m.tar")
    app = App(
        "url", network=NewNetwork(), storage=Storage(), filling=filling, access=Access("API_KEY"), directory=folder
    )
    made = answering(app).deployment().filling
    assert made is not None
    assert made.model == "https://example.com/m.tar"


def test_without_filling_there_is_none(bare: Callable[..., App]) -> None:
    assert answering(bare()).deployment().filling is None


@pytest.mark.parametrize("left", ["nothing", "an empty directory"])
def test_a_missing_model_is_told_before_anything_is_made(full: App, folder: Path, left: str) -> None:
    shutil.rmtree(folder / "model")
    if left != "nothing":
        (folder / "model").mkdir()
    assert render(answering(full).template())
    with pytest.raises(SettingsError, match=r"App sentiment \(.*\): Filling\.model is 'model/': .*create the model"):
        full.deployment()


def test_a_model_in_a_file_that_is_no_archive_is_told_before_anything_is_made(folder: Path) -> None:
    filling = Filling(packages=["numpy==2.4.6"], model="model/weights.json")
    app = App("one", network=NewNetwork(), storage=Storage(), filling=filling, directory=folder)
    app.function("Answer", code="handler", handler="app.answer")
    with pytest.raises(
        SettingsError, match=r"'model/weights.json': .*weights.json is not a tar archive; name the direct"
    ):
        app.deployment()
    (folder / "model" / "weights.json").unlink()
    shutil.make_archive(str(folder / "packed"), "gztar", folder / "other")
    (folder / "packed.tar.gz").rename(folder / "model" / "weights.json")
    made = app.deployment().filling
    assert made is not None
    assert made.model == folder / "model" / "weights.json"


def test_access_by_a_parameter_needs_it_in_the_template(bare: Callable[..., App]) -> None:
    app = bare(access=Access(Parameter("Auth", Type="String", AllowedValues=["API_KEY", "AWS_IAM"])))
    assert answering(app).deployment().rows["Auth"]["AllowedValues"] == ["API_KEY", "AWS_IAM"]
