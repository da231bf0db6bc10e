"""Runs the shipped scripts for real: pip against the package index, a local HTTP server for models and signals.

TensorFlow is stood in for by a wheel made here, small enough to install for every run. It takes the words in
`saved_model.pb` for the names of the signatures; a dash at a name's end is for one without boxes, and what follows a
colon is what befalls the model when it looks at a picture. Like Keras, which TensorFlow imports, it makes a directory
in the home of whoever imports it, or where KERAS_HOME says. What real models do is in tests/prepare.

`python -m venv` takes six seconds, most of them to install pip: each root that is filled once for all has an
environment of its own, and what tests fill besides has a copy of one.
"""

import http.server
import io
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import shared

ROOT = Path(__file__).parents[2]
FILLING = ROOT / "lambda_src" / "filling"
SITE = f"tensorflow/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"

TENSORFLOW_SAVED_MODEL = """
import os, pathlib, signal, sys, time
from types import SimpleNamespace as Message
class Array(list):
    size = property(len)
    def numpy(self): return self
    def ravel(self): return self
    def reshape(self, *shape): return Array([self[at : at + 4] for at in range(0, len(self), 4)])
    def tolist(self): return self
OUTPUTS = ['detection_class_entities', 'detection_scores', 'detection_boxes']
def look(fate):
    print('a line of TensorFlow', file=sys.stderr, flush=True)
    if fate == 'hangs':
        time.sleep(60)
    if fate == 'crashes':
        os.kill(os.getpid(), signal.SIGSEGV)
    if fate == 'fails':
        raise ValueError('many words')
    return dict(zip(OUTPUTS, (Array([b'Horse']), Array([7.0 if fate == 'boasts' else 0.5]), Array([0.1] * 4))))
def load(path, tags):
    words = pathlib.Path(path, 'saved_model.pb').read_text().split()
    fates = {word.split(':')[0]: word.partition(':')[2] for word in words}
    return Message(signatures={name: lambda picture, fate=fate: look(fate) for name, fate in fates.items()})
"""

TENSORFLOW = {
    "tensorflow/__init__.py": (
        "import os\n"
        "from types import SimpleNamespace as Message\n"
        "from . import saved_model, image, random\n"
        "os.makedirs(os.environ.get('KERAS_HOME') or os.path.expanduser('~/.keras'), exist_ok=True)\n"
        "__version__ = '1.0'\n"
        "def as_dtype(number):\n    return Message(name={1: 'float32', 4: 'uint8', 7: 'string'}[number])\n"
    ),
    "tensorflow/image.py": "def resize(picture, size):\n    return picture\n",
    "tensorflow/random.py": "def stateless_uniform(shape, seed):\n    return shape\n",
    "tensorflow/saved_model.py": TENSORFLOW_SAVED_MODEL,
    "tensorflow/python/saved_model/loader_impl.py": (
        "import pathlib\n"
        "from types import SimpleNamespace as Message\n"
        "OUTPUTS = ['detection_class_entities', 'detection_scores', 'detection_boxes']\n"
        "def signature(name):\n"
        "    shape = Message(unknown_rank=False, dim=[Message(size=size) for size in (1, -1, -1, 3)])\n"
        "    def tensor(name, dtype):\n        return Message(name=name + ':0', dtype=dtype, tensor_shape=shape)\n"
        "    found = OUTPUTS[: 2 if name[-1] == '-' else 3]\n"
        "    outputs = {key: tensor(key, 7 if key == OUTPUTS[0] else 1) for key in found}\n"
        "    return Message(inputs={'images': tensor('images', 1)}, outputs=outputs)\n"
        "def parse_saved_model(path):\n"
        "    names = pathlib.Path(path, 'saved_model.pb').read_text().split()\n"
        "    found = {name.split(':')[0].strip('-'): signature(name.split(':')[0]) for name in names}\n"
        "    graph = Message(meta_info_def=Message(tags=['serve']), signature_def=found)\n"
        "    return Message(meta_graphs=[graph])\n"
    ),
    "tensorflow-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: TensorFlow\nVersion: 1.0\n",
    "tensorflow-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "tensorflow-1.0.dist-info/RECORD": "",
}


@dataclass
class Populate:
    """`populate.sh` on one root, alone in a directory; each call overrides settings by name."""

    script: Path
    root: Path
    settings: dict[str, str]

    def beside(self, **files: str) -> None:
        """Puts files beside the script: `prepare_py`, `packages_lock`."""
        for name, text in files.items():
            (self.script.parent / name.replace("_", ".")).write_text(text)

    def command(self) -> list[str]:
        return ["bash", str(self.script), str(self.root)]

    def environment(self, **settings: str) -> dict[str, str]:
        return {**os.environ, **self.settings, **settings}

    def __call__(self, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(), env=self.environment(**settings), capture_output=True, text=True, timeout=600
        )


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings that fill a root with six, the stand-in for TensorFlow, and a model in a directory."""
    directory = shared.folder(tmp_path_factory, "populate_inputs")
    with shared.alone(directory):
        return _settings(directory / "there")


def _settings(directory: Path) -> dict[str, str]:
    wheel, model = directory / "tensorflow-1.0-py3-none-any.whl", directory / "model"
    if not directory.exists():
        make_model(model, "default")
        with zipfile.ZipFile(wheel, "w") as archive:
            for name, text in TENSORFLOW.items():
                archive.writestr(name, text)
    return {
        "PYTHON": sys.executable,
        "PACKAGES": f"six==1.17.0 tensorflow@{wheel.as_uri()}",
        "MODEL": str(model),
        "KERAS_HOME": str(directory / "keras"),
    }


COPYING_VENV = """#!/bin/sh
[ "$1 $2" != "-Im venv" ] || exec cp -a {environment} "$3"
exec {python} "$@"
"""


@pytest.fixture(scope="session")
def quick_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter whose new environments are copies of one."""
    directory = shared.folder(tmp_path_factory, "populate_python")
    python, environment = directory / "python", directory / "environment"
    with shared.alone(directory):
        if not python.exists():
            subprocess.run([sys.executable, "-Im", "venv", str(environment)], check=True, umask=0o022)
            python.write_text(COPYING_VENV.format(environment=environment, python=sys.executable))
            python.chmod(0o755)
    return str(python)


