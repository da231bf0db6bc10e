"""The parameters of the workshop's templates as one table: a row says all of a parameter.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from ..blocks import access, arguments, function, storage
from ..blocks.rows import SHARED

REFILL = " See BootstrapInstance."

# Pins that serve the handler on both architectures; TensorFlow's CPU-only build exists for x86_64 alone.
PACKAGES = (
    "tensorflow-cpu==2.21.0;platform_machine=='x86_64' tensorflow==2.21.0;platform_machine=='aarch64' "
    "pillow==13.0.0 requests==2.34.2 microsoft-antissrf==1.0.0 ai-edge-litert==2.3.0"
)
MODEL_URL = "https://storage.googleapis.com/tfhub-modules/google/openimages_v4/ssd/mobilenet_v2/1.tar.gz"

BUCKET = f"^{arguments.BUCKET}$"
_CIDR = r"^$|^(\d{1,3}\.){3}\d{1,3}/\d{1,2}$"


def _text(default: str, description: str, pattern: str = "", constraint: str = "", **more: Any) -> dict[str, Any]:
    checks = {"AllowedPattern": pattern, "ConstraintDescription": constraint} if pattern else {}
    return {"Type": "String", "Default": default, "Description": description, **checks, **more}


def _choice(default: str, values: tuple[str, ...], description: str) -> dict[str, Any]:
    return {
        "Type": "String",
        "Default": default,
        "AllowedValues": list(values),
        "Description": description,
    }


def _number(default: Any, low: Any, high: Any, description: str) -> dict[str, Any]:
    return {
        "Type": "Number",
        "Default": default,
        "MinValue": low,
        "MaxValue": high,
        "Description": description,
    }


def _required(kind: str, description: str, **more: Any) -> dict[str, Any]:
    return {"Type": kind, "Description": description, **more}


def _shared(name: str, default: str | None, description: str = "", constraint: str = "") -> dict[str, Any]:
    """The row that other applications have, too, with the workshop's own default and words; None: required."""
    row = SHARED[name]
    own = {
        "Type": "String",
        **({} if default is None else {"Default": default}),
        **({"AllowedValues": row["AllowedValues"]} if "AllowedValues" in row else {}),
        "Description": description or row["Description"],
        **{key: row[key] for key in ("AllowedPattern", "ConstraintDescription", "MaxLength") if key in row},
    }
    return {**own, "ConstraintDescription": constraint} if constraint else own


# The parts of the templates that have parameters.
EFS, MOUNT, SOURCE, FUNCTION = "efs", "mount", "source", "function"
DUAL_STACK, WORKSHOP_COMMAND = "dual stack", "workshop command"


@dataclass(frozen=True)
class Row:
    """All of a parameter."""

    properties: dict[str, Any]
    """CloudFormation's."""
    parts: tuple[str, ...]
    """The parts of the templates that have it."""
    refills: bool = False
    """Whether a change does nothing to a filled EFS, so that the instance must be made anew: user data runs once, a
    wait condition never resets."""
    derived: str = ""
    """Why nobody sets it: what the deployer takes it from."""
    opens: Callable[[str], str] | None = None
    """To whom a value of it opens something; empty when it opens nothing."""


