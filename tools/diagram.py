"""Draws the architecture from the template: what is in the picture is in `templates/99_complete.yml`.

This is the drawing for wide windows; `diagram_narrow` has the one for phones.

The lanes are fixed, since the shape is known. What stands in them, what it is called and which arrows there are is
read from the template: without a NAT gateway, there is none in the picture. The same template gives the same bytes.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import diagram_narrow, growth, topology
from tools.drawing import SCHEMES, Sheet
from tools.topology import Topology
from wildrydes_ml.workshop import templates
from wildrydes_ml.workshop.deployments import PRESETS

ROOT = Path(__file__).resolve().parent.parent
ABOUT = (
    "The architecture with preset {preset}: API Gateway invokes a function in two private subnets, which reads "
    "packages and model from EFS through a mount target in each; an instance in the public subnet fills EFS at boot."
)
SUFFIX = {"workshop": "", "lean": "-lean"}


def draw(template: Topology) -> Sheet:
    """The picture of a template with one function, one API and one file system."""
    sheet = Sheet(1000, 708)
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
                sheet.arrow(290, 292, 468, f"{template.rights(instance)}, NFS {port}", left=True)


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
            sheet.arrow(middle, 418, y - 3, f"{template.rights(function)}, NFS {port}", main=True)
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


def pictures() -> dict[str, str]:
    """The file names, and their texts."""
    made = {}
    body = templates.complete().to_dict()
    for preset, suffix in SUFFIX.items():
        template = topology.read(body, PRESETS[preset])
        about = ABOUT.format(preset=preset)
        for name, scheme in SCHEMES.items():
            made[f"architecture{suffix}-{name}.svg"] = draw(template).svg(scheme, about)
            made[f"architecture{suffix}-narrow-{name}.svg"] = diagram_narrow.draw(template).svg(scheme, about)
    return made | {f"growth-{name}.svg": growth.svg(scheme) for name, scheme in SCHEMES.items()}


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