@pytest.fixture(scope="session")
def filled_once(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = shared.folder(tmp_path_factory, "populated")
    with shared.alone(directory):
        if not (directory / "efs" / "manifest.json").exists():
            _fill(Populate(alone(directory), directory / "efs", settings), directory / "build")
    return directory / "efs"


def _fill(populate: Populate, build: Path) -> None:
    """As a user whose files are private."""
    old = os.umask(0o077)
    try:
        done = populate(BUILD_DIR=str(build))
    finally:
        os.umask(old)
    assert done.returncode == 0, done.stderr
    assert not list(build.iterdir())


@pytest.fixture
def populate(settings: dict[str, str], quick_python: str, filled_once: Path, tmp_path: Path) -> Populate:
    """`populate.sh` on a root that is filled already."""
    root = tmp_path / "efs"
    shutil.copytree(filled_once, root, symlinks=True)
    return Populate(alone(tmp_path), root, {**settings, "PYTHON": quick_python})


@pytest.fixture
def empty(settings: dict[str, str], quick_python: str, tmp_path: Path) -> Populate:
    return Populate(alone(tmp_path), tmp_path / "empty", {**settings, "PYTHON": quick_python})


def alone(directory: Path) -> Path:
    """A copy of the script, without the lock and the preparation that may lie beside it in the function's zip."""
    (directory / "filling").mkdir()
    for name in ("fill.py", "trial.py", "more.sh", "accepted.py"):
        shutil.copy(FILLING / name, directory / "filling")
    return Path(shutil.copy(FILLING / "populate.sh", directory / "filling"))


def make_model(directory: Path, signature: str) -> Path:
    """A directory that passes for a SavedModel, private to its owner."""
    (directory / "variables").mkdir(parents=True, mode=0o700)
    (directory / "saved_model.pb").write_text(signature)
    (directory / "variables" / "variables.index").write_text("weights of " + signature)
    (directory / "saved_model.pb").chmod(0o600)
    return directory


def make_archive(*members: tuple[str, str], links: tuple[tuple[str, str], ...] = ()) -> bytes:
    """A tar.gz of (name, text) files and (name, target) symbolic links."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, target in links:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
        for name, text in members:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), 0o4700
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def make_zip(*members: tuple[str, str]) -> bytes:
    """A zip of (name, text) files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members:
            archive.writestr(name, text)
    return buffer.getvalue()


@dataclass
class Server:
    """A local HTTP server: answers by path, one after the other, the last one again and again; keeps PUT bodies.

    With a `pause` it sends byte by byte, with so many seconds before each.
    """

    url: str
    answers: dict[str, list[tuple[int, bytes, int]]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    puts: list[tuple[str | None, bytes]] = field(default_factory=list)
    pause: float = 0

    def answer(self, path: str, *answers: bytes | int | tuple[int, bytes, int]) -> str:
        """Body, status, or (status, body, declared length); returns the URL."""
        self.answers[path] = [_answer(one) for one in answers]
        return self.url + path

    def next_answer(self, path: str) -> tuple[int, bytes, int]:
        self.requests.append(path)
        answers = self.answers.get(path, [(404, b"", 0)])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def _answer(one: bytes | int | tuple[int, bytes, int]) -> tuple[int, bytes, int]:
    if isinstance(one, int):
        return one, b"", 0
    return (200, one, len(one)) if isinstance(one, bytes) else one


def _handler(server: Callable[[], Server]) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, length = server().next_answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            for byte in range(len(body)) if server().pause else ():
                time.sleep(server().pause)
                self.wfile.write(body[byte : byte + 1])
            if not server().pause:
                self.wfile.write(body)

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server().puts.append((self.headers["Content-Type"], body))
            self.do_GET()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(lambda: state))
    state = Server(f"http://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield state
    listener.shutdown()
    thread.join()
    listener.server_close()


@pytest.fixture
def fakes(tmp_path: Path) -> Callable[..., str]:
    """Makes shell scripts that stand in for commands; returns a PATH on which they come first."""

    def make(**scripts: str) -> str:
        directory = tmp_path / "bin"
        directory.mkdir(exist_ok=True)
        for name, text in scripts.items():
            (directory / name).write_text("#!/bin/bash\n" + text)
            (directory / name).chmod(0o755)
        return f"{directory}:{os.environ['PATH']}"

    return make
