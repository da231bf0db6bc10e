"""How long instances that start together wait for EFS: a table and a drawing, by the deployer's own formula."""

from html import escape
from math import log10

from tools.drawing import Scheme
from tools.markdown import table
from wildrydes_ml import durations
from wildrydes_ml.costs.bursts import Throughput, throughput

# Bytes of a cold start with LiteRT, of a model of 59 MB (benchmarks/together.py).
READ = 74e6
REGION = "eu-central-2"
"""One with EFS's usual limits; some regions have more."""
INSTANCES = (1, 10, 100, 1000)
LIMIT = 29
"""Seconds that API Gateway waits."""
CURVES: dict[str, Throughput] = {
    "bursting, without burst credits": Throughput(3),
    "provisioned, 15 MiB/s": throughput({"ThroughputMode": "provisioned", "ProvisionedThroughputInMibps": 15}, REGION),
    "bursting": throughput({"ThroughputMode": "bursting"}, REGION),
    "elastic": throughput({"ThroughputMode": "elastic"}, REGION),
}
_COLORS = ("outside", "compute", "network", "storage")
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 400, 70, 500, 20, 350
_TICKS = {0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 36_000: "10 h"}
_ABOUT = (
    "How long 1 to 1,000 instances that start together wait for EFS, by throughput mode. With 15 MiB/s provisioned or "
    "without burst credits, 100 instances wait for minutes; with elastic throughput for about a second."
)


def waits() -> str:
    """The table: a row for each setting."""
    rows = [
        (name, f"{speed.together:,.0f}", *(_words(speed.seconds(count, READ)) for count in INSTANCES))
        for name, speed in CURVES.items()
    ]
    return table(("EFS throughput", "MiB/s for all readers", *(f"{count:,} together" for count in INSTANCES)), rows)


def _words(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else durations.words(round(seconds))


def svg(scheme: Scheme) -> str:
    """The drawing: both scales are logarithmic."""
    body = [*_axes(scheme), *_limit(scheme), *_curves(scheme)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" aria-label="{escape(_ABOUT)}" font-size="13" '
        f'fill="{scheme["text"]}" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">'
    )
    return "\n".join([head, *body, "</svg>"]) + "\n"


def _x(count: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * log10(count) / log10(INSTANCES[-1])


def _y(seconds: float) -> float:
    low, high = log10(min(_TICKS)), log10(max(_TICKS))
    return _BOTTOM - (_BOTTOM - _TOP) * (log10(seconds) - low) / (high - low)


def _axes(scheme: Scheme) -> list[str]:
    lines = []
    for seconds, name in _TICKS.items():
        y = _y(seconds)
        lines.append(f'<path d="M{_LEFT} {y:g}H{_RIGHT}" stroke="{scheme["frame"]}" stroke-width="0.5"/>')
        lines.append(f'<text x="{_LEFT - 8}" y="{y + 4:g}" text-anchor="end">{name}</text>')
    for count in INSTANCES:
        lines.append(f'<text x="{_x(count):g}" y="{_BOTTOM + 20}" text-anchor="middle">{count:,}</text>')
    middle = (_LEFT + _RIGHT) / 2
    return [
        *lines,
        f'<text x="{middle:g}" y="{_BOTTOM + 42}" text-anchor="middle">instances that start together</text>',
    ]


def _limit(scheme: Scheme) -> list[str]:
    y, soft = _y(LIMIT), scheme["soft"]
    return [
        f'<path d="M{_LEFT} {y:g}H{_RIGHT}" stroke="{soft}" stroke-width="1.5" stroke-dasharray="6 4"/>',
        f'<text x="{_RIGHT + 8}" y="{y + 4:g}" fill="{soft}">{LIMIT} s: API Gateway\'s limit</text>',
    ]


def _curves(scheme: Scheme) -> list[str]:
    lines = []
    for (name, speed), kind in zip(CURVES.items(), _COLORS, strict=True):
        counts = [10 ** (step / 20) for step in range(61)]
        points = "L".join(f"{_x(count):.1f} {_y(speed.seconds(count, READ)):.1f}" for count in counts)
        color = scheme[kind][1]
        lines.append(f'<path d="M{points}" fill="none" stroke="{color}" stroke-width="2.5"/>')
        end = _y(speed.seconds(INSTANCES[-1], READ))
        lines.append(f'<text x="{_RIGHT + 8}" y="{end + 4:.1f}" fill="{color}">{escape(name)}</text>')
    return lines
