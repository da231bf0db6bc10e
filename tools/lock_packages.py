"""Writes `lambda_src/filling/packages.lock`: what goes on EFS, each wheel with its SHA-256.

Run it after a change of PACKAGES, in the environment of the tests, with pip 23.3 or newer. It asks the index for
metadata and digests. Then it fetches the wheels for Lambda, some 1.2 GB, and `tools/wheel_needs.py` reads what each
needs of the system. When Lambda's system lacks something, no lock is written:

    python tools/lock_packages.py            # writes the lock
    python tools/lock_packages.py --check    # reads the wheels of the lock that is there

Above the lock's line NEEDED stand the PACKAGES that it is for, in their order, below it what these need, a line each:
`NAME==VERSION[;MARKER] DIGEST... [local DIGEST...]`, with digests in the order of PYTHONS x MACHINES and none twice;
after `local` stand those that local runs alone need, which a template does without. It becomes one of a pip
requirements file once ` local` is gone and each space is replaced by ` --hash=sha256:`. It is meant for
`pip install --no-deps --require-hashes --only-binary :all:`, as UNUSED leaves distributions out.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.wheel_needs import highest, lacking, wheel_needs
from wildrydes_ml.packaging import source_directory
from wildrydes_ml.workshop.parameters import PACKAGES

LOCK = source_directory() / "filling" / "packages.lock"

LAMBDA_PYTHONS = ("3.12", "3.13")  # those on Amazon Linux 2023
LOCAL = "3.11"  # serves local runs
PYTHONS = (*LAMBDA_PYTHONS, LOCAL)
MACHINES = ("x86_64", "aarch64")
# Amazon Linux 2023 has glibc 2.34; pip prefers the earlier of these.
MANYLINUX = ("_2_34", "_2_31", "_2_28", "_2_27", "_2_26", "_2_24", "2014")

# Required by TensorFlow or LiteRT, but loading, converting and running a model never imports them.
UNUSED = frozenset({
    "backports-strenum", "google-pasta", "grpcio", "h5py", "keras", "libclang", "markdown-it-py", "mdurl", "namex",
    "optree", "pygments", "rich", "setuptools", "tqdm", "wheel",
})  # fmt: skip
# One wheel for every Python and machine stands for six; what it is slower at is not on the way of a picture.
PURE = frozenset({"charset-normalizer", "wrapt"})

NEEDED = "# What these need:"

Report = Mapping[str, tuple[str, str]]
"""Version and SHA-256 of each distribution that pip would install, by canonical name."""
Fetch = Callable[[Sequence[str], str, str, Path], Iterable[Path]]
"""Lines of a lock, Python, machine and an empty directory → the locked wheels for them, in that directory."""


def wheel_tags(python: str, machine: str) -> list[str]:
    """pip's options that choose wheels for CPython `python` on Amazon Linux 2023."""
    platforms = [f"--platform=manylinux{release}_{machine}" for release in MANYLINUX]
    abis = [f"--abi={abi}" for abi in (f"cp{python.replace('.', '')}", "abi3", "none")]
    return [f"--python-version={python}", "--implementation=cp", *abis, *platforms]


PURE_TAGS = [f"--python-version={LOCAL}", "--implementation=py", "--abi=none", "--platform=any"]


