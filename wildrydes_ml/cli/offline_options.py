"""The options of the verbs that write files: render, package and prepare."""

import argparse
from pathlib import Path

from ..studio.regions import REGIONS as STUDIO_REGIONS
from . import arguments


def prepare(parser: argparse.ArgumentParser) -> None:
    """Those of the verb `prepare`."""
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
        "--weights",
        choices=("auto", "float32", "float16"),
        default="auto",
        help="the model's weights: auto takes float16, half the bytes, if the model finds the same with them "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--samples",
        default="",
        metavar="DIR",
        help="folder of your own pictures: the prepared model must find the same in them as TensorFlow does",
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
    """Those of the verb `package`, which makes the zip by hand."""
    parser.add_argument(
        "--out", type=Path, default=Path("build/ml_inferencefunction.zip"), metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument(
        "--model",
        default="",
        metavar="DIR",
        help="make the zip for packaged.yml, with packages and this model: a directory of prepare, or a SavedModel",
    )
    target(parser)


def render(parser: argparse.ArgumentParser) -> None:
    """Those of the verb `render`."""
    parser.add_argument(
        "templates", nargs="*", metavar="TEMPLATE", help="the file's name, such as efs_99.yml (default: all templates)"
    )
    parser.add_argument(
        "--app",
        default="",
        metavar="FILE.py[:NAME]",
        help="the application's file, or package.module:NAME (default: the Wild Rydes workshop)",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; show what is out of date, and exit with 1")
    parser.add_argument("--out", type=Path, default=Path("templates"), metavar="DIR", help="default: %(default)s")
    group = parser.add_argument_group("a directory for AWS Workshop Studio")
    group.add_argument(
        "--workshop-studio",
        type=Path,
        metavar="DIR",
        help="write the directory for AWS Workshop Studio: contentspec.yaml, content, static and assets",
    )
    group.add_argument(
        "--regions",
        default="",
        metavar="REGION,REGION",
        help=f"the regions among which the operator of an event chooses (default: {','.join(STUDIO_REGIONS)})",
    )
    arguments.what(parser)
