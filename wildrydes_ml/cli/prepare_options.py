"""The options of the verb `prepare`. They are apart from the verb, which is imported only when it runs."""

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument(
        "--model",
        default="",
        metavar="LOCATION",
        help="SavedModel: directory, tar.gz or URL (default: the SSD model of TensorFlow Hub)",
    )
    parser.add_argument(
        "--signature", default="", metavar="NAME", help="the model's signature to serve (default: default)"
    )
    parser.add_argument(
        "--runtime",
        default="python3.13",
        help="the function's Python: the size of the zip is checked with its packages for that (default: %(default)s)",
    )
    parser.add_argument(
        "--architecture",
        choices=("x86_64", "arm64"),
        default="x86_64",
        help="the function's processor, also for the size (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("prepared"),
        metavar="DIR",
        help="where to write the prepared model (default: %(default)s)",
    )
