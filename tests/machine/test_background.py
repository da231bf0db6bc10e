"""Tests of Ctrl-C pass when the tests are started with Ctrl-C switched off, as a job in the background is."""

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
TEST = "tests/unit/ask/test_classify.py::test_ctrl_c_ends_at_once_and_shows_what_was_answered"


def test_ctrl_c_reaches_the_tests_of_a_job_in_the_background() -> None:
    command = ["bash", "-c", 'trap "" INT; exec "$@"', "bash", sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, TEST], cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout
