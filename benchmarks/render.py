"""Rendering the three templates beside CDK, whole processes in one run; and what of it is import and what is YAML.

`python benchmarks/render.py [--quick]`. CDK is installed on first use, in an environment of its own; it needs node.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.deploys import peers
from benchmarks.report import table
from wildrydes_ml.template.render import render
from wildrydes_ml.workshop.templates import TEMPLATES

CHECKOUT = Path(__file__).resolve().parent.parent
BUILD = CHECKOUT / "build" / "benchmarks"
CDK = peers.Deployer(
    "AWS CDK 2.275.0", "cdk-python", pip=("aws-cdk-lib==2.275.0", "constructs==10.8.1", "jsii==1.142.0")
)
CDK_CLI = peers.Deployer("AWS CDK CLI 2.1148.1", "cdk-cli", npm=("aws-cdk@2.1148.1",))
_PROGRAMS = Path(__file__).with_name("render_cdk")
COMPARED = ("efs_99.yml", "5_lambda_function.yml", "99_complete.yml")
"""The workshop's templates, which all of them make."""

OURS, LINTED = "bin/render.py", "bin/render.py, then cfn-lint"
SYNTH, L1, L2 = "cdk synth, L2", "CDK's program alone, L1", "CDK's program alone, L2"
BARE, TROPOSPHERE, PACKAGE = "python -c pass", "import troposphere", "import wildrydes_ml"
BLOCKS = "import wildrydes_ml.workshop.templates, wildrydes_ml.template.render"
APP = "from wildrydes_ml import App"
IMPORTS = (BARE, TROPOSPHERE, PACKAGE, APP, BLOCKS)

FASTER, FASTER_LINTED = 40, 1.8
"""The goals: times faster than `cdk synth`, alone and with cfn-lint."""
IMPORT_MS = {PACKAGE: 20, APP: 40}
"""The most milliseconds of CPU that an import may take over `import troposphere`; waiting for a core is not its own."""
RUNS, IMPORT_RUNS = 9, 21


@dataclass(frozen=True)
class Took:
    """Seconds of one run: by the clock, and of all its processes on all cores."""

    wall: float
    cpu: float


Runs = Mapping[str, Sequence[Took]]


def wall(runs: Sequence[Took]) -> float:
    """The median by the clock, in milliseconds."""
    return statistics.median(run.wall for run in runs) * 1000


def cpu(runs: Sequence[Took]) -> float:
    """The median of user and system time, in milliseconds."""
    return statistics.median(run.cpu for run in runs) * 1000


def run(commands: Sequence[Sequence[str]], environment: Mapping[str, str]) -> Took:
    """Runs commands one after another. Raises CalledProcessError when one fails."""
    began, used = time.perf_counter(), 0.0
    for command in commands:
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        used += usage.ru_utime + usage.ru_stime
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, command)
    return Took(time.perf_counter() - began, used)


def measure(contenders: Mapping[str, Callable[[], Took]], runs: int) -> dict[str, list[Took]]:
    """So many runs of each in turns, since machines get slower and faster, after one that is not counted."""
    found: dict[str, list[Took]] = {name: [] for name in contenders}
    for number in range(runs + 1):
        print(f"run {number} of {runs}", file=sys.stderr, flush=True)
        for name, contend in contenders.items():
            took = contend()
            if number:
                found[name].append(took)
    return found


