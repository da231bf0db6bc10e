"""Compares float32 with float16 weights of LiteRT: bytes, cold start, warm requests, memory; and what detectors find.

`python -m benchmarks.formats [--quick] [--detector DIR]... [--samples DIR]`: on the stand-in both formats take turns in
one run. Of each real detector it tells by how much float16 differs from TensorFlow, on generated pictures and on one's
own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import slowfs, surroundings
from benchmarks.inference import BUILD, FULL, QUICK, Plan, filled_root
from benchmarks.processes import Place, started
from benchmarks.report import LOCAL, table
from wildrydes_ml.reporting import TextReporter

ENGINE = "litert"
FORMATS = ("float32", "float16")
_PREPARE = Path(__file__).resolve().parent.parent / "lambda_src" / "filling" / "prepare.py"


@dataclass
class Figures:
    """Of one format: milliseconds of cold starts by file system, of warm requests, peak memory in MB, bytes read."""

    cold: dict[str, list[float]] = field(default_factory=dict)
    warm: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)
    read: list[int] = field(default_factory=list)

    def rows(self) -> dict[str, float]:
        """The medians by name."""
        found = {f"cold start, {system}, ms": statistics.median(times) for system, times in self.cold.items()}
        found |= {"warm p50, ms": statistics.median(self.warm), "peak memory, MB": statistics.median(self.peak_mb)}
        return found | ({"read at a cold start, MB": statistics.median(self.read) / 1e6} if self.read else {})


def measure(places: Mapping[str, Place], plan: Plan) -> dict[str, Figures]:
    """Both formats in turns."""
    found = {name: Figures() for name in places}
    for _ in range(plan.runs):
        for name, place in places.items():
            with started(ENGINE, place) as process:
                found[name].cold.setdefault(LOCAL, []).append(process.cold().total_ms)
                reply = process.ask(requests=plan.warm_requests)
            found[name].warm += reply["milliseconds"]
            found[name].peak_mb.append(reply["peak_mb"])
        for throughput in plan.throughputs:
            for name, place in places.items():
                _cold(found[name], place, throughput)
    return found


def _cold(figures: Figures, place: Place, throughput: int) -> None:
    with (
        slowfs.mounted(slowfs.compiled(BUILD), place.root, throughput) as mount,
        started(ENGINE, place.at(mount.path)) as process,
    ):
        figures.cold.setdefault(f"{throughput} MiB/s", []).append(process.cold().total_ms)
    figures.read.append(mount.counters["bytes"])


def comparison(found: Mapping[str, Figures]) -> str:
    """The table of both formats, with the ratio of the second to the first."""
    one, other = (figures.rows() for figures in found.values())
    rows = [[name, f"{one[name]:,.1f}", f"{other[name]:,.1f}", f"{other[name] / one[name]:.3f}"] for name in one]
    return table(["", *found, "ratio"], rows)


def tried(detector: Path, samples: Path | None) -> dict[str, Any]:
    """What the filling finds out about a detector with float16 weights, on generated pictures and on one's own."""
    asked = {"MODEL_WEIGHTS": "float16", "SAMPLES": str(samples.resolve()) if samples else ""}
    with tempfile.TemporaryDirectory() as out:
        packages = sysconfig.get_paths()["purelib"]
        command = [sys.executable, "-I", str(_PREPARE), packages, str(detector), out]
        subprocess.run(command, check=True, stdout=sys.stderr, env={**os.environ, **asked})
        litert = json.loads(Path(out, "prepared.json").read_text())["litert"]
    found: dict[str, Any] = litert.get("weights") or {"differs": litert.get("why", "")}
    return found


def detectors(found: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """The table of real detectors: by how much float16 differs from TensorFlow, and whether it would be taken."""
    rows = []
    for name, one in found:
        agreed = one.get("agreement", {})
        differs = [f"{agreed['score_difference']:.4f}", f"{agreed['iou']:.4f}"] if agreed else ["", ""]
        counts = [str(one.get(key, "")) for key in ("pictures", "detections")]
        rows.append([name, *counts, *differs, one.get("differs", "as good as float32")])
    return table(["detector", "pictures", "detections", "largest score difference", "lowest IoU", "float16 is"], rows)


def twin(root: Path, weights: str) -> Path:
    """The same EFS with a model that is prepared with these weights; packages and model are links to the same files."""
    made = root.with_name(f"{root.name}-{weights}")
    if not (made / "manifest.json").exists():
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        subprocess.run(
            ["cp", "-al", *(root / one for one in ("tensorflow", "model", "manifest.json")), made], check=True
        )
    model = Path(json.loads((root / "manifest.json").read_text())["inputs"]["model"])
    surroundings.fill(made, model, TextReporter(out=sys.stderr), weights)
    return made


def main() -> None:
    """Prepares what is missing, measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller matrix")
    parser.add_argument("--efs", type=Path, help="a directory that is filled already, in place of EFS")
    parser.add_argument("--detector", type=Path, action="append", default=[], help="a SavedModel to try (repeatable)")
    parser.add_argument("--samples", type=Path, help="a folder of pictures to try the detectors on, too")
    parser.add_argument("--only-detectors", action="store_true", help="leave the stand-in out")
    arguments = parser.parse_args()
    if not arguments.only_detectors:
        print(_formats(arguments.efs or filled_root(None), QUICK if arguments.quick else FULL))
    if found := [(one.name, tried(one.resolve(), arguments.samples)) for one in arguments.detector]:
        print(detectors(found))


def _formats(root: Path, plan: Plan) -> str:
    """The report on both formats of the stand-in."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as code, surroundings.served(surroundings.picture()) as host:
        unpacked = surroundings.unpack_code(Path(code))
        places = {name: Place(twin(root.resolve(), name), unpacked, host) for name in FORMATS}
        figures = measure(places, plan)
    return f"{surroundings.machine(root)}; load average before: {load:.1f}.\n\n{comparison(figures)}\n"


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except slowfs.Unavailable as error:
        sys.exit(f"the slow file system is not available: {error}")
