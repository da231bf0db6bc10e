"""The user's own pictures, on which the prepared model is compared with TensorFlow when EFS is filled."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..ask import pictures
from ..errors import SettingsError
from .model import packed

MOST, MOST_BYTES = 100, 50_000_000
"""More make the filling longer, and show no more. `lambda_src/filling/samples.py` looks at as many."""
NONE = "none"
"""What the parameter is without pictures."""


@dataclass(frozen=True)
class Samples:
    """Pictures in a folder (`location`, for `--local`), or as an archive for the bucket; nothing for none."""

    location: str = ""
    archive: bytes = b""

    def key(self, label: str) -> str:
        """The archive's key in the bucket; the label tells whose it is."""
        return f"model/{label}-samples-{hashlib.sha256(self.archive).hexdigest()[:16]}.tar"

    def parameters(self, name: str, label: str) -> dict[str, str]:
        """What the stacks' parameters say of an archive: the named one gets its key."""
        return {name: self.key(label)} if self.archive else {}


NO_SAMPLES = Samples()


def local(folder: str) -> Samples:
    """For `--local`: the script that fills EFS reads the folder itself. Raises SettingsError."""
    _files(folder)
    return Samples(location=str(Path(folder).expanduser().resolve()))


def remote(folder: str) -> Samples:
    """For AWS: the pictures are packed, to be uploaded. Raises SettingsError."""
    return Samples(archive=_packed(_files(folder)))


def _files(folder: str) -> list[Path]:
    """The pictures of the folder. Raises SettingsError for what cannot be used, with every fault."""
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise SettingsError([f"--samples {folder}: there is no such folder"])
    found = [one for one in map(Path, pictures.find([str(path)])) if one != path]
    if not found:
        raise SettingsError([f"--samples {folder}: this folder has no JPEG, PNG, WebP or GIF picture"])
    if faults := [f"--samples {one}: {why}" for one in found if (why := pictures.why_not(str(one)))]:
        raise SettingsError(faults)
    size = sum(one.stat().st_size for one in found)
    if len(found) > MOST or size > MOST_BYTES:
        raise SettingsError(
            [
                f"--samples {folder}: it has {len(found)} pictures with {size / 1e6:.1f} MB. At most {MOST} pictures "
                f"with {MOST_BYTES / 1e6:.0f} MB are compared: leave some out"
            ]
        )
    return found


def _packed(files: Sequence[Path]) -> bytes:
    """A tar of the files under numbers, the same bytes for the same pictures: nobody needs their names."""
    numbered = enumerate(files, start=1)
    return packed({f"{number:03}{path.suffix.lower()}": path.read_bytes() for number, path in numbered})
