"""The model of functions that have it in their zips: one that is named, remembered or the default, prepared for LiteRT.

A model that is not prepared is prepared here, by the scripts that fill EFS. The bucket remembers the prepared model, so
that a later deploy from another machine has the same, and needs no TensorFlow.
"""

import hashlib
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .. import packaging
from ..aws.session import Aws
from ..aws.target import Target
from ..code import LIMIT as LIMIT
from ..code import Packing, build, cache, prepared
from ..code.prepared import Files
from ..deployment import Packed
from ..errors import SettingsError, WildrydesError
from ..local import filling
from ..packaging import Package
from ..reporting import Reporter
from . import model, samples
from .desired import default_bucket, label, values_at
from .model import Model
from .settings import Settings

MODEL_DIRECTORY = "model"
"""Where a function finds the files of a model that is not for LiteRT, as on EFS."""


def workplace() -> Path:
    """The directory in which models are prepared, with the environment that does it, for all deployments on AWS."""
    return cache.directory().parent / "prepare"


def chosen(target: Target, settings: Settings, packed: Packed, aws: Aws, reporter: Reporter) -> tuple[Model, Files]:
    """The model of the deployment, and its files for the zip.

    Raises SettingsError for a model that cannot be used, WildrydesError when preparing fails or the bucket has lost it.
    """
    if packed.model is not None:
        return Model(""), own(packed.model)
    held = settings.held.get(packed.key, "")
    if held and not settings.model:
        bucket = settings.bucket or default_bucket(settings, aws.identity)
        return Model("", {packed.key: held}), _stored(aws, bucket, held)
    directory = target.efs_directory or workplace()
    default = packed.local_default if target.is_local else packed.default
    files = named(packed, settings.model or str(default or ""), directory, reporter)
    archive = model.packed(files)
    digest = hashlib.sha256(archive).hexdigest()
    found = Model(settings.model, {}, archive, digest)
    key = found.key(label(settings.deployment, settings.name, values_at(settings, target)))
    return Model(settings.model, {packed.key: key}, archive, digest), files


@dataclass(frozen=True)
class Preparing:
    """How a model is prepared."""

    signature: str = ""
    """Which of the model's signatures is served; empty for its default."""
    weights: str = "auto"
    """`auto`, `float32` or `float16`."""
    samples: str = ""
    """A folder of the user's own pictures, on which the model is compared, too; empty for none."""


def named(packed: Packed, location: str, directory: Path, reporter: Reporter, how: Preparing = Preparing()) -> Files:
    """The files of a model: a prepared one as it is; another one is prepared in the directory.

    Raises SettingsError when it is damaged, no model, or one that LiteRT cannot run; WildrydesError when preparing
    fails.
    """
    if not model.is_url(location):
        path = model.existing(location, packed) if not prepared.is_one(_path(location)) else _path(location)
        if prepared.is_one(path):
            if how != Preparing():
                raise SettingsError([f"--model {location}: it is prepared already; name the model it was made of"])
            return prepared.read(path)
        location = str(path)
    reporter.event(f"preparing the model for the function's zip in {directory}; the first time takes minutes")
    values = {"Packages": packed.prepares_with, "Signature": how.signature, "ModelWeights": how.weights}
    folder = samples.local(how.samples).location if how.samples else ""
    with filling.alone(directory, reporter):
        filling.fill(directory, filling.environment(values, location, os.environ, folder), reporter)
        files = prepared.of_filled(directory, location.partition("?")[0])
    reporter.event(f"the prepared model has {prepared.summary(files)}")
    return files


def packing(packed: Packed, files: Files) -> Packing:
    """What the zip holds besides the code."""
    return Packing(packed.packages.encode(), packed.is_whole, packed.unneeded, files)


def zipped(packed: Packed, files: Files, runtime: str, architecture: str, reporter: Reporter) -> Package:
    """The zip of the workshop's function. Raises SettingsError when it is too large for Lambda, or pip fails.

    The packages are kept here, so that a deploy need not install them.
    """
    source = packaging.source_directory()
    return build(source, runtime, architecture, reporter=reporter, packing=packing(packed, files))


def own(path: Path) -> Files:
    """The files of an application's own model. Raises SettingsError for a damaged one."""
    if prepared.is_one(path):
        return prepared.read(path)
    if path.is_dir():
        within = [one for one in path.rglob("*") if one.is_file()]
        found: Files = {one.relative_to(path).as_posix(): one.read_bytes() for one in within}
    else:
        found = _unpacked(str(path), path.read_bytes())
    return {f"{MODEL_DIRECTORY}/{name}": body for name, body in found.items()}


def may_replace(directory: Path) -> bool:
    """Whether a prepared model may be written there."""
    return prepared.may_replace(directory)


def write(files: Files, directory: Path) -> None:
    """Writes a prepared model."""
    prepared.write(files, directory)


def _path(location: str) -> Path:
    return Path(location).expanduser().resolve()


def _stored(aws: Aws, bucket: str, key: str) -> Files:
    """The prepared model that an earlier deploy has put into the bucket."""
    body = aws.buckets.read(bucket, key)
    if body is None:
        raise WildrydesError(
            f"s3://{bucket}/{key}, the prepared model of this deployment, is no longer in the bucket: pass the model "
            "again with --model"
        )
    return prepared.checked(f"s3://{bucket}/{key}", _unpacked(f"s3://{bucket}/{key}", body))


def _unpacked(where: str, archive: bytes) -> Mapping[str, bytes]:
    try:
        return model.unpacked(archive)
    except (tarfile.TarError, EOFError) as error:
        raise SettingsError([f"{where}: the model's archive is damaged: {error}"]) from error
