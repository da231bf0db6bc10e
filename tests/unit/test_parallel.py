"""Work in threads: results in order, no more at a time than was said, and an end at once."""

import sys
import threading
from concurrent.futures import Future

import pytest

from wildrydes_ml.parallel import in_order, start


def done(result: int) -> Future[int]:
    future = Future[int]()
    future.set_result(result)
    return future


def no_tick(count: int) -> None: ...


def test_results_come_in_the_order_of_the_work() -> None:
    second_is_done = threading.Event()

    def first() -> int:
        assert second_is_done.wait(60)
        return 1

    def second() -> int:
        second_is_done.set()
        return 2

    shown: list[int] = []
    ticks: list[int] = []
    in_order(start([first, second], 2), shown.append, ticks.append)
    assert (shown, ticks) == ([1, 2], [1, 2])


def test_a_result_is_shown_as_soon_as_those_before_it_are_there() -> None:
    last, shown = Future[int](), list[int]()

    def tick(count: int) -> None:
        if count == 2:
            assert shown == [1, 2], "they do not wait for the last"
            last.set_result(3)

    in_order([done(1), done(2), last], shown.append, tick)
    assert shown == [1, 2, 3]


@pytest.mark.parametrize("threads", [1, 3])
def test_so_many_pieces_are_done_at_a_time(threads: int) -> None:
    meeting = threading.Barrier(threads)
    lock, running, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        meeting.wait(60)
        with lock:
            running -= 1

    in_order(start([work] * (threads * 3), threads), lambda none: None, no_tick)
    assert most == threads


def test_what_the_work_raises_is_raised() -> None:
    def broken() -> int:
        raise LookupError("no credentials")

    with pytest.raises(LookupError, match="no credentials"):
        in_order(start([broken, lambda: 1], 1), lambda result: None, no_tick)


def test_work_that_calls_exit_is_not_waited_for_forever() -> None:
    with pytest.raises(SystemExit, match="3"):
        start([lambda: sys.exit(3)], 1)[0].result(60)


def test_after_ctrl_c_the_results_that_are_there_are_shown() -> None:
    shown: list[int] = []

    def ctrl_c(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="stopped with 2 of 3"):
        in_order([Future[int](), done(2), done(3)], shown.append, ctrl_c)
    assert shown == [2, 3]


def test_python_does_not_wait_for_the_threads_when_it_ends() -> None:
    end = threading.Event()
    before = set(threading.enumerate())
    futures = start([end.wait], 4)
    try:
        mine = set(threading.enumerate()) - before
        assert [thread.daemon for thread in mine] == [True]
    finally:
        end.set()
        futures[0].result(60)
