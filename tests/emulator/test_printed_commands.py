"""What a deploy prints to be pasted is pasted into a shell, as it is."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.machine import curl
from wildrydes_ml import web
from wildrydes_ml.aws.session import connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import shell
from wildrydes_ml.local import emulator
from wildrydes_ml.workshop.deployments import deployment
from wildrydes_ml.workshop.names import NAME

from .conftest import ROOT, Command


def printed(lines: list[dict[str, Any]], name: str) -> str:
    """The only line that is printed to be pasted."""
    (found,) = [line for line in lines if line["type"] == "output" and line.get("text", "").startswith("Try: ")]
    assert found["text"] == f"Try: {found[name]}"
    return str(found[name])


def paste(line: str, folder: Path, **environment: str) -> str:
    """What a shell prints for a line, with the machine's curl or what stands in for it."""
    programs = [] if shutil.which("curl") else [str(curl.on_path(folder / "bin"))]
    path = os.pathsep.join([*programs, str(Path(sys.executable).parent), os.environ["PATH"]])
    kept = {**os.environ, "PATH": path, "NO_PROXY": "127.0.0.1", **environment}
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, cwd=ROOT, env=kept, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_a_deploy_prints_works_as_it_is_printed(command: Command, tmp_path: Path) -> None:
    opened = command("deploy")
    assert json.loads(paste(printed(opened, "curl"), tmp_path))["validated"]
    outputs = opened[-1]["outputs"]
    assert f"{outputs['ApiGatewayInvokeURL']}/" == opened[-1]["api_url"]
    assert outputs["ApiGatewayInvokeURL"] in outputs["InferenceFunctionTestCommand"]
    assert web.get(outputs["ApiGatewayInvokeURL"], {"Accept": "text/html"}).status == 200
    assert any(line.get("value") == outputs["ApiGatewayInvokeURL"] for line in command("status"))

    closed = command("deploy", "--set", "ApiAuth=API_KEY")
    assert json.loads(paste(printed(closed, "ask"), tmp_path))["validated"]
    running = emulator.find(command.home)
    assert running
    key = connect(emulator.target(command.home, running, NAME)).apis.key(outputs["ModelInferenceApiId"])
    assert key
    assert key not in json.dumps(closed)
    assert not any("curl" in line for line in closed)

    _the_aws_cli_gets_the_key_as_a_line_for_aws_has_it(key, running.endpoint, outputs, tmp_path)


def _the_aws_cli_gets_the_key_as_a_line_for_aws_has_it(
    key: str, endpoint: str, outputs: dict[str, str], folder: Path
) -> None:
    proof = deployment().proof
    assert proof
    line = shell.line(proof, "API_KEY", outputs, outputs["ApiGatewayInvokeURL"], Target(), "us-east-1", NAME)
    credentials = {"AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "local"}
    # In the place of curl, `printf` shows the header that would be sent.
    shown = paste(line.replace("curl -H", r"printf '%s\n'", 1), folder, AWS_ENDPOINT_URL=endpoint, **credentials)
    assert shown.splitlines()[0] == f"x-api-key: {key}"
