"""The main job as a user does it: the commands, a real model, real pictures, on the emulator."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml import packaging, web
from wildrydes_ml.local import emulator as local
from wildrydes_ml.workshop.names import NAME

from .conftest import PICTURES, ROOT, Command, client

STRANGER = "Resources: {Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: somebody-elses}}}"
REAL_DATA = ROOT.parent / "shared" / "data"

WITH_UNICORN_OR_HORSE = sorted(path for path in PICTURES.iterdir() if not path.name.startswith("no_unicorn"))
WITHOUT = sorted(PICTURES.glob("no_unicorn*"))


def result(lines: list[dict[str, Any]]) -> dict[str, Any]:
    return lines[-1]


def kinds(lines: list[dict[str, Any]]) -> set[str]:
    return {line["type"] for line in lines}


def test_a_deployed_api_tells_unicorns_and_is_found_unchanged_and_removed(command: Command) -> None:
    deployed = command("deploy")
    assert result(deployed)["ok"]
    assert result(deployed)["changed"]
    assert kinds(deployed) <= {"plan", "event", "output", "warning", "error", "result"}
    assert result(deployed)["outputs"]["ApiGatewayInvokeURL"].endswith("/prod")

    verdicts = command("classify", *map(str, [*WITH_UNICORN_OR_HORSE, *WITHOUT]))
    validated = {Path(line["picture"]).name for line in verdicts if line.get("validated")}
    assert validated == {path.name for path in WITH_UNICORN_OR_HORSE}
    assert all(line["milliseconds"] > 0 for line in verdicts if "picture" in line)

    again = command("deploy")
    assert [line for line in again if line["type"] == "plan"] == [{"type": "plan", "steps": []}]
    assert not result(again)["changed"]
    assert result(command("deploy", "--plan", "--fail-on-change"))["changes"] is False
    assert any("the API answers" in line.get("text", "") for line in command("status"))

    _check_raw_and_json(result(deployed)["api_url"])

    command("destroy")
    assert not command.home.exists()


def _check_raw_and_json(url: str) -> None:
    picture = WITH_UNICORN_OR_HORSE[-1].read_bytes()
    as_json = json.dumps({"image": base64.b64encode(picture).decode()}).encode()
    content_type = "image/" + WITH_UNICORN_OR_HORSE[-1].suffix[1:].replace("jpg", "jpeg")
    for body, kind in ((picture, content_type), (as_json, "application/json")):
        reply = web.post(url, body, {"Content-Type": kind})
        assert reply.status == 200, reply.body
        assert json.loads(reply.body)["message"] == "Unicorn is validated"
    bad = web.post(url, b"{}", {"Content-Type": "application/json"})
    assert bad.status == 400
    assert json.loads(bad.body)["code"] == "invalid-url"
    page = web.get(url, {"Accept": "text/html"})
    assert page.status == 200
    assert b"<html" in page.body


def test_the_short_route_serves_too_and_the_long_one_is_refused_beside_it(command: Command) -> None:
    deployed = command("deploy", "--route", "short")
    assert result(deployed)["ok"]
    refused = command("deploy", "--route", "long", code=4)
    assert "short route" in result(refused)["error"]
    assert not result(command("deploy", "--route", "short"))["changed"]
    verdict = command("classify", str(WITHOUT[0]))
    assert verdict[0]["message"] == "Unable to validate Unicorn"
    command("destroy")
    assert not command.home.exists()


def test_an_edited_handler_changes_the_answer(command: Command, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for name in ("bin", "lambda_src", "wildrydes_ml"):
        shutil.copytree(ROOT / name, checkout / name)

    def deploy() -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, checkout / "bin" / "deploy.py", "--local", "--home", command.home, "--output", "json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [json.loads(line) for line in done.stdout.splitlines()]

    deploy()
    answers = checkout / "lambda_src" / "answers.py"
    answers.write_text(answers.read_text().replace("Unicorn is validated", "A unicorn indeed"))
    lines = deploy()
    (plan,), last = [line for line in lines if line["type"] == "plan"], lines[-1]
    assert [step["step"] for step in plan["steps"]] == ["Upload", "ApplyStack", "WarmUp"]
    assert last["changed"]
    verdict = command("classify", str(WITH_UNICORN_OR_HORSE[0]))
    assert verdict[0]["message"] == "A unicorn indeed"


def linked(command: Command, home: Path, name: str) -> None:
    """A deployment's EFS directory, filled already, in another home or under another name."""
    source = local.efs_directory(command.home, NAME)
    shutil.copytree(source, local.efs_directory(home, name), symlinks=True, copy_function=os.link)