def read_report(text: str) -> Report:
    """What pip's installation report says.

    Source: https://pip.pypa.io/en/stable/reference/installation-report/
    """
    return {
        canonicalize_name(item["metadata"]["name"]): (
            item["metadata"]["version"],
            item["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for item in json.loads(text)["install"]
    }


def ask_pip(pins: Iterable[str], *options: str) -> Report:
    """What `pip install` of the pins would take. Raises CalledProcessError when pip finds no way."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    only_wheels = ["--only-binary=:all:", "--target=unused", "--report=-"]
    command = [*install, *only_wheels, *options, *pins]
    return read_report(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def on_machine(pins: Iterable[Requirement], machine: str) -> list[str]:
    """The pins for a machine, without their markers, which pip would hold against the machine it runs on."""
    return [
        f"{pin.name}{pin.specifier}"
        for pin in pins
        if pin.marker is None or pin.marker.evaluate({"platform_machine": machine})
    ]


def resolve(top: Iterable[Requirement], resolved: Mapping[str, Report]) -> list[Requirement]:
    """The top-level pins and, at the versions resolved for each machine, what they need and use."""
    top = list(top)
    versions = {name: version for report in resolved.values() for name, (version, _) in report.items()}
    names = set(versions) - UNUSED - {canonicalize_name(pin.name) for pin in top}
    return sorted([*top, *(Requirement(f"{name}=={versions[name]}") for name in names)], key=lambda pin: pin.name)


def lock_lines(pins: Iterable[Requirement], reports: Iterable[Report], local: Iterable[Report] = ()) -> list[str]:
    """The lock: one line a pin, with its digests in the order of the reports, those of local runs alone at the end."""
    reports, local = list(reports), list(local)
    lines = []
    for pin in pins:
        name = canonicalize_name(pin.name)
        digests = dict.fromkeys(report[name][1] for report in reports if name in report)
        more = dict.fromkeys(report[name][1] for report in local if name in report and report[name][1] not in digests)
        marker = f";{pin.marker}".replace(" ", "").replace('"', "'") if pin.marker else ""
        lines.append(" ".join([f"{pin.name}{pin.specifier}{marker}", *digests, *(["local", *more] if more else [])]))
    return lines


def in_order(top: Iterable[Requirement], lines: Iterable[str]) -> list[str]:
    """The lines of the top-level pins in the order of these, then NEEDED and the others."""
    by_name = {canonicalize_name(line.partition("==")[0]): line for line in lines}
    first = [by_name.pop(canonicalize_name(pin.name)) for pin in top]
    return [*first, NEEDED, *by_name.values()]


def requirements(lines: Iterable[str], machine: str) -> str:
    """A lock's lines as a pip requirements file for a machine, without markers."""
    rows = [line.replace(" local ", " ").split(" ") for line in lines if not line.startswith("#")]
    return "\n".join(
        " --hash=sha256:".join([pin, *digests])
        for marked, *digests in rows
        for pin in on_machine([Requirement(marked)], machine)
    )


def fetch_wheels(lines: Sequence[str], python: str, machine: str, directory: Path) -> Iterable[Path]:
    """The locked wheels, from the index. Raises CalledProcessError when pip cannot get one."""
    (directory / "requirements.txt").write_text(requirements(lines, machine), encoding="utf-8")
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    what = ["--only-binary=:all:", f"--dest={directory}", f"--requirement={directory / 'requirements.txt'}"]
    subprocess.run([*download, *what, *wheel_tags(python, machine)], check=True)
    return sorted(directory.glob("*.whl"))


def check_wheels(lines: Sequence[str], fetch: Fetch = fetch_wheels) -> None:
    """Prints what each locked wheel needs of Lambda's system. Raises SystemExit with what is not there."""
    faults: list[str] = []
    for python, machine in product(LAMBDA_PYTHONS, MACHINES):
        with tempfile.TemporaryDirectory() as directory:
            for wheel in fetch(lines, python, machine, Path(directory)):
                if needs := wheel_needs(wheel):
                    print(f"{wheel.name} needs {', '.join(highest(needs))}", flush=True)
                faults += [f"{wheel.name}: {need.file} needs {need.version}" for need in lacking(needs)]
    if faults:
        raise SystemExit("\n".join(["Lambda's system lacks what these need; pin another version:", *faults]))


def make_lines() -> list[str]:
    """Resolves on the oldest Python, whose versions the newer ones have, too; then asks for each one's wheels."""
    top = [Requirement(pin) for pin in PACKAGES.split()]
    resolved = {machine: ask_pip(on_machine(top, machine), *wheel_tags(LOCAL, machine)) for machine in MACHINES}
    pins = resolve(top, resolved)
    pure = [pin for pin in pins if pin.name in PURE]
    built = [pin for pin in pins if pin.name not in PURE]
    reports = [
        ask_pip(on_machine(built, machine), "--no-deps", *wheel_tags(python, machine))
        for python, machine in product(PYTHONS, MACHINES)
    ]
    local = len(reports) - len(MACHINES)
    for_all = ask_pip(map(str, pure), "--no-deps", *PURE_TAGS)
    return in_order(top, lock_lines(pins, [for_all, *reports[:local]], reports[local:]))


def main(arguments: Sequence[str]) -> None:
    """Writes the lock, or with --check looks at the one that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, read the wheels of the lock that is there")
    if parser.parse_args(arguments).check:
        return check_wheels(LOCK.read_text(encoding="utf-8").splitlines())
    lines = make_lines()
    check_wheels(lines)
    LOCK.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print(f"{LOCK}: {len(lines) - 1} distributions, {LOCK.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
