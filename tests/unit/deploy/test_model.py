"""Where a model may come from, and what the stacks and the filling step are told of it."""

import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from tests.unit.fakes import FILLING
from wildrydes_ml.deploy import model as models
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.workshop import parameters

URL = "https://example.com/model.tar.gz"


@pytest.fixture
def saved_model(tmp_path: Path) -> Path:
    directory = tmp_path / "model"
    (directory / "variables").mkdir(parents=True)
    (directory / "saved_model.pb").write_bytes(b"graph")
    (directory / "variables" / "variables.index").write_bytes(b"index")
    return directory


def members(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r") as tar:
        assert all(entry.isfile() and (entry.uid, entry.mtime) == (0, 0) for entry in tar)
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


def test_locally_the_shipped_detector_is_the_default() -> None:
    model = models.local("", FILLING)
    assert Path(model.location, "saved_model.pb").is_file()
    assert sum(path.stat().st_size for path in Path(model.location).rglob("*")) < 3_000_000
    assert (model.parameters, model.archive) == ({}, b"")


def test_on_aws_the_templates_own_url_is_the_default() -> None:
    assert models.remote("", FILLING) == models.Model("")


@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:8000/m.tgz"])
def test_a_url_is_handed_on(url: str) -> None:
    assert models.local(url, FILLING) == models.Model(url)
    assert models.remote(url, FILLING) == models.Model(url, {"ModelUrl": url})


def test_locally_a_directory_or_archive_is_read_where_it_is(
    saved_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"archive")
    monkeypatch.chdir(tmp_path)
    assert models.local("model", FILLING) == models.Model(str(saved_model))
    assert models.local("model.tar.gz", FILLING) == models.Model(str(tmp_path / "model.tar.gz"))


def test_the_home_directory_may_be_written_short(saved_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(saved_model.parent))
    assert models.local("~/model", FILLING).location == str(saved_model)


def test_for_aws_a_directory_is_packed_with_the_model_at_the_archives_root(saved_model: Path) -> None:
    model = models.remote(str(saved_model), FILLING)
    assert members(model.archive) == {"saved_model.pb": b"graph", "variables/variables.index": b"index"}


def test_for_aws_an_archive_is_sent_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "m.tar.gz").write_bytes(b"archive")
    assert models.remote(str(tmp_path / "m.tar.gz"), FILLING).archive == b"archive"


def test_the_stack_gets_the_digest_of_what_is_uploaded(saved_model: Path) -> None:
    model = models.remote(str(saved_model), FILLING)
    assert model.digest == hashlib.sha256(model.archive).hexdigest()
    assert model.parameters == {"ModelSha256": model.digest}
    assert model.key("f") == f"model/f-{model.digest[:16]}.tar"
    assert set(model.parameters) <= set(parameters.TABLE)


def test_the_same_content_packs_to_the_same_bytes(saved_model: Path, tmp_path: Path) -> None:
    first = models.remote(str(saved_model), FILLING)
    for path in saved_model.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    (saved_model / "saved_model.pb").chmod(0o600)
    saved_model.rename(tmp_path / "elsewhere")
    again = models.remote(str(tmp_path / "elsewhere"), FILLING)
    assert (again.archive, again.digest) == (first.archive, first.digest)


def test_other_content_has_another_digest(saved_model: Path) -> None:
    first = models.remote(str(saved_model), FILLING).digest
    (saved_model / "saved_model.pb").write_bytes(b"Graph")
    assert models.remote(str(saved_model), FILLING).digest != first


def test_a_textual_saved_model_counts(saved_model: Path) -> None:
    (saved_model / "saved_model.pb").rename(saved_model / "saved_model.pbtxt")
    assert models.local(str(saved_model), FILLING).location == str(saved_model)


@pytest.mark.parametrize("place", [models.local, models.remote])
@pytest.mark.parametrize(
    ("location", "says"),
    [("nowhere", "no such directory or archive"), (".", "saved_model.pb"), ("ftp://a/b", "not an http")],
)
def test_what_is_no_model_is_named(place: object, location: str, says: str, tmp_path: Path) -> None:
    where = location if "://" in location else str(tmp_path / location)
    with pytest.raises(SettingsError, match=says) as error:
        place(where, FILLING)  # type: ignore[operator]
    assert error.value.exit_code == 2
    assert f"--model {where}" in str(error.value)
