"""cfn-lint in this process: to start its program takes longer than its look at a template."""

import os
from collections.abc import Mapping
from pathlib import Path

from cfnlint.config import ConfigMixIn
from cfnlint.runner import Runner

from wildrydes_ml.template import render


def findings(folder: Path, texts: Mapping[str, str], region: str = "eu-west-1") -> list[str]:
    """What cfn-lint says of templates, each by the name of its file, which is written into the folder."""
    render.write(texts, folder)
    return said(folder, "--regions", region, "--", *texts)


def said(folder: Path, *arguments: str) -> list[str]:
    """What cfn-lint says with these arguments of its program, called in the folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        return [f"{match.filename}: {match}" for match in Runner(ConfigMixIn([*arguments])).run()]
    finally:
        os.chdir(before)
