"""What mkdocs takes from the project when it builds the site: its version, which stands on every page.

mkdocs calls `on_config` (see `hooks` in mkdocs.yml). The environment of the site does not hold the package, so the
version is read from the module that says it.
"""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_SOURCE = ROOT / "wildrydes_ml" / "naming.py"
_VERSION = re.compile(r"^VERSION = \"([^\"]+)\"", re.MULTILINE)


def version() -> str:
    """The package's version. Raises ValueError when there is none."""
    found = _VERSION.search(_SOURCE.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f'{_SOURCE}: there is no line VERSION = "..."; tools/site_version.py reads the version there')
    return found[1]


def on_config(config: Any) -> Any:
    """Puts the version into the header and into the foot of each page."""
    config.site_name = f"{config.site_name} {version()}"
    config.copyright = f"wildrydes_ml {version()}. Licence: Apache 2.0."
    return config
