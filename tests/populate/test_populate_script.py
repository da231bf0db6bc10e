"""What `populate.sh` puts on EFS, what it keeps, and what it refuses."""

import fcntl
import gzip
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.local import filling

from .conftest import SITE, Populate, Server, make_archive, make_model, make_zip

DETECTION_OUTPUTS = ("detection_class_entities", "detection_scores", "detection_boxes")
MODEL = (("saved_model.pb", "default"), ("variables/variables.index", "other weights"))


def manifest(populate: Populate) -> Any:
    return json.loads((populate.root / "manifest.json").read_text())


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of change of everything below the root."""
    stats = {str(path): path.lstat() for path in root.rglob("*")}
    return {path: (stat.st_ino, stat.st_mtime_ns) for path, stat in stats.items()}


def assert_untouched(populate: Populate, before: dict[str, tuple[int, int]]) -> None:
    """The same environment and model as before, nothing half-done beside them; only the log may differ."""
    ignored = {str(populate.root / "populate.log")}
    after = snapshot(populate.root)
    assert {path: after.get(path) for path in before if path not in ignored} == {
        path: stat for path, stat in before.items() if path not in ignored
    }
    assert not (populate.root / ".next").exists()


def refused(populate: Populate, **settings: str) -> str:
    """Runs to a failure that leaves the old content alone; returns the last line of stderr."""
    before = snapshot(populate.root)
    failed = populate(**settings)
    assert failed.returncode == 1, failed.stdout
    assert_untouched(populate, before)
    last = failed.stderr.splitlines()[-1]
    assert last.startswith("populate: error: ")
    return last


def test_fills_environment_model_and_manifest(populate: Populate) -> None:
    root, record = populate.root, manifest(populate)
    assert (root / SITE / "six.py").is_file()
    assert (root / "model" / "saved_model.pb").read_text() == "default"
    assert {path.name for path in root.iterdir() if not path.name.startswith(".")} == {
        "tensorflow", "model", "prepared", "manifest.json", "populate.log",
    }  # fmt: skip
    assert record["inputs"]["packages"] == sorted(populate.settings["PACKAGES"].split())
    assert record["tensorflow"]["distributions"] == {"six": "1.17.0", "TensorFlow": "1.0"}
    assert record["tensorflow"]["site_packages"] == SITE
    assert record["model"]["files"] == 2
    assert record["model"]["bytes"] == len("default") + len("weights of default")
    assert set(record["seconds"]) == {"venv", "packages", "bytecode", "check", "copy"}
    assert record["signature"] == {
        "name": "default",
        "tags": ["serve"],
        "input": {"name": "images:0", "shape": [1, None, None, 3]},
        "outputs": {name: f"{name}:0" for name in DETECTION_OUTPUTS},
        "saved_model": [len("default"), int((root / "model" / "saved_model.pb").stat().st_mtime)],
    }
    assert record["prepared"] is None
    assert record["summary"].startswith("packages 0.")
    assert "(six 1.17.0, TensorFlow 1.0, python 3." in record["summary"]
    assert "), model 0.0 MB" in record["summary"]


PREPARE = """
import json, pathlib, sys
packages, model, prepared = map(pathlib.Path, sys.argv[1:])
signature = (model / "saved_model.pb").read_text()
print("looking at", signature)
(prepared / "detector.tflite").write_text(signature)
(prepared / "prepared.json").write_text(json.dumps({"six": (packages / "six.py").is_file(), "sees": signature}))
"""


def test_what_is_there_is_prepared_once_code_is_at_hand(populate: Populate) -> None:
    packages = snapshot(populate.root / "tensorflow")
    populate.beside(prepare_py=PREPARE)
    assert populate(ONLY_LOOK="1").stdout.split() == ["prepared"]
    done = populate()
    assert done.returncode == 0, done.stderr
    assert manifest(populate)["prepared"] == {"six": True, "sees": "default"}
    assert (populate.root / "prepared" / "detector.tflite").read_text() == "default"
    assert snapshot(populate.root / "tensorflow") == packages
    assert "nothing to do" in populate().stdout


def test_another_model_is_prepared_anew(populate: Populate, tmp_path: Path) -> None:
    populate.beside(prepare_py=PREPARE)
    model = make_model(tmp_path / "another", "default another")
    assert populate().returncode == 0
    assert populate(MODEL=str(model)).returncode == 0
    assert manifest(populate)["prepared"]["sees"] == "default another"
    (populate.script.parent / "prepare.py").unlink()
    assert populate().returncode == 0
    assert manifest(populate)["prepared"] is None, "what was prepared for another model must not be used"
    assert not list((populate.root / "prepared").iterdir())


SEEING = """
import json, os, pathlib, sys
folder = os.environ.get("SAMPLES")
names = sorted(path.name for path in pathlib.Path(folder).iterdir()) if folder else []
seen = {"weights": os.environ.get("MODEL_WEIGHTS"), "pictures": names}
pathlib.Path(sys.argv[3], "prepared.json").write_text(json.dumps(seen))
"""


def test_other_weights_are_prepared_anew_and_the_same_are_not(populate: Populate) -> None:
    populate.beside(prepare_py=SEEING)
    assert populate().returncode == 0
    assert populate(MODEL_WEIGHTS="auto", ONLY_LOOK="1").stdout == "", "it is what is taken without a choice"
    assert populate(MODEL_WEIGHTS="float16", ONLY_LOOK="1").stdout.split() == ["prepared"]
    assert populate(MODEL_WEIGHTS="float16").returncode == 0
    assert manifest(populate)["prepared"]["weights"] == "float16"
    assert populate(MODEL_WEIGHTS="float16", ONLY_LOOK="1").stdout == ""
    assert populate(ONLY_LOOK="1").stdout.split() == ["prepared"]


def test_other_pictures_are_looked_at_anew_and_the_same_are_not(populate: Populate, tmp_path: Path) -> None:
    populate.beside(prepare_py=SEEING)
    folder = tmp_path / "my pictures"
    folder.mkdir()
    (folder / "one.png").write_text("one")
    assert populate().returncode == 0
    assert populate(SAMPLES=str(folder), ONLY_LOOK="1").stdout.split() == ["prepared"]
    assert populate(SAMPLES=str(folder)).returncode == 0
    assert manifest(populate)["prepared"]["pictures"] == ["one.png"]
    assert populate(SAMPLES=str(folder), ONLY_LOOK="1").stdout == ""
    (folder / "one.png").write_text("another")
    assert populate(SAMPLES=str(folder), ONLY_LOOK="1").stdout.split() == ["prepared"]
    assert filling.samples_location(populate.root) == str(folder), "the next deploy names them again"


def test_a_folder_of_pictures_that_is_gone_is_named(populate: Populate) -> None:
    populate.beside(prepare_py=SEEING)
    done = populate(SAMPLES="/not/there")
    assert done.returncode == 1
    assert "/not/there, the folder of your own pictures, does not exist: name it again with --samples" in done.stderr


def test_a_preparation_that_fails_does_no_harm(populate: Populate) -> None:
    populate.beside(prepare_py="import os\nprint('on my way', flush=True)\nos.kill(os.getpid(), 9)")
    done = populate()
    assert done.returncode == 0, done.stderr
    assert manifest(populate)["prepared"]["litert"]["accepted"] is False
    assert "on my way" in (populate.root / "populate.log").read_text()
    assert "nothing to do" in populate().stdout


def test_what_is_accepted_is_in_the_summary(populate: Populate) -> None:
    verdicts = {"litert": {"accepted": True}, "capi": {"accepted": False, "why": "it cannot"}}
    populate.beside(prepare_py=f"import sys\nopen(sys.argv[3] + '/prepared.json', 'w').write('{json.dumps(verdicts)}')")
    assert "MB, prepared for litert, " in populate().stdout.splitlines()[-1]
    assert manifest(populate)["prepared"] == verdicts


SIX = "six==1.17.0"
SIX_WHEEL = "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"


@pytest.mark.parametrize("also", ["", "local"])
def test_packages_are_those_of_the_lock(populate: Populate, also: str) -> None:
    populate.beside(packages_lock=f"{SIX} {'0' * 64} {also} {SIX_WHEEL}\n".replace("  ", " "))
    done = populate(PACKAGES=SIX)
    assert done.returncode == 0, done.stderr
    assert manifest(populate)["tensorflow"]["hashes"] == "checked"
    site = populate.root / SITE
    assert [path.name for path in site.glob("six*") if path.is_file()] == ["six.pyc"], "its source is not needed"
    imported = [sys.executable, "-ISc", f"import sys; sys.path.insert(0, '{site}'); import six; print(six.__version__)"]
    assert subprocess.check_output(imported, text=True) == "1.17.0\n"


def test_a_wheel_that_is_not_the_locks_is_refused(populate: Populate) -> None:
    populate.beside(packages_lock=f"idna==3.10 {'0' * 64}\n")
    assert "packages failed" in refused(populate, PACKAGES="idna==3.10")


def test_other_packages_than_the_locks_are_not_checked_and_the_manifest_says_so(populate: Populate) -> None:
    populate.beside(packages_lock=f"{SIX} {'0' * 64}\n")
    assert populate(PACKAGES="idna==3.10").returncode == 0
    assert manifest(populate)["tensorflow"]["hashes"].startswith("not checked: ")


def test_manifest_digest_of_the_model_is_that_of_sha256sum(populate: Populate) -> None:
    listing = "cd model && find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum | sha256sum"
    printed = subprocess.check_output(["bash", "-c", listing], cwd=populate.root, text=True)
    assert manifest(populate)["model"]["sha256"] == printed.split()[0]


def test_everyone_may_read_what_a_private_user_filled(populate: Populate) -> None:
    for path in [populate.root, *populate.root.rglob("*")]:
        if not path.is_symlink() and path.parent != populate.root:
            wanted = 0o755 if path.is_dir() else 0o644
            assert path.stat().st_mode & wanted == wanted, path
            assert path.stat().st_mode & 0o022 == 0, path


def test_bytecode_holds_without_looking_at_the_sources(populate: Populate) -> None:
    source = populate.root / SITE / "six.py"
    cached = Path(importlib.util.cache_from_source(str(source)))
    assert int.from_bytes(cached.read_bytes()[4:8], "little") == 0b01  # hash-based, unchecked (PEP 552)


def test_second_run_does_nothing(populate: Populate) -> None:
    before = snapshot(populate.root)
    done = populate()
    assert done.stdout.count("\n") == 1
    assert "nothing to do: packages" in done.stdout
    assert snapshot(populate.root) == before


@pytest.mark.parametrize(
    ("change", "parts"),
    [({}, []), ({"MODEL_SHA256": "0" * 64}, None), ({"PACKAGES": "six==1.16.0"}, ["tensorflow"])],
    ids=["same", "wrong digest", "other packages"],
)
def test_a_look_says_what_would_be_made_and_makes_nothing(
    populate: Populate, change: dict[str, str], parts: list[str] | None
) -> None:
    before = snapshot(populate.root)
    done = populate(ONLY_LOOK="1", **change)
    assert (done.stdout.split() if done.returncode == 0 else None) == parts
    assert snapshot(populate.root) == before


def test_changed_model_keeps_the_environment(populate: Populate, tmp_path: Path) -> None:
    environment = snapshot(populate.root / "tensorflow")
    facts = manifest(populate)["tensorflow"]
    model = make_model(tmp_path / "another", "default serving_default")
    assert populate(MODEL=str(model)).returncode == 0
    assert snapshot(populate.root / "tensorflow") == environment
    assert (populate.root / "model" / "saved_model.pb").read_text() == "default serving_default"
    assert manifest(populate)["tensorflow"] == facts
    assert "nothing to do" in populate(MODEL=str(model)).stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"Knows cats.\n  Not dogs.\n", "Knows cats. Not dogs."),
        (b'\xff "A" \xe2\x82\xac', '\ufffd "A" \u20ac'),
        (b"x" * 9999, "x" * 500),
    ],
)
def test_a_models_description_is_in_the_manifest(populate: Populate, tmp_path: Path, text: bytes, told: str) -> None:
    assert manifest(populate)["description"] == ""
    model = make_model(tmp_path / "model", "default")
    (model / "description.txt").write_bytes(text)
    assert populate(MODEL=str(model)).returncode == 0
    assert manifest(populate)["description"] == told


def test_changed_packages_keep_the_model(populate: Populate) -> None:
    model = snapshot(populate.root / "model")
    done = populate(PACKAGES="idna==3.10")
    assert done.returncode == 0, done.stderr
    assert "filled: packages 0." in done.stdout.splitlines()[-1]
    assert manifest(populate)["tensorflow"]["distributions"] == {"idna": "3.10"}
    assert not (populate.root / SITE / "six.py").exists()
    assert snapshot(populate.root / "model") == model
    assert (populate.root / ".old" / SITE / "six.py").exists(), "a function may still be reading it"
    populate(PACKAGES="idna==3.10")
    assert not (populate.root / ".old").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "\0", '{"format": 0}'])
def test_damaged_manifest_means_not_filled(populate: Populate, fakes: Callable[..., str], text: str) -> None:
    (populate.root / "manifest.json").write_text(text)
    path = fakes(python=f'[[ $1 != -Im ]] || exit 9\nexec {sys.executable} "$@"')
    assert "populate: error: venv failed" in refused(populate, PYTHON="python", PATH=path)


def test_url_is_fetched_once(populate: Populate, server: Server) -> None:
    url = server.answer("/model.tar.gz", make_archive(*MODEL))
    assert populate(MODEL=url).returncode == 0
    assert (populate.root / "model" / "variables" / "variables.index").read_text() == "other weights"
    assert "nothing to do" in populate(MODEL=url).stdout
    assert server.requests == ["/model.tar.gz"]


def test_archive_may_hold_the_model_in_its_only_directory(populate: Populate, tmp_path: Path) -> None:
    archive = tmp_path / "model.tgz"
    archive.write_bytes(make_archive(*((f"./ssd/{name}", text) for name, text in MODEL)))
    assert populate(MODEL=str(archive)).returncode == 0
    assert (populate.root / "model" / "variables" / "variables.index").read_text() == "other weights"


def test_digest_of_the_archive_decides(populate: Populate, server: Server) -> None:
    body = make_archive(*MODEL)
    digest = hashlib.sha256(body).hexdigest()
    done = populate(MODEL=server.answer("/here", body), MODEL_SHA256=digest.upper())
    assert done.returncode == 0, done.stderr
    assert manifest(populate)["model"]["archive_sha256"] == digest
    assert "nothing to do" in populate(MODEL=server.url + "/elsewhere", MODEL_SHA256=digest).stdout


def test_changed_local_archive_is_noticed(populate: Populate, tmp_path: Path) -> None:
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(make_archive(*MODEL))
    assert populate(MODEL=str(archive)).returncode == 0
    archive.write_bytes(make_archive(MODEL[0], ("variables/variables.index", "newer weights")))
    assert populate(MODEL=str(archive)).returncode == 0
    assert (populate.root / "model" / "variables" / "variables.index").read_text() == "newer weights"


@pytest.mark.parametrize("hiccup", [503, (200, b"half", 1000)], ids=["busy", "cut off"])
def test_download_is_tried_again(populate: Populate, server: Server, hiccup: int | tuple[int, bytes, int]) -> None:
    done = populate(MODEL=server.answer("/model", hiccup, make_archive(*MODEL)))
    assert done.returncode == 0, done.stderr
    assert server.requests == ["/model", "/model"]


def test_missing_url(populate: Populate, server: Server) -> None:
    assert "HTTP Error 404" in refused(populate, MODEL=server.url + "/nowhere")


def test_wrong_digest(populate: Populate, server: Server, tmp_path: Path) -> None:
    body = make_archive(*MODEL)
    digest = hashlib.sha256(body).hexdigest()
    (tmp_path / "local.tar").write_bytes(body)
    for model in (server.answer("/model", body), str(tmp_path / "local.tar"), populate.settings["MODEL"]):
        assert "not the one given" in refused(populate, MODEL=model, MODEL_SHA256="0" * 64)
    assert digest in refused(populate, MODEL=server.url + "/model", MODEL_SHA256="0" * 64)


UNSAFE, NO_MODEL = "a link, a device or a path out of the archive: do not trust it", "is not a SavedModel"
WANTED = ": it must be a SavedModel in a complete tar, plain or as gz, bz2 or xz"
DAMAGED = "is incomplete or damaged" + WANTED
BAD_ARCHIVES = {
    "web page": (b"\n<!DOCTYPE html><title>Sign in</title>" + b" " * 1000, "is a web page" + WANTED),
    "zip": (make_zip(*MODEL), "is a zip" + WANTED),
    "text": (b"not found", "is not an archive" + WANTED),
    "nothing": (b"", "is not an archive" + WANTED),
    "plain, truncated": (gzip.decompress(make_archive(*MODEL, ("variables/more", "x" * 5000)))[:3500], DAMAGED),
    "truncated": (make_archive(*MODEL, ("variables/more", os.urandom(3000).hex()))[:-2000], DAMAGED),
    "parent directory": (make_archive(*MODEL, ("../escaped", "x")), UNSAFE),
    "parent directory inside": (make_archive(*MODEL, ("variables/../../escaped", "x")), UNSAFE),
    "symbolic link": (make_archive(*MODEL, links=(("variables/link", "/etc/hostname"),)), UNSAFE),
    "through a link": (make_archive(*MODEL, ("link/escaped", "x"), links=(("link", "../.."),)), UNSAFE),
    "no model": (make_archive(("readme.txt", "nothing here")), NO_MODEL),
    "two models": (make_archive(("1/saved_model.pb", "default"), ("2/saved_model.pb", "default")), NO_MODEL),
    "other signature": (
        make_archive(("saved_model.pb", "serving_default train")),
        "signatures are serving_default, train, none is `default`: choose one with --signature NAME",
    ),
    "signature without boxes": (
        make_archive(("saved_model.pb", "default-")),
        "outputs are detection_class_entities string, detection_scores float32: it needs",
    ),
}


@pytest.mark.parametrize(("body", "expected"), BAD_ARCHIVES.values(), ids=BAD_ARCHIVES.keys())
def test_bad_archive(populate: Populate, tmp_path: Path, body: bytes, expected: str) -> None:
    (tmp_path / "model.tar.gz").write_bytes(body)
    assert expected in refused(populate, MODEL=str(tmp_path / "model.tar.gz"))
    assert not list(tmp_path.rglob("escaped"))


def test_without_tensorflow_any_files_are_a_model(populate: Populate, tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(make_archive(("digits.joblib", "weights"), ("labels/de.txt", "null")))
    model, packages = str(tmp_path / "model.tar.gz"), "idna==3.10"
    assert populate(MODEL=model, PACKAGES=packages).returncode == 0
    assert (populate.root / "model" / "digits.joblib").read_text() == "weights"
    assert (populate.root / "model" / "labels" / "de.txt").read_text() == "null"
    assert "nothing to do" in populate(MODEL=model, PACKAGES=packages).stdout


def test_absolute_names_land_inside(populate: Populate, tmp_path: Path) -> None:
    outside = tmp_path / "escaped"
    (tmp_path / "model.tar.gz").write_bytes(make_archive(*MODEL, (str(outside), "x")))
    assert populate(MODEL=str(tmp_path / "model.tar.gz")).returncode == 0
    assert not outside.exists()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"MODEL": "/nowhere"}, "/nowhere does not exist"),
        ({"MODEL": "/proc/self/fdinfo"}, "is not a SavedModel"),
        ({"PYTHON": "python9.9"}, "PYTHON=python9.9 must be"),
        ({"PACKAGES": ""}, "needs PYTHON, PACKAGES and MODEL"),
    ],
)
def test_bad_settings(populate: Populate, changes: dict[str, str], expected: str) -> None:
    assert expected in refused(populate, **changes)


def test_failing_pip_shows_its_words(empty: Populate) -> None:
    failed = empty(PACKAGES="six==0.0.1")
    assert failed.returncode == 1
    *lines, last = failed.stderr.splitlines()
    assert any("Could not find a version that satisfies" in line for line in lines)
    assert last.startswith("populate: error: packages failed (ERROR: No matching distribution found")
    assert last.endswith("check the packages' versions and the connection to PyPI")
    assert sorted(path.name for path in empty.root.iterdir()) == [".populate.lock", "populate.log"]


FATES = {
    "hangs": "detecting objects in a picture of 480x640 takes more than 1 s: ",
    "crashes": "detecting objects in a picture of 480x640 ended with signal 11: ",
    "fails": "run fails for every picture (['ValueError']): it must accept float32 [1, H, W, 3]",
    "boasts": "score is 7: it must be from 0 to 1",
}


@pytest.mark.parametrize("fate", FATES)
def test_a_model_that_cannot_serve_is_refused_in_one_sentence(populate: Populate, tmp_path: Path, fate: str) -> None:
    model = make_model(tmp_path / "another", f"default:{fate}")
    before = snapshot(populate.root)
    failed = populate(MODEL=str(model), PICTURE_SECONDS="1")
    assert failed.returncode == 1
    (line,) = failed.stderr.splitlines()
    assert FATES[fate] in line
    assert_untouched(populate, before)
    assert "a line of TensorFlow" in (populate.root / "populate.log").read_text()
    assert "nothing to do" in populate().stdout


def test_packages_that_do_not_import_are_named(populate: Populate, tmp_path: Path) -> None:
    wheel = tmp_path / "numpy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("numpy/__init__.py", "import nothing_of_this")
        archive.writestr("numpy-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: numpy\nVersion: 1.0\n")
        archive.writestr("numpy-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("numpy-1.0.dist-info/RECORD", "")
    last = refused(populate, PACKAGES=f"numpy@{wheel.as_uri()}")
    assert (
        "numpy cannot be imported (ModuleNotFoundError: No module named 'nothing_of_this'): versions must fit together"
        in last
    )


def test_a_preparation_may_refuse_the_model(populate: Populate) -> None:
    populate.beside(prepare_py="import sys\nopen(sys.argv[3] + '/refused', 'w').write('it cannot be')\nsys.exit(3)")
    assert refused(populate) == "populate: error: it cannot be"


def test_another_signature_may_be_chosen(populate: Populate, tmp_path: Path) -> None:
    model = str(make_model(tmp_path / "another", "default serving_default"))
    assert populate(MODEL=model).returncode == 0
    environment = snapshot(populate.root / "tensorflow")
    assert populate(MODEL=model, ONLY_LOOK="1", SIGNATURE="serving_default").stdout.split() == ["prepared"]
    assert populate(MODEL=model, SIGNATURE="serving_default").returncode == 0
    assert manifest(populate)["signature"]["name"] == "serving_default"
    assert manifest(populate)["model"]["sha256"]
    assert snapshot(populate.root / "tensorflow") == environment
    assert "nothing to do" in populate(MODEL=model, SIGNATURE="serving_default").stdout


def test_a_slow_download_is_given_up(populate: Populate, server: Server) -> None:
    url = server.answer("/drip", (200, b"x" * 40, 1000))
    server.pause = 0.1
    last = refused(populate, MODEL=url, DOWNLOAD_SECONDS="1")
    assert "/drip downloads too slowly, " in last
    assert "bytes so far: use a faster server" in last


def test_a_download_that_is_too_large_is_not_begun(populate: Populate, server: Server) -> None:
    url = server.answer("/large?X-Amz-Signature=secret", (200, b"x", 5 * 10**9))
    last = refused(populate, MODEL=url)
    assert "/large has more than 4,000,000,000 bytes: use a smaller model" in last
    assert "secret" not in last


@pytest.mark.parametrize("name", ["--help", "-", "--version", "-c", "two\nlines"])
def test_a_file_is_in_the_digest_whatever_its_name(populate: Populate, tmp_path: Path, name: str) -> None:
    model = make_model(tmp_path / "another", "default another")
    (model / name).write_text("first")
    assert populate(MODEL=str(model)).returncode == 0
    first = manifest(populate)["model"]["sha256"]
    (model / name).write_text("other")
    assert populate(MODEL=str(model)).returncode == 0
    assert manifest(populate)["model"]["sha256"] != first
    assert (populate.root / "model" / name).read_text() == "other"


def test_a_second_one_waits_and_finds_nothing_to_do(populate: Populate, tmp_path: Path) -> None:
    model = str(make_model(tmp_path / "another", "default another"))
    environment = populate.environment(MODEL=model, LOCK_PAUSE="0.2")
    populate.beside(prepare_py="import time\ntime.sleep(3)")
    with subprocess.Popen(populate.command(), env=environment, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert "check" in first.stdout.readline()
        looked = populate(MODEL=model, ONLY_LOOK="1")
        second = populate(MODEL=model, LOCK_PAUSE="0.2")
        assert "filled: " in first.stdout.read().splitlines()[-1]
    assert (looked.returncode, looked.stdout.split()) == (0, ["model", "prepared"]), "a look does not wait"
    *waiting, last = second.stdout.splitlines()
    assert "nothing to do" in last
    assert waiting
    assert all("another process is filling" in line for line in waiting)


def test_what_is_held_for_ever_is_given_up(populate: Populate) -> None:
    with (populate.root / ".populate.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        last = refused(populate, LOCK_PAUSE="0.1", LOCK_SECONDS="1")
    assert "another process has been filling" in last
    assert "nothing to do" in populate().stdout


def test_a_look_beside_a_killed_swap_finishes_it_but_not_beside_a_living_one(populate: Populate) -> None:
    (populate.root / ".next").mkdir()
    (populate.root / "manifest.json").rename(populate.root / ".next" / "manifest.json")
    with (populate.root / ".populate.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert populate(ONLY_LOOK="1", LOCK_PAUSE="0.1").stdout.split() == ["model", "tensorflow"]
        assert (populate.root / ".next" / "manifest.json").exists(), "it is another one's"
    assert populate(ONLY_LOOK="1").stdout.split() == []


def small_disk(directory: Path, command: list[str], megabytes: int) -> list[str]:
    """A command that sees a full disk in a directory's place after some megabytes; needs no rights."""
    script = f'mount -t tmpfs -o size={megabytes}m none {directory} && exec "$@"'
    return ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", script, "bash", *command]


