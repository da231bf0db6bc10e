"""How an author declares network, storage and filling. The blocks add the resources; their results have other names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from ..blocks import arguments, rows
from ..blocks.access import Access
from ..naming import NAME

if TYPE_CHECKING:  # an App without storage needs none of these blocks, and none of the time to import them
    from ..blocks.filling import Instance
    from ..blocks.network import Egress
    from ..blocks.storage import ThroughputMode

Filler: TypeAlias = Literal["public", "private"]
Kind: TypeAlias = Literal["efs", "zip"]

# A VPC has addresses of these, unless somebody has chosen public ones
# (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html).
PRIVATE_BLOCKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
ZONES = ("One", "Two", "Three", "Four", "Five", "Six")


@dataclass(frozen=True)
class ExistingNetwork:
    """An existing VPC. Its ids are the parameters `VpcId`, `SubnetOne`, `SubnetTwo` and so on, and `FillerSubnet`.

    Raises ValueError for fewer than 2 or more than 6 zones, and for another filler.
    """

    zones: int = 2
    """The number of the functions' subnets, 2 to 6, in different Availability Zones. For functions that need the
    Internet, the subnets must have a route to it."""
    filler: Filler = "public"
    """The kind of FillerSubnet, from which the instance fetches packages and model. `public`: it has a route to an
    Internet gateway, and the instance gets a public address. `private`: it has a route to a NAT gateway."""
    blocks: tuple[str, ...] = PRIVATE_BLOCKS
    """The IPv4 blocks that contain the VPC's addresses: the functions may use NFS to these only."""

    def __post_init__(self) -> None:
        if isinstance(self.zones, bool) or not isinstance(self.zones, int) or not 2 <= self.zones <= len(ZONES):
            raise ValueError(f"ExistingNetwork.zones is {self.zones!r}: use 2 to {len(ZONES)}, with a subnet in each")
        arguments.one_of("ExistingNetwork.filler", self.filler, get_args(Filler))
        arguments.several("ExistingNetwork.blocks", self.blocks, 1, "name blocks such as 10.0.0.0/16, each once")


@dataclass(frozen=True)
class NewNetwork:
    """A new VPC for the App, with two private subnets and a public one. Raises ValueError for another egress."""

    egress: "Egress" = "none"
    """The functions' Internet access: `none`, `nat` (billed by the hour) or `ipv6` (free; only hosts with IPv6)."""

    def __post_init__(self) -> None:
        from ..blocks.network import Egress

        arguments.one_of("NewNetwork.egress", self.egress, get_args(Egress))


@dataclass(frozen=True)
class Storage:
    """Where the functions find packages and model: on an encrypted EFS, which every function mounts, or in their zips.

    Raises ValueError for another kind or mode, and for MiB/s out of range.
    """

    kind: Kind = "efs"
    """`efs`: a file system, in a network. `zip`: packages and model are in the functions' zips, up to 250 MB unpacked,
    and there is no network; `EFS_PATH` is their directory in the zip. What follows is for `efs`."""
    throughput_mode: "ThroughputMode" = "elastic"
    """`elastic`: reading and writing is billed. `provisioned`: the reserved throughput is billed. `bursting`: free."""
    provisioned_mibps: float = 15
    """MiB/s to reserve, 1 to 3414; used with `provisioned` only."""

    def __post_init__(self) -> None:
        from ..blocks.storage import MIBPS, ThroughputMode

        arguments.one_of("Storage.kind", self.kind, get_args(Kind))
        arguments.one_of("Storage.throughput_mode", self.throughput_mode, get_args(ThroughputMode))
        arguments.number("Storage.provisioned_mibps", self.provisioned_mibps, *MIBPS, "MiB/s")


