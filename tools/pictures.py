"""Makes the pictures in README from the real thing: the terminal of `make demo`, and the page that it serves.

It runs the demo in a terminal of its own and waits until it serves. Then it draws the terminal's last screen, in light
and in dark, and takes the page's picture with Chromium. Ctrl-C ends the demo as a person would. Run it again whenever
the terminal or the page looks different: `make pictures`.
"""

import argparse
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.browser.chromium import EXECUTABLE, MISSING
from tools import terminal_svg

ROOT = Path(__file__).resolve().parent.parent
COLUMNS, ROWS = 100, 26
PICTURE = ROOT / "examples" / "pictures" / "unicorn_meadow.png"
PATIENCE_SECONDS = 900.0
ABOUT = "The terminal of make demo, when it has classified ten drawings and serves the page"
_PAGE_SIZE = ViewportSize(width=1000, height=960)
_ESCAPES = re.compile(r"\x1b(\][^\x07\x1b]*(\x07|\x1b\\)|\[[0-?]*[ -/]*[@-~]|.)")
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/[^\s\x1b]*execute-api[^\s\x1b]*")


class Demo:
    """`bin/demo.py` in a terminal, and all that it has written there."""

    def __init__(self, home: Path) -> None:
        self._terminal, inside = pty.openpty()
        size = {"LINES": str(ROWS), "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
        import_module("termios").tcsetwinsize(inside, (ROWS, COLUMNS))
        self._process = subprocess.Popen(
            [sys.executable, "bin/demo.py", "--home", str(home)],
            cwd=ROOT,
            env={**os.environ, **size},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        pyte: Any = import_module("pyte")
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self._written = ""

    def wait(self) -> str:
        """The page's address, when all pictures have their answers and it is served. Raises SystemExit."""
        last = sorted(path.name for path in PICTURE.parent.iterdir())[-1]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            alive = self._read(0.5)
            found: list[str] = _ADDRESS.findall(self._written)
            if last in self._written and "Ctrl-C" in "\n".join(self.screen.display) and found and _answers(found[-1]):
                self._read(1.0)
                return found[-1]
            if not alive:
                break
        raise SystemExit(f"the demo does not serve:\n{self._written[-3000:]}")

    def rows(self) -> list[Any]:
        """What the screen shows, without empty rows at its end, below the command that was typed."""
        pyte: Any = import_module("pyte")
        typed = {column: pyte.screens.Char(letter, bold=True) for column, letter in enumerate("$ make demo")}
        used = [number for number, line in enumerate(self.screen.display) if line.strip()]
        return [typed, *(self.screen.buffer[number] for number in range(used[-1] + 1))]

    def stop(self) -> None:
        """Ctrl-C, and what the demo then says and does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while self._read(1.0) and time.monotonic() < deadline:
                pass
        self._process.wait()
        os.close(self._terminal)

    def _read(self, seconds: float) -> bool:
        """Takes what is written within a time; False when the terminal is closed."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self._terminal], [], [], left)[0]:
                return True
            try:
                said = os.read(self._terminal, 65536)
            except OSError:  # Linux says so when the other side is closed
                return False
            if not said:
                return False
            self._stream.feed(said)
            self._written += _ESCAPES.sub("", said.decode(errors="replace"))
        return True


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as reply:
            return int(reply.status) == 200
    except OSError:
        return False


def page(address: str) -> bytes:
    """The page with the answer to a drawing, as PNG."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=["--no-sandbox"])
        tab = browser.new_page(viewport=_PAGE_SIZE, color_scheme="light", reduced_motion="reduce")
        tab.goto(address)
        _ask(tab)
        shot = tab.screenshot()
        browser.close()
    return _small(shot)


def _ask(tab: Page) -> None:
    with tab.expect_response(lambda reply: reply.request.method == "POST", timeout=60_000):
        tab.locator("input[type=file]").first.set_input_files(PICTURE)
    tab.wait_for_timeout(1500)
    tab.evaluate("scrollTo(0, 0)")


def _small(shot: bytes) -> bytes:
    """A page has few colors: 128 of them are as good, in a third of the bytes."""
    out = BytesIO()
    Image.open(BytesIO(shot)).convert("RGB").quantize(128).save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> int:
    """Writes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures", metavar="DIR")
    options = parser.parse_args()
    if not EXECUTABLE:
        raise SystemExit(MISSING)
    # A shell that runs this in the background has it ignore Ctrl-C; the demo would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder) / "home")
        try:
            address = demo.wait()
            made = {
                f"terminal-{name}.svg": terminal_svg.draw(demo.rows(), COLUMNS, colors, ABOUT).encode()
                for name, colors in (("light", terminal_svg.LIGHT), ("dark", terminal_svg.DARK))
            }
            made["page.png"] = page(address)
        finally:
            demo.stop()
    options.out.mkdir(parents=True, exist_ok=True)
    for name, body in made.items():
        (options.out / name).write_bytes(body)
        print(f"wrote {options.out / name}: {len(body):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
