"""A disk that is full where the emulator keeps its state: /dev/full, on which each write fails as on such a disk."""

import subprocess
import sys
from pathlib import Path

import pytest

from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.local import emulator

ROOT = Path(__file__).parents[2]


def emulators(home: Path) -> list[int]:
    """The processes that work in a home."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if path.resolve().is_relative_to(home.resolve()):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.fixture
def full_home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    emulator.claim(home)
    (home / "emulator.new").symlink_to("/dev/full")
    return home


def test_a_full_disk_leaves_no_emulator_and_is_named(full_home: Path) -> None:
    with pytest.raises(WildrydesError, match=f"no space left under {full_home} .*another --home") as error:
        emulator.start(full_home)
    assert error.value.exit_code == 1
    assert emulators(full_home) == []
    emulator.tidy(full_home)
    assert not full_home.exists(), "the next run begins anew"


def test_the_command_names_it_and_destroy_finds_nothing(full_home: Path) -> None:
    def run(verb: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "bin" / f"{verb}.py"), "--local", "--home", str(full_home)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    deployed = run("deploy")
    assert deployed.returncode == 1
    assert f"error: no space left under {full_home}" in deployed.stderr
    assert "Traceback" not in deployed.stderr
    assert emulators(full_home) == []
    assert run("destroy").returncode == 0
