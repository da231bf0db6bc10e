"""Demos that share a home: locks of one file, as several processes have them; each `join` here is another holder."""

import os
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from wildrydes_ml.errors import SettingsError
from wildrydes_ml.local import emulator, sharing
from wildrydes_ml.local.sharing import EFS, STACKS, Share


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as threads:
        yield threads


def join(home: Path, *there: str, model: str = "", wait: Event | None = None) -> Share:
    return sharing.join(home, lambda: there, (wait or Event()).set, model)


def test_the_first_demo_begins_all_and_the_last_one_removes_it(home: Path) -> None:
    first = join(home)
    first.let_others_in()
    second = join(home)
    assert first.began == second.began == {STACKS, EFS}
    assert not first.is_last()
    first.leave()
    assert second.is_last()
    second.forget()
    second.leave()
    assert not home.exists()


@pytest.mark.parametrize("there", [(STACKS, EFS), (EFS,), ()])
def test_what_was_there_before_is_not_the_demos(home: Path, there: tuple[str, ...]) -> None:
    emulator.claim(home)
    first = join(home, *there)
    first.let_others_in()
    assert first.began == join(home, STACKS, EFS).began == {STACKS, EFS} - set(there)


def test_a_killed_demo_counts_no_more_and_what_it_began_is_known(home: Path) -> None:
    killed = join(home)
    killed.leave()  # as the system does
    after = join(home, STACKS, EFS)
    assert after.began == {STACKS, EFS}
    assert after.is_last()


def test_while_a_demo_begins_others_wait_and_say_so(home: Path, aside: ThreadPoolExecutor) -> None:
    first, waits = join(home), Event()
    second: Future[Share] = aside.submit(join, home, wait=waits)
    assert waits.wait(30)
    assert not second.done()
    first.let_others_in()
    assert second.result(30).began == {STACKS, EFS}
    assert not first.is_last()


def test_who_waited_for_a_demo_that_removes_all_begins_anew(home: Path, aside: ThreadPoolExecutor) -> None:
    first, waits = join(home), Event()
    second = aside.submit(join, home, wait=waits)
    assert waits.wait(30)
    first.forget()
    assert not home.exists()
    first.leave()
    found = second.result(30)
    assert found.is_last()
    assert home.is_dir()
    assert found.began == {STACKS, EFS}


def test_two_demos_serve_one_model(home: Path) -> None:
    first = join(home, model="mine.tar.gz")
    first.let_others_in()
    second = join(home, model="mine.tar.gz")
    with pytest.raises(SettingsError, match=r"another demo serves the model mine.tar.gz in .*--home"):
        join(home)
    second.leave()
    first.leave()
    third = join(home)
    third.let_others_in()
    with pytest.raises(SettingsError, match="serves the model that comes with the package"):
        join(home, model="mine.tar.gz")
    third.leave()
    assert join(home, model="mine.tar.gz").is_last(), "who was refused holds nothing"


def test_somebody_else_s_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter").touch()
    with pytest.raises(SettingsError, match="is not empty and is not one of ours"):
        join(tmp_path)
    assert os.listdir(tmp_path) == ["letter"]


def test_a_destroy_by_hand_takes_the_note_away_and_the_demo_ends_in_peace(home: Path) -> None:
    share = join(home)
    emulator.tidy(home)
    assert not home.exists()
    assert share.is_last()
    share.forget()


def test_a_port_that_is_taken_is_no_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            emulator.free_port(port)
    assert emulator.free_port(port) == port
