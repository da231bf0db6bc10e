"""The third-party packages, which are on EFS and not in the function's zip."""

from __future__ import annotations

import importlib
import sys
import threading
from pathlib import Path

from problems import Problem

_HERE = str(Path(__file__).parent)
_lock = threading.Lock()


def add_to_path(directory: Path) -> None:
    """Makes the packages importable, after the function's own modules and before the runtime's older ones.

    Raises Problem model-unavailable when EFS, or the packages on it, are not there.
    """
    with _lock:  # the thread that loads the model needs them, too
        if str(directory) in sys.path:
            return
        if not directory.is_dir():
            raise Problem("model-unavailable", f"no packages at {directory}")
        sys.path.insert(sys.path.index(_HERE) + 1 if _HERE in sys.path else 0, str(directory))
        importlib.invalidate_caches()
