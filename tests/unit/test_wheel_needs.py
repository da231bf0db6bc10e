"""What native code needs of the system: ELF files of our own making, and those that are installed here."""

import io
import os
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

import pytest
from elftools.common.exceptions import ELFError
from packaging.requirements import Requirement

from tools import lock_packages
from tools.wheel_needs import HAS, Need, elf_needs, highest, lacking, wheel_needs

_STRINGS, _NEEDED, _AARCH64 = 3, 0x6FFFFFFE, 183
"""Of the ELF format: the types of sections SHT_STRTAB and SHT_GNU_verneed, and the machine EM_AARCH64."""


def elf(needs: Mapping[str, Sequence[str]]) -> bytes:
    """A 64-bit shared library, for aarch64, that is nothing but what it needs: versions by library."""
    texts = b"\0" + b"".join(
        text.encode() + b"\0" for library, versions in needs.items() for text in (library, *versions)
    )
    names = b"\0.dynstr\0.gnu.version_r\0.shstrtab\0"
    table = b"".join(_library(texts, library, versions) for library, versions in needs.items())
    parts = [(b"", 0, 0, 0), (texts, _STRINGS, 1, 0), (table, _NEEDED, 9, 1), (names, _STRINGS, 24, 0)]
    body, headers = b"", b""
    for data, kind, name, link in parts:
        headers += struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, 64 + len(body), len(data), link, len(needs), 1, 0)
        body += data
    start = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, _AARCH64, 1, 0, 0, 64 + len(body), 0, 64, 56, 0, 64, 4, 3
    )
    return start + body + headers


def _library(texts: bytes, library: str, versions: Sequence[str]) -> bytes:
    """An Elf64_Verneed with its Elf64_Vernaux; each `next` is the distance to the next, and 0 only ends a chain."""
    rows = [
        struct.pack("<IHHII", 0, 0, 2, texts.index(b"\0" + version.encode() + b"\0") + 1, 0 if last else 16)
        for version in versions
        for last in [version == versions[-1]]
    ]
    name = texts.index(b"\0" + library.encode() + b"\0") + 1
    return struct.pack("<HHIII", 1, len(versions), name, 16, 16 + 16 * len(versions)) + b"".join(rows)


def wheel(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


LITERT = {
    "libstdc++.so.6": ["GLIBCXX_3.4.30", "GLIBCXX_3.4.9", "CXXABI_1.3.13"],
    "libgcc_s.so.1": ["GCC_3.0"],
    "libc.so.6": ["GLIBC_2.17", "GLIBC_2.34"],
}


def test_the_versions_of_each_library_are_read() -> None:
    assert elf_needs(io.BytesIO(elf(LITERT)), "a.so") == [
        Need("a.so", "libstdc++.so.6", "GLIBCXX_3.4.30"),
        Need("a.so", "libstdc++.so.6", "GLIBCXX_3.4.9"),
        Need("a.so", "libstdc++.so.6", "CXXABI_1.3.13"),
        Need("a.so", "libc.so.6", "GLIBC_2.17"),
        Need("a.so", "libc.so.6", "GLIBC_2.34"),
    ]


def test_a_file_that_needs_no_version_needs_nothing() -> None:
    assert elf_needs(io.BytesIO(elf({})), "a.so") == []


def test_what_is_no_elf_file_is_no_answer() -> None:
    with pytest.raises(ELFError):
        elf_needs(io.BytesIO(b"MZ" * 100), "a.dll")


def test_a_wheel_needs_what_its_files_need_whatever_its_tag_and_their_names_say(tmp_path: Path) -> None:
    files = {
        "pkg/code.so": elf(LITERT),
        "pkg/tool": elf({"libm.so.6": ["GLIBC_2.38"]}),
        "pkg/__init__.py": b"",
        "pkg/notes.so": b"no ELF",
    }
    needs = wheel_needs(wheel(tmp_path / "pkg-1-py3-none-manylinux_2_27_aarch64.whl", files))
    assert {need.file for need in needs} == {"pkg/code.so", "pkg/tool"}
    assert highest(needs) == ["GLIBC_2.38", "GLIBCXX_3.4.30", "CXXABI_1.3.13"]


def test_what_a_wheel_brings_the_system_need_not_have(tmp_path: Path) -> None:
    files = {
        "pkg/code.so": elf({"libstdc++-1a2b.so.6": ["GLIBCXX_3.4.99"]}),
        "pkg.libs/libstdc++-1a2b.so.6": elf({"libc.so.6": ["GLIBC_2.17"]}),
    }
    assert highest(wheel_needs(wheel(tmp_path / "pkg.whl", files))) == ["GLIBC_2.17"]


@pytest.mark.parametrize(
    ("version", "is_there"),
    [
        ("GLIBC_2.34", True), ("GLIBC_2.4", True), ("GLIBC_2.2.5", True), ("GLIBC_2.35", False), ("GLIBC_3.0", False),
        ("GLIBCXX_3.4.33", True), ("GLIBCXX_3.4", True), ("GLIBCXX_3.4.34", False),
        ("CXXABI_1.3.15", True), ("CXXABI_1.3.16", False),
        # Where glibc 2.36 marks a file that an older one would load wrongly.
        ("GLIBC_ABI_DT_RELR", False),
    ],
)  # fmt: skip
def test_what_amazon_linux_2023_has(version: str, is_there: bool) -> None:
    need = Need("a.so", "libc.so.6", version)
    assert lacking([need]) == ([] if is_there else [need])


def installed() -> Iterable[Path]:
    """The native code of packages that a test environment has."""
    for name in ("PyYAML", "pillow"):
        files = metadata.files(name) or []
        yield from (Path(str(file.locate())) for file in files if file.suffix == ".so")


@pytest.mark.skipif("CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", ()), reason="this system has no glibc")
def test_what_runs_here_needs_no_more_than_is_here() -> None:
    paths = list(installed())
    here = tuple(map(int, str(os.confstr("CS_GNU_LIBC_VERSION")).split()[1].split(".")))
    for path in paths:
        with path.open("rb") as file:
            needs = [need for need in elf_needs(file, path.name) if need.version.startswith("GLIBC_")]
        assert needs, path
        for need in needs:
            assert tuple(map(int, need.version.removeprefix("GLIBC_").split("."))) <= here, (path, need)
    assert paths


