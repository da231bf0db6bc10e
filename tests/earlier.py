"""The version of commit 3fb411b, out of the project's history: what its deployments are updated from.

Where the history is missing, in a shallow clone or an archive of the sources, what needs it is skipped and says so.
"""

import io
import subprocess
import tarfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.template.decode import decode

COMMIT = "3fb411b2ee73a7071aba8831f6115c1be36f5940"
ROOT = Path(__file__).resolve().parents[1]


def extract(folder: Path) -> Path:
    """Its files, in a folder of their own."""
    with tarfile.open(fileobj=io.BytesIO(_asked("archive", "--format=tar", COMMIT))) as archive:
        if hasattr(tarfile, "data_filter"):  # early releases of 3.11 have none, later Pythons want it
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(folder)
    return folder


@cache
def template_text(name: str) -> str:
    """One of its templates, rendered."""
    return _asked("show", f"{COMMIT}:templates/{name}").decode()


def template(name: str) -> Mapping[str, Any]:
    """One of its templates as data."""
    return decode(template_text(name))


def _asked(*arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs git, which reads the version that is updated from the project's history")
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        pytest.skip(f"needs the project's history back to {COMMIT[:7]}: {reason[0] if reason else 'git failed'}")
    return done.stdout
