"""What the function's zip holds in the packaged route: the packages that LiteRT needs, from the lock, and a model."""

import re
from collections.abc import Callable
from pathlib import Path

from .. import packaging
from ..deployment import Packed
from .efs_rows import MODEL_URL, PACKAGES

# What the function imports when LiteRT runs the model; the rest of the lock is for TensorFlow, or imported by no module
# of these. tests/unit/workshop/test_packaged.py imports them without the rest.
RUNTIME = (
    "pillow",
    "requests",
    "microsoft-antissrf",
    "ai-edge-litert",
    "certifi",
    "charset-normalizer",
    "idna",
    "numpy",
    "urllib3",
)
# As prune in populate.sh has it.
UNNEEDED = (
    r"(^|/)tests/|^[^/]+/include/|\.pyi$|^numpy/(f2py|testing|distutils)/"
    r"|^ai_edge_litert/(aot|tools|vendors|[^/]*Accelerator\.so|libLiteRt\.so)(/|$)"
)


def requirements(lock: str) -> str:
    """The lines of the lock that serving with LiteRT needs, as pip reads them, with the digests of the wheels."""
    lines = [line.replace(" local ", " ") for line in lock.splitlines() if re.split("[=;]", line)[0] in RUNTIME]
    return "".join(f"{line.replace(' ', ' --hash=sha256:')}\n" for line in lines)


def packed(refuse: Callable[[Path], str], shipped: Path) -> Packed:
    """What travels in the zip."""
    return Packed(
        packages=requirements(packaging.filling("packages.lock")),
        is_whole=True,
        unneeded=UNNEEDED,
        key="ModelKey",
        prepares_with=PACKAGES,
        default=MODEL_URL,
        local_default=shipped,
        refuse=refuse,
    )
