"""Network, storage and filling for the functions of an App, built from the blocks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from troposphere import Output, Parameter, Template

from ..blocks.agreement import Populate
from ..blocks.choices import choose
from ..blocks.filling import DATA_REASON, PopulateSettings, add_instance_security_group, add_populate
from ..blocks.mount import FileSystemMount
from ..blocks.network import Network, add_function_security_group, add_network
from ..blocks.storage import REFILL_REASON, add_storage
from ..blocks.storage import Storage as FileSystem
from ..blocks.suppressions import cfn_lint_ignores
from . import files
from .declarations import ZONES, ExistingNetwork, Filling, NewNetwork, Storage
from .parameters import known

_FILLER = {
    "public": "Subnet of the instance that fills EFS. It needs a route to an internet gateway.",
    "private": "Subnet of the instance that fills EFS. It needs a route to a NAT gateway.",
}


@dataclass(frozen=True)
class Foundation:
    """What the functions need of network, storage and filling."""

    mount: FileSystemMount
    storage: FileSystem
    """The file system."""
    filling: Populate | None = None
    """The filling; None without one."""


def add_foundation(
    template: Template,
    base: Path,
    network: ExistingNetwork | NewNetwork,
    storage: Storage,
    filling: Filling | None,
) -> Foundation:
    """Adds network, file system and filling, with their parameters; `base` is the directory of the App's files."""
    made = _network(template, network, filling)
    way_out = isinstance(network, ExistingNetwork) or network.egress != "none"
    group = add_function_security_group(template, made, web=way_out)
    settings = _settings(template, base, filling)
    filler = [add_instance_security_group(template, made, settings)] if settings else []
    efs = add_storage(
        template,
        made,
        [group, *filler],
        throughput_mode=storage.throughput_mode,
        provisioned_mibps=storage.provisioned_mibps,
        no_backup_because=REFILL_REASON if filling else "",
    )
    mount = FileSystemMount(
        subnets=list(made.private_subnets),
        security_groups=[group],
        access_point_arn=efs.access_point_arn,
        path=template.add_parameter(known("EFSpath")),
        ipv6=choose(made.ipv6, True, False),
        mount_targets=efs.mount_targets,
    )
    if settings is None:
        return Foundation(mount, efs)
    filled = add_populate(template, made, efs, filler[0], settings)
    condition = {"Condition": filled.exists} if isinstance(filled.exists, str) else {}
    template.add_output(
        Output("EFSContents", Description="What is on EFS: sizes and versions", Value=filled.contents, **condition)
    )
    template.set_metadata(cfn_lint_ignores(E6101=DATA_REASON))
    return Foundation(mount, efs, filled)


def _network(template: Template, network: ExistingNetwork | NewNetwork, filling: Filling | None) -> Network:
    if isinstance(network, ExistingNetwork):
        return _existing(template, network, filling)
    egress: Any = network.egress
    if egress != "none":
        egress = template.add_parameter(known("InternetEgress", Default=network.egress))
    zones = [template.add_parameter(known(f"AvailabilityZone{one}")) for one in ("One", "Two")]
    return add_network(template, egress=egress, zone_one=zones[0], zone_two=zones[1])


def _existing(template: Template, network: ExistingNetwork, filling: Filling | None) -> Network:
    vpc = template.add_parameter(known("VpcId"))
    subnets = [template.add_parameter(_subnet(zone)) for zone in ZONES[: network.zones]]
    filler = {}
    if filling is not None:
        subnet = template.add_parameter(known("FillerSubnet", Description=_FILLER[network.filler]))
        filler = {"public_subnet" if network.filler == "public" else "filling_subnet": subnet}
    return Network(vpc=vpc, vpc_cidr=tuple(network.blocks), private_subnets=subnets, **filler)


def _subnet(zone: str) -> Parameter:
    about = "Subnet in which the functions run. Each subnet must be in another Availability Zone of the VPC."
    return Parameter(f"Subnet{zone}", Type="AWS::EC2::Subnet::Id", Description=about)


def _settings(template: Template, base: Path, filling: Filling | None) -> PopulateSettings | None:
    if filling is None:
        return None
    given: dict[str, dict[str, Any]] = {
        "BootstrapInstance": {"Default": filling.instance},
        "BootstrapInstanceType": {"Default": filling.instance_type},
        "Packages": {"Default": files.pins("Filling.packages", base, filling.packages)},
        "ModelUrl": {"Default": filling.model} if filling.is_url else {},
        "ModelSha256": {"Default": filling.sha256},
    }
    added = {name: template.add_parameter(known(name, **more)) for name, more in given.items()}
    return PopulateSettings(
        instance=added["BootstrapInstance"],
        instance_type=added["BootstrapInstanceType"],
        architecture=template.parameters["Architecture"],
        runtime=template.parameters["PythonRuntime"],
        packages=added["Packages"],
        model=added["ModelUrl"],
        model_sha256=added["ModelSha256"],
        permissions_boundary=template.parameters["PermissionsBoundary"],
    )
