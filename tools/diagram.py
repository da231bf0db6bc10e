"""Draws the architecture from the template: what is in the picture is in `templates/99_complete.yml`.

The lanes are fixed, since the shape is known. What stands in them, what it is called and which arrows there are is
read from the template: without a NAT gateway, there is none in the picture. The same template gives the same bytes.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import topology
from tools.topology import Topology
from wildrydes_ml.workshop import templates
from wildrydes_ml.workshop.deployments import PRESETS

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 1000, 708

Scheme: TypeAlias = Mapping[str, str | tuple[str, str]]

# Fill and line of each kind of box, then of paper, frames, text and arrows.
LIGHT: Scheme = {
    "compute": ("#fff1e5", "#bc4c00"),
    "network": ("#fbefff", "#8250df"),
    "storage": ("#dafbe1", "#1a7f37"),
    "outside": ("#f6f8fa", "#57606a"),
    "paper": "#ffffff",
    "frame": "#8c959f",
    "inner": "#f6f8fa",
    "text": "#1f2328",
    "soft": "#57606a",
}
DARK: Scheme = {
    "compute": ("#3d2413", "#f0883e"),
    "network": ("#2b1f46", "#b392f0"),
    "storage": ("#12301c", "#3fb950"),
    "outside": ("#1c2128", "#9da7b3"),
    "paper": "#0d1117",
    "frame": "#6e7681",
    "inner": "#161b22",
    "text": "#e6edf3",
    "soft": "#9da7b3",
}
SCHEMES = {"light": LIGHT, "dark": DARK}
ABOUT = (
    "The architecture with preset {preset}: API Gateway invokes a function in two private subnets, which reads "
    "packages and model from EFS through a mount target in each; an instance in the public subnet fills EFS at boot."
)
SUFFIX = {"workshop": "", "lean": "-lean"}


class Sheet:
    """SVG elements, in the order in which they are drawn."""

    def __init__(self) -> None:
        self._elements: list[str] = []
        self._labels: list[str] = []

    def box(self, at: tuple[int, int, int, int], kind: str, title: str, *notes: str) -> None:
        """A resource: its logical id, and lines about it."""
        x, y, width, height = at
        self._elements.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="8"/>')
        top = y + height / 2 - 9 * len(notes) + 5
        lines = [f'<text class="id" x="{x + width / 2:g}" y="{top:g}">{escape(title)}</text>']
        for number, note in enumerate(notes, start=1):
            lines.append(f'<text class="note" x="{x + width / 2:g}" y="{top + 18 * number:g}">{escape(note)}</text>')
        self._elements += lines

    def frame(self, at: tuple[int, int, int, int], label: str, filled: bool = False) -> None:
        """What holds others, with its label at the upper left."""
        x, y, width, height = at
        name = "inner" if filled else "frame"
        self._elements.append(f'<rect class="{name}" x="{x}" y="{y}" width="{width}" height="{height}" rx="10"/>')
        self._elements.append(f'<text class="place" x="{x + 12}" y="{y + 19}">{escape(label)}</text>')

    def arrow(self, x: int, start: int, end: int, label: str = "", *, main: bool = False, left: bool = False) -> None:
        """An upright arrow from one height to another, with a label beside it."""
        self._elements.append(f'<path class="{"main" if main else "side"}" d="M{x} {start}L{x} {end}"/>')
        if label:
            beside = f'x="{x - 9}" text-anchor="end"' if left else f'x="{x + 9}"'
            self._labels.append(
                f'<text class="way" {beside} y="{start + (end - start) * 0.6 + 4:g}">{escape(label)}</text>'
            )

    def across(self, y: int, start: int, end: int) -> None:
        """A level arrow on the main way."""
        self._elements.append(f'<path class="main" d="M{start} {y}L{end} {y}"/>')

    def svg(self, scheme: Scheme, about: str) -> str:
        """The whole picture in one color scheme."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label='
            f'"{escape(about)}" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">'
        )
        paper = f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>'
        body = [head, _style(scheme), _markers(scheme), paper, *self._elements, *self._labels, "</svg>"]
        return "\n".join(body) + "\n"


def _style(scheme: Scheme) -> str:
    rules = [
        f".{kind} {{ fill: {colors[0]}; stroke: {colors[1]}; stroke-width: 1.5 }}"
        for kind, colors in scheme.items()
        if isinstance(colors, tuple)
    ]
    paper, frame, inner, text, soft = (scheme[name] for name in ("paper", "frame", "inner", "text", "soft"))
    main = scheme["compute"][1]
    rules += [
        f".paper {{ fill: {paper} }} .inner {{ fill: {inner}; stroke: {frame} }}",
        f".frame {{ fill: none; stroke: {frame}; stroke-width: 1.5; stroke-dasharray: 6 4 }}",
        f"text {{ fill: {text}; font-size: 15px }} .id {{ font-weight: 600 }} .id, .note {{ text-anchor: middle }}",
        f".note, .place, .way {{ fill: {soft}; font-size: 13px }}",
        f".way {{ stroke: {paper}; stroke-width: 4px; paint-order: stroke; stroke-linejoin: round }}",
        f".main, .side {{ fill: none; stroke: {main}; stroke-width: 2.5; marker-end: url(#main) }}",
        f".side {{ stroke: {soft}; stroke-width: 1.75; marker-end: url(#side) }}",
    ]
    return "<style>\n" + "\n".join(rules) + "\n</style>"


def _markers(scheme: Scheme) -> str:
    shape = 'viewBox="0 0 8 8" refX="7" refY="4" orient="auto" markerUnits="userSpaceOnUse"'
    return "".join(
        f'<marker id="{name}" {shape} markerWidth="{size}" markerHeight="{size}"><path d="M0 0 8 4 0 8z" '
        f'fill="{color}"/></marker>'
        for name, size, color in (("main", 13, scheme["compute"][1]), ("side", 11, scheme["soft"]))
    )


def draw(template: Topology) -> Sheet:
    """The picture of a template with one function, one API and one file system."""
    sheet = Sheet()
    (function,) = template.of("Lambda::Function")
    _places(sheet, template)
    for part in (_instance, _nat, _egress_only, _function, _storage):
        part(sheet, template, function)
    return sheet


def _places(sheet: Sheet, template: Topology) -> None:
    (vpc,) = template.of("EC2::VPC")
    sheet.frame((24, 132, 952, 438), f"{vpc}, {template.get(vpc, 'CidrBlock')}")
    public, private_one, private_two = template.of("EC2::Subnet")
    sheet.frame((40, 164, 542, 392), "Availability Zone one")
    sheet.frame((614, 164, 346, 392), "Availability Zone two")
    for subnet, place in (
        (public, (56, 194, 510, 112)),
        (private_one, (56, 322, 510, 222)),
        (private_two, (630, 322, 314, 222)),
    ):
        sheet.frame(place, f"{subnet}, {template.get(subnet, 'CidrBlock')}", filled=True)
    (gateway,) = template.of("EC2::InternetGateway")
    sheet.box((60, 24, 540, 54), "outside", "Internet", "package index, model, pictures by URL")
    sheet.box((252, 117, 220, 32), "network", gateway)
    sheet.arrow(290, 117, 81)


def _instance(sheet: Sheet, template: Topology, function: str) -> None:
    for instance in template.of("EC2::Instance"):
        leaves = template.get(instance, "InstanceInitiatedShutdownBehavior") == "terminate"
        about = f"{template.get(instance, 'InstanceType')}, fills EFS at boot" + (", then ends" if leaves else "")
        sheet.box((72, 226, 250, 66), "compute", instance, about)
        code = ", zip" if template.reads_object(instance) else ""
        if template.of("EC2::InternetGateway")[0] in template.ways_out(instance):
            sheet.arrow(290, 226, 152, f"packages, model{code}")
        for (client, _), port in template.mounts().items():
            if client == instance:
                sheet.arrow(290, 292, 468, f"{_rights(template, instance)}, NFS {port}", left=True)


def _nat(sheet: Sheet, template: Topology, function: str) -> None:
    for gateway in template.of("EC2::NatGateway"):
        sheet.box((392, 226, 158, 66), "network", gateway, "with NatPublicIP" if template.of("EC2::EIP") else "")
        if template.of("EC2::InternetGateway")[0] in template.ways_out(gateway):
            sheet.arrow(452, 226, 152)
        if gateway in template.ways_out(function):
            sheet.arrow(430, 348, 295, "pictures by URL", left=True)


