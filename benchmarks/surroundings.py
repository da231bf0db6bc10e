"""What the function finds around it: a filled EFS root, its unpacked code, a server with a picture; and the machine."""

from __future__ import annotations

import io
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wildrydes_ml import packaging
from wildrydes_ml.code import build, prepared, requirements
from wildrydes_ml.deploy import packing
from wildrydes_ml.local import filling
from wildrydes_ml.reporting import Reporter
from wildrydes_ml.workshop import parameters
from wildrydes_ml.workshop.deployments import deployment
from wildrydes_ml.workshop.names import PACKAGED

PICTURE_SIZE = (940, 650)
"""Width and height that the workshop's own curl line asks its picture for."""

_WORKSHOP_PACKAGES = ("tensorflow", "tensorflow-cpu", "requests")
_SHOWN_PACKAGES = (*_WORKSHOP_PACKAGES, "ai-edge-litert", "numpy", "pillow")
_STANDIN = Path(__file__).with_name("standin.py")


def model(directory: Path, shape: str = "combined") -> Path:
    """A stand-in for the workshop's detector of one of standin.py's shapes, made when it is not there yet."""
    if not (directory / "saved_model.pb").exists():
        subprocess.run([sys.executable, str(_STANDIN), str(directory), "--shape", shape], check=True)
    return directory


def fill(root: Path, model: Path, reporter: Reporter, weights: str = "auto") -> None:
    """Fills `root` as a local deployment fills its EFS, and records what a cold start reads as an instance does; quick
    when it is filled already."""
    values = {"Packages": parameters.PACKAGES, "ModelWeights": weights}
    settings = filling.environment(values, str(model), {**os.environ, "EXACT_RECORD": "1"})
    filling.fill(root, settings, reporter)


def twin(root: Path, name: str, model: Path, weights: str, reporter: Reporter) -> Path:
    """A filled EFS root beside another one, with that model prepared with these weights; the packages are links."""
    made = root.with_name(name)
    if not (made / "manifest.json").exists():
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        parts = [root / one for one in ("tensorflow", "model", "manifest.json")]
        subprocess.run(["cp", "-al", *parts, made], check=True)
    fill(made, model, reporter, weights)
    return made


def unpack_zip(filled: Path, directory: Path, reporter: Reporter) -> Path:
    """The zip of a function without EFS, unpacked, with the model of a filled EFS root.

    Its packages are for this machine's Python and processor, as with --local.
    """
    packed = deployment(PACKAGED).packed
    assert packed is not None
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    processor = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    held = packing.packing(packed, prepared.of_filled(filled, "the model"))
    source, libc = packaging.source_directory(), requirements.libc_here()
    built = build(source, runtime, processor, libc=libc, reporter=reporter, packing=held)
    with zipfile.ZipFile(io.BytesIO(built.body)) as archive:
        archive.extractall(directory)
    return directory


def install_workshop(root: Path, filled: Path) -> Path:
    """An EFS root as the workshop fills it: by pip alone, nothing left out; TensorFlow and model as in `filled`."""
    wanted = [f"{name}=={version}" for name, version in versions(filled).items() if name in _WORKSHOP_PACKAGES]
    done = root / "installed.txt"
    if not done.exists() or done.read_text().split() != wanted:
        shutil.rmtree(root, ignore_errors=True)
        venv.create(root / "tensorflow", with_pip=True)
        pip = [str(root / "tensorflow/bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *wanted], check=True)
        done.write_text(" ".join(wanted))
    shutil.rmtree(root / "model", ignore_errors=True)
    shutil.copytree(filled / "model", root / "model")
    return root


def versions(filled: Path) -> dict[str, str]:
    """The versions of the packages in a filled EFS root."""
    manifest = json.loads((filled / "manifest.json").read_text())
    found: dict[str, str] = manifest["tensorflow"]["distributions"]
    return found


def unpack_code(directory: Path) -> Path:
    """The function's zip unpacked, as Lambda has it: without bytecode."""
    with zipfile.ZipFile(io.BytesIO(packaging.build().body)) as archive:
        archive.extractall(directory)
    return directory


def picture() -> bytes:
    """A JPEG like a photograph in size and detail: noise of many scales, the coarser the stronger."""
    random = np.random.default_rng(1)
    width, height = PICTURE_SIZE
    pixels = np.full((height, width, 3), 128.0)
    for cell in (320, 160, 80, 40, 20, 10, 5):
        noise = random.uniform(0, 255, (height // cell + 2, width // cell + 2, 3)).astype(np.uint8)
        layer = Image.fromarray(noise).resize(PICTURE_SIZE, Image.Resampling.BICUBIC)
        pixels += (np.asarray(layer, dtype=float) - 127.5) * cell**0.5 / 22
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
    return file.getvalue()


@contextmanager
def served(body: bytes) -> Iterator[str]:
    """Serves the picture at every path, and takes what is put there, as S3 does; gives host:port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # which keeps connections, as S3 does

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def machine(filled: Path) -> str:
    """The processor, memory, date and versions that a table was made with."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    total = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    shown = [f"{name} {version}" for name, version in versions(filled).items() if name in _SHOWN_PACKAGES]
    return (
        f"{cpu}, {len(os.sched_getaffinity(0))} cores, {total * 1024 / 1e9:.0f} GB, Linux {platform.release()}, "
        f"{time.strftime('%Y-%m-%d')}; Python {platform.python_version()}, {', '.join(shown)}"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
