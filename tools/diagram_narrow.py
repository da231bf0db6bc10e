"""The architecture for a phone: the same parts as in the wide drawing, one below the other, in text of a readable size.

360 units are the width of a phone's page, so that a unit is a pixel there.
"""

from tools.drawing import Sheet
from tools.topology import Topology


def draw(template: Topology) -> Sheet:
    """The picture of a template with one function, one API and one file system."""
    sheet = Sheet(360, 864, text=12, small=12)
    (function,) = template.of("Lambda::Function")
    _places(sheet, template)
    for part in (_api, _instance, _ways_out, _function, _storage):
        part(sheet, template, function)
    return sheet


def _places(sheet: Sheet, template: Topology) -> None:
    (vpc,) = template.of("EC2::VPC")
    public, private_one, private_two = template.of("EC2::Subnet")
    sheet.frame((1, 176, 358, 462), "")
    sheet.place(184, 627, f"{vpc}, {template.get(vpc, 'CidrBlock')}", "middle")
    sheet.frame((6, 222, 338, 112), f"{public}, zone one, {template.get(public, 'CidrBlock')}", filled=True)
    for subnet, zone, x in ((private_one, "one", 6), (private_two, "two", 178)):
        sheet.frame((x, 380, 168 if x < 100 else 166, 226), "", filled=True)
        sheet.place(x + (31 if x < 100 else 8), 399, subnet)
        sheet.place(x + (31 if x < 100 else 8), 415, f"zone {zone}, {template.get(subnet, 'CidrBlock')}")
    sheet.box((3, 4, 172, 62), "outside", "Internet", "package index, model,", "pictures by URL")


def _api(sheet: Sheet, template: Topology, function: str) -> None:
    for api in dict.fromkeys(template.callers(function)):
        stage = "".join(f", stage {template.get(title, 'StageName')}" for title in template.of("ApiGateway::Stage"))
        verbs = {template.get(title, "HttpMethod") for title in template.of("ApiGateway::Method")}
        sheet.box((219, 4, 138, 48), "outside", "Caller", "browser, curl")
        sheet.arrow(288, 52, 77, main=True)
        sheet.box((190, 80, 167, 48), "network", api, f"{' '.join(sorted(verbs))} /{stage}")
        sheet.around((351, 128), (351, 464), (341, 464))
        sheet.label(342, 148, "invokes", "end")


def _instance(sheet: Sheet, template: Topology, function: str) -> None:
    gateway = template.of("EC2::InternetGateway")[0]
    for instance in template.of("EC2::Instance"):
        leaves = template.get(instance, "InstanceInitiatedShutdownBehavior") == "terminate"
        about = f"{template.get(instance, 'InstanceType')}, fills EFS"
        sheet.box((14, 252, 176, 70), "compute", instance, about, "at boot, then ends" if leaves else "at boot")
        code = ", zip" if template.reads_object(instance) else ""
        if gateway in template.ways_out(instance):
            sheet.arrow(56, 252, 195)
            sheet.label(65, 213, f"packages, model{code}")
        for (client, _), port in template.mounts().items():
            if client == instance:
                sheet.arrow(28, 322, 537)
                sheet.label(37, 372, f"{template.rights(instance)}, NFS {port}")


def _ways_out(sheet: Sheet, template: Topology, function: str) -> None:
    """The gateways, and the function's way to the internet."""
    gateway = template.of("EC2::InternetGateway")[0]
    only = template.of("EC2::EgressOnlyInternetGateway")
    sheet.box((6, 160, 130 if only else 338, 32), "network", gateway)
    sheet.arrow(56, 160, 69)
    for title in only:
        sheet.box((144, 160, 200, 32), "network", title)
        sheet.arrow(160, 160, 69)
        if title in template.ways_out(function):
            sheet.arrow(322, 434, 195)
            sheet.label(313, 354, "pictures, over IPv6 alone", "end")
    for title in template.of("EC2::NatGateway"):
        sheet.box((204, 252, 124, 70), "network", title, "with NatPublicIP" if template.of("EC2::EIP") else "")
        if gateway in template.ways_out(title):
            sheet.arrow(300, 252, 195)
        if title in template.ways_out(function):
            sheet.arrow(322, 434, 325)
            sheet.label(313, 354, "pictures by URL", "end")


def _function(sheet: Sheet, template: Topology, function: str) -> None:
    runtime, memory = template.get(function, "Runtime"), template.get(function, "MemorySize")
    groups = " and ".join(template.groups(function))
    about = (f"{runtime}, {memory} MiB", groups, "an interface in each private subnet")
    sheet.box((42, 428, 296, 76), "compute", function, *about)


def _storage(sheet: Sheet, template: Topology, function: str) -> None:
    (system,) = template.of("EFS::FileSystem")
    (access_point,) = template.of("EFS::AccessPoint")
    lanes = zip(template.of("EFS::MountTarget"), ((8, 540, 164, 60), (180, 540, 162, 300)), strict=True)
    for target, (x, y, width, middle) in lanes:
        sheet.box((x, y, width, 54), "storage", target, " and ".join(template.groups(target)))
        port = template.mounts().get((function, target))
        if port:
            sheet.arrow(middle, 504, y - 3, main=True)
            words = f"{template.rights(function)}, NFS {port}"
            sheet.label(middle + (8 if x < 100 else -8), 525, words, "start" if x < 100 else "end")
        if system in template.linked(target, "FileSystemId"):
            sheet.arrow(middle, y + 54, 667, main=True)
    throughput = template.get(system, "ThroughputMode")
    reserved = template.get(system, "ProvisionedThroughputInMibps")
    about = f"{throughput} {reserved} MiB/s" if reserved else f"{throughput} throughput"
    sheet.frame((3, 670, 354, 130), "")
    sheet.box((14, 680, 332, 50), "storage", system, f"encrypted, {about}")
    user = template.get(access_point, "PosixUser", "Uid")
    path = template.get(access_point, "RootDirectory", "Path")
    sheet.box((14, 740, 332, 50), "storage", access_point, f"{path}, uid {user}: tensorflow/ and model/")
    for bucket in template.linked(function, "Code", "S3Bucket"):
        sheet.box((3, 812, 354, 48), "storage", bucket, "S3: the function's zip")
