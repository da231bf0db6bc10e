"""The parameters: what each defaults to and what CloudFormation lets through."""

import re
from typing import Any

import pytest
from troposphere import Template

from wildrydes_ml.workshop import parameters, templates

MODEL = "https://storage.googleapis.com/tfhub-modules/google/openimages_v4/ssd/mobilenet_v2/1.tar.gz"
INFERENCE = ("5_lambda_function.yml", "99_complete.yml")
SERVING = (*INFERENCE, "packaged.yml")
FILE_SYSTEM = ("efs_99.yml", "99_complete.yml")
ALL = ("efs_99.yml", "5_lambda_function.yml", "99_complete.yml", "packaged.yml")

OFFERED = {name: build().to_dict()["Parameters"] for name, build in templates.TEMPLATES.items()}


@pytest.mark.parametrize(
    ("name", "default", "files"),
    [
        ("ThroughputMode", "provisioned", FILE_SYSTEM),
        ("ProvisionedThroughputInMibps", 15, FILE_SYSTEM),
        ("InternetEgress", "nat", FILE_SYSTEM),
        ("BootstrapInstance", "keep", FILE_SYSTEM),
        ("BootstrapInstanceType", "", FILE_SYSTEM),
        ("Architecture", "x86_64", ALL),
        ("PythonRuntime", "python3.13", ALL),
        ("ModelUrl", MODEL, FILE_SYSTEM),
        ("ModelSha256", "", FILE_SYSTEM),
        ("PreparationKey", "code/ml_inferencefunction.zip", FILE_SYSTEM),
        ("SshCidr", "", FILE_SYSTEM),
        ("AvailabilityZoneOne", "", FILE_SYSTEM),
        ("AvailabilityZoneTwo", "", FILE_SYSTEM),
        ("EFSpath", "/mnt/python", INFERENCE),
        ("CodeKey", "code/ml_inferencefunction.zip", SERVING),
        ("ModelKey", "", SERVING[2:]),
        ("FunctionName", "ml_inferencefunction", SERVING),
        ("MemorySize", 3008, SERVING),
        ("Timeout", 90, SERVING),
        ("MinScore", 0.3, SERVING),
        ("TargetLabel", "Horse", SERVING),
        ("Engine", "auto", INFERENCE),
        ("ApiAuth", "NONE", SERVING),
        ("ThrottleRate", 5, SERVING),
        ("ThrottleBurst", 10, SERVING),
        ("ReservedConcurrency", "", SERVING),
        ("ProvisionedConcurrency", 0, SERVING),
        ("LogRetentionDays", 14, SERVING),
        ("Ipv6AllowedForDualStack", "false", INFERENCE[:1]),
        ("PrivateImageHosts", "", SERVING),
        ("DataProcessingExecutionRoleName", "", INFERENCE[1:]),
        ("TrainedModelPath", "", INFERENCE[1:]),
    ],
)
def test_defaults(name: str, default: object, files: tuple[str, ...]) -> None:
    assert tuple(file for file in ALL if name in OFFERED[file]) == files
    assert [OFFERED[file][name]["Default"] for file in files] == [default] * len(files)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ThroughputMode", ["provisioned", "elastic", "bursting"]),
        ("InternetEgress", ["nat", "ipv6", "none"]),
        ("BootstrapInstance", ["keep", "stop", "none"]),
        ("Architecture", ["x86_64", "arm64"]),
        ("ApiAuth", ["NONE", "API_KEY", "AWS_IAM"]),
        ("Ipv6AllowedForDualStack", ["true", "false"]),
    ],
)
def test_choices(name: str, values: list[str]) -> None:
    assert parameters.TABLE[name]["AllowedValues"] == values


def test_the_runtimes_pattern_is_the_fixed_one() -> None:
    assert parameters.TABLE["PythonRuntime"]["AllowedPattern"] == r"^python3\.\d+$"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SecurityGroupIds", "List<AWS::EC2::SecurityGroup::Id>"),
        # A quoted "subnet-a,subnet-b" on the command line is a list to CloudFormation.
        ("SubnetIDs", "List<AWS::EC2::Subnet::Id>"),
        ("AccessPointARN", "String"),
        ("DataBucket", "String"),
    ],
)
def test_required_ones(name: str, kind: str) -> None:
    assert parameters.TABLE[name]["Type"] == kind
    assert "Default" not in parameters.TABLE[name]


@pytest.mark.parametrize("name", parameters.TABLE)
def test_no_parameter_is_looked_up_again_at_every_update(name: str) -> None:
    assert "SSM" not in parameters.TABLE[name]["Type"]


@pytest.mark.parametrize(
    "name",
    [
        "Packages",
        "ModelUrl",
        "ModelSha256",
        "Signature",
        "ModelWeights",
        "ModelSamples",
        "PythonRuntime",
        "Architecture",
        "PreparationKey",
    ],
)
def test_what_fills_efs_says_how_a_change_takes_effect(name: str) -> None:
    assert parameters.TABLE[name]["Description"].endswith(" Used when EFS is filled.")
    how = "To fill EFS again: set none, update, then set keep or stop."
    assert parameters.TABLE["BootstrapInstance"]["Description"].endswith(how)


