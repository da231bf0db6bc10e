"""A place where the documentation's commands run: a copy of the checkout, an emulator, a server of pictures."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.emulator.conftest import filled_efs
from tests.machine import curl
from wildrydes_ml.local import emulator

from .documents import ROOT, Document

__all__ = ["filled_efs"]

STAND_INS = Path(__file__).with_name("stand_ins.sh")
_COPIED = ("bin", "docs", "examples", "lambda_src", "templates", "tools", "wildrydes_ml")
_SECONDS = 1800


class Session:
    """A shell for documents: what one leaves behind, the next one finds."""

    def __init__(self, folder: Path, efs: Path, pictures: str) -> None:
        self.folder = folder / "checkout"
        self.home = folder / "home"
        emulator.claim(self.home)
        for name in _COPIED:
            shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("Makefile", "README.md", "setup.py"):
            shutil.copy(ROOT / name, self.folder)
        self._environment = {
            "PATH": os.pathsep.join(
                map(str, [curl.on_path(folder / "bin"), Path(sys.executable).parent, os.environ["PATH"]])
            ),
            "HOME": str(folder),
            "PYTHONWARNINGS": "error",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "AWS_ACCESS_KEY_ID": "000000000000",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": emulator.REGION,
            "AWS_PAGER": "",
            "WILDRYDES_HOME": str(self.home),
            "FILLED_EFS": str(efs),
            "PICTURES": pictures,
            "PYTHON_RUNTIME": f"python{sys.version_info.major}.{sys.version_info.minor}",
        }

    def run(self, document: Document) -> str:
        """Runs a document's blocks in one shell, and returns what they print; the first failure fails the test."""
        script = f"source '{STAND_INS}'\n{document.script()}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
        return done.stdout


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def pictures() -> Iterator[str]:
    """A server of examples/pictures: its host:port."""
    handler = partial(_Quiet, directory=str(ROOT / "examples" / "pictures"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory, filled_efs: Path, pictures: str) -> Iterator[Session]:
    """One for all documents."""
    session = Session(tmp_path_factory.mktemp("docs"), filled_efs, pictures)
    yield session
    emulator.stop(session.home)
