"""An App's own function answers batches: deployed, asked and deleted on the emulator."""

import json
from pathlib import Path

from .conftest import PICTURES, Command

APP = """from wildrydes_ml import Access, App

app = App("lengths", access=Access("API_KEY"))
answer = app.function("Answer", code="code/", handler="app.answer")
app.route("POST /", answer)
app.batch(answer)
"""
HANDLER = """import batch
import objects


def measure(data):
    if data.startswith(b"GIF"):
        raise ValueError("no GIF today")
    return {"message": "long" if len(data) > 20_000 else "short"}


def answer(event, context):
    if batch.is_batch(event):
        return batch.answer(event, context, measure, bytes, objects.connect())
    return {"statusCode": 200, "body": "{}"}
"""


def test_an_app_answers_batches_with_its_own_function(home: Path, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text(HANDLER)
    (tmp_path / "lengths.py").write_text(APP)
    command, app, out = Command(home), ("--app", str(tmp_path / "lengths.py")), tmp_path / "out.jsonl"
    command("deploy", *app)
    result = command("batch", str(PICTURES), *app, "--out", str(out))[-1]
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {line["key"] for line in lines} == {path.name for path in PICTURES.iterdir()}
    for line in lines:
        if line["key"].endswith(".gif"):
            assert line["problem"] == "internal"
        else:
            size = (PICTURES / line["key"]).stat().st_size
            assert line["message"] == ("long" if size > 20_000 else "short")
    assert result["ok"] is True
    refused = command("batch", str(PICTURES), *app, "--concurrency", "7", "--resume", code=2)[-1]
    assert "deploy --set BatchConcurrency=7" in refused["error"]
    elsewhere = command("batch", "s3://somebody-elses/p/", *app, code=2)[-1]
    assert "may read pictures of bucket lengths-" in elsewhere["error"]
    command("destroy", *app)
