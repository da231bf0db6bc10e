"""The page to print: a card for each student, with the address of the API as text and as a QR code.

The page needs no network: the codes are drawings in it. The drawing library is an extra, so the page does without the
codes where it is missing.
"""

from collections.abc import Sequence
from html import escape
from importlib import import_module
from importlib.util import find_spec

from .seats import DONE, NOT_CONNECTED, Seat

EXTRA = "pip install 'wildrydes_ml[class]'"
"""What installs the drawing of QR codes."""
_CODES = "segno"
_STYLE = """
body { font: 12pt/1.4 system-ui, sans-serif; margin: 1cm; color: #000; background: #fff; }
h1 { font-size: 18pt; margin: 0 0 .5cm; }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 8.5cm), 1fr)); gap: .5cm; }
ul { list-style: none; margin: 0; padding: 0; }
li { border: 1px solid #767676; border-radius: 3mm; padding: .4cm; break-inside: avoid; display: flex; gap: .4cm; }
li { flex-wrap: wrap; }
li > div { min-width: 0; flex: 1 1 4.5cm; }
h2 { font-size: 14pt; margin: 0; }
p { margin: .1cm 0; overflow-wrap: anywhere; }
code { font: 10pt/1.3 ui-monospace, monospace; }
svg { flex: none; width: 3cm; height: 3cm; }
@page { margin: 1cm; }
@media print { body { margin: 0; } a { color: inherit; text-decoration: none; } }
"""


def has_codes() -> bool:
    """Whether QR codes can be drawn here."""
    return find_spec(_CODES) is not None


def html(class_name: str, seats: Sequence[Seat], with_codes: bool) -> str:
    """The page. Whatever comes from a roster is text in it, and never markup."""
    title = f"Class {escape(class_name)}"
    cards = "\n".join(_card(class_name, seat, with_codes) for seat in seats)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n<h1>{title}</h1>\n<ul>\n{cards}\n</ul>\n</body>\n</html>\n"
    )


def _card(class_name: str, seat: Seat, with_codes: bool) -> str:
    rows = [f"<h2>{escape(seat.student.name)}</h2>", _row("Deployment", f"{class_name}-{seat.student.id}")]
    if seat.url:
        address = escape(seat.url)
        rows.append(f'<p>URL: <a href="{address}"><code>{address}</code></a></p>')
    if seat.api:
        rows.append(_row("API id", seat.api))
    if seat.key:
        rows.append(_row("API key, in the header x-api-key", seat.key))
    if seat.state != DONE:
        rows.append("<p>Not ready yet. Ask your teacher.</p>")
    elif seat.verdict == NOT_CONNECTED:
        rows.append("<p>Your API is not connected yet. It answers when you have done that step.</p>")
    drawing = _code(seat.url) if seat.url and with_codes else ""
    return f"<li>{drawing}<div>{''.join(rows)}</div></li>"


def _row(label: str, text: str) -> str:
    return f"<p>{label}: <code>{escape(text)}</code></p>"


def _code(url: str) -> str:
    """The address as a QR code, an SVG element."""
    drawn: str = import_module(_CODES).make_qr(url).svg_inline(omitsize=True, title=f"QR code of {url}")
    return drawn
