"""The files of a directory for Workshop Studio: what it reads, what it deploys, what participants read."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import code, packaging
from ..deploy import model as models
from ..deploy.settings import Settings
from ..deployment import Deployment
from ..errors import SettingsError
from ..policy import grants
from ..policy.rows import PARTICIPANT
from ..reporting import Reporter
from ..template.render import plain
from . import pages, spec
from .regions import REGIONS
from .values import chosen, made, outputs, values

# Beside more.sh in the zip from which EFS is filled: the model, in place of the one at ModelUrl.
_MODEL = "filling/model.tar"
_PREPARATION = "PreparationKey"
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_HEAD = "# For AWS Workshop Studio, by `wildrydes-ml render --workshop-studio`.\n"


@dataclass(frozen=True)
class Directory:
    """Files by their paths in the directory."""

    files: Mapping[str, bytes]

    def write(self, place: Path) -> list[Path]:
        """Writes the files whose content differs, and returns their names."""
        stale = [name for name, body in self.files.items() if _content(place / name) != body]
        for name in stale:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(self.files[name])
        return [place / name for name in stale]


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def directory(settings: Settings, regions: Sequence[str] = REGIONS, reporter: Reporter | None = None) -> Directory:
    """The directory of an application.

    `settings` have the parameters that every account gets. Raises SettingsError for what cannot be in Workshop Studio:
    several stacks, parameters without a value, reserved concurrency, and a model of an App that is not at a URL.
    """
    if wrong := [name for name in regions if not _REGION.fullmatch(name)]:
        raise SettingsError([f"--regions {','.join(wrong)}: write names of regions such as eu-west-1"])
    one = chosen(settings)
    model = _model(settings, one)
    keys = _keys(settings, one, bool(model.archive))
    known = {**values(settings, keys, model.digest), **_url(model)}
    whole = made(settings, known)
    source, policies = one.stacks[0].source, _policies(settings, one)
    template = f"static/{source.name}"
    content = spec.content_spec(template, settings.name, known, outputs(whole), list(policies), regions)
    files = {
        "contentspec.yaml": f"{_HEAD}{plain(content)}".encode(),
        "content/index.en.md": pages.first(one, source.body, whole).encode(),
        template: source.text.encode(),
        **{name: f"{json.dumps(body, indent=2)}\n".encode() for name, body in policies.items()},
    }
    return Directory({**files, **_assets(settings, one, keys, model, reporter)})


def _model(settings: Settings, one: Deployment) -> models.Model:
    """The model that is named or the application's own; one of the directory is packed."""
    if one.filling is None or not (settings.model or one.filling.model):
        return models.Model("")
    found = models.remote(str(settings.model or one.filling.model), one.filling)
    if found.archive and _PREPARATION not in one.stacks[0].rows:
        raise SettingsError(
            [f"--workshop-studio: the instance that fills EFS for {settings.name} fetches the model from a URL, and "
             "Workshop Studio's bucket is not open: put the archive on a web server, and name it in Filling(model=URL)"]
        )  # fmt: skip
    return found


def _url(model: models.Model) -> dict[str, str]:
    return {name: value for name, value in model.parameters.items() if name == "ModelUrl"}


def _policies(settings: Settings, one: Deployment) -> dict[str, grants.Document]:
    """The participants' policies, by file. Workshop Studio names the stack, in an account that is theirs alone."""
    alone = Settings((one,), name=settings.name, overrides=settings.overrides, preset=settings.preset)
    found = grants.policies(PARTICIPANT, alone, stacks=("*",))
    numbers = [""] if len(found) == 1 else [f"-{number}" for number in range(1, len(found) + 1)]
    return {f"static/participant{number}.json": body for number, body in zip(numbers, found, strict=True)}


def _keys(settings: Settings, one: Deployment, has_model: bool) -> dict[str, str]:
    """The keys of the zips within the assets, by the parameters that get them."""
    label = settings.parameter_values().get(one.named_by, settings.name)
    several = len(one.code) > 1
    found = {
        name: f"code/{label}{f'-{number}' * several}.zip"
        for number, code in enumerate(one.code, start=1)
        for name in code.parameters
    }
    return {**found, **({_PREPARATION: "code/filling.zip"} if has_model else {})}


def _assets(
    settings: Settings, one: Deployment, keys: Mapping[str, str], model: models.Model, reporter: Reporter | None
) -> dict[str, bytes]:
    """The zips. That with the model is the function's with one file more: EFS is filled from it."""
    known = settings.parameter_values()
    files: dict[str, bytes] = {}
    for part in one.code:
        runtime, processor = known.get(part.runtime, part.runtime), known.get(part.architecture, part.architecture)
        body = code.build(part.directory, runtime, processor, reporter=reporter).body
        files |= {f"assets/{keys[name]}": body for name in part.parameters if name != _PREPARATION or not model.archive}
        if model.archive and _PREPARATION in part.parameters:
            whole = {**packaging.files(part.directory), _MODEL: model.archive}
            files[f"assets/{keys[_PREPARATION]}"] = packaging.pack(whole).body
    assert not model.archive or hashlib.sha256(model.archive).hexdigest() == model.digest
    return files
