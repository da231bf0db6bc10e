"""The verbs that only write: the templates, the function's zip, the IAM policies.

Apart from `commands`: to import what talks to AWS takes longer than to render.
"""

import argparse
import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from .. import packaging
from ..errors import SettingsError, naming
from ..naming import OWN_NAME
from ..reporting import Reporter
from ..template.render import differences, render_all, write
from ..workshop import templates
from ..writing import write_whole


def render(options: argparse.Namespace, reporter: Reporter) -> int:
    """Writes or checks the templates, or writes a directory for Workshop Studio."""
    _refuse_mixture(options)
    if options.workshop_studio:
        return _workshop_studio(options, reporter)
    texts = _texts(options)
    if options.check:
        diff = differences(texts, options.out)
        if diff:
            reporter.output(diff)
            reporter.error(f"{options.out} is out of date: run the same command without --check")
        reporter.result(not diff, stale=bool(diff))
        return 1 if diff else 0
    with naming(options.out):
        written = write(texts, options.out)
    return _told(written, reporter)


def _refuse_mixture(options: argparse.Namespace) -> None:
    """Raises SettingsError for options that have no effect together."""
    studio = {"--set": options.overrides, "--preset": options.preset, "--model": options.model, "--tag": options.tag}
    without = {**studio, "--regions": options.regions}
    given = [name for name, value in without.items() if value and not options.workshop_studio]
    if given:
        raise SettingsError([f"{' and '.join(given)}: only with --workshop-studio DIR; templates have all parameters"])
    if options.workshop_studio and (options.check or options.tag or options.templates):
        raise SettingsError(["--workshop-studio: leave out --check, --tag and the names of templates"])


def _workshop_studio(options: argparse.Namespace, reporter: Reporter) -> int:
    """Writes the directory for Workshop Studio."""
    from ..studio.directory import directory  # only here, as below
    from ..studio.regions import REGIONS
    from .options import settings

    options.name, options.account = OWN_NAME, ""
    regions = tuple(options.regions.split(",")) if options.regions else REGIONS
    made = directory(settings(options), regions, reporter)
    with naming(options.workshop_studio):
        written = made.write(options.workshop_studio)
    return _told(written, reporter)


def _told(written: Iterable[Path], reporter: Reporter) -> int:
    """Tells which files were written."""
    paths = [str(path) for path in written]
    for path in paths:
        reporter.output(f"wrote {path}")
    reporter.result(True, written=paths)
    return 0


def _texts(options: argparse.Namespace) -> dict[str, str]:
    """The templates that are asked for, by the names of their files. Raises SettingsError for an unknown one."""
    if not options.app:
        return render_all({name: templates.TEMPLATES[name] for name in _asked(options, templates.TEMPLATES)})
    from .options import application

    texts = {stack.source.name: stack.source.text for one in application(options) for stack in one.stacks}
    return {name: texts[name] for name in _asked(options, texts)}


def _asked(options: argparse.Namespace, known: Collection[str]) -> Collection[str]:
    """The names of the command line, or all that are known."""
    if unknown := [name for name in options.templates if name not in known]:
        raise SettingsError([f"{name}: no such template; there are {', '.join(known)}" for name in unknown])
    return options.templates or known


def package(options: argparse.Namespace, reporter: Reporter) -> int:
    """Writes the function's zip; with a model, the one for `packaged.yml`."""
    built = _packaged(options, reporter) if options.model else packaging.build()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(options.out, built.body)
    reporter.output(f"wrote {options.out}: {len(built.body):,} bytes, sha256 {built.digest}")
    reporter.result(True, sha256=built.digest)
    return 0


def _packaged(options: argparse.Namespace, reporter: Reporter) -> packaging.Package:
    """The zip with packages and a prepared model."""
    # Only here, since everybody who renders would wait for them.
    from ..deploy import packing
    from ..workshop.deployments import packed

    model = packed()
    files = packing.named(model, options.model, packing.workplace(), reporter)
    return packing.zipped(model, files, options.runtime, options.architecture, reporter)


def policy(options: argparse.Namespace, reporter: Reporter) -> int:
    """Prints or writes the IAM policies that somebody needs for the deployment."""
    # Only here, since everybody who renders would wait for them.
    from ..policy import grants
    from .options import settings

    asked = settings(options)
    if options.who == "class" and options.name == OWN_NAME:
        from ..classroom.parts import class_name

        asked = replace(asked, name=class_name(asked))
    found = grants.policies(options.who, asked, options.region)
    texts = [json.dumps(document, indent=2) for document in found]
    written: list[str] = []
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(texts, start=1):
            path = options.out / f"{asked.name}-{options.who}-{number}.json"
            with naming(path):
                path.write_text(f"{text}\n", encoding="utf-8")
            written.append(str(path))
            reporter.output(f"wrote {path}")
    else:
        for document, text in zip(found, texts, strict=True):
            reporter.output(text, policy=document)
        if len(found) > 1:
            reporter.warning(
                f"these are {len(found)} policies, because one may have at most {grants.LIMIT:,} characters: "
                "--out DIR writes a file for each"
            )
    untold = grants.untold(asked)
    if untold:
        reporter.warning(
            f"what CloudFormation needs for {', '.join(untold)} is not in these policies: the page of each type in the "
            "CloudFormation reference and `aws cloudformation describe-type` list it"
        )
    reporter.result(True, policies=len(found), written=written, untold=untold)
    return 0
