"""Every command in README, CONTRIBUTING and docs is run, each document from its start to its end.

The examples' READMEs are run by tests/examples.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import STAND_INS, Session
from .documents import NOT_RUN, ROOT, RUN, SHOWN, Document, command, documents

WITH_COMMANDS = [document for document in documents() if document.script()]


@pytest.mark.parametrize("document", WITH_COMMANDS, ids=lambda document: document.name)
def test_the_commands_of_a_document_work(document: Document, session: Session) -> None:
    said = session.run(document)
    if document.name in EXPECTED:
        EXPECTED[document.name](said, session.folder)


def _tutorial(said: str, folder: Path) -> None:
    assert "unicorn_chalk.webp: Unicorn is validated" in said
    assert "no_unicorn_cow.jpg: Unable to validate Unicorn" in said
    assert (folder / "boxes.png").is_file()
    assert json.loads(next(line for line in said.splitlines() if line.startswith('{"message"')))["validated"]


def _workshop(said: str, folder: Path) -> None:
    """Its two pictures get their two verdicts, from the stack that was made by hand."""
    answers = [json.loads(line) for line in said.splitlines() if line.startswith('{"message"')]
    assert [answer["validated"] for answer in answers] == [False, True]


def _asking(said: str, folder: Path) -> None:
    answers = [json.loads(line) for line in said.splitlines() if line.startswith('{"message"')]
    assert [answer["validated"] for answer in answers] == [True, True, True]
    assert len(list((folder / "boxes").iterdir())) == 10


EXPECTED = {"docs/tutorial.md": _tutorial, "docs/workshop.md": _workshop, "docs/how-to/asking.md": _asking}


@pytest.mark.parametrize("document", documents(), ids=lambda document: document.name)
def test_a_block_says_whether_it_is_run(document: Document) -> None:
    assert [block for block in document.blocks() if block.language not in (*RUN, *SHOWN)] == []


def test_a_file_that_stands_on_several_pages_is_the_same_on_each() -> None:
    shown = {(block.file, block.text) for page in documents() for block in page.blocks() if block.file}
    assert shown
    assert len({file for file, _ in shown}) == len(shown)


def test_what_is_not_run_is_still_written_somewhere() -> None:
    lines = {command(line) for page in documents() for block in page.blocks() for line in block.text.splitlines()}
    assert set(NOT_RUN) <= lines
    assert all(len(reason) >= 9 for reason in NOT_RUN.values())


def test_each_example_has_a_test_that_runs_its_commands() -> None:
    for readme in (ROOT / "examples").glob("*/README.md"):
        assert f'started("{readme.parent.name}")' in "".join(
            path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "examples").glob("test_*.py")
        )


def test_the_stand_ins_are_a_correct_script() -> None:
    subprocess.run([Path(sys.executable).with_name("shellcheck"), "--shell=bash", STAND_INS], check=True)
