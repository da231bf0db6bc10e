"""The benchmarks' arithmetic and table, and that the slow file system shows what is below it."""

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks import formats, report, slowfs, together
from benchmarks.processes import HALF, ZIP, Cold
from benchmarks.report import Measure, Results, Warm, Workers
from wildrydes_ml.costs.bursts import Throughput


def cold(total: float) -> Cold:
    return Cold(total, {"python": 10.0, "load": total - 10}, peak_mb=100, requests=1)


def warm(*milliseconds: float, peak: float, overhead: float | None = None) -> Warm:
    return Warm(list(milliseconds), peak, overhead=overhead)


def results() -> Results:
    counters = {"lookups": 10, "opens": 2, "readdirs": 1, "reads": 3, "bytes": 4_000_000}
    return Results(
        cold={("45 MiB/s", "workshop"): [cold(900), cold(1000), cold(5000)], ("45 MiB/s", HALF): [cold(101)]},
        counters={("45 MiB/s", HALF): [counters]},
        warm={
            "workshop": [warm(90, 100, 110, peak=700)],
            HALF: [warm(40, 50, 60, peak=140, overhead=0.04), warm(50, 50, 50, peak=160, overhead=0.08)],
        },
        workers={(HALF, 1): Workers(20, 150), (HALF, 2): Workers(30, 300)},
        notes=["capi unavailable: no library."],
    )


def test_ratios_are_of_medians_and_to_the_workshop() -> None:
    found = {measure.name: measure for measure in report.measures(results())}
    assert found["cold start, 45 MiB/s"].ratio(HALF) == pytest.approx(0.101)
    assert found["warm p50"].ratio(HALF) == pytest.approx(0.5)
    assert found["peak memory"].ratio(HALF) == pytest.approx(150 / 700)
    assert found["handler overhead, warm"].ratio(HALF) == pytest.approx(0.06)
    assert found["warm p90"].figures[HALF] == pytest.approx(55)


@pytest.mark.parametrize(
    ("measure", "engine", "figures", "expected"),
    [
        ("cold start, 500 MiB/s", HALF, {"workshop": 1000, HALF: 20}, "goal 0.02: met"),
        ("cold start, 500 MiB/s", HALF, {"workshop": 1000, HALF: 21}, "goal 0.02: **not met**"),
        ("cold start, local disk", ZIP, {"workshop": 1000, ZIP: 101}, "goal 0.1: **not met**"),
        ("cold start, 45 MiB/s", "capi", {"workshop": 1000, "capi": 390}, "goal 0.4: met"),
        ("cold start, 45 MiB/s", "tensorflow", {"workshop": 1000, "tensorflow": 390}, ""),
        ("cold start, local disk", "litert", {"workshop": 1000, "litert": 390}, ""),
        ("cold start, 45 MiB/s", "capi", {"capi": 390}, ""),
    ],
)
def test_a_goal_is_met_up_to_its_figure(measure: str, engine: str, figures: dict[str, float], expected: str) -> None:
    assert report.verdict(Measure(measure, "ms", figures), engine) == expected


def test_the_goal_of_the_overhead_is_a_part_of_the_request_itself() -> None:
    assert report.verdict(Measure(report.OVERHEAD, "%", {"litert": 5.1}), "litert") == "goal 5 %: **not met**"


def test_overhead_is_what_neither_fetch_decode_nor_the_engine_takes() -> None:
    assert report.overhead([100, 100, 130], [92, 193, 120], [89, 190, 80]) == pytest.approx(0.03)


def test_the_report_shows_every_table() -> None:
    text = report.markdown(results(), "A machine", ["a condition"])
    assert "| cold start, 45 MiB/s | 1,000 ms | 101.0 ms; ratio 0.101; goal 0.045: **not met** |" in text
    assert "| 45 MiB/s | litert, float16 | 1 | 1 | 10 | 0 | 91 | 0 | 0 | 0 | 101 | 10 | 2 | 1 | 3 | 4.0 |" in text
    assert "A cold start with litert, float16: 2 opens, goal 150: met; 4 MB read, goal 60: met." in text
    assert "| litert, float16 | 20.0 pictures/s, 150 MB | 30.0 pictures/s, 300 MB |" in text
    assert "- a condition\n- capi unavailable: no library." in text
    tables = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    assert all(len({line.count("|") for line in lines}) == 1 for lines in tables)


