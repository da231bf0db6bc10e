"""Where the model comes from: a directory, an archive or a URL, and how it gets to where EFS is filled."""

import hashlib
import io
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..deployment import Filling, Packed
from ..errors import SettingsError

# An archive's place in a bucket, as a link to it has it: the function whose it is, and the start of its digest.
_KEY = re.compile(r"/(model/[^/?]+-([0-9a-f]{16})\.tar)\?")


@dataclass(frozen=True)
class Model:
    """A model's `location` for populate.sh, and what the stacks' parameters say of it.

    `archive` and `digest` are set when the archive has to be uploaded for an instance to fetch; one that an earlier
    deploy has uploaded has `stored_key` in place of the archive.
    """

    location: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    archive: bytes = b""
    digest: str = ""
    stored_key: str = ""

    def key(self, function_name: str) -> str:
        """The archive's key in the bucket; the function's name tells whose it is."""
        return self.stored_key or f"model/{function_name}-{self.digest[:16]}.tar"


def local(location: str, filling: Filling) -> Model:
    """For `--local`: populate.sh reads directories, archives and URLs itself."""
    if is_url(location):
        return Model(location)
    if location:
        return Model(str(existing(location, filling)))
    return Model(str(filling.local_model or ""))


def remote(location: str, filling: Filling) -> Model:
    """For AWS: a URL is handed to the instance; anything else is packed, uploaded and linked."""
    if not location:
        return Model("")
    if is_url(location):
        return Model(location, {"ModelUrl": location})
    path = existing(location, filling)
    archive = _pack(path) if path.is_dir() else path.read_bytes()
    digest = hashlib.sha256(archive).hexdigest()
    return Model(location, {"ModelSha256": digest}, archive, digest)


def held(parameters: Mapping[str, str]) -> Model:
    """The model that a deployment with these parameters has. An archive that was uploaded has a link that expires, so
    that an instance needs a new link to the same object."""
    digest = parameters.get("ModelSha256", "")
    match = _KEY.search(parameters.get("ModelUrl", ""))
    if match and match[2] == digest[:16]:
        return Model("", {"ModelSha256": digest}, digest=digest, stored_key=match[1])
    return Model("")


def is_url(location: str) -> bool:
    """Whether it is fetched from a web server."""
    return location.startswith(("http://", "https://"))


def existing(location: str, filling: Filling | Packed) -> Path:
    """The directory or archive. Raises SettingsError when it is not there, or is no model."""
    path = Path(location).expanduser().resolve()
    if not path.exists():
        raise SettingsError([f"--model {location}: no such directory or archive, and not an http(s) URL"])
    if fault := filling.refuse(path):
        raise SettingsError([f"--model {location}: {fault}"])
    return path


def _pack(directory: Path) -> bytes:
    """A tar of the directory's files."""
    files = [item for item in directory.rglob("*") if item.is_file()]
    return packed({path.relative_to(directory).as_posix(): path.read_bytes() for path in files})


def packed(files: Mapping[str, bytes]) -> bytes:
    """A tar of the files, the same bytes for the same content; compression would differ by machine."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files, key=lambda name: name.split("/")):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(files[name]), 0o644
            archive.addfile(entry, io.BytesIO(files[name]))
    return plain.getvalue()


def unpacked(archive: bytes) -> dict[str, bytes]:
    """Name and content of the files of a tar. Raises tarfile.TarError for what is none."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {one.name: file.read() for one in tar if one.isfile() and (file := tar.extractfile(one))}
