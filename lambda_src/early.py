"""Begins to read the packages as soon as the function starts: the other modules are imported while the bytes arrive.

To import it is enough. If it fails, whoever needs the packages says so.
"""

from __future__ import annotations

import gc
import os
import threading
from contextlib import suppress

import packages
from settings import from_environment


def begin() -> None:
    """Reads the packages, for all who ask for them later."""
    with suppress(Exception):
        packages.read(from_environment(os.environ))


# A cold start makes 60,000 objects, most of which stay: Python would look for garbage among them 70 times.
gc.set_threshold(100_000)
# Numpy's library for matrices, of which nothing is used here, starts a thread for each processor, and they spin:
# https://github.com/OpenMathLib/OpenBLAS#setting-the-number-of-threads-using-environment-variables
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
threading.Thread(target=begin, name="early", daemon=True).start()
