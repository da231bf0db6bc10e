"""The parts of populate.sh in Python: `python -ISB fill.py COMMAND ARGUMENT...`, with its variables as environment.

A command that fails writes the reason to the file `reason`, in one sentence; before a step that may hang, it writes the
name of the step. It imports nothing from the project except trial.py, and is short, since a template contains both.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import resource
import signal
import sys
import tarfile
import time
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any
from urllib.request import urlopen

FORMAT = 2  # raise it when the same inputs shall be filled anew
NAMES = "root", "next", "reason", "preparation", "ready", "MODEL", "SIGNATURE", "PACKAGES"
ROOT, NEXT, REASON, PREPARATION, READY, MODEL, SIGNATURE, PINS = (os.environ.get(name, "") for name in NAMES)
SHOWN = MODEL.partition("?")[0]  # what follows may be secret
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SITE = f"tensorflow/lib/python{PYTHON}/site-packages"
PACKAGES = {"python": PYTHON, "machine": os.uname().machine, "packages": sorted(PINS.split())}
# Beside saved_model.pb, if the model's maker says for people what it knows.
DESCRIPTION = "description.txt"
MOST_BYTES, MOST_FILES = 4 * 10**9, 100_000
# A function has 10 GiB at most.
MEMORY = min(10 << 30, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 3 // 4)
LIMITS = ("DOWNLOAD", 900), ("LOAD", 600), ("PICTURE", 60)
SECONDS = {name: int(os.environ.get(f"{name}_SECONDS", seconds)) for name, seconds in LIMITS}
END = time.monotonic() + SECONDS["DOWNLOAD"]


def say(text: str) -> None:
    Path(REASON).write_text(text)


def load(path: str) -> Any:
    return json.loads(Path(path).read_text()) if os.path.exists(path) else None


def present() -> dict[str, Any]:
    """The existing manifest; empty if it has another format, or is damaged."""
    try:
        old: dict[str, Any] = load(f"{ROOT}/manifest.json")
        return old if old["format"] == FORMAT else {}
    except Exception:
        return {}


def plan(key: str) -> None:
    """Prints the parts to make."""
    old = present()
    if not old or key not in (old["inputs"]["model"], *old["model"].values()) or not os.path.isdir(f"{ROOT}/model"):
        print("model")
    if not old or {**old["inputs"], **PACKAGES} != old["inputs"] or not os.path.isdir(f"{ROOT}/{SITE}"):
        print("tensorflow")
    other = (old.get("signature") or {"name": SIGNATURE}).get("name", "default") != SIGNATURE
    as_before = old and old.get("prepared") and old["inputs"].get("preparation", "auto") == PREPARATION
    if other or (PREPARATION and not as_before):
        print("prepared")


def download(path: str) -> None:
    for wait in (1, 2, 4, 8, 0):
        try:
            return fetch(path)
        except Exception as error:
            if not wait or getattr(error, "code", 0) in (401, 403, 404, 410):
                sys.exit(f"{SHOWN} cannot be fetched ({error}): check the connection, or use another --model")
        time.sleep(wait)


def fetch(path: str) -> None:
    with urlopen(MODEL, timeout=60) as answer, open(path, "wb") as file:
        length = int(answer.headers.get("Content-Length") or 0)
        while chunk := answer.read1(1 << 20):
            file.write(chunk)
            if max(file.tell(), length) > MOST_BYTES:
                sys.exit(f"{SHOWN} has more than {MOST_BYTES:,} bytes: use a smaller model")
            if time.monotonic() > END:
                sys.exit(f"{SHOWN} downloads too slowly, {file.tell():,} bytes so far: use a faster server")
        if file.tell() < length:
            raise OSError(f"only {file.tell():,} of {length:,} bytes came")


def unpack(archive: str, folder: str) -> None:
    """Unpacks without owners and modes, and refuses what no SavedModel contains."""
    total = 0
    try:
        with tarfile.open(archive) as tar:
            for number, one in enumerate(tar):
                total += one.size
                name = one.name.lstrip("/")
                if ".." in name.split("/") or not (one.isfile() or one.isdir()):
                    sys.exit(f"{SHOWN} contains {name}, a link, a device or a path out of the archive: do not trust it")
                if number >= MOST_FILES or total > MOST_BYTES:
                    sys.exit(f"{SHOWN} has over {MOST_FILES:,} files or {MOST_BYTES:,} bytes: do not trust it")
                os.makedirs(f"{folder}/{name if one.isdir() else os.path.dirname(name)}", exist_ok=True)
                if one.isfile():
                    tar.makefile(one, f"{folder}/{name}")
    except Exception as error:
        if getattr(error, "errno", 0):
            raise  # the disk's fault
        sys.exit(f"{SHOWN} {kind(archive)}: it must be a SavedModel in a complete tar, plain or as gz, bz2 or xz")


def kind(archive: str) -> str:
    with open(archive, "rb") as file:
        start = file.read(512)
    if start.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")) or start[257:262] == b"ustar":
        return "is incomplete or damaged"
    return "is a zip" if start[:2] == b"PK" else "is a web page" if start.lstrip()[:1] == b"<" else "is not an archive"


def begin(what: str, name: str) -> None:
    """Sets a time limit: the signal ALRM then ends this process, even inside a library."""
    say(f"{what} takes more than {SECONDS[name]} s")
    signal.alarm(SECONDS[name])


def check(home: str, model: str) -> None:
    """Imports the packages as the function does, and runs the model."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    begin("importing the packages", "LOAD")
    sys.path[:] = [f"{home}/{SITE}", *sys.path, str(Path(__file__).resolve().parent)]
    for name in ("numpy", "PIL.Image", "requests", "AntiSSRF", "tensorflow"):
        if importlib.util.find_spec(name.split(".")[0]):
            try:
                importlib.import_module(name)
            except Exception as error:
                why = f"{name} cannot be imported ({type(error).__name__}: {error})"
                sys.exit(f"{why[:370]}: versions must fit together")
    if "tensorflow" not in sys.modules:
        return
    trial = importlib.import_module("trial")
    try:
        entry = trial.signature(model, SIGNATURE)
        trial.run(model, entry, begin)
    except trial.Unfit as error:
        sys.exit(str(error))
    saved = next(Path(model).glob("saved_model.pb*")).stat()
    entry["saved_model"] = [saved.st_size, int(saved.st_mtime)]
    Path(f"{NEXT}/signature.json").write_text(json.dumps(entry))


