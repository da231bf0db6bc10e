"""Rendering the three templates: this project's dumper beside troposphere's own `to_yaml`, in one run."""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from wildrydes_ml.rendering import render
from wildrydes_ml.workshop import TEMPLATES

RUNS = 15


def median_ms(work: Callable[[], object]) -> float:
    """The median of RUNS runs, in milliseconds."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def main() -> None:
    """Prints a table."""
    built = [build() for build in TEMPLATES.values()]
    rows = {
        "build the templates": median_ms(lambda: [build() for build in TEMPLATES.values()]),
        "troposphere to_yaml": median_ms(lambda: [template.to_yaml() for template in built]),
        "render": median_ms(lambda: [render(template) for template in built]),
    }
    print("| step, all three templates | median ms | ratio to to_yaml |\n|---|---|---|")
    for name, milliseconds in rows.items():
        print(f"| {name} | {milliseconds:.1f} | {milliseconds / rows['troposphere to_yaml']:.2f} |")


if __name__ == "__main__":
    main()