LOCKED = [
    Requirement(line.split(" ")[0]) for line in lock_packages.LOCK.read_text("utf-8").splitlines() if "==" in line
]


def is_installed(pin: Requirement) -> bool:
    try:
        return metadata.version(pin.name) in pin.specifier
    except metadata.PackageNotFoundError:
        return False


@pytest.mark.skipif(
    not is_installed(next(pin for pin in LOCKED if pin.name == "ai-edge-litert")),
    reason="the packages that go on EFS are not installed",
)
def test_what_is_locked_and_installed_here_loads_on_lambda() -> None:
    checked = 0
    for pin in filter(is_installed, LOCKED):
        own = [Path(str(file.locate())) for file in metadata.files(pin.name) or []]
        brought = {path.name for path in own}
        for path in own:
            if ".so" not in path.suffixes or not path.is_file():
                continue
            with path.open("rb") as file:
                needs = [need for need in elf_needs(file, path.name) if need.library not in brought]
            assert lacking(needs) == []
            checked += bool(needs)
    assert checked > 10


# The lock.

LINES = ["a==1 aa bb", "b==2;platform_machine=='aarch64' cc"]


def test_a_lock_is_a_requirements_file_of_each_machine() -> None:
    assert lock_packages.requirements(LINES, "x86_64") == "a==1 --hash=sha256:aa --hash=sha256:bb"
    both = "a==1 --hash=sha256:aa --hash=sha256:bb\nb==2 --hash=sha256:cc"
    assert lock_packages.requirements(LINES, "aarch64") == both


def fetched(needs: Mapping[str, Sequence[str]]) -> tuple[lock_packages.Fetch, list[tuple[str, str]]]:
    """What gives a wheel whose code for aarch64 has such needs, and for what it was asked."""
    asked = []

    def fetch(lines: Sequence[str], python: str, machine: str, directory: Path) -> list[Path]:
        assert lines == LINES
        asked.append((python, machine))
        code = elf(needs if machine == "aarch64" else {"libc.so.6": ["GLIBC_2.27"]})
        return [wheel(directory / f"a-1-{python}-manylinux_2_27_{machine}.whl", {"a/code.so": code})]

    return fetch, asked


def test_the_tool_tells_what_the_wheels_for_lambda_need(capsys: pytest.CaptureFixture[str]) -> None:
    fetch, asked = fetched(LITERT)
    lock_packages.check_wheels(LINES, fetch)
    assert asked == [(p, m) for p in ("3.12", "3.13") for m in ("x86_64", "aarch64")]
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == [
        "a-1-3.12-manylinux_2_27_x86_64.whl needs GLIBC_2.27",
        "a-1-3.12-manylinux_2_27_aarch64.whl needs GLIBC_2.34, GLIBCXX_3.4.30, CXXABI_1.3.13",
    ]


def test_the_tool_refuses_a_wheel_that_lambda_cannot_load() -> None:
    newer = f"GLIBCXX_3.4.{HAS['GLIBCXX'][2] + 1}"
    fetch, _ = fetched({"libstdc++.so.6": ["GLIBCXX_3.4.30", newer]})
    with pytest.raises(SystemExit) as caught:
        lock_packages.check_wheels(LINES, fetch)
    first, *faults = str(caught.value).splitlines()
    assert "lacks" in first
    assert faults == [f"a-1-{p}-manylinux_2_27_aarch64.whl: a/code.so needs {newer}" for p in ("3.12", "3.13")]
