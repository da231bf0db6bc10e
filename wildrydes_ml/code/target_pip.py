"""pip, asked as if it ran on Lambda: a program, run in a process of its own by `code.py`.

pip chooses wheels for the Python and the processor that its options name. It holds conditions such as
`; python_version < "3.11"` or `; platform_machine == "aarch64"` against the machine on which it runs, whatever its
options name: https://github.com/pypa/pip/issues/11664. Here they are held against the target.
"""

import json
import os
import runpy
from contextlib import suppress

TARGET = "WILDRYDES_TARGET"
"""Variable with the target's values of the markers, as JSON: https://peps.python.org/pep-0508/#environment-markers"""


def main() -> None:
    """Runs pip with the arguments of the process."""
    target = json.loads(os.environ[TARGET])
    with suppress(ImportError, AttributeError):  # a pip that is built otherwise judges by its own machine
        from pip._vendor.packaging import markers

        here = markers.default_environment
        markers.default_environment = lambda: {**here(), **target}
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