def test_another_name_lives_beside_the_first(command: Command) -> None:
    command("deploy")
    linked(command, command.home, "riders")
    other = command("deploy", "--name", "riders", "--set", "MinScore=0.9")
    assert other[-1]["outputs"]["MLInferenceFunction"].endswith(":riders-ml_inferencefunction")
    command("destroy", "--name", "riders")
    assert command("classify", str(WITH_UNICORN_OR_HORSE[0]))[0]["validated"]


def test_two_homes_do_not_meet(command: Command, tmp_path: Path) -> None:
    home = tmp_path / "second"
    local.claim(home)
    linked(command, home, NAME)
    second = Command(home)
    command("deploy")
    second("deploy", "--set", "MinScore=0.9")
    second("destroy")
    assert any(line.get("validated") for line in command("classify", str(WITH_UNICORN_OR_HORSE[0])))


def test_somebody_elses_directory_is_no_home(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs" / "efs" / "precious"
    theirs.mkdir(parents=True)
    stranger = Command(tmp_path / "theirs")
    assert "the directory is not empty and is not one of ours" in result(stranger("deploy", code=2))["error"]
    stranger("destroy")
    assert theirs.exists()


def test_what_deploy_was_told_destroy_remembers(command: Command) -> None:
    command("deploy", "--set", "FunctionName=special", "--set", "ApiAuth=API_KEY")
    emulator = local.find(command.home)
    assert emulator
    target = local.target(command.home, emulator, NAME)
    assert [key["name"] for key in client(target, "apigateway").get_api_keys()["items"]] == ["special"]
    linked(command, command.home, "other")
    command("deploy", "--name", "other")
    command("destroy")
    assert client(target, "apigateway").get_api_keys()["items"] == []
    assert client(target, "logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/special")["logGroups"] == []


def test_two_plans_at_once_leave_nothing_behind(home: Path) -> None:
    command = [sys.executable, str(ROOT / "bin" / "deploy.py"), "--local", "--home", str(home), "--plan"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for one in both:
        one.communicate(timeout=900)
    folders = [_working_directory(path) for path in Path("/proc").glob("[0-9]*/cwd")]
    assert not [folder for folder in folders if folder.startswith(str(home))]


def _working_directory(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def test_the_handler_in_the_zip_is_the_source(command: Command) -> None:
    command("deploy")
    emulator = local.find(command.home)
    assert emulator
    target = local.target(command.home, emulator, NAME)
    deployed = client(target, "lambda").get_function(FunctionName="ml_inferencefunction")
    digest = base64.b64decode(deployed["Configuration"]["CodeSha256"]).hex()
    assert digest == hashlib.sha256(packaging.build().body).hexdigest()


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the real detector and photos are not beside the checkout")
def test_a_real_detector_sees_the_horse_on_a_photograph(command: Command) -> None:
    command("deploy", "--model", str(REAL_DATA / "coco_detector"))
    horse = command("classify", str(REAL_DATA / "photos" / "horse_dog_person.jpg"))
    none = command("classify", str(REAL_DATA / "photos" / "dog_bicycle.jpg"))
    assert horse[0]["validated"]
    assert {"Person", "Dog", "Horse"} <= {item["label"] for item in horse[0]["detections"]}
    assert not none[0]["validated"]
    assert not result(command("deploy"))["changed"], "the model stays until another is named"


def test_the_command_exits_with_4_for_a_strangers_stack(command: Command) -> None:
    command("deploy", "--plan")
    emulator, _ = local.start(command.home)
    target = local.target(command.home, emulator, NAME)
    client(target, "cloudformation").create_stack(StackName="wildrydes-ml-mod5", TemplateBody=STRANGER)
    assert command("deploy", code=4)[-1]["exit_code"] == 4
    assert command("destroy", "--yes", code=4)[-1]["exit_code"] == 4
