"""Our own deploy as a process: what `wildrydes-ml deploy` does, at the emulator that the environment names.

The command would deploy its own function, to an emulator that it starts. Both are given here; the imports are its own.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from wildrydes_ml.aws.session import connect
from wildrydes_ml.cli import entry as cli
from wildrydes_ml.deploy import deployer
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.local import emulator as local
from wildrydes_ml.reporting import TextReporter
from wildrydes_ml.workshop.settings import wild_rydes

PACKAGES = "six==1.17.0"
"""All that the shared EFS directory holds besides the model: what is on EFS is nothing to the deployers."""


def main() -> int:
    """Deploys; the seconds between two looks at a stack may be given."""
    endpoint, efs = os.environ["AWS_ENDPOINT_URL"], Path(os.environ["EFS"])
    emulator = local.Emulator(0, int(endpoint.rpartition(":")[2]))
    settings = wild_rydes(
        name=os.environ["NAME"], code=Path(os.environ["CODE_SOURCE"]), overrides={"Packages": PACKAGES}
    )
    target = local.target(efs, emulator, settings.name)
    target = replace(target, efs_directory=efs, parameters={**target.parameters, "EFSpath": str(efs)})
    if sys.argv[1:]:
        target = replace(target, poll_seconds=float(sys.argv[1]))
    reporter = TextReporter()
    try:
        deployer.deploy(connect(target), settings, target, reporter)
    except WildrydesError as error:
        reporter.error(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    assert cli
    sys.exit(main())
