"""Starts or stops an emulator of AWS for an example: `eval "$(python examples/emulator.py start DIRECTORY)"`.

What it prints points the AWS CLI to the emulator, which goes on until it is stopped.
"""

import sys
from pathlib import Path

from wildrydes_ml.local import emulator as local

VERB, HOME = sys.argv[1], Path(sys.argv[2]).resolve()

if VERB == "start":
    emulator, _ = local.start(HOME)
    print(f"export AWS_ENDPOINT_URL={emulator.endpoint} AWS_DEFAULT_REGION={local.REGION}")
    print("export AWS_ACCESS_KEY_ID=000000000000 AWS_SECRET_ACCESS_KEY=local AWS_PAGER=")
else:
    local.stop(HOME)
    local.tidy(HOME)
