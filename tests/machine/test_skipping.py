"""On a machine without a browser its tests are skipped, which one line at the end tells."""

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
NEED_A_BROWSER = ("tests/browser", "tests/emulator/test_page_deployed.py")


def test_one_line_says_how_many_and_how_to_get_the_browser(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *NEED_A_BROWSER]
    others = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = {**others, "PATH": str(tmp_path)}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if line]
    (told,) = (line for line in lines if "hromium" in line)
    number, _, reason = told.partition(" ")
    assert int(number) > 100
    assert reason == "skipped: no Chromium is here; on Debian, apt-get install chromium"
    assert lines.index(told) == len(lines) - 2, "only pytest's last line follows"
