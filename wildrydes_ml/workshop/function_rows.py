"""The parameters of the function and its API, and those that the workshop's command passes."""

from typing import get_args

from ..blocks import access, arguments, function
from .row import (
    BATCH,
    DUAL_STACK,
    EFS,
    FUNCTION,
    MOUNT,
    PACKED,
    SOURCE,
    WORKSHOP_COMMAND,
    Row,
    choice,
    number,
    required,
    shared,
    text,
)

BUCKET = f"^{arguments.BUCKET}$"

ROWS: dict[str, Row] = {
    "SecurityGroupIds": Row(
        "Security groups",
        "Network",
        required(
            "List<AWS::EC2::SecurityGroup::Id>",
            "Security groups of the function: output DefaultSecurityGroup of the EFS stack.",
        ),
        (MOUNT,),
        derived="it comes from the EFS stack",
    ),
    "SubnetIDs": Row(
        "Subnets",
        "Network",
        required(
            "List<AWS::EC2::Subnet::Id>",
            "Subnets of the function, each in a zone with a mount target: outputs PrivateSubnetOne and "
            "PrivateSubnetTwo of the EFS stack.",
        ),
        (MOUNT,),
        derived="it comes from the EFS stack",
    ),
    "AccessPointARN": Row(
        "EFS access point",
        "Storage",
        required(
            "String",
            "EFS access point that the function mounts: output AccesspointARN of the EFS stack.",
            AllowedPattern=r"^arn:[^:]+:elasticfilesystem:[^:]+:\d{12}:access-point/fsap-[0-9a-f]+$",
            ConstraintDescription="must be the ARN of an EFS access point",
        ),
        (MOUNT,),
        derived="it comes from the EFS stack",
    ),
    "DataBucket": Row(
        "S3 bucket",
        "Code",
        shared("DataBucket", None, "S3 bucket in this region that holds the function's zip (see CodeKey)."),
        (SOURCE, FUNCTION),
    ),
    "EFSpath": Row(
        "Mount path",
        "Storage",
        shared("EFSpath", "/mnt/python", "Directory in which the function sees EFS. On AWS: /mnt/ and one name."),
        (SOURCE, FUNCTION),
    ),
    "CodeKey": Row(
        "Function's zip",
        "Code",
        text(
            "code/ml_inferencefunction.zip",
            "Key of the function's zip in DataBucket. New code needs a new key.",
            MaxLength=90,
        ),
        (SOURCE, FUNCTION),
    ),
    "ModelKey": Row(
        "Prepared model",
        "Code",
        text(
            "",
            "Not used by the stack. deploy remembers here which prepared model is in the function's zip: its key in "
            "DataBucket.",
            MaxLength=120,
        ),
        (PACKED,),
        derived="it follows --model",
    ),
    "FunctionName": Row(
        "Function name",
        "Function",
        text(
            "ml_inferencefunction",
            "Name of the function. A second stack of this kind in the same region needs another name. Do not "
            "change it later: the deployed API would still call the old function, which no longer exists.",
            r"^[A-Za-z0-9_-]{1,64}$",
            "must be 1 to 64 letters, digits, underscores and dashes",
        ),
        (SOURCE, FUNCTION),
    ),
    "MemorySize": Row(
        "Memory (MiB)",
        "Function",
        number(
            3008, *function.MEMORY_MIB, "Memory of the function in MiB. More memory also brings more processor power."
        ),
        (FUNCTION,),
    ),
    "Timeout": Row(
        "Timeout (seconds)",
        "Function",
        number(
            90,
            *function.TIMEOUT_SECONDS,
            "How many seconds the function may run. API Gateway waits 29 seconds at most.",
        ),
        (FUNCTION,),
    ),
    "MinScore": Row(
        "Lowest score",
        "Function",
        number(0.3, 0, 1, "The lowest score that counts, from 0 to 1. Detections with a lower score are left out."),
        (FUNCTION,),
    ),
    "TargetLabel": Row(
        "Label of a unicorn",
        "Function",
        text(
            "Horse",
            "The label that counts as a unicorn. The model must know it.",
            r"^\S(.*\S)?$",
            "must be a label of the model, at most 32 characters long",
            MaxLength=32,
        ),
        (FUNCTION,),
    ),
    "Engine": Row(
        "Engine",
        "Function",
        choice(
            "auto",
            ("auto", "litert", "capi", "tensorflow"),
            "What runs the model. auto: the fastest engine that was tested and accepted when EFS was filled.",
        ),
        (FUNCTION,),
    ),
    "ApiAuth": Row(
        "Who may call",
        "API",
        choice(
            "NONE",
            get_args(access.Auth),
            "Who may call the API: anyone (NONE), callers with a key (API_KEY) or IAM identities (AWS_IAM).",
        ),
        (FUNCTION,),
        opens=lambda value: "open to anyone" if value == "NONE" else "",
    ),
    "ThrottleRate": Row(
        "Requests per second",
        "API",
        number(5, *access.RATE, "How many requests per second the API accepts."),
        (FUNCTION,),
    ),
    "ThrottleBurst": Row(
        "Requests at once",
        "API",
        number(10, *access.BURST, "How many requests the API accepts at the same time."),
        (FUNCTION,),
    ),
    "ReservedConcurrency": Row(
        "Most instances at once",
        "Function",
        text(
            "",
            "The most instances of the function that run at the same time, reserved from the account's limit. "
            "Empty: nothing is reserved.",
            r"^\d*$",
            "must be a whole number, or empty",
        ),
        (FUNCTION,),
    ),
    "ProvisionedConcurrency": Row(
        "Instances always ready",
        "Function",
        number(0, 0, 1000, "How many instances of the function are always ready, billed by the hour. 0: none."),
        (FUNCTION,),
    ),
    "LogRetentionDays": Row(
        "Days to keep the log",
        "Function",
        {
            "Type": "Number",
            "Default": 14,
            "AllowedValues": list(function.LOG_RETENTION_DAYS),
            "Description": "How many days CloudWatch keeps the function's log.",
        },
        (FUNCTION, BATCH),
    ),
    "Ipv6AllowedForDualStack": Row(
        "IPv6 for the function",
        "Network",
        choice("false", ("true", "false"), "Whether the function may use IPv6: true when InternetEgress is ipv6."),
        (DUAL_STACK,),
        derived="it follows InternetEgress",
    ),
    "PrivateImageHosts": Row(
        "Private picture servers",
        "Function",
        text(
            "",
            "Picture servers that may have a private address and any port: host:port, separated by commas. "
            "Empty: none.",
            r"^$|^[A-Za-z0-9.\[\]:_-]+(,[A-Za-z0-9.\[\]:_-]+)*$",
            "must be host:port, separated by commas and at most 50 characters long, or empty",
            MaxLength=50,
        ),
        (FUNCTION,),
        opens=lambda value: "the function may fetch from private hosts" if value else "",
    ),
    "PermissionsBoundary": Row(
        "Permissions boundary",
        "Permissions",
        shared("PermissionsBoundary", ""),
        (EFS, FUNCTION, BATCH),
    ),
    "Revision": Row(
        "Revision",
        "Function",
        shared(
            "Revision",
            "",
            "Any text. Change it to restart the function after EFS was filled again, or to publish the new "
            "version that ProvisionedConcurrency needs.",
        ),
        (FUNCTION,),
    ),
    # What the workshop's command for the short route passes
    "DataProcessingExecutionRoleName": Row(
        "Role name",
        "Not used",
        text("", "Not used. The workshop's command passes it; any value is fine."),
        (WORKSHOP_COMMAND,),
        derived="it has no use",
    ),
    "TrainedModelPath": Row(
        "Model path",
        "Not used",
        text("", "Not used. The workshop's command passes it; any value is fine."),
        (WORKSHOP_COMMAND,),
        derived="it has no use",
    ),
}
