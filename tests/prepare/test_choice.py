"""The choice among engines by their times."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from filling.choice import Times, choice

MB = 1_000_000
Asked = list[str]


def runs(times: dict[str, list[Times]]) -> Callable[[str], Times]:
    """Each engine's times, one after the other."""
    left: dict[str, Iterator[Times]] = {engine: iter(those) for engine, those in times.items()}
    return lambda engine: next(left[engine])


def never(engine: str) -> int:
    raise AssertionError(engine)


def test_a_cold_start_counts_once_in_twenty_requests() -> None:
    run = runs({"litert": [Times(280, 64)] * 3, "tensorflow": [Times(2700, 47)] * 3})
    found = choice(run, ["litert", "tensorflow"], {"litert": 0, "tensorflow": 0}, never)
    assert found["order"] == ["litert", "tensorflow"]
    requests = {engine: figures["request_ms"] for engine, figures in found["measured"].items()}
    assert requests == {"litert": pytest.approx(74.8), "tensorflow": pytest.approx(179.7, abs=0.1)}
    assert found["share_of_cold"] == 0.05


def test_an_engine_that_is_much_faster_warm_serves() -> None:
    run = runs({"litert": [Times(300, 900)], "capi": [Times(1100, 400)] * 3, "tensorflow": [Times(2700, 350)] * 3})
    found = choice(run, ["litert", "capi", "tensorflow"], {"litert": 0, "capi": 0, "tensorflow": 0}, never)
    assert found["order"] == ["capi", "tensorflow", "litert"]


def test_what_is_read_from_efs_takes_its_time() -> None:
    """900 MB at 45 MiB/s are 19 s, of which a twentieth counts: more than the second that it is faster."""
    run = runs({"litert": [Times(300, 900)] * 3, "tensorflow": [Times(2700, 20)] * 3})
    assert choice(run, ["litert", "tensorflow"], {"litert": 30 * MB}, lambda _: 900 * MB)["order"] == [
        "litert",
        "tensorflow",
    ]
    run = runs({"litert": [Times(300, 900)] * 3, "tensorflow": [Times(2700, 20)] * 3})
    assert choice(run, ["litert", "tensorflow"], {"litert": 30 * MB}, lambda _: 500 * MB)["order"] == [
        "tensorflow",
        "litert",
    ]


def test_what_cannot_win_is_neither_measured_again_nor_asked_what_it_reads() -> None:
    run = runs({"litert": [Times(300, 20)], "capi": [Times(1100, 45)], "tensorflow": [Times(2700, 50)]})
    found = choice(run, ["litert", "capi", "tensorflow"], {"litert": MB, "capi": MB}, never)
    assert found["order"] == ["litert", "capi", "tensorflow"]
    assert "read_mb" not in found["measured"]["tensorflow"]


def test_what_was_not_asked_what_it_reads_does_not_pass_for_reading_nothing() -> None:
    run = runs({"litert": [Times(300, 20)], "capi": [Times(1100, 20)], "tensorflow": [Times(2700, 20)]})
    found = choice(run, ["litert", "capi", "tensorflow"], {"litert": MB, "capi": 400 * MB}, never)
    assert found["order"] == ["litert", "capi", "tensorflow"]


def test_close_engines_take_turns_and_a_disturbed_run_counts_for_nothing() -> None:
    litert = [Times(300, 50), Times(9000, 500), Times(310, 51)]
    run = runs({"litert": litert, "capi": [Times(400, 60), Times(410, 61), Times(390, 59)]})
    found = choice(run, ["litert", "capi"], {"litert": 0, "capi": 0}, never)
    assert found["order"] == ["litert", "capi"]
    assert found["measured"]["litert"] | {"request_ms": 0} == {
        "cold_ms": 310,
        "warm_ms": 51,
        "request_ms": 0,
        "read_mb": 0,
    }


def test_an_engine_that_fails_is_left_out() -> None:
    def run(engine: str) -> Times:
        if engine == "litert":
            raise TimeoutError
        return Times(1000, 50)

    assert choice(run, ["litert", "capi"], {"litert": 0, "capi": 0}, never)["order"] == ["capi"]


def test_what_reads_an_unknown_amount_reads_as_much_as_the_others() -> None:
    run = runs({"capi": [Times(1000, 50)] * 3, "tensorflow": [Times(1100, 45)] * 3})
    found = choice(run, ["capi", "tensorflow"], {"capi": 400 * MB}, lambda _: 0)
    assert found["measured"]["tensorflow"]["read_mb"] == 400
