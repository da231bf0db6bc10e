"""The page for people: one file, which brings its drawings along and loads nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path

from manifest import About

_HERE = Path(__file__).parent
_DRAWING = re.compile(r'src="(drawings/\w+\.webp)"')
_NO_MODEL = "{}"
"""What page.html has where the model is told of."""


def html(auth: str, model: About, target: str) -> str:
    """The page of an API that asks callers for `auth`, with what it tells of the model.

    `target` is the label that makes a unicorn.
    """
    told = {"description": model.description, "labels": list(model.labels), "target": target}
    text = _template().replace('data-auth="NONE"', f'data-auth="{auth}"', 1)
    block = '<script type="application/json" id="model">'
    return text.replace(block + _NO_MODEL, block + _inert(told), 1)


def content_security_policy(html: str) -> str:
    """Allows the page's own script and style, by digest, its own API, and pictures from anywhere."""

    def digests(tag: str) -> str:
        texts = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        return " ".join(f"'sha256-{_sha256(text)}'" for text in texts)

    return (
        f"default-src 'none'; script-src {digests('script')}; style-src {digests('style')}; "
        "connect-src 'self'; img-src blob: data: http: https:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _template() -> str:
    """page.html with its drawings in it."""
    return _DRAWING.sub(_inlined, (_HERE / "page.html").read_text(encoding="utf-8"))


def _inlined(found: re.Match[str]) -> str:
    drawing = base64.b64encode((_HERE / found[1]).read_bytes()).decode()
    return f'src="data:image/webp;base64,{drawing}"'


def _inert(told: object) -> str:
    """JSON that ends no element of HTML and begins none, whatever a model's maker wrote."""
    return json.dumps(told).replace("<", "\\u003c")


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