def test_packages_are_top_level_pins_that_pip_can_read() -> None:
    packages = parameters.PACKAGES.split()
    names = [re.split(r"[<>=;!~\[]", package)[0] for package in packages]
    assert set(names) == {"tensorflow-cpu", "tensorflow", "pillow", "requests", "microsoft-antissrf", "ai-edge-litert"}
    for package in packages:
        assert re.fullmatch(r"[a-z-]+==\d+(\.\d+)+(;platform_machine=='(x86_64|aarch64)')?", package)


@pytest.mark.parametrize("name", [name for name, entry in parameters.TABLE.items() if "AllowedPattern" in entry])
def test_a_pattern_comes_with_a_sentence_and_lets_the_default_through(name: str) -> None:
    entry = parameters.TABLE[name]
    assert entry["ConstraintDescription"].startswith("must be")
    assert entry["AllowedPattern"].startswith("^")
    assert entry["AllowedPattern"].endswith("$")
    assert re.fullmatch(entry["AllowedPattern"], entry.get("Default", "")) or "Default" not in entry


@pytest.mark.parametrize("name", [name for name, entry in parameters.TABLE.items() if "Default" in entry])
def test_a_default_is_within_its_own_bounds(name: str) -> None:
    entry = parameters.TABLE[name]
    assert entry["Default"] in entry.get("AllowedValues", [entry["Default"]])
    if "MinValue" in entry:
        assert entry["MinValue"] <= entry["Default"] <= entry["MaxValue"]
    assert len(str(entry["Default"])) <= entry.get("MaxLength", 4096)


ARN = "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("PythonRuntime", ["python3.12", "python3.9"], ["python2.7", "python3", "python3.13 ", "nodejs20.x"]),
        ("BootstrapInstanceType", ["t3.large", "u-6tb1.metal", ""], ["large", "c5.large;reboot", "C5.large"]),
        (
            "Packages",
            ["a==1", "a[b]==1.0 c==2;platform_machine=='x86_64'"],
            ["", "a", "a>=1", "a==1 -r b", "a==1; b<'2'", "a==1\nb", 'a"b', "a$(id)", "a`id`", "--index-url", "a\\"],
        ),
        (
            "ModelUrl",
            ["https://a/b.tar.gz", "http://127.0.0.1:8000/m.tgz"],
            ["", "ftp://a", "https://a b", "https://$a"],
        ),
        ("ModelSha256", ["", "0aF" + "1" * 61], ["1" * 63, "1" * 65, "g" * 64]),
        ("SshCidr", ["", "192.0.2.0/24"], ["192.0.2.1", "::/0", "all"]),
        ("AvailabilityZoneOne", ["", "us-west-2-lax-1a"], ["eu west 1a", "EU-WEST-1A"]),
        ("AvailabilityZoneTwo", ["", "eu-west-1b"], ["eu-west-1b "]),
        ("AccessPointARN", [ARN, ARN.replace("aws", "aws-us-gov")], ["", ARN[:-20], ARN + ",x", "fsap-0123"]),
        ("DataBucket", ["my.bucket-1"], ["", "ab", "My-Bucket", "s3://bucket", "-bucket"]),
        ("EFSpath", ["/mnt/python", "/tmp/home/efs"], ["", "mnt/python", "/mnt/python/", "/"]),
        ("FunctionName", ["a", "A_b-9" * 12], ["", "a b", "a" * 65, "arn:aws:lambda"]),
        ("TargetLabel", ["Horse", "Traffic light", "Füchse", "x"], ["", " ", "Horse ", " Horse", "a\nb"]),
        ("ReservedConcurrency", ["", "0", "20"], ["-1", "1.5", "many"]),
        ("PrivateImageHosts", ["", "localhost:8080", "a.b:1,[::1]:80"], [",", "a:1,", "a:1;b:2", "a:1 b:2"]),
    ],
)
def test_patterns(name: str, good: list[str], bad: list[str]) -> None:
    pattern = parameters.TABLE[name]["AllowedPattern"]
    assert [value for value in good if not re.fullmatch(pattern, value)] == []
    assert [value for value in bad if re.fullmatch(pattern, value)] == []


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("MemorySize", 128, 10240), ("Timeout", 1, 900), ("MinScore", 0, 1), ("ProvisionedThroughputInMibps", 1, 3414)],
)
def test_bounds_are_those_of_the_service(name: str, low: int, high: int) -> None:
    assert (parameters.TABLE[name]["MinValue"], parameters.TABLE[name]["MaxValue"]) == (low, high)


def test_cold_starts_outlast_api_gateway() -> None:
    assert parameters.TABLE["Timeout"]["Default"] > 29


def test_unused_parameters_take_anything() -> None:
    for name in parameters.of(parameters.WORKSHOP_COMMAND):
        assert set(parameters.TABLE[name]) == {"Type", "Default", "Description"}


def test_a_parameter_that_two_parts_want_is_added_once() -> None:
    template = Template()
    added = parameters.add_parameters(template, ["MinScore", "Timeout", "MinScore"])
    assert list(added) == list(template.parameters) == ["MinScore", "Timeout"]
    assert added["MinScore"] is template.parameters["MinScore"]


def test_every_parameter_belongs_to_a_template() -> None:
    offered: dict[str, Any] = {name: entry for file in OFFERED for name, entry in OFFERED[file].items()}
    assert set(offered) == set(parameters.TABLE)
