"""What a deployment and a bucket may be called, and where --local keeps it."""

import os
import re
from pathlib import Path

# Two to 31 characters: most names that AWS makes of it have room for what it adds.
NAME = re.compile(r"[a-z][a-z0-9-]{0,29}[a-z0-9]")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
"""The name of an S3 bucket."""
# Stands for the deployment's own name where none is given, apart from an empty one, which a person may have given
# without knowing. No deployment can be called so.
OWN_NAME = "."

VERSION = "0.1.0"
# The directory of a function's zip that stands for EFS, with the model; and the one in it with the packages.
PACKED, PACKED_PACKAGES = "packed", "packages"


def usual_home() -> Path:
    """The directory of all that --local keeps, for a command that names none."""
    return Path(os.environ.get("WILDRYDES_HOME", ".wildrydes"))
