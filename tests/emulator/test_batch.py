"""Many pictures on the emulator's Step Functions, with the real function and the shipped model."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from wildrydes_ml.aws.session import connect
from wildrydes_ml.local import emulator
from wildrydes_ml.workshop.names import NAME

from .conftest import PICTURES, ROOT, Command, client

BUCKET = "many-pictures"
PLACE = f"s3://{BUCKET}/p/"
ODD = "p/é 文 'x' \"y\" + & % #.jpg"


def drawings(count: int) -> list[bytes]:
    """Some of the drawings as JPEG, each a little different."""
    chance, found = random.Random(1), []
    for path in sorted(PICTURES.iterdir())[:count]:
        with Image.open(path) as image:
            edge, body = chance.randint(0, 20), io.BytesIO()
            rgb = image.convert("RGB")
            rgb.crop((edge, edge, rgb.width - edge, rgb.height - edge)).resize((320, 240)).save(body, "JPEG")
            found.append(body.getvalue())
    return found


def fill(home: Path, pictures: int, poison: float = 0.01) -> list[str]:
    """Puts pictures into a bucket, some of them none; returns the keys."""
    s3, bodies, chance = s3_of(home), drawings(10), random.Random(2)
    s3.create_bucket(Bucket=BUCKET)
    keys = [ODD, *(f"p/{number:05}.jpg" for number in range(pictures - 1))]
    for key in keys:
        body = chance.choice(bodies)
        spoilt = chance.choice([b"no picture", body[:100]])
        s3.put_object(Bucket=BUCKET, Key=key, Body=spoilt if chance.random() < poison else body)
    return keys


def s3_of(home: Path) -> Any:
    running = emulator.find(home)
    assert running
    return client(emulator.target(home, running, NAME), "s3")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def begun(home: Path, *options: str) -> "subprocess.Popen[str]":
    """The command in a process of its own."""
    place = ["--local", "--home", str(home), "--output", "json"]
    command = [sys.executable, str(ROOT / "bin" / "batch.py"), PLACE, *place, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=home.parent)


def functions_of(home: Path) -> list[int]:
    """The processes that run the function."""
    running = emulator.find(home)
    assert running
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, group = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(group) == running.pid and int(path.parent.name) != running.pid:
            found.append(int(path.parent.name))
    return found


def test_a_thousand_pictures_through_kills_have_a_line_each(command: Command, home: Path, tmp_path: Path) -> None:
    command("deploy")
    keys, out = fill(home, 1000), tmp_path / "out.jsonl"

    with begun(home, "--out", str(out)) as process:
        assert process.stdout
        for line in process.stdout:
            told = json.loads(line)
            if told["type"] == "event" and told.get("done", 0) > 0:
                break
        process.kill()  # the command dies; the machine goes on
    for pid in functions_of(home):
        os.kill(pid, signal.SIGKILL)  # and so do the children that are at work
    s3_of(home).delete_object(Bucket=BUCKET, Key=keys[-1])

    refused = command("batch", PLACE, "--out", str(out), code=2)
    assert "add --resume to go on" in refused[-1]["error"]
    result = command("batch", PLACE, "--resume", "--out", str(out))[-1]
    found = lines(out)
    assert Counter(line["key"] for line in found) == Counter(keys), "each once, and nothing left"
    by_key = {line["key"]: line for line in found}
    assert by_key[ODD]["message"]
    poisoned = [line for line in found if line.get("problem") in ("unsupported-image", "undecodable-image")]
    assert 1 <= len(poisoned) <= 40
    assert not [line for line in found if line.get("problem") in ("internal", "no-answer")]
    assert sum(result["counts"].values()) == result["pictures"] == 1000

    again = command("batch", PLACE, "--resume", "--out", str(out))
    assert lines(out) == found, "nothing is asked twice"
    assert not [line for line in again if "asking" in line.get("text", "")]


def test_a_folder_is_answered_as_classify_does(command: Command, home: Path, tmp_path: Path) -> None:
    command("deploy")
    out = tmp_path / "out.jsonl"
    told = command("batch", str(PICTURES), "--out", str(out), "--sample", "4")
    found = {line["key"]: line["validated"] for line in lines(out)}
    one_by_one = [line for line in command("classify", str(PICTURES)) if "validated" in line]
    assert found == {Path(line["picture"]).name: line["validated"] for line in one_by_one}
    assert [line for line in told if "pictures in 1 batch" in line.get("text", line.get("message", ""))]

    for asked, code, said in [
        ("s3://no-such-bucket-here/", 2, "there is no such bucket"),
        (f"s3://{NAME}-000000000000-us-east-1/nothing/", 2, "no object is there"),
        (str(tmp_path / "nowhere"), 2, "no such folder"),
        (f"s3://{NAME}-000000000000-us-east-1/", 2, "results would count as pictures"),
    ]:
        assert said in command("batch", asked, code=code)[-1]["error"]

    command("destroy")
    target = emulator.find(home)
    assert target is None, "the machine's stack went with the others, and so did what was in the bucket"


@pytest.mark.parametrize("concurrency", ["1"])
def test_the_machine_follows_the_options(command: Command, home: Path, tmp_path: Path, concurrency: str) -> None:
    command("deploy")
    command("batch", str(PICTURES), "--out", str(tmp_path / "out.jsonl"), "--concurrency", concurrency)
    running = emulator.find(home)
    assert running
    aws = connect(emulator.target(home, running, NAME))
    stack = aws.stacks.describe(f"{NAME}-batch")
    assert stack
    assert (stack.outputs["BatchConcurrency"], stack.parameters["ToleratedFailures"]) == (concurrency, "5")
    began = time.monotonic()
    command("batch", str(PICTURES), "--out", str(tmp_path / "out.jsonl"), "--concurrency", concurrency, "--resume")
    assert time.monotonic() - began < 60
    assert aws.stacks.describe(f"{NAME}-batch") == stack, "nothing was changed"
