"""The packages' Python modules in one archive: on a network file system each file costs round trips, one after another.

prepare.py writes the archive, of the modules that a cold start imports. What it lacks, such as extension modules, is
imported from the packages' files; so is everything when the archive is missing, damaged, or about other packages.
"""

from __future__ import annotations

import importlib.util
import marshal
import os
import zlib
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, SourcelessFileLoader
from pathlib import Path
from types import CodeType, ModuleType

_MAGIC = importlib.util.MAGIC_NUMBER
_START = len(_MAGIC) + 4

Modules = Mapping[str, tuple[str, bytes]]
"""By a module's name: the path of its file below the packages, and its marshalled code."""


class Useless(ValueError):
    """An archive that must not be imported from."""


class Finder:
    """A finder for sys.meta_path. `site` is the site-packages directory where the modules' files are."""

    def __init__(self, site: Path, modules: Modules) -> None:
        self._site = site
        self._modules = dict(modules)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module if it is in the archive. Its package's other files are looked for beside its own."""
        if name not in self._modules:
            return None
        file, code = self._modules.pop(name)  # it is imported once, and its code is not kept
        where = f"{self._site}/{file}"
        return importlib.util.spec_from_file_location(name, where, loader=_Loader(name, where, code))


class _Loader(SourcelessFileLoader):
    """A file's loader that has the code at hand."""

    def __init__(self, name: str, path: str, code: bytes) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType | None:
        if not self._code:
            return super().get_code(fullname)
        code: CodeType = marshal.loads(self._code)
        self._code = b""
        return code


def packed(site: Path, modules: Modules) -> bytes:
    """An archive, for the running Python and what is installed."""
    body = marshal.dumps((_installed(site), dict(modules)))
    return _MAGIC + _checksum(body) + body


def unpacked(data: bytes, site: Path) -> Modules:
    """The modules in an archive. Raises Useless when it is damaged, or for another Python or other packages."""
    body = memoryview(data)[_START:]
    if data[:_START] != _MAGIC + _checksum(body):
        raise Useless("damaged, or for another Python")
    installed, modules = marshal.loads(body)
    if installed != _installed(site):
        raise Useless("other packages were installed since")
    found: Modules = modules
    return found


def _checksum(body: bytes | memoryview) -> bytes:
    """Against damage; whoever can write to EFS can change the packages themselves."""
    return zlib.crc32(body).to_bytes(4, "big")


def _installed(site: Path) -> list[str]:
    """The packages with their versions, as pip notes them."""
    return sorted(name for name in os.listdir(site) if name.endswith(".dist-info"))