class Place:
    """The directories and programs of the processes; `work` is a directory that it may empty."""

    def __init__(self, work: Path) -> None:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        self._work = work
        self._cdk = str(BUILD / "peers" / CDK.project / "bin" / "python")
        self._environment = environment(os.environ, work)
        self._programs = {L1: work / "l1.py", L2: _PROGRAMS / "l2.py", SYNTH: _PROGRAMS / "l2.py"}
        self._cli = str(BUILD / "peers" / CDK_CLI.project / "node_modules" / ".bin" / "cdk")
        self.templates = {stack_name(name): TEMPLATES[name]().to_dict() for name in COMPARED}

    def prepare(self) -> None:
        """Installs CDK and writes the L1 program. Raises Absent when CDK cannot be installed or run."""
        if shutil.which("node") is None:
            raise peers.Absent("node is not installed")
        peers.install(CDK, BUILD / "peers")
        peers.install(CDK_CLI, BUILD / "peers")
        source = self._work / "templates.json"
        source.write_text(json.dumps(self.templates))
        run([[self._cdk, str(_PROGRAMS / "translate.py"), str(source), str(self._programs[L1])]], self._environment)

    def ours(self) -> Took:
        """Renders into an empty directory."""
        return self._run(OURS, [self._render()])

    def linted(self) -> Took:
        """Renders, and lints what was rendered."""
        files = [str(self._out(OURS) / name) for name in COMPARED]
        return self._run(OURS, [self._render(), [str(Path(sys.executable).with_name("cfn-lint")), *files]])

    def synthesized(self, name: str) -> Callable[[], Took]:
        """One of CDK's programs, into an empty directory."""
        return lambda: self._run(name, [[self._cdk, str(self._programs[name]), str(self._out(name))]])

    def synth(self) -> Took:
        """CDK's command with the L2 program, as its users type it; it may tell and ask nobody."""
        out = str(self._out(SYNTH))
        program = f"{self._cdk} {self._programs[SYNTH]} {out}"
        silent = ["--quiet", "--no-notices", "--no-version-reporting", "--no-asset-metadata"]
        return self._run(SYNTH, [[self._cli, "synth", *silent, "--app", program, "--output", out]])

    def imported(self, statement: str) -> Callable[[], Took]:
        """A Python that does no more than that."""
        code = statement.removeprefix("python -c ")
        return lambda: run([[sys.executable, "-c", code]], {**self._environment, "PYTHONPATH": str(CHECKOUT)})

    def made(self, name: str) -> dict[str, Any]:
        """The templates that a CDK program has written, by stack."""
        paths = sorted(self._out(name).glob("*.template.json"))
        return {path.name.removesuffix(".template.json"): json.loads(path.read_text()) for path in paths}

    def _render(self) -> list[str]:
        return [sys.executable, str(CHECKOUT / "bin" / "render.py"), *COMPARED, "--out", str(self._out(OURS))]

    def _out(self, name: str) -> Path:
        return self._work / {OURS: "ours", L1: "l1", L2: "l2", SYNTH: "synth"}[name]

    def _run(self, name: str, commands: Sequence[Sequence[str]]) -> Took:
        shutil.rmtree(self._out(name), ignore_errors=True)
        return run(commands, self._environment)


def environment(variables: Mapping[str, str], work: Path) -> dict[str, str]:
    """The variables of all processes. Python keeps bytecode, whatever ours say, as it does where people install with
    pip: what the uncounted runs compile is not compiled again."""
    kept = {name: value for name, value in variables.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "PYTHONPYCACHEPREFIX": str(work / "bytecode"),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }


def stack_name(file: str) -> str:
    """A file's name as CDK lets a stack be called."""
    return f"workshop-{file.removesuffix('.yml').replace('_', '-')}"


