"""`python -m tests.sweep`."""

import sys

from .whole import main

if __name__ == "__main__":
    sys.exit(main())
