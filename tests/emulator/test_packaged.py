"""A function without EFS, as a user deploys it: LiteRT and a real model in its zip, real pictures, on the emulator."""

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from wildrydes_ml import Access, App, Filling, Storage, web
from wildrydes_ml.deploy import deploy
from wildrydes_ml.destroy import destroy
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.local import emulator, running
from wildrydes_ml.reporting import Quiet
from wildrydes_ml.workshop.deployments import shipped

from .conftest import PICTURES, ROOT, Command

UNICORNS = {path.name for path in PICTURES.iterdir() if not path.name.startswith("no_unicorn")}


@pytest.fixture(scope="module")
def prepared(filled_efs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model, prepared by the command. What it works in is filled already, as after an earlier one."""
    folder = tmp_path_factory.mktemp("prepare")
    shutil.copytree(filled_efs, folder / "wildrydes-ml" / "prepare", symlinks=True, copy_function=os.link)
    done = prepare(folder, "--model", str(shipped()), "--out", "prepared")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-2])
    assert told["bytes"] < told["zip_bytes"] < 262_144_000
    return folder / "prepared"


def prepare(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """The command in a folder, which is also the cache in which it works."""
    return subprocess.run(
        [sys.executable, str(ROOT / "bin" / "prepare.py"), *options, "--output", "json"],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def model(prepared: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return shutil.copytree(prepared, tmp_path / "prepared")


def result(lines: list[dict[str, Any]]) -> dict[str, Any]:
    return lines[-1]


def validated(lines: list[dict[str, Any]]) -> set[str]:
    return {Path(line["picture"]).name for line in lines if line.get("validated")}


def test_the_shipped_model_is_prepared_served_from_the_zip_and_removed(command: Command) -> None:
    deployed = command("deploy", "--preset", "packaged")
    (plan,) = [line for line in deployed if line["type"] == "plan"]
    assert [step["step"] for step in plan["steps"]] == ["MakeBucket", "Upload", "Upload", "ApplyStack", "WarmUp"]
    assert result(deployed)["ok"]

    assert validated(command("classify", str(PICTURES))) == UNICORNS
    url = result(deployed)["api_url"]
    page = web.get(url, {"Accept": "text/html"})
    assert page.status == 200
    assert b"This model knows drawings" in page.body

    assert not result(command("deploy"))["changed"]
    assert "packaged route" in result(command("deploy", "--route", "long", code=4))["error"]
    assert result(command("status"))["ok"]
    requests = [json.loads(text) for text in _said(command("logs")) if '"engine"' in text]
    assert requests
    assert {line["engine"] for line in requests} == {"litert"}
    assert not any(line.get("slower_because") for line in requests)

    command("destroy")
    assert not command.home.exists()


def _said(lines: list[dict[str, Any]]) -> list[str]:
    """The messages of `logs`."""
    return [line["message"] for line in lines if line["type"] == "output"]


def test_a_prepared_model_needs_no_tensorflow_and_a_picture_by_url_no_network_of_its_own(
    home: Path, model: Path
) -> None:
    command = Command(home)
    pages = partial(SimpleHTTPRequestHandler, directory=str(PICTURES))
    with ThreadingHTTPServer(("127.0.0.1", 0), pages) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_port}"
        deployed = command(
            "deploy", "--preset", "packaged", "--model", str(model), "--set", f"PrivateImageHosts={host}"
        )
        asked = json.dumps({"url": f"http://{host}/unicorn_meadow.png"}).encode()
        reply = web.post(result(deployed)["api_url"], asked, {"Content-Type": "application/json"})
        server.shutdown()
    assert json.loads(reply.body)["validated"], reply.body
    other = json.dumps({"url": "http://127.0.0.1/unicorn_meadow.png"}).encode()
    refused = web.post(result(deployed)["api_url"], other, {"Content-Type": "application/json"})
    assert json.loads(refused.body)["code"] == "url-not-allowed", refused.body
    assert not emulator.efs_directory(home, "wildrydes-ml").exists()

    # Another machine has no such directory: the bucket remembers the model.
    shutil.rmtree(model)
    assert not result(command("deploy"))["changed"]
    command("destroy")
    assert not home.exists()


def test_a_damaged_model_is_refused_and_the_deployed_one_goes_on(home: Path, model: Path) -> None:
    command = Command(home)
    command("deploy", "--preset", "packaged", "--model", str(model))
    weights = model / "prepared" / "detector.tflite"
    weights.write_bytes(weights.read_bytes()[:-1000])
    refused = command("deploy", "--model", str(model), code=2)
    assert "the prepared model is damaged: prepared/detector.tflite" in result(refused)["error"]
    assert validated(command("classify", str(PICTURES / "unicorn_meadow.png"))) == {"unicorn_meadow.png"}
    command("destroy")
    assert not home.exists()


def test_a_model_is_prepared_with_chosen_weights_and_compared_on_ones_own_pictures(prepared: Path) -> None:
    chosen = ("--model", str(shipped()), "--weights", "float16", "--samples", str(PICTURES), "--out", "half")
    done = prepare(prepared.parent, *chosen)
    assert done.returncode == 0, done.stdout + done.stderr
    entry = json.loads((prepared.parent / "half" / "manifest.json").read_text())["prepared"]["litert"]
    assert entry["weights"]["format"] == "float16"
    assert entry["weights"]["pictures"] >= 60 + len(list(PICTURES.iterdir()))
    whole, half = (prepared.parent / name / "prepared" / "detector.tflite" for name in ("prepared", "half"))
    assert half.stat().st_size < 0.6 * whole.stat().st_size


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--model", "prepared", "--samples", str(PICTURES)], "--model prepared: it is prepared already"),
        (["--model", str(shipped()), "--samples", "nowhere"], "--samples nowhere: there is no such folder"),
    ],
)
def test_what_cannot_be_compared_is_not_prepared(prepared: Path, options: list[str], said: str) -> None:
    refused = prepare(prepared.parent, *options, "--out", "other")
    assert (refused.returncode, (prepared.parent / "other").exists()) == (2, False)
    assert said in refused.stdout


HANDLER = '''"""Answers with a word of its model, and the place of a package; both are in its zip."""
import json
import os
import sys
from pathlib import Path

EFS = Path(os.environ["EFS_PATH"])
sys.path.insert(0, str(EFS / os.environ["PY_PKG_PATH"]))
import toolz


def answer(event, context):
    told = {"word": (EFS / "model" / "words.txt").read_text().strip(), "from": toolz.__file__}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(told)}
'''


def test_an_app_has_packages_and_model_in_its_zip(tmp_path: Path) -> None:
    for name, text in {"handler/app.py": HANDLER, "model/words.txt": "good\n"}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    app = App(
        "words",
        storage=Storage("zip"),
        filling=Filling(packages=["toolz==1.0.0"], model="model/"),
        access=Access("API_KEY"),
        directory=tmp_path,
    )
    ask = app.route("GET /", app.function("Answer", code="handler/", handler="app.answer"))
    app.proof(ask, None, lambda reply: reply["word"] == "good" and "packed/packages" in reply["from"])
    with running("words") as place:
        assert deploy(app, place, reporter=Quiet()).changed
        (tmp_path / "model" / "words.txt").write_text("bad\n")
        with pytest.raises(WildrydesError, match="bad"):
            deploy(app, place, reporter=Quiet())
        (tmp_path / "model" / "words.txt").write_text("good\n")
        assert deploy(app, place, reporter=Quiet()).changed
        assert not deploy(app, place, reporter=Quiet()).changed
        assert destroy(app, place, reporter=Quiet())