def _egress_only(sheet: Sheet, template: Topology, function: str) -> None:
    for gateway in template.of("EC2::EgressOnlyInternetGateway"):
        sheet.box((484, 117, 252, 32), "network", gateway)
        sheet.arrow(520, 117, 81)
        if gateway in template.ways_out(function):
            sheet.arrow(520, 348, 152, "pictures, over IPv6 alone", left=True)


def _function(sheet: Sheet, template: Topology, function: str) -> None:
    runtime, memory = template.get(function, "Runtime"), template.get(function, "MemorySize")
    groups = " and ".join(template.groups(function))
    about = f"{runtime}, {memory} MiB, {groups}"
    sheet.box((330, 348, 600, 70), "compute", function, about, "with a network interface in each private subnet")
    for api in dict.fromkeys(template.callers(function)):
        stage = "".join(f", stage {template.get(title, 'StageName')}" for title in template.of("ApiGateway::Stage"))
        verbs = {template.get(title, "HttpMethod") for title in template.of("ApiGateway::Method")}
        sheet.box((636, 24, 120, 54), "outside", "Caller", "browser, curl")
        sheet.box((790, 24, 186, 54), "network", api, f"{' '.join(sorted(verbs))} /{stage}")
        sheet.across(51, 756, 787)
        sheet.arrow(890, 78, 345, "invokes", main=True)


def _storage(sheet: Sheet, template: Topology, function: str) -> None:
    (system,) = template.of("EFS::FileSystem")
    (access_point,) = template.of("EFS::AccessPoint")
    lanes = dict(zip(template.of("EFS::MountTarget"), ((72, 471, 340, 48), (646, 471, 220, 48)), strict=True))
    for target, (x, y, width, height) in lanes.items():
        sheet.box((x, y, width, height), "storage", target, " and ".join(template.groups(target)))
        middle = x + width - 50 if x < 100 else x + width // 2
        port = template.mounts().get((function, target))
        if port:
            sheet.arrow(middle, 418, y - 3, f"{_rights(template, function)}, NFS {port}", main=True)
        if system in template.linked(target, "FileSystemId"):
            sheet.arrow(middle, y + height, 607, main=True)
    throughput = template.get(system, "ThroughputMode")
    reserved = template.get(system, "ProvisionedThroughputInMibps")
    about = f"{throughput} {reserved} MiB/s" if reserved else f"{throughput} throughput"
    sheet.box((72, 610, 764, 82), "storage", "", "")
    sheet.box((96, 624, 260, 54), "storage", system, f"encrypted, {about}")
    user = template.get(access_point, "PosixUser", "Uid")
    path = template.get(access_point, "RootDirectory", "Path")
    sheet.box((380, 624, 432, 54), "storage", access_point, f"{path}, uid {user}: tensorflow/ and model/")
    if template.linked(function, "Code", "S3Bucket"):
        (bucket,) = template.linked(function, "Code", "S3Bucket")
        sheet.box((852, 610, 124, 82), "storage", bucket, "S3: the", "function's zip")
        sheet.arrow(900, 607, 421, "code")


def _rights(template: Topology, client: str) -> str:
    """What the client's policy lets it do on the file system."""
    role = template.linked(client, "Role")
    for profile in template.linked(client, "IamInstanceProfile"):
        role += template.linked(profile, "Roles")
    policies = str([template.get(title, "Policies") for title in role])
    return "writes" if "ClientWrite" in policies else "reads" if "ClientMount" in policies else "no rights"


def pictures() -> dict[str, str]:
    """The file names, and their texts."""
    made = {}
    body = templates.complete().to_dict()
    for preset, suffix in SUFFIX.items():
        template = topology.read(body, PRESETS[preset])
        about = ABOUT.format(preset=preset)
        for name, scheme in SCHEMES.items():
            made[f"architecture{suffix}-{name}.svg"] = draw(template).svg(scheme, about)
    return made


def main(show: Callable[[str], None] = print) -> int:
    """Writes the pictures; with --check only tells whether they are stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a picture is stale")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures", metavar="DIR")
    options = parser.parse_args()
    stale = 0
    for name, text in pictures().items():
        path = options.out / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        show(f"{'stale' if options.check else 'wrote'} {path}")
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
