"""The audit of what goes on EFS, against a server that answers as https://api.osv.dev/v1/query does."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.unit.servers import Request, Response, serving
from tools import audit_packages

TOOL = Path(audit_packages.__file__)
LINES = [line for line in audit_packages.LOCK.read_text(encoding="utf-8").splitlines() if "==" in line]

Asked = Mapping[str, str]
"""Version by name of each distribution that was looked up."""


@dataclass(frozen=True)
class Audit:
    """What an audit printed, its exit code, and what it looked up."""

    code: int
    output: str
    asked: Asked


def audit(answer: Callable[[str], Any], status: int = 200) -> Audit:
    """The audit when the advisory service answers each distribution's name with `answer` and `status`."""
    asked: dict[str, str] = {}

    def respond(request: Request) -> Response:
        query = json.loads(request.body)
        assert query["package"]["ecosystem"] == "PyPI"
        asked[query["package"]["name"]] = query["version"]
        return Response(status, json.dumps(answer(query["package"]["name"])).encode())

    with serving(respond) as url:
        command = [sys.executable, str(TOOL), "--osv-url", url]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    return Audit(done.returncode, done.stdout, asked)


def advisory(name: str, fixed: str) -> dict[str, Any]:
    """Source: https://ossf.github.io/osv-schema/"""
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
    affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges}]
    return {"id": "PYSEC-2000-1", "summary": "A picture writes past the end.", "affected": affected}


def test_it_looks_up_every_line_of_the_lock_and_passes_without_advisories() -> None:
    result = audit(lambda name: {})
    assert result.code == 0, result.output
    names = {line.partition("==")[0]: line.partition("==")[2].split(" ")[0].split(";")[0] for line in LINES}
    assert result.asked == names
    assert {"tensorflow", "tensorflow-cpu"} <= set(result.asked)  # one of each machine


def test_an_advisory_fails_it_and_is_shown() -> None:
    result = audit(lambda name: {"vulns": [advisory(name, "99.1")]} if name == "pillow" else {})
    assert result.code == 1
    (shown,) = (line for line in result.output.splitlines() if "PYSEC" in line)
    assert shown.split() == ["pillow", result.asked["pillow"], "PYSEC-2000-1", "99.1"]


def test_it_does_not_pass_when_the_service_fails() -> None:
    assert audit(lambda name: {}, status=503).code != 0
