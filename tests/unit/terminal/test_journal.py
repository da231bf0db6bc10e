"""The log: all that was said, for nobody else to read, without what proves who somebody is, and not for ever."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.terminal.journal import Journal, directory, without_secrets

NOON = datetime(2026, 1, 31, 12, 0, 0, 500_000, timezone.utc)


@pytest.fixture
def journal() -> Iterator[Callable[..., Journal]]:
    """Journals that are closed after the test."""
    with ExitStack() as opened:

        def make(folder: Path, **more: Any) -> Journal:
            made = Journal("deploy", folder, now=lambda: NOON, **more)
            opened.callback(made.close)
            return made

        yield make


def test_all_that_is_said_is_in_it_with_its_time(journal: Callable[..., Journal], tmp_path: Path) -> None:
    log = journal(tmp_path / "logs")
    log.plan([{"text": "make bucket"}])
    log.event("stack é\x1b[2J")
    log.output("URL: x")
    log.warning("slow")
    log.error("broken")
    log.result(False, exit_code=3)
    log.close()
    assert log.path is not None
    assert log.path.name == f"deploy-20260131T120000Z-{os.getpid()}.log"
    assert log.path.read_text(encoding="utf-8").splitlines() == [
        "2026-01-31T12:00:00.500Z  plan     make bucket",
        "2026-01-31T12:00:00.500Z  event    stack é?[2J",
        "2026-01-31T12:00:00.500Z  output   URL: x",
        "2026-01-31T12:00:00.500Z  warning  slow",
        "2026-01-31T12:00:00.500Z  error    broken",
        "2026-01-31T12:00:00.500Z  result   exit code 3",
    ]


def test_only_its_owner_may_read_it(journal: Callable[..., Journal], tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        log = journal(tmp_path / "logs")
        log.event("a")
    finally:
        os.umask(before)
    assert log.path is not None
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://b.s3.amazonaws.com/m?X-Amz-Signature=0a1b&X-Amz-Date=2", "X-Amz-Signature=...&X-Amz-Date=2"),
        ("curl -H 'x-api-key: abcdefgh12345678' https://a", "x-api-key: ...' https://a"),
        ("fetch https://me:secret@host/a", "https://...@host/a"),
        ("X-Amz-Security-Token=abc/def== next", "X-Amz-Security-Token="),
    ],
)
def test_no_secret_is_in_it(text: str, kept: str) -> None:
    written = without_secrets(f"?{text}")
    assert kept in written
    assert not any(secret in written for secret in ("0a1b", "abcdefgh12345678", "secret", "abc/def"))


def test_old_logs_go_and_the_last_twenty_stay(journal: Callable[..., Journal], tmp_path: Path) -> None:
    for number in range(25):
        (tmp_path / f"deploy-{number:02}.log").touch()
        os.utime(tmp_path / f"deploy-{number:02}.log", (number, number))
    (tmp_path / "mine.txt").touch()
    journal(tmp_path).event("a")
    left = sorted(path.name for path in tmp_path.glob("*.log"))
    assert len(left) == 20
    assert "deploy-06.log" in left
    assert "deploy-05.log" not in left
    assert (tmp_path / "mine.txt").exists()


def test_a_home_that_is_not_made_yet_is_waited_for(journal: Callable[..., Journal], tmp_path: Path) -> None:
    home = tmp_path / "home"
    log = journal(home / "logs", is_ready=home.exists)
    log.event("first")
    assert (log.path, home.exists()) == (None, False)
    home.mkdir()
    log.event("second")
    assert log.path is not None
    assert [line.split("  ")[-1] for line in log.path.read_text().splitlines()] == ["first", "second"]


def test_a_log_that_cannot_be_written_ends_nothing(journal: Callable[..., Journal], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = journal(tmp_path / "file")
    log.event("a")
    log.result(True)
    assert log.path is None


@pytest.mark.parametrize(("code", "is_kept"), [(1, True), (130, False)])
def test_what_failed_keeps_its_log_when_its_home_has_gone(
    journal: Callable[..., Journal], tmp_path: Path, code: int, is_kept: bool
) -> None:
    log = journal(tmp_path / "home", refuge=tmp_path / "state")
    log.event("a")
    assert log.path is not None
    log.path.unlink()
    log.result(False, exit_code=code)
    assert (log.path is not None) == is_kept
    if log.path:
        assert log.path.parent == tmp_path / "state"
        assert len(log.path.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/wildrydes-ml/logs"),
        ({"HOME": "/h"}, "/h/.local/state/wildrydes-ml/logs"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/wildrydes-ml/logs"),
    ],
)
def test_where_it_is(environment: dict[str, str], expected: str) -> None:
    assert directory(environment) == Path(expected)