def test_too_much_that_is_opened_or_read_misses_the_goal() -> None:
    found = results()
    found.counters["15 MiB/s", HALF] = [{**found.counters["45 MiB/s", HALF][0], "opens": 151, "bytes": 61_000_000}]
    text = report.markdown(found, "A machine", [])
    assert "151 opens, goal 150: **not met**; 61 MB read, goal 60: **not met**" in text


def test_slowfs_shows_the_same_files_and_takes_its_time(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "large").write_bytes(os.urandom(1_500_000))
    (root / "link").symlink_to("large")
    names = {f"{number:03d}" for number in range(300)}
    for name in names:
        (root / "folder" / name).touch()
    try:
        with slowfs.mounted(slowfs.compiled(tmp_path), root, mib_per_second=10) as mount:
            began = time.monotonic()
            assert (mount.path / "link").read_bytes() == (root / "large").read_bytes()
            assert time.monotonic() - began > 0.14
            assert set(os.listdir(mount.path / "folder")) == names
            assert not (mount.path / "none").exists()
            assert (mount.path / "large").stat().st_mtime == (root / "large").stat().st_mtime
            with pytest.raises(OSError, match="Read-only"):
                (mount.path / "new").touch()
            with pytest.raises(OSError, match="Read-only"), (mount.path / "large").open("r+"):
                pass
    except slowfs.Unavailable as error:
        pytest.skip(str(error))
    assert not mount.path.exists()
    assert (mount.counters["opens"], mount.counters["readdirs"], mount.counters["bytes"]) == (1, 1, 1_500_000)


def test_slowfs_lets_requests_wait_at_the_same_time(tmp_path: Path) -> None:
    (root := tmp_path / "root").mkdir()
    try:
        with slowfs.mounted(slowfs.compiled(tmp_path), root, 0, rtt_microseconds=500_000) as mount:
            began = time.monotonic()
            with ThreadPoolExecutor(16) as pool:
                list(pool.map(lambda number: (mount.path / f"{number}").exists(), range(16)))
            assert 0.5 <= time.monotonic() - began < 6, "one after another they would take eight seconds"
    except slowfs.Unavailable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("readers", [1, 2, 4, 8])
def test_readers_that_start_together_wait_as_the_formula_says(tmp_path: Path, readers: int) -> None:
    """Each is a process with a file of its own; what they do besides may take as long as it takes."""
    (root := tmp_path / "root").mkdir()
    size, throughput = 1_500_000, 10
    for number in range(readers):
        (root / str(number)).write_bytes(os.urandom(size))
    try:
        with slowfs.mounted(slowfs.compiled(tmp_path), root, throughput) as mount:
            began = time.monotonic()
            reading = [subprocess.Popen(["cat", mount.path / str(number)], stdout=subprocess.DEVNULL)
                       for number in range(readers)]  # fmt: skip
            assert [process.wait() for process in reading] == [0] * readers
            waited = time.monotonic() - began
    except slowfs.Unavailable as error:
        pytest.skip(str(error))
    formula = Throughput(throughput, each=float("inf")).seconds(readers, size)
    assert formula * 0.98 < waited < formula * 1.1 + 2, "a busy machine takes its time to start processes"


def test_the_table_of_a_burst_compares_the_wait_alone() -> None:
    burst = together.Burst(4, 45 * 1024 * 1024, limited=5.0, unlimited=1.0)
    (row,) = [line for line in together.markdown([burst], 45).splitlines() if line.startswith("| 4 |")]
    assert row == "| 4 | 189 MB | 4.0 s | 4.0 s | 1.00 | 5.0 s |"


def test_of_a_detector_it_is_told_by_how_much_float16_differs() -> None:
    agreement = {"compared": 240, "score_difference": 0.0012, "iou": 0.998}
    tried = {"format": "float16", "pictures": 61, "detections": 120, "agreement": agreement, "why": "as asked for"}
    text = formats.detectors([("coco", tried), ("other", {"pictures": 60, "detections": 9, "differs": "too few"})])
    assert "| coco | 61 | 120 | 0.0012 | 0.9980 | as good as float32 |" in text
    assert "| other | 60 | 9 |  |  | too few |" in text
