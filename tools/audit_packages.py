"""Asks https://osv.dev which advisories name what `lambda_src/filling/packages.lock` puts on EFS.

pip-audit does the work and takes further options, such as `--format json` or `--ignore-vuln ID`:

    python tools/audit_packages.py [OPTION...]

Exits with 0 only when all distributions, those of either machine, were looked up and no advisory names their version.
Advisories name distributions, not the native libraries inside wheels: for those see docs/security.md.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "lambda_src" / "filling" / "packages.lock"

_OPTIONS = ["--vulnerability-service=osv", "--strict", "--disable-pip", "--progress-spinner=off"]


def requirements(lock: str) -> str:
    """The lock for pip, without the markers, which would leave out what only another machine gets."""
    lines = [re.sub(r";\S*| local(?= )", "", line) for line in lock.splitlines() if line[0] != "#"]
    return "\n".join(line.replace(" ", " --hash=sha256:") for line in lines)


def audit(lock: str, options: Sequence[str]) -> int:
    """Runs pip-audit over a lock; its exit code."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "requirements.txt"
        file.write_text(requirements(lock), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", f"--requirement={file}", *_OPTIONS, *options]
        return subprocess.run(command).returncode


if __name__ == "__main__":
    sys.exit(audit(LOCK.read_text(encoding="utf-8"), sys.argv[1:]))
