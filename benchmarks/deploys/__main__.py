"""AWS calls and wall time of a clean, a no-change and a code-only deploy: ours and what others would use instead.

`python -m benchmarks.deploys [--quick]`, on an emulator; nothing reaches AWS. The others are installed on first use.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.deploys import rig, table
from benchmarks.deploys.peers import DEPLOYERS, Absent, Deployer
from benchmarks.deploys.table import CLEAN, CODE_ONLY, UNCHANGED, Results
from tests.sweep.state import State, difference
from wildrydes_ml.reporting import TextReporter

BUILD = Path(__file__).resolve().parents[2] / "build" / "benchmarks"
RUNS = 5
# Phase, and which version of the function's source it deploys.
PHASES = ((CLEAN, 1), (UNCHANGED, 1), (CODE_ONLY, 2))


def main() -> None:
    """Prints the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one run of each instead of five")
    parser.add_argument("--only", nargs="*", metavar="PROJECT", help="ours and of the others these: see projects/")
    options = parser.parse_args()
    chosen = [one for one in DEPLOYERS if not one.project or options.only is None or one.project in options.only]
    efs = rig.fill(BUILD / "light-efs", TextReporter(out=sys.stderr))
    runs = 1 if options.quick else RUNS
    with rig.Rig(BUILD / "deploys", efs, BUILD / "peers") as place:
        measuring = Measuring(place, chosen)
        measuring.measure(runs)
    print(table.markdown(measuring.results, rig.conditions(runs)))


class Measuring:
    """Deploys with each deployer in turns, since machines get slower and faster; who fails is left out from then on."""

    def __init__(self, place: rig.Rig, deployers: list[Deployer]) -> None:
        self.results = Results()
        self._place = place
        self._programs: dict[Deployer, dict[str, str]] = {}
        self._made: State | None = None
        for deployer in deployers:
            try:
                self._programs[deployer] = place.prepare(deployer)
            except Absent as error:
                self._leave_out(deployer, str(error))

    def measure(self, runs: int) -> None:
        """So many runs of each, after one that is not counted: the emulator's first ones are slower."""
        self._round(next(iter(self._programs)), Results())
        for number in range(runs):
            for deployer in list(self._programs):
                _say(f"run {number + 1} of {runs}: {deployer.name}")
                self._round(deployer, self.results)

    def _round(self, deployer: Deployer, results: Results) -> None:
        """Deploys to an empty emulator, once more, and with other code."""
        programs = self._programs[deployer]
        try:
            self._place.empty(deployer, programs)
            for phase, code in PHASES:
                run = self._place.deploy(deployer, programs, code)
                results.runs.setdefault((deployer.name, phase), []).append(run)
                _say(f"  {phase}: {len(run.calls)} calls, {run.seconds:.2f} s")
            self._compare()
        except Absent as error:
            self._leave_out(deployer, str(error))

    def _compare(self) -> None:
        """Raises Absent when something else was made than by ours."""
        made = self._place.made()
        self._made = self._made or made
        other = difference(self._made, made)
        if other:
            raise Absent(f"it makes something else: {'; '.join(other.splitlines())}")

    def _leave_out(self, deployer: Deployer, why: str) -> None:
        _say(f"{deployer.name}: {why}")
        self.results.absent[deployer.name] = why
        self._programs.pop(deployer, None)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
