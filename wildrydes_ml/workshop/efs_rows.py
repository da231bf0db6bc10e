"""The parameters of EFS, its network and its filling."""

from typing import get_args

from ..blocks import filling, storage
from .row import EFS, FUNCTION, Row, choice, number, shared, text

REFILL = " Used when EFS is filled."

# Pins that serve the handler on both architectures; TensorFlow's CPU-only build exists for x86_64 alone.
PACKAGES = (
    "tensorflow-cpu==2.21.0;platform_machine=='x86_64' tensorflow==2.21.0;platform_machine=='aarch64' "
    "pillow==13.0.0 requests==2.34.2 microsoft-antissrf==1.0.0 ai-edge-litert==2.3.0"
)
MODEL_URL = "https://storage.googleapis.com/tfhub-modules/google/openimages_v4/ssd/mobilenet_v2/1.tar.gz"

_A_KEY = "must be letters, digits and ._/-"
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
        shared(
            "InternetEgress",
            "nat",
            "How the function reaches pictures on the internet: nat (billed by the hour), ipv6 (free, but only "
            "servers with IPv6) or none.",
        ),
        (EFS,),
    ),
    "BootstrapInstance": Row(
        "Instance that fills EFS",
        "Filling EFS",
        shared("BootstrapInstance", "keep"),
        (EFS,),
        refills=True,
    ),
    "BootstrapInstanceType": Row(
        "Instance type",
        "Filling EFS",
        shared("BootstrapInstanceType", ""),
        (EFS,),
        refills=True,
    ),
    "Architecture": Row(
        "Processor",
        "Code",
        shared("Architecture", "x86_64", "Processor of the function and its packages." + REFILL),
        (EFS, FUNCTION),
        refills=True,
    ),
    "PythonRuntime": Row(
        "Python version",
        "Code",
        shared(
            "PythonRuntime",
            "python3.13",
            "Python version of the function and its packages: python3.12 or python3.13." + REFILL,
        ),
        (EFS, FUNCTION),
        refills=True,
    ),
    "Packages": Row(
        "Python packages",
        "Filling EFS",
        shared(
            "Packages",
            PACKAGES,
            "Python packages to install on EFS, pinned with == and separated by spaces." + REFILL,
            "must be packages such as pillow==13.0.0, separated by spaces, with no space around ;",
        ),
        (EFS,),
        refills=True,
    ),
    "ModelUrl": Row(
        "Model URL",
        "Filling EFS",
        shared(
            "ModelUrl",
            MODEL_URL,
            "URL (http or https) of the model: a tar archive with a SavedModel at its top level." + REFILL,
        ),
        (EFS,),
        refills=True,
    ),
    "ModelSha256": Row(
        "Model's SHA-256 digest",
        "Filling EFS",
        shared("ModelSha256", "", "SHA-256 digest of the model's archive. Empty: the archive is not checked." + REFILL),
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
            "must be letters, digits and ._-",
        ),
        (EFS,),
        refills=True,
    ),
    "ModelWeights": Row(
        "Model's weights",
        "Filling EFS",
        choice(
            "auto",
            get_args(filling.Weights),
            "Weights of the prepared model: float32, float16 (half the bytes) or auto (float16 if it finds the same)."
            + REFILL,
        ),
        (EFS,),
        refills=True,
    ),
    "ModelSamples": Row(
        "Pictures to test on",
        "Filling EFS",
        text(
            "none",
            "Key in DataBucket of a tar of pictures to test the prepared model on, or none." + REFILL,
            r"^[A-Za-z0-9._/-]+$",
            _A_KEY,
            MaxLength=128,
        ),
        (EFS,),
        refills=True,
    ),
    "PreparationKey": Row(
        "Zip that prepares the model",
        "Filling EFS",
        text(
            "code/ml_inferencefunction.zip",
            "Key in DataBucket of the function's zip, which prepares the model for a fast start." + REFILL,
            r"^[A-Za-z0-9._/-]+$",
            _A_KEY,
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
        shared("AvailabilityZoneOne", ""),
        (EFS,),
    ),
    "AvailabilityZoneTwo": Row(
        "Second Availability Zone",
        "Network",
        shared("AvailabilityZoneTwo", ""),
        (EFS,),
    ),
}
