"""Every message of the commands is found by a search on the site, and the site works without a server."""

import re
import subprocess
from collections.abc import Callable
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import pytest

from tools import messages, site_version
from wildrydes_ml import App, Deployment, Stack, tags
from wildrydes_ml.app import load
from wildrydes_ml.ask import drawing
from wildrydes_ml.deploy import loglines, settings
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.local import emulator

from .documents import ROOT

# A `raise` whose text comes from elsewhere: an error that is told anew with more around it, what a caller passes on.
TOLD_ELSEWHERE = {
    "wildrydes_ml/app/deploying:_local_model",
    "wildrydes_ml/app/functions:settings",
    "wildrydes_ml/app/handlers:_read",
    "wildrydes_ml/blocks/arguments:kind",
    "wildrydes_ml/blocks/arguments:sentence",
    "wildrydes_ml/cli/commands:agree",
    "wildrydes_ml/cli/parser:error",
    "wildrydes_ml/cli/signals:end",
    "wildrydes_ml/deploy/deployer:_proven",
    "wildrydes_ml/errors:naming",
}


def test_each_error_that_is_raised_has_a_text_on_the_page() -> None:
    assert set(messages.speechless()) <= TOLD_ELSEWHERE


def _occupied(folder: Path) -> None:
    (folder / "mine").touch()
    emulator.claim(folder)


@pytest.mark.parametrize(
    "fail",
    [
        lambda folder: settings.parse_overrides(["MinScore"]),
        lambda folder: tags.parse(["nothing"]),
        lambda folder: loglines.since("yesterday", datetime.now(timezone.utc)),
        lambda folder: load.load(str(folder / "none.py")),
        lambda folder: Stack.of(folder / "none.yml"),
        lambda folder: Deployment("Not A Name", ()),
        lambda folder: App("no").template(),
        lambda folder: drawing.destinations(str(folder / "one.png"), ["a.png", "b.png"], ["a.png", "b.png"]),
        _occupied,
    ],
)
def test_what_an_error_says_is_found(fail: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises((WildrydesError, ValueError)) as error:
        fail(tmp_path)
    for line in str(error.value).splitlines():
        found = [one for one in messages.catalogue() if one.matches(line) and len(one.text) > 20]
        assert found, line
        assert messages._shown(found[0].text) in (ROOT / "docs/reference/messages.md").read_text(encoding="utf-8")


def test_what_is_said_in_the_filling_of_efs_is_found() -> None:
    told = {one.text for one in messages.catalogue() if one.when == "While EFS is filled"}
    scripts = (ROOT / "lambda_src" / "filling").glob("*.sh")
    said = [text for path in scripts for text in messages._said_in_shell(path.read_text(encoding="utf-8"))]
    assert len(said) >= 10
    assert set(said) <= told


def test_a_place_without_a_message_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        messages.said("local/emulator:no_such_function")
    with pytest.raises(KeyError, match="name the function that says it now"):
        messages.said("local/emulator:claim a bucket")


def test_every_trouble_has_a_heading_with_what_it_says_and_what_to_do() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    sections = re.split(r"^### ", text, flags=re.M)[1:]
    assert len(sections) >= 40
    for section in sections:
        advice = re.sub(r"<!-- said: .*?<!-- end -->", "", section, flags=re.S).split("\n", 1)[1]
        assert len(advice.split()) >= 4, section.split("\n")[0]


def test_the_site_has_the_version_of_the_package() -> None:
    assert site_version.version() == version("wildrydes_ml")


def test_the_site_loads_nothing_from_elsewhere() -> None:
    own = [*(ROOT / "docs" / "scripts").glob("*.js"), ROOT / "docs" / "site.css"]
    assert len(own) == 3
    assert not any(re.search(r"https?://", path.read_text(encoding="utf-8")) for path in own)
    configured = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "polyfills: [scripts/iframe-worker.js]" in configured


def test_make_docs_says_where_the_site_is() -> None:
    shown = subprocess.run(["make", "--dry-run", "docs"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"file://{ROOT}/build/site/index.html" in shown