ROWS: dict[str, Row] = {
    # EFS, its network and its filling
    "ThroughputMode": Row(
        _choice(
            "provisioned",
            get_args(storage.ThroughputMode),
            "EFS throughput: provisioned bills what is reserved, elastic what is read and written, bursting nothing.",
        ),
        (EFS,),
    ),
    "ProvisionedThroughputInMibps": Row(
        _number(15, *storage.MIBPS, "MiB/s to reserve where ThroughputMode is provisioned."), (EFS,)
    ),
    "InternetEgress": Row(
        _shared(
            "InternetEgress",
            "nat",
            "Way out to pictures by URL: nat (billed by the hour), ipv6 (free, hosts with IPv6 only) or none.",
        ),
        (EFS,),
    ),
    "BootstrapInstance": Row(_shared("BootstrapInstance", "keep"), (EFS,), refills=True),
    "BootstrapInstanceType": Row(_shared("BootstrapInstanceType", ""), (EFS,), refills=True),
    "Architecture": Row(
        _shared("Architecture", "x86_64", "Processor of the function and the filling instance." + REFILL),
        (EFS, FUNCTION),
        refills=True,
    ),
    "PythonRuntime": Row(
        _shared(
            "PythonRuntime",
            "python3.13",
            "Python of the function and its packages: python3.12 or python3.13." + REFILL,
        ),
        (EFS, FUNCTION),
        refills=True,
    ),
    "Packages": Row(
        _shared(
            "Packages",
            PACKAGES,
            "What pip installs on EFS, separated by spaces, pinned with ==." + REFILL,
            "must be pins such as pillow==13.0.0 separated by spaces; a marker after ; has no space in it",
        ),
        (EFS,),
        refills=True,
    ),
    "ModelUrl": Row(
        _shared("ModelUrl", MODEL_URL, "http(s) URL of a tar archive whose root is a SavedModel." + REFILL),
        (EFS,),
        refills=True,
    ),
    "ModelSha256": Row(
        _shared("ModelSha256", "", "SHA-256 of the model's archive; empty: not checked." + REFILL),
        (EFS,),
        refills=True,
    ),
    "Signature": Row(
        _text(
            "default",
            "The model's signature that answers pictures." + REFILL,
            r"^[A-Za-z0-9._-]+$",
            "must be letters, digits and ._-",
        ),
        (EFS,),
        refills=True,
    ),
    "PreparationKey": Row(
        _text(
            "code/ml_inferencefunction.zip",
            "Key in DataBucket of the function's zip that prepares the model for a fast start." + REFILL,
            r"^[A-Za-z0-9._/-]+$",
            "must be letters, digits and ._/-",
            MaxLength=90,
        ),
        (EFS,),
        derived="it is the code's key when EFS was filled",
    ),
    "SshCidr": Row(
        _text(
            "",
            "IPv4 block that may reach the instance by SSH; empty: Session Manager only. The console's Instance "
            "Connect comes from AWS's own range.",
            _CIDR,
            "must be a block such as 192.0.2.0/24, or empty",
        ),
        (EFS,),
        opens=lambda value: f"port 22 is open to {value}" if value else "",
    ),
    "AvailabilityZoneOne": Row(
        _shared(
            "AvailabilityZoneOne",
            "",
            "Zone of the public and the first private subnet; empty: the region's first. Set both zones or none.",
        ),
        (EFS,),
    ),
    "AvailabilityZoneTwo": Row(_shared("AvailabilityZoneTwo", ""), (EFS,)),
    # The function
    "SecurityGroupIds": Row(
        _required(
            "List<AWS::EC2::SecurityGroup::Id>",
            "Security groups that the function joins: output DefaultSecurityGroup of the EFS stack.",
        ),
        (MOUNT,),
        derived="it comes from the EFS stack",
    ),
    "SubnetIDs": Row(
        _required(
            "List<AWS::EC2::Subnet::Id>",
            "Subnets of the function, each in a zone with a mount target: outputs PrivateSubnetOne and "
            "PrivateSubnetTwo of the EFS stack.",
        ),
        (MOUNT,),
        derived="it comes from the EFS stack",
    ),
    "AccessPointARN": Row(
        _required(
            "String",
            "EFS access point that the function mounts: output AccesspointARN of the EFS stack.",
            AllowedPattern=r"^arn:[^:]+:elasticfilesystem:[^:]+:\d{12}:access-point/fsap-[0-9a-f]+$",
            ConstraintDescription="must be the ARN of an EFS access point",
        ),
        (MOUNT,),
        derived="it comes from the EFS stack",
    ),
    "DataBucket": Row(
        _shared("DataBucket", None, "S3 bucket of this region that holds the function's zip under CodeKey."),
        (SOURCE, FUNCTION),
    ),
    "EFSpath": Row(
        _shared("EFSpath", "/mnt/python", "Where the function sees the access point; on AWS /mnt/ and one name."),
        (SOURCE, FUNCTION),
    ),
    "CodeKey": Row(
        _text(
            "code/ml_inferencefunction.zip",
            "Key of the function's zip in DataBucket; new code wants a new key.",
            MaxLength=90,
        ),
        (SOURCE, FUNCTION),
    ),
    "FunctionName": Row(
        _text(
            "ml_inferencefunction",
            "Name of the function; another one lets two of these stacks live in one region. Keep it while the stack "
            "lives: the deployed API would go on calling the old function, which is gone.",
            r"^[A-Za-z0-9_-]{1,64}$",
            "must be 1 to 64 letters, digits, _ and -",
        ),
        (SOURCE, FUNCTION),
    ),
    "MemorySize": Row(
        _number(3008, *function.MEMORY_MIB, "MiB of memory of the function; processing power grows with it."),
        (FUNCTION,),
    ),
    "Timeout": Row(
        _number(
            90,
            *function.TIMEOUT_SECONDS,
            "Seconds that the function may take. API Gateway itself waits 29 s.",
        ),
        (FUNCTION,),
    ),
    "MinScore": Row(
        _number(0.3, 0, 1, "Detections that score lower are left out of the answer and the verdict."), (FUNCTION,)
    ),
    "TargetLabel": Row(
        _text(
            "Horse",
            "Label that makes a picture a unicorn's: one that the model knows.",
            r"^\S(.*\S)?$",
            "must be a label of the model, of at most 32 characters",
            MaxLength=32,
        ),
        (FUNCTION,),
    ),
    "Engine": Row(
        _choice(
            "auto",
            ("auto", "litert", "capi", "tensorflow"),
            "What runs the model: auto is the fastest that was accepted when EFS was filled.",
        ),
        (FUNCTION,),
    ),
    "ApiAuth": Row(
        _choice("NONE", get_args(access.Auth), "Who may call the API: anyone, holders of a key, or IAM identities."),
        (FUNCTION,),
        opens=lambda value: "open to anyone" if value == "NONE" else "",
    ),
    "ThrottleRate": Row(_number(5, *access.RATE, "Requests a second that the stage admits."), (FUNCTION,)),
    "ThrottleBurst": Row(_number(10, *access.BURST, "Requests that the stage admits at once."), (FUNCTION,)),
    "ReservedConcurrency": Row(
        _text(
            "",
            "Instances of the function at most, taken from the account's limit; empty: off.",
            r"^\d*$",
            "must be a whole number, or empty",
        ),
        (FUNCTION,),
    ),
    "ProvisionedConcurrency": Row(
        _number(0, 0, 1000, "Instances of the function kept started, billed by the hour; 0: off."), (FUNCTION,)
    ),
    "LogRetentionDays": Row(
        {
            "Type": "Number",
            "Default": 14,
            "AllowedValues": list(function.LOG_RETENTION_DAYS),
            "Description": "Days that CloudWatch keeps the function's log.",
        },
        (FUNCTION,),
    ),
    "Ipv6AllowedForDualStack": Row(
        _choice(
            "false", ("true", "false"), "Whether the function may go out over IPv6: true when InternetEgress is ipv6."
        ),
        (DUAL_STACK,),
        derived="it follows InternetEgress",
    ),
    "PrivateImageHosts": Row(
        _text(
            "",
            "Comma-separated host:port list of picture servers that may be private and on any port; empty: none.",
            r"^$|^[A-Za-z0-9.\[\]:_-]+(,[A-Za-z0-9.\[\]:_-]+)*$",
            "must be host:port entries separated by commas, or empty; at most 50 characters",
            MaxLength=50,
        ),
        (FUNCTION,),
        opens=lambda value: "the function may fetch from private hosts" if value else "",
    ),
    "PermissionsBoundary": Row(_shared("PermissionsBoundary", ""), (EFS, FUNCTION)),
    "Revision": Row(
        _shared(
            "Revision",
            "",
            "Any text; another one starts the function anew, as it must when EFS was filled again, and publishes the "
            "version that ProvisionedConcurrency needs.",
        ),
        (FUNCTION,),
    ),
    # What the workshop's command for the short route passes
    "DataProcessingExecutionRoleName": Row(
        _text("", "Not used; any value will do: the workshop's command passes one."),
        (WORKSHOP_COMMAND,),
        derived="it has no use",
    ),
    "TrainedModelPath": Row(
        _text("", "Not used; any value will do: the workshop's command passes one."),
        (WORKSHOP_COMMAND,),
        derived="it has no use",
    ),
}