@dataclass(frozen=True)
class Filling:
    """The content of EFS: on AWS an instance puts it there, locally the same script does. With `Storage("zip")` deploy
    puts packages and model into the zips, and what is said of the instance has no effect.

    Raises TypeError and ValueError for wrong values. The App checks the files.
    """

    packages: str | Sequence[str]
    """A file with exact versions such as `numpy==2.4.6` (relative to the App's file), or a list of them."""
    model: str
    """A directory or tar archive (relative to the App's file), or the http(s) URL of a tar archive. Its content is in
    `model/` on EFS."""
    sha256: str = ""
    """The SHA-256 digest of the archive at the URL, in 64 hexadecimal digits."""
    instance: "Instance" = "stop"
    """The instance after EFS is filled: `stop` (it terminates itself) or `keep`; `none`: there is no instance."""
    instance_type: str = ""
    """The instance type; empty: c5.large, or c7g.large on arm64."""

    def __post_init__(self) -> None:
        from ..blocks.filling import Instance

        for name in ("model", "sha256", "instance_type"):
            _refuse_no_text(f"Filling.{name}", getattr(self, name))
        if not self.model:
            raise ValueError("Filling.model is empty: name the model's directory, archive or URL")
        if "://" in self.model and not self.is_url:
            raise ValueError(f"Filling.model is {self.model!r}: a URL begins with http:// or https://")
        arguments.text(
            "Filling.instance_type",
            self.instance_type,
            rows.SHARED["BootstrapInstanceType"]["AllowedPattern"],
            "use an instance type such as c5.large, or '' for the usual one",
        )
        if not self.packages:
            raise ValueError(
                "Filling.packages is empty: name a file such as packages.txt, or list packages such as numpy==2.4.6"
            )
        arguments.one_of("Filling.instance", self.instance, get_args(Instance))
        arguments.text("Filling.sha256", self.sha256, r"|[0-9A-Fa-f]{64}", "use 64 hexadecimal digits, or nothing")
        if self.sha256 and not self.is_url:
            raise ValueError("Filling.sha256 is only for a model at a URL: remove it, since this model is a local file")

    @property
    def is_url(self) -> bool:
        """Whether the model is the URL of an archive."""
        return self.model.startswith(("http://", "https://"))


def _refuse_no_text(where: str, value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{where} is {value!r}: pass text")


def refuse_wrong_name(name: object) -> None:
    """Raises ValueError for what a deployment cannot be called."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"App name {name!r}: use 2 to 31 lower-case letters, digits and dashes, a letter first")


def refuse_wrong_kinds(network: object, storage: object, filling: object, access: object) -> None:
    """Raises TypeError for a value of the wrong kind, ValueError for values that do not fit together."""
    for name, value, kinds in (
        ("network", network, (ExistingNetwork, NewNetwork)),
        ("storage", storage, (Storage,)),
        ("filling", filling, (Filling,)),
        ("access", access, (Access,)),
    ):
        if value is not None and not isinstance(value, kinds):
            raise TypeError(f"App.{name} is {value!r}: pass {' or '.join(f'{kind.__name__}(...)' for kind in kinds)}")
    if isinstance(storage, Storage) and storage.kind == "zip":
        _refuse_unfit_for_zip(network, filling)
        return
    if storage is not None and network is None:
        raise ValueError("App.storage needs a network: add network=ExistingNetwork(...) or network=NewNetwork(...)")
    if network is not None and storage is None:
        raise ValueError("App.network is used only with storage: add storage=Storage(), or remove the network")
    if filling is not None and storage is None:
        raise ValueError("App.filling needs storage to fill: add storage=Storage()")


def _refuse_unfit_for_zip(network: object, filling: object) -> None:
    if network is not None:
        raise ValueError("App.network is used only with EFS: remove it, since Storage('zip') needs no network")
    if not isinstance(filling, Filling):
        raise ValueError("App.filling says what goes into the zips: add filling=Filling(...), or remove the storage")
    if filling.is_url:
        raise ValueError(
            f"Filling.model is {filling.model!r}: with Storage('zip') name a directory or an archive on this machine"
        )
