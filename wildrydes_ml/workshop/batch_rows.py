"""The parameters of the template for batches of pictures."""

from ..blocks import rows
from .row import BATCH, Row, number, required, text

_BUCKET = rows.SHARED["DataBucket"]
_FOUND = "the command batch finds it"
_CHOSEN = "it comes from the options of the command batch"

ROWS: dict[str, Row] = {
    "FunctionAlias": Row(
        "Alias of the function",
        "Function",
        required(
            "String",
            "ARN of the function's alias live. It answers the batches.",
            AllowedPattern=f"^{rows.ALIAS_ARN}$",
            ConstraintDescription="must be the ARN of a function's alias",
        ),
        (BATCH,),
        derived=_FOUND,
    ),
    "FunctionRole": Row(
        "Role of the function",
        "Function",
        required(
            "String",
            "Name of the function's role. It gets a policy to read the pictures and to write the results.",
            AllowedPattern=r"^[\w+=,.@-]{1,64}$",
            ConstraintDescription="must be the name of a role, not its ARN",
        ),
        (BATCH,),
        derived=_FOUND,
    ),
    "InputBucket": Row(
        "Bucket of the pictures",
        "Batches",
        required(
            "String", "S3 bucket in this region that holds the pictures. The function may read all of it.", **_BUCKET
        ),
        (BATCH,),
        derived=_CHOSEN,
    ),
    "OutputBucket": Row(
        "Bucket of the results",
        "Batches",
        required("String", "S3 bucket in this region for manifests and results.", **_BUCKET),
        (BATCH,),
        derived=_CHOSEN,
    ),
    "OutputPrefix": Row(
        "Folder of the results",
        "Batches",
        text(
            rows.BATCH_PREFIX,
            "Where in OutputBucket: folders, each with a slash behind it. The function may write there only.",
            f"^{rows.BATCH_PREFIX_PATTERN}$",
            "must be folders of letters, digits, dots, - and _, each with a slash behind it, or empty",
            MaxLength=200,
        ),
        (BATCH,),
        derived=_CHOSEN,
    ),
    "Concurrency": Row(
        "Batches at a time",
        "Batches",
        number(
            rows.BATCH_CONCURRENCY,
            1,
            rows.MOST_CHILDREN,
            "How many batches are answered at a time. Each needs an instance of the function.",
        ),
        (BATCH,),
        derived=_CHOSEN,
    ),
    "ToleratedFailures": Row(
        "Tolerated failures (percent)",
        "Batches",
        number(rows.BATCH_TOLERATED, 0, 100, "Percent of the batches that may fail before the rest is given up."),
        (BATCH,),
        derived=_CHOSEN,
    ),
    "EndpointVpc": Row(
        "VPC of the function",
        "Network",
        text(
            "",
            "The function's VPC, to which S3 gets a gateway endpoint. Empty: no endpoint is made.",
            r"^$|^vpc-[0-9a-f]+$",
            "must be the id of a VPC, or empty",
        ),
        (BATCH,),
        derived=_FOUND,
    ),
    "EndpointRouteTables": Row(
        "Route tables",
        "Network",
        text(
            "",
            "Route tables of the function's subnets, separated by commas. They get the route to S3.",
            r"^$|^rtb-[0-9a-f]+(,rtb-[0-9a-f]+)*$",
            "must be ids of route tables, separated by commas, or empty",
        ),
        (BATCH,),
        derived=_FOUND,
    ),
}