def measure(folder: str, **more: Any) -> dict[str, Any]:
    sizes = [os.lstat(f"{at}/{name}").st_size for at, _, names in os.walk(folder) for name in names]
    return {"bytes": sum(sizes), "files": len(sizes), **more}


def told(path: Path) -> str:
    """What people are told of the model, in one paragraph of at most 500 characters."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return " ".join(file.read(500).split())


def commit(home: str, hashes: str, digest: str, archive_digest: str, script_digest: str, *steps: str) -> None:
    """Writes the manifest."""

    def installed(**name: Any) -> dict[str, str]:
        found = Distribution.discover(path=[f"{home}/{SITE}"], **name)
        return dict(sorted((one.metadata["Name"].replace("_", "-"), one.version) for one in found))

    parts = {name: present().get(name) for name in ("tensorflow", "model")}
    if home != ROOT:
        more = {"site_packages": SITE, "hashes": hashes, "distributions": installed()}
        parts["tensorflow"] = measure(f"{home}/tensorflow", **more)
    if digest:
        parts["model"] = measure(f"{NEXT}/model", sha256=digest, archive_sha256=archive_digest)
    about = Path(f"{NEXT if digest else ROOT}/model/{DESCRIPTION}")
    asked = (installed(name=re.findall(r"[\w.-]*", one)[0]) for one in PACKAGES["packages"])
    versions = "".join(f"{name} {version}, " for one in asked for name, version in one.items())
    one, two = (f"{part['bytes'] / 1e6:,.1f} MB" for part in parts.values() if part)
    manifest = {
        "format": FORMAT,
        "summary": f"packages {one} ({versions}python {PYTHON}), model {two}{READY}",
        "inputs": {**PACKAGES, "model": MODEL, "preparation": PREPARATION},
        **parts,
        "description": told(about) if about.is_file() else "",
        "signature": load(f"{NEXT}/signature.json"),
        "prepared": load(f"{NEXT}/prepared/prepared.json"),
        "script_sha256": script_digest,
        "seconds": dict(zip(steps[::2], map(int, steps[1::2]), strict=True)),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    Path(f"{NEXT}/manifest.tmp").write_text(json.dumps(manifest, indent=1))
    os.rename(f"{NEXT}/manifest.tmp", f"{NEXT}/manifest.json")


if __name__ == "__main__":
    try:
        {each.__name__: each for each in (plan, download, unpack, check, commit)}[sys.argv[1]](*sys.argv[2:])
    except BaseException as error:
        say(str(error) if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}")
        raise
