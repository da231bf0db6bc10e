"""The lock of what goes on EFS, and how the tool that writes it goes about it."""

import json
import re
from typing import Any

import pytest
from packaging.requirements import Requirement

from tools import lock_packages
from wildrydes_ml.workshop.parameters import PACKAGES

FIRST, NEEDED = (
    part.strip().splitlines() for part in lock_packages.LOCK.read_text(encoding="utf-8").split(lock_packages.NEEDED)
)
LINES = [*FIRST, *NEEDED]
PINS = {pin.name: pin for pin in (Requirement(line.split(" ")[0]) for line in LINES)}

LINE = re.compile(r"[a-z0-9-]+==[0-9][A-Za-z0-9.]*(;platform_machine=='(x86_64|aarch64)')?(( [0-9a-f]{64})+( local)?)+")


@pytest.mark.parametrize("line", LINES, ids=lambda line: str(line).split("=")[0])
def test_a_line_is_a_pin_and_a_digest_for_each_python_and_machine(line: str) -> None:
    assert LINE.fullmatch(line)
    on_aws, _, local = line.partition(" local ")
    pin, *digests = on_aws.split(" ")
    digests_at_home = local.split()
    machines = 1 if ";" in pin else len(lock_packages.MACHINES)
    # One wheel for all, one a machine (stable ABI), or one for each Python on each machine.
    each = machines * (len(lock_packages.PYTHONS) - 1), machines
    assert (len(digests), len(digests_at_home)) in {(1, 0), (machines, 0), each}
    assert len({*digests, *digests_at_home}) == len(digests) + len(digests_at_home)


def test_the_first_lines_are_the_packages_that_the_lock_is_for() -> None:
    assert [line.split(" ")[0] for line in FIRST] == PACKAGES.split()


@pytest.mark.parametrize("pin", PACKAGES.split())
def test_the_lock_has_each_default_package_at_its_version(pin: str) -> None:
    wanted = Requirement(pin)
    found = PINS[wanted.name]
    assert (found.specifier, found.marker) == (wanted.specifier, wanted.marker)


def test_the_lock_is_sorted_small_and_without_what_is_not_used() -> None:
    assert sorted(NEEDED) == NEEDED
    assert len(PINS) == len(LINES)
    assert not lock_packages.UNUSED & set(PINS)
    assert lock_packages.LOCK.stat().st_size <= 4500  # it travels inside a template, of 51,200 bytes at most


def report(**versions: str) -> dict[str, tuple[str, str]]:
    return {name: (version, f"{name}-{version}") for name, version in versions.items()}


def test_pips_report_gives_versions_and_digests_by_canonical_name() -> None:
    def item(name: str, version: str, digest: str) -> dict[str, Any]:
        archive = {"archive_info": {"hashes": {"sha256": digest}}}
        return {"metadata": {"name": name, "version": version}, "download_info": archive}

    text = json.dumps({"version": "1", "install": [item("ml_dtypes", "0.6", "aa"), item("Pillow", "13.0", "bb")]})
    assert lock_packages.read_report(text) == {"ml-dtypes": ("0.6", "aa"), "pillow": ("13.0", "bb")}


@pytest.mark.parametrize(("machine", "pins"), [("x86_64", ["a==1", "c==3"]), ("aarch64", ["b==2", "c==3"])])
def test_a_machine_gets_its_own_pins(machine: str, pins: list[str]) -> None:
    top = map(Requirement, ["a==1;platform_machine=='x86_64'", "b==2;platform_machine=='aarch64'", "c==3"])
    assert lock_packages.on_machine(top, machine) == pins


def test_the_lock_adds_what_the_pins_need_and_use() -> None:
    top = [Requirement("b==2;platform_machine=='x86_64'")]
    resolved = {"x86_64": report(b="2", c="3", keras="1"), "aarch64": report(az="1")}
    assert [*map(str, lock_packages.resolve(top, resolved))] == ["az==1", 'b==2; platform_machine == "x86_64"', "c==3"]


def test_a_digest_stands_once_in_the_order_of_the_reports() -> None:
    pins = [Requirement("a==1"), Requirement("B==2; platform_machine == 'x86_64'")]
    first, second = {"a": ("1", "zz")}, {"a": ("1", "yy"), "b": ("2", "xx")}
    assert lock_packages.lock_lines(pins, [first, second, first]) == [
        "a==1 zz yy",
        "B==2;platform_machine=='x86_64' xx",
    ]


def test_what_was_asked_for_stands_first_in_its_order() -> None:
    top = map(Requirement, ["C==3", "a==1"])
    assert lock_packages.in_order(top, ["a==1 zz", "b==2 yy", "C==3 xx"]) == [
        "C==3 xx",
        "a==1 zz",
        lock_packages.NEEDED,
        "b==2 yy",
    ]


def test_what_local_runs_alone_need_stands_behind() -> None:
    first, second = {"a": ("1", "zz")}, {"a": ("1", "yy")}
    assert lock_packages.lock_lines([Requirement("a==1")], [first], [first, second]) == ["a==1 zz local yy"]


def test_pip_is_asked_for_wheels_of_the_python_and_machine() -> None:
    options = lock_packages.wheel_tags("3.13", "aarch64")
    assert {"--python-version=3.13", "--abi=cp313", "--abi=abi3", "--platform=manylinux_2_34_aarch64"} <= set(options)
    assert not any("x86_64" in option for option in options)
