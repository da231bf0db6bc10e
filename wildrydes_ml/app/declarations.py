"""What an author says of network, storage and filling. The blocks make it; their results have names of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from ..blocks import arguments
from ..blocks.access import Access
from ..naming import NAME

if TYPE_CHECKING:  # an App without storage needs none of these blocks, and none of the time to import them
    from ..blocks.filling import Instance
    from ..blocks.network import Egress
    from ..blocks.storage import ThroughputMode

Filler: TypeAlias = Literal["public", "private"]

# A VPC has addresses of these, unless somebody has chosen public ones
# (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html).
PRIVATE_BLOCKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
ZONES = ("One", "Two", "Three", "Four", "Five", "Six")


@dataclass(frozen=True)
class ExistingNetwork:
    """A VPC that is there: its ids are parameters `VpcId`, `SubnetOne`, `SubnetTwo` and so on, and `FillerSubnet`.

    Raises ValueError for fewer than 2 or more than 6 zones, and for another filler.
    """

    zones: int = 2
    """How many subnets the functions run in (2 to 6), each in another Availability Zone, with a way out if they need
    one."""
    filler: Filler = "public"
    """The kind of FillerSubnet, from which the instance fetches packages and model: `public` has a route to an Internet
    gateway, and gives the instance an address; `private` has one to a NAT gateway."""
    blocks: tuple[str, ...] = PRIVATE_BLOCKS
    """The IPv4 blocks that hold the VPC's addresses: NFS is let out to these alone."""

    def __post_init__(self) -> None:
        if isinstance(self.zones, bool) or not isinstance(self.zones, int) or not 2 <= self.zones <= len(ZONES):
            raise ValueError(f"ExistingNetwork.zones is {self.zones!r}: use 2 to {len(ZONES)}, a subnet in each")
        arguments.one_of("ExistingNetwork.filler", self.filler, get_args(Filler))
        arguments.several("ExistingNetwork.blocks", self.blocks, 1, "name blocks such as 10.0.0.0/16, each once")


@dataclass(frozen=True)
class NewNetwork:
    """A VPC of the App's own, with two private subnets and a public one. Raises ValueError for another egress."""

    egress: "Egress" = "none"
    """The functions' way out: `none`, `nat` (billed by the hour) or `ipv6` (free; reaches hosts with IPv6 alone)."""

    def __post_init__(self) -> None:
        from ..blocks.network import Egress

        arguments.one_of("NewNetwork.egress", self.egress, get_args(Egress))


@dataclass(frozen=True)
class Storage:
    """An encrypted EFS, which every function mounts. Raises ValueError for another mode and for MiB/s out of range."""

    throughput_mode: "ThroughputMode" = "elastic"
    """`elastic` bills what is read and written, `provisioned` what is reserved, `bursting` nothing."""
    provisioned_mibps: float = 15
    """MiB/s to reserve (1 to 3414), where the mode is `provisioned`."""

    def __post_init__(self) -> None:
        from ..blocks.storage import MIBPS, ThroughputMode

        arguments.one_of("Storage.throughput_mode", self.throughput_mode, get_args(ThroughputMode))
        arguments.number("Storage.provisioned_mibps", self.provisioned_mibps, *MIBPS, "MiB/s")


@dataclass(frozen=True)
class Filling:
    """What is put on EFS, by an instance on AWS and by the same script here.

    Raises TypeError and ValueError for values that cannot be any of these; the App looks at the files.
    """

    packages: str | Sequence[str]
    """A file of pins such as `numpy==2.4.6`, relative to the App's file; or a list of pins."""
    model: str
    """A directory or tar archive, relative to the App's file; or the http(s) URL of a tar archive. On EFS its content
    is in `model/`."""
    sha256: str = ""
    """The digest of the archive behind the URL, in 64 hexadecimal digits."""
    instance: "Instance" = "stop"
    """What becomes of the instance once EFS is filled: `stop` (it ends itself), `keep`, or `none` (there is none)."""
    instance_type: str = ""
    """Its type; empty: c5.large, or c7g.large on arm64."""

    def __post_init__(self) -> None:
        from ..blocks.filling import Instance

        for name in ("model", "sha256", "instance_type"):
            _refuse_no_text(f"Filling.{name}", getattr(self, name))
        if not self.model:
            raise ValueError("Filling.model is empty: name the model's directory, archive or URL")
        if not self.packages:
            raise ValueError("Filling.packages is empty: name a file of pins such as packages.txt, or list the pins")
        arguments.one_of("Filling.instance", self.instance, get_args(Instance))
        arguments.text("Filling.sha256", self.sha256, r"|[0-9A-Fa-f]{64}", "use 64 hexadecimal digits, or nothing")
        if self.sha256 and not self.is_url:
            raise ValueError("Filling.sha256 is for a model behind a URL: leave it out, as the model is here")

    @property
    def is_url(self) -> bool:
        """Whether the model is fetched from a web server."""
        return self.model.startswith(("http://", "https://"))


def _refuse_no_text(where: str, value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{where} is {value!r}: pass text")


def refuse_wrong_name(name: object) -> None:
    """Raises ValueError for what a deployment cannot be called."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"App name {name!r}: use 2 to 31 lower-case letters, digits and dashes, a letter first")


def refuse_wrong_kinds(network: object, storage: object, filling: object, access: object) -> None:
    """Raises TypeError for what is of another kind, ValueError for what does not go together."""
    for name, value, kinds in (
        ("network", network, (ExistingNetwork, NewNetwork)),
        ("storage", storage, (Storage,)),
        ("filling", filling, (Filling,)),
        ("access", access, (Access,)),
    ):
        if value is not None and not isinstance(value, kinds):
            raise TypeError(f"App.{name} is {value!r}: pass {' or '.join(f'{kind.__name__}(...)' for kind in kinds)}")
    if storage is not None and network is None:
        raise ValueError("App.storage needs a network: add network=ExistingNetwork(...) or network=NewNetwork(...)")
    if network is not None and storage is None:
        raise ValueError("App.network is for storage: add storage=Storage(), or leave the network out")
    if filling is not None and storage is None:
        raise ValueError("App.filling needs storage to fill: add storage=Storage()")
