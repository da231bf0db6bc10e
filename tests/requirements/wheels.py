"""Wheels made by the tests, in a directory that stands for pip's index."""

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path


def make(
    index: Path,
    name: str,
    version: str = "1.0",
    tag: str = "py3-none-any",
    needs: tuple[str, ...] = (),
    more: Mapping[str, bytes] | None = None,
) -> Path:
    """A wheel that holds a module of its name, which says the version and the tag, and a program."""
    info = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}", *(f"Requires-Dist: {one}" for one in needs)]
    content = {
        f"{name}.py": f"SAYS = '{version} {tag}'\n".encode(),
        f"{info}/METADATA": "\n".join([*metadata, ""]).encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}-run = {name}:SAYS\n".encode(),
        **(more or {}),
    }
    rows = [f"{path},sha256={_digest(body)},{len(body)}" for path, body in content.items()]
    content[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
    index.mkdir(parents=True, exist_ok=True)
    wheel = index / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, body in content.items():
            archive.writestr(path, body)
    return wheel


def _digest(body: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
