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
    target(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("prepared"),
        metavar="DIR",
        help="where to write the prepared model (default: %(default)s)",
    )


def target(parser: argparse.ArgumentParser) -> None:
    """For which function."""
    parser.add_argument(
        "--runtime",
        default="python3.13",
        help="the function's Python, for which the packages in its zip are (default: %(default)s)",
    )
    parser.add_argument(
        "--architecture",
        choices=("x86_64", "arm64"),
        default="x86_64",
        help="the function's processor, for which they are, too (default: %(default)s)",
    )


def package(parser: argparse.ArgumentParser) -> None:
    """Those of the verb `package`, which makes the same zip by hand."""
    parser.add_argument(
        "--model",
        default="",
        metavar="DIR",
        help="make the zip for packaged.yml, with packages and this model: a directory of prepare, or a SavedModel",
    )
    target(parser)
