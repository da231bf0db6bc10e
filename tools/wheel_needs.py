"""What native code in wheels needs of the system, read from its symbols: a wheel's tag only says what it should need.

An ELF file lists the versions of symbols that it takes from each library
(https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html). The loader refuses
a file when one of them is missing. So a wheel whose tag says manylinux_2_27 may still fail to load on Lambda.
"""

import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

HAS: Mapping[str, tuple[int, ...]] = {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 33), "CXXABI": (1, 3, 15)}
"""The newest symbols of each kind that Amazon Linux 2023 has, on which Lambda's python3.12 and python3.13 run.

glibc: https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html. libstdc++ is that of GCC 14 since 2023.7
(https://github.com/amazonlinux/container-images/issues/132); the symbols of each GCC are listed at
https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html. That issue also tells of Lambda functions that still had an
older libstdc++ in April 2025: only AWS can tell what Lambda's own image has today.
"""

_MAGIC = b"\x7fELF"


class Need(NamedTuple):
    """A version of a symbol that a file takes from a library, such as `GLIBCXX_3.4.30` of `libstdc++.so.6`."""

    file: str
    library: str
    version: str


def elf_needs(file: BinaryIO, name: str) -> list[Need]:
    """What an ELF file needs of the kinds in HAS. Raises ELFError for what is no ELF file."""
    section = ELFFile(file).get_section_by_name(".gnu.version_r")
    if not isinstance(section, GNUVerNeedSection):
        return []
    return [
        Need(name, str(library.name), symbol.name)
        for library, symbols in section.iter_versions()
        for symbol in symbols
        if _kind(symbol.name) in HAS
    ]


def wheel_needs(wheel: Path) -> list[Need]:
    """What the native code in a wheel needs of the system; libraries that the wheel brings itself are left out."""
    needs: list[Need] = []
    with zipfile.ZipFile(wheel) as archive:
        brought = {PurePosixPath(name).name for name in archive.namelist()}
        for name, file in _elf_files(archive):
            needs += [need for need in elf_needs(file, name) if need.library not in brought]
    return needs


def _elf_files(archive: zipfile.ZipFile) -> Iterator[tuple[str, BinaryIO]]:
    """The ELF files of a wheel, each unpacked while it is read: to seek in a compressed file of 500 MB takes long."""
    for name in archive.namelist():
        with archive.open(name) as packed, tempfile.TemporaryFile() as file:
            start = packed.read(len(_MAGIC))
            if start != _MAGIC:
                continue
            file.write(start)
            while chunk := packed.read(1 << 20):
                file.write(chunk)
            yield name, file


def lacking(needs: Iterable[Need]) -> list[Need]:
    """The needs that Amazon Linux 2023 does not meet."""
    return [need for need in needs if _number(need.version) > HAS[_kind(need.version)]]


def highest(needs: Iterable[Need]) -> list[str]:
    """The highest version of each kind, in the order of HAS."""
    versions = {need.version for need in needs}
    by_kind = ([version for version in versions if _kind(version) == kind] for kind in HAS)
    return [max(of_one, key=_number) for of_one in by_kind if of_one]


def _kind(version: str) -> str:
    return version.partition("_")[0]


def _number(version: str) -> tuple[float, ...]:
    """`GLIBC_2.34` → (2, 34). A name that is no number, such as GLIBC_ABI_DT_RELR, is newer than any that is known."""
    number = version.partition("_")[2]
    parts = number.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else (float("inf"),)
