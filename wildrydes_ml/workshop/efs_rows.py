"""The parameters of EFS, its network and its filling."""

from typing import get_args

from ..blocks import agreement, filling, storage
from ..blocks.filling import Instance
from ..blocks.network import Egress
from .row import EFS, FUNCTION, Row, choice, number, text

REFILL = " To change it later, see BootstrapInstance."

# Pins that serve the handler on both architectures; TensorFlow's CPU-only build exists for x86_64 alone.
PACKAGES = (
    "tensorflow-cpu==2.21.0;platform_machine=='x86_64' tensorflow==2.21.0;platform_machine=='aarch64' "
    "pillow==13.0.0 requests==2.34.2 microsoft-antissrf==1.0.0 ai-edge-litert==2.3.0"
)
MODEL_URL = "https://storage.googleapis.com/tfhub-modules/google/openimages_v4/ssd/mobilenet_v2/1.tar.gz"

_CIDR = r"^$|^(\d{1,3}\.){3}\d{1,3}/\d{1,2}$"

ROWS: dict[str, Row] = {
    "ThroughputMode": Row(
        "Throughput mode",
        "Storage",
        choice(
            "provisioned",
            get_args(storage.ThroughputMode),
            "How fast EFS is: provisioned (you pay for what you reserve), elastic (you pay for what is read and "
            "written) or bursting (at no extra cost).",
        ),
        (EFS,),
    ),
    "ProvisionedThroughputInMibps": Row(
        "Reserved throughput (MiB/s)",
        "Storage",
        number(15, *storage.MIBPS, "MiB/s to reserve. It counts when ThroughputMode is provisioned."),
        (EFS,),
    ),
    "InternetEgress": Row(
        "Way to the internet",
        "Network",
        choice(
            "nat",
            get_args(Egress),
            "How the function reaches pictures on the internet: nat (billed by the hour), ipv6 (free, but only "
            "servers with IPv6) or none.",
        ),
        (EFS,),
    ),
    "BootstrapInstance": Row(
        "Instance that fills EFS",
        "Filling EFS",
        choice(
            "keep",
            get_args(Instance),
            "The EC2 instance that fills EFS: keep it, stop (it deletes itself when EFS is filled; set none "
            "before the next update) or none (no instance). To fill EFS again: set none, update, then set keep "
            "or stop.",
        ),
        (EFS,),
        refills=True,
    ),
    "BootstrapInstanceType": Row(
        "Instance type",
        "Filling EFS",
        text(
            "",
            "Type of the instance that fills EFS. Empty: c5.large, or c7g.large on arm64.",
            r"^$|^[a-z0-9-]+\.[a-z0-9-]+$",
            "must be an instance type such as c5.large, or empty",
        ),
        (EFS,),
        refills=True,
    ),
    "Architecture": Row(
        "Processor",
        "Code",
        choice(
            "x86_64",
            get_args(agreement.Architecture),
            "Processor of the function and of the instance that fills EFS." + REFILL,
        ),
        (EFS, FUNCTION),
        refills=True,
    ),
    "PythonRuntime": Row(
        "Python version",
        "Code",
        text(
            "python3.13",
            "Python version of the function and its packages: python3.12 or python3.13." + REFILL,
            f"^{agreement.RUNTIME}$",
            "must be a Lambda runtime such as python3.13",
        ),
        (EFS, FUNCTION),
        refills=True,
    ),
    "Packages": Row(
        "Python packages",
        "Filling EFS",
        text(
            PACKAGES,
            "Python packages to install on EFS, pinned with == and separated by spaces." + REFILL,
            f"^{filling.PINS}$",
            "must be packages such as pillow==13.0.0, separated by spaces, with no space around ;",
        ),
        (EFS,),
        refills=True,
    ),
    "ModelUrl": Row(
        "Model URL",
        "Filling EFS",
        text(
            MODEL_URL,
            "The model: http or https URL of a tar archive with a SavedModel at its top level." + REFILL,
            r"^https?://[^\s\"$`\\]+$",
            "must be an http or https URL without spaces, quotes, $, ` or \\",
        ),
        (EFS,),
        refills=True,
    ),
    "ModelSha256": Row(
        "Model's SHA-256 digest",
        "Filling EFS",
        text(
            "",
            "SHA-256 digest of the model's archive. Empty: the archive is not checked." + REFILL,
            r"^$|^[0-9A-Fa-f]{64}$",
            "must be 64 hexadecimal digits, or empty",
        ),
        (EFS,),
        refills=True,
    ),
    "Signature": Row(
        "Model's signature",
        "Filling EFS",
        text(
            "default",
            "Name of the model's signature that finds objects in a picture." + REFILL,
            r"^[A-Za-z0-9._-]+$",
            "must be letters, digits, dots, underscores and dashes",
        ),
        (EFS,),
        refills=True,
    ),
    "PreparationKey": Row(
        "Zip that prepares the model",
        "Filling EFS",
        text(
            "code/ml_inferencefunction.zip",
            "Key in DataBucket of the function's zip. Its code prepares the model for a fast start." + REFILL,
            r"^[A-Za-z0-9._/-]+$",
            "must be letters, digits, dots, underscores, dashes and slashes",
            MaxLength=90,
        ),
        (EFS,),
        derived="it is the code's key when EFS was filled",
    ),
    "SshCidr": Row(
        "Who may connect by SSH",
        "Network",
        text(
            "",
            "IPv4 range that may connect to the instance by SSH. Empty: none, use Session Manager. For Instance "
            "Connect in the console, enter AWS's own range.",
            _CIDR,
            "must be an IPv4 range such as 192.0.2.0/24, or empty",
        ),
        (EFS,),
        opens=lambda value: f"port 22 is open to {value}" if value else "",
    ),
    "AvailabilityZoneOne": Row(
        "First Availability Zone",
        "Network",
        text(
            "",
            "Zone of the public subnet and the first private subnet. Empty: the region's first zone. Set both "
            "zones or neither.",
            r"^$|^[a-z0-9-]+$",
            "must be an Availability Zone such as eu-west-1a, or empty",
        ),
        (EFS,),
    ),
    "AvailabilityZoneTwo": Row(
        "Second Availability Zone",
        "Network",
        text(
            "",
            "Zone of the second private subnet. Empty: the region's second zone.",
            r"^$|^[a-z0-9-]+$",
            "must be an Availability Zone such as eu-west-1b, or empty",
        ),
        (EFS,),
    ),
}