def may_mount() -> bool:
    found = shutil.which("unshare")
    return bool(found) and subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"]).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="this machine lets nobody mount a small disk")
@pytest.mark.parametrize("large", ["packages", "model"])
def test_a_full_disk_is_named_and_nothing_is_left(empty: Populate, tmp_path: Path, large: str) -> None:
    model = make_model(tmp_path / "large", "default")
    if large == "model":
        (model / "variables" / "variables.data").write_bytes(b"x" * 30_000_000)
    empty.root.mkdir()
    twice = f"{' '.join(empty.command())}; ls -A {empty.root}"
    done = subprocess.run(
        small_disk(empty.root, ["bash", "-c", twice], 10),
        env=empty.environment(MODEL=str(model), PYTHON=sys.executable), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    last = done.stderr.splitlines()[-1]
    assert last == f"populate: error: the disk of {empty.root} is full: free some space, and run this again"
    assert done.stdout.splitlines()[-2:] == [".populate.lock", "populate.log"]


def test_a_model_beside_the_scripts_takes_the_place_of_the_one_that_is_named(empty: Populate) -> None:
    body = make_archive(*MODEL)
    (empty.script.parent / "model.tar").write_bytes(body)
    done = empty(MODEL="https://127.0.0.1:1/nowhere.tar.gz", MODEL_SHA256=hashlib.sha256(body).hexdigest())
    assert done.returncode == 0, done.stderr
    assert (empty.root / "model" / "saved_model.pb").read_text() == "default"
    assert "nothing to do" in empty(MODEL="https://127.0.0.1:1/elsewhere.tar.gz").stdout
    assert "not the one given" in refused(empty, MODEL="https://127.0.0.1:1/nowhere.tar.gz", MODEL_SHA256="0" * 64)