def differing(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """The resources, conditions and outputs that two sets of templates do not have alike."""
    return [
        f"{name} {section} {title}"
        for name in {**ours, **theirs}
        for section in ("Resources", "Conditions", "Outputs")
        for title in {**_section(ours, name, section), **_section(theirs, name, section)}
        if _section(ours, name, section).get(title) != _section(theirs, name, section).get(title)
    ]


def _section(templates: Mapping[str, Any], name: str, section: str) -> dict[str, Any]:
    return dict(_plain(templates.get(name, {}).get(section, {})))


def _plain(value: Any, key: str = "") -> Any:
    """A value with dependencies sorted, of which the order says nothing."""
    if isinstance(value, dict):
        return {name: _plain(item, name) for name, item in value.items()}
    if key == "DependsOn":
        return sorted([value] if isinstance(value, str) else value)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def processes(found: Runs) -> str:
    """The table of whole processes, each beside ours."""
    rows = [
        [
            name,
            f"{wall(runs):,.0f}",
            f"{cpu(runs):,.0f}",
            f"{wall(runs) / wall(found[OURS]):.1f}",
            f"{wall(runs) / wall(found[LINTED]):.2f}",
            f"{cpu(runs) / cpu(found[OURS]):.1f}",
        ]
        for name, runs in found.items()
    ]
    titles = ["all three templates", "ms", "CPU ms", "ratio", "ratio to linted", "CPU ratio"]
    return table(titles, rows)


def imports(found: Runs) -> str:
    """The table of imports."""
    base = cpu(found[TROPOSPHERE])
    rows = [
        [name, f"{wall(runs):.1f}", f"{cpu(runs):.1f}", f"{cpu(runs) - base:+.1f}", f"{cpu(runs) / base:.2f}"]
        for name, runs in found.items()
    ]
    return table(["import", "ms", "CPU ms", f"more than {TROPOSPHERE}, CPU ms", "ratio"], rows)


def goals(found: Runs) -> list[str]:
    """One line for each goal that was measured, with the figure."""
    more = {name: cpu(found[name]) - cpu(found[TROPOSPHERE]) for name in IMPORT_MS}
    lines = [
        _goal(f"{name} at most {IMPORT_MS[name]} ms more than {TROPOSPHERE}", ms <= IMPORT_MS[name], f"{ms:+.1f} ms")
        for name, ms in more.items()
    ]
    if SYNTH not in found:
        return lines
    alone, linted = (wall(found[SYNTH]) / wall(found[one]) for one in (OURS, LINTED))
    return [
        _goal(f"{FASTER} times faster than cdk synth", alone >= FASTER, f"{alone:.1f}"),
        _goal(f"{FASTER_LINTED} times faster with cfn-lint", linted >= FASTER_LINTED, f"{linted:.2f}"),
        *lines,
    ]


def _goal(text: str, met: bool, figure: str) -> str:
    return f"- Goal, {text}: {'met' if met else '**not met**'}, {figure}"


def steps() -> str:
    """The table of what is done inside our process."""
    built = [build() for build in TEMPLATES.values()]
    works = {
        "build the templates": lambda: [build() for build in TEMPLATES.values()],
        "troposphere's to_yaml": lambda: [template.to_yaml() for template in built],
        "render": lambda: [render(template) for template in built],
    }
    return table(["step, in one process", "ms"], [[name, f"{_median_ms(work):.1f}"] for name, work in works.items()])


def _median_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(IMPORT_RUNS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def conditions(resources: Mapping[str, int], runs: int) -> list[str]:
    """What the readers of the tables should know."""
    counted = ", ".join(f"{name} {count}" for name, count in resources.items())
    return [
        f"- {len(os.sched_getaffinity(0))} cores, Linux {platform.release()}, Python {platform.python_version()}, "
        f"{CDK.name}, {time.strftime('%Y-%m-%d')}; medians of {runs} runs of whole processes "
        f"({IMPORT_RUNS} of imports), taken in turns after one that is not counted, each into an empty directory. "
        "Python keeps bytecode.",
        f"- Resources: {counted}. L1 is a Python program of generated classes (ec2.CfnSubnet and so on) with all "
        "properties as typed arguments; its resources, conditions and outputs are compared with ours and are the same. "
        "L2 is what one would write with ec2.Vpc, efs.FileSystem, lambda.Function and RestApi, for the same purpose.",
        f"- The command is that of {CDK_CLI.name}. Its programs alone are what it starts. They run without assets and "
        "look-ups, and validate what they made; hence cfn-lint on our side in the second row.",
    ]


def main() -> None:
    """Prints the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"3 runs of each instead of {RUNS}")
    runs = 3 if parser.parse_args().quick else RUNS
    place = Place(BUILD / "render")
    try:
        place.prepare()
        cdk, absent = {**{name: place.synthesized(name) for name in (L1, L2)}, SYNTH: place.synth}, []
    except peers.Absent as error:
        cdk, absent = {}, [f"- {CDK.name} does not run: {error}"]
    found = measure({OURS: place.ours, LINTED: place.linted, **cdk}, runs)
    resources = {OURS: place.templates, **{name: place.made(name) for name in cdk}}
    other = differing(place.templates, resources.get(L1, place.templates))
    if other:
        sys.exit(f"CDK's L1 program makes something else: {'; '.join(other)}")
    found_imports = measure({name: place.imported(name) for name in IMPORTS}, IMPORT_RUNS)
    notes = [*absent, *conditions({name: count(templates) for name, templates in resources.items()}, runs)]
    results = {**found, **found_imports}
    parts = [processes(found), imports(found_imports), steps(), "\n".join(goals(results)), "\n".join(notes)]
    print("\n\n".join(parts))


def count(templates: Mapping[str, Any]) -> int:
    """The resources of a set of templates."""
    return sum(len(template["Resources"]) for template in templates.values())


if __name__ == "__main__":
    main()
