"""The handler in a process of its own, as Lambda runs it, with nothing but EFS on the path."""

from __future__ import annotations

import base64
import io
import json
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from PIL import Image

REPOSITORY = Path(__file__).parents[2]
DATA = REPOSITORY.parent / "shared" / "data"
PACKAGES = sysconfig.get_paths()["purelib"]

HANDLE = """
import json, os, sys, types
sys.path.insert(0, sys.argv[1])
import service
service.MODEL_SECONDS = 600.0  # a busy machine may load for longer than API Gateway waits
import lambda_function
for line in sys.stdin:
    event, seconds = json.loads(line)
    context = types.SimpleNamespace(get_remaining_time_in_millis=lambda: seconds * 1000)
    print(json.dumps(lambda_function.lambda_handler(event, context)), flush=True)
os._exit(0)  # as Lambda ends a function: Python's own way can crash while threads still import
"""


def run(code: str, *arguments: object) -> str:
    """What code prints in a process of its own."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=900).stdout


def handle(
    efs: Path, *pictures: bytes, seconds: tuple[float, ...] = (), **environment: str
) -> tuple[list[Any], list[Any]]:
    """The answers' (status, body), and the log lines, of one process that gets the pictures one after another.

    `seconds` is how much time each request has, 600 if it is not told.
    """
    events = [{"image": base64.b64encode(picture).decode()} for picture in pictures]
    times = [*seconds, *[600.0] * (len(events) - len(seconds))]
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", HANDLE, str(REPOSITORY / "lambda_src")],
        env={"EFS_PATH": str(efs), "PY_PKG_PATH": PACKAGES, **environment},
        input="".join(json.dumps(pair) + "\n" for pair in zip(events, times, strict=True)),
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return [(answer["statusCode"], json.loads(answer["body"])) for answer in lines[1::2]], lines[0::2]


def picture(color: tuple[int, int, int], size: tuple[int, int] = (30, 20)) -> bytes:
    """A picture of one color; `size` is width and height."""
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


def efs(root: Path, models: dict[Path, Any], name: str, **signature: Any) -> Path:
    """An EFS with one of the models, and a manifest that was made without preparing it, with another signature."""
    ((model, own),) = [(model, own) for model, own in models.items() if model.name == name]
    shutil.copytree(model, root / "model")
    inputs = {"python": "{}.{}".format(*sys.version_info), "machine": platform.machine()}
    manifest = {"format": 2, "inputs": inputs, "signature": {**own, **signature}}
    (root / "manifest.json").write_text(json.dumps(manifest))
    return root
