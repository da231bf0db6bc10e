"""What commands import, and what boto reads of each service, done once in the server from which they are forked.

Each process would do it anew, which takes half of its time.
"""

import gc
from typing import Any

from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session

import wildrydes_ml.cli.commands
import wildrydes_ml.deploy.deployer
import wildrydes_ml.destroy.destroyer  # noqa: F401

_SERVICES = (
    "apigateway", "cloudformation", "ec2", "efs", "lambda", "logs", "resourcegroupstaggingapi", "s3", "sts",
)  # fmt: skip
_read: dict[str, Any] = {}


class _Remembering(JSONFileLoader):  # type: ignore[misc]
    def load_file(self, file_path: str) -> Any:
        """What is in the file; None where there is none."""
        if file_path not in _read:
            _read[file_path] = super().load_file(file_path)
        return _read[file_path]


Loader.FILE_LOADER_CLASS = _Remembering
for _service in _SERVICES:
    Session().create_client(_service, "us-east-1", aws_access_key_id="000000000000", aws_secret_access_key="local")
    if _service != "sts":  # which has no pages
        Session().get_paginator_model(_service)
gc.freeze()  # what is here stays, so that no process looks through it for what can go
