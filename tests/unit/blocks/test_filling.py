"""The instance that fills EFS: hardened, waited for, told what was chosen, and gone when it is not wanted."""

import ast
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from wildrydes_ml import packaging
from wildrydes_ml.blocks.scripts import bare
from wildrydes_ml.workshop import templates

Stack = Callable[..., dict[str, Any]]

EFS, COMPLETE = "efs_99.yml", "99_complete.yml"
MAPPINGS = templates.TEMPLATES[EFS]().to_dict()["Mappings"]
NETWORKS = pytest.mark.parametrize("name", [EFS, COMPLETE])


def properties(left: dict[str, Any], title: str) -> dict[str, Any]:
    return dict(left["Resources"][title].get("Properties", {}))


@NETWORKS
def test_the_stack_waits_until_efs_is_filled(stack: Stack, name: str) -> None:
    left = stack(name)
    assert left["Resources"]["EFSFilled"]["DependsOn"] == "EfsMountEC2Instance"
    assert properties(left, "EFSFilled")["Handle"] == {"Ref": "EFSFilledHandle"}
    assert 1800 <= int(properties(left, "EFSFilled")["Timeout"]) <= 43_200
    assert left["Resources"]["EFSFilledHandle"]["Type"] == "AWS::CloudFormation::WaitConditionHandle"


@NETWORKS
def test_the_instance_boots_only_when_it_can_work(stack: Stack, name: str) -> None:
    depends_on = stack(name)["Resources"]["EfsMountEC2Instance"]["DependsOn"]
    assert set(depends_on) == {"DefaultPublicRoute", "MountTargetResource1", "MountTargetResource2"}


@NETWORKS
def test_the_instance_is_hardened(stack: Stack, name: str) -> None:
    left = stack(name)
    instance = properties(left, "EfsMountEC2Instance")
    assert instance["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert [device["Ebs"]["Encrypted"] for device in instance["BlockDeviceMappings"]] == [True]
    assert [device["Ebs"]["DeleteOnTermination"] for device in instance["BlockDeviceMappings"]] == [True]
    assert instance["PropagateTagsToVolumeOnCreation"] is True, "what is left of it is found by its tags"
    assert instance["IamInstanceProfile"] == {"Ref": "EfsMountInstanceProfile"}
    assert properties(left, "EfsMountInstanceProfile")["Roles"] == [{"Ref": "EfsMountInstanceRole"}]
    (interface,) = instance["NetworkInterfaces"]
    assert interface["GroupSet"] == [{"Ref": "InstanceSecurityGroup"}]
    assert interface["SubnetId"] == {"Ref": "PublicSubnetOne"}
    assert "KeyName" not in instance


@pytest.mark.parametrize(
    ("parameters", "architecture", "kind"),
    [
        ({}, "x86_64", "c5.large"),
        ({"Architecture": "arm64"}, "arm64", "c7g.large"),
        ({"BootstrapInstanceType": "t3.large"}, "x86_64", "t3.large"),
    ],
)
def test_image_and_type_follow_the_architecture(
    stack: Stack, parameters: dict[str, str], architecture: str, kind: str
) -> None:
    instance = properties(stack(EFS, **parameters), "EfsMountEC2Instance")
    image = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
    assert instance["ImageId"] == f"{{{{resolve:ssm:{image}}}}}"
    assert instance["InstanceType"] == kind


@pytest.mark.parametrize(("choice", "behavior"), [("keep", "stop"), ("stop", "terminate")])
def test_an_instance_that_stops_is_gone(stack: Stack, choice: str, behavior: str) -> None:
    instance = properties(stack(EFS, BootstrapInstance=choice), "EfsMountEC2Instance")
    assert instance["InstanceInitiatedShutdownBehavior"] == behavior
    assert f'BOOTSTRAP_INSTANCE="{choice}"\n' in settings_of(stack(EFS, BootstrapInstance=choice))


@NETWORKS
def test_none_makes_no_instance_and_nothing_of_its(stack: Stack, name: str) -> None:
    gone = set(stack(name)["Resources"]) - set(stack(name, BootstrapInstance="none")["Resources"])
    assert gone == {
        "InstanceSecurityGroup",
        "EFSFilledHandle",
        "EfsMountInstanceRole",
        "EfsMountInstanceProfile",
        "EfsMountEC2Instance",
        "EFSFilled",
    }


def user_data(left: dict[str, Any]) -> str:
    return str(properties(left, "EfsMountEC2Instance")["UserData"]["Fn::Base64"]["Fn::Sub"])


def written_files(left: dict[str, Any]) -> dict[str, dict[str, Any]]:
    metadata = left["Resources"]["EfsMountEC2Instance"]["Metadata"]
    return dict(metadata["AWS::CloudFormation::Init"]["config"]["files"])


def text_of(left: dict[str, Any], path: str) -> str:
    """A file's text, from the mapping that its content is looked up in."""
    mapping, name, key = written_files(left)[path]["content"]["Fn::FindInMap"]
    return str(MAPPINGS[mapping][name][key])


def settings_of(left: dict[str, Any]) -> str:
    return str(written_files(left)["/opt/wildrydes/settings.env"]["content"]["Fn::Sub"])


@NETWORKS
def test_user_data_writes_the_scripts_and_starts_them(stack: Stack, name: str) -> None:
    left = stack(name)
    text = user_data(left)
    assert len(text.encode()) <= 16_384
    assert text.startswith("#!/bin/bash\n")
    assert "cfn-init --stack ${AWS::StackName} --resource EfsMountEC2Instance --region ${AWS::Region}" in text
    assert text.index("cfn-init") < text.index("cd /opt/wildrydes\n") < text.index("bash bootstrap.sh")
    scripts = {"bootstrap.sh", "populate.sh", "fill.py", "trial.py", "packages.lock"}
    own = scripts if name == EFS else set()  # the other one certainly has the zip
    assert set(written_files(left)) == {
        "/opt/wildrydes/settings.env",
        *(f"/opt/wildrydes/{one}" for one in own),
    }


@NETWORKS
def test_nothing_asks_the_metadata_service_without_a_token(stack: Stack, name: str) -> None:
    assert "169.254" not in str(stack(name))


def test_the_script_gives_up_before_the_wait_condition_does(stack: Stack) -> None:
    script = text_of(stack(EFS), "/opt/wildrydes/bootstrap.sh")
    limits = [int(limit) for limit in re.findall(r"\$\{\w+_SECONDS:=(\d+)\}", script)]
    assert len(limits) == 3
    once, times, pause = re.findall(r"timeout (\d+) aws|tries < (\d+)|sleep (\d+)", user_data(stack(EFS)))
    assert sum(limits) + (int(once[0]) + int(pause[2])) * int(times[1]) < int(
        properties(stack(EFS), "EFSFilled")["Timeout"]
    )


@NETWORKS
def test_the_instance_reads_code_and_samples_and_nothing_else_from_the_bucket(stack: Stack, name: str) -> None:
    left = stack(name, DataBucket="pictures", PreparationKey="code/my.zip", ModelSamples="model/mine.tar")
    _, policy = properties(left, "EfsMountInstanceRole")["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": [
            {"Fn::Sub": "arn:${AWS::Partition}:s3:::pictures/code/my.zip"},
            {"Fn::Sub": "arn:${AWS::Partition}:s3:::pictures/model/mine.tar"},
        ],
    }
    assert {'CODE_BUCKET="pictures"', 'CODE_KEY="code/my.zip"'} <= set(settings_of(left).splitlines())


def test_without_a_bucket_the_instance_may_read_none(stack: Stack) -> None:
    (policy,) = properties(stack(EFS), "EfsMountInstanceRole")["Policies"]
    assert policy["PolicyName"] == "FillAccessPoint"


def test_the_scripts_travel_readable(stack: Stack) -> None:
    paths = [path for path in written_files(stack(EFS)) if path.endswith((".sh", ".py"))]
    assert len(paths) == 4
    for path in paths:
        text = text_of(stack(EFS), path)
        assert text.startswith("# With comments: lambda_src/filling" if path.endswith(".sh") else "import ")
        assert max(map(len, text.splitlines())) < 150


def test_wheels_for_local_runs_alone_stay_at_home(stack: Stack) -> None:
    carried = text_of(stack(EFS), "/opt/wildrydes/packages.lock").splitlines()
    written = packaging.filling("packages.lock").splitlines()
    assert carried == [line.split(" local ")[0] for line in written]
    assert carried != written


def test_keys_of_the_mapping_are_such_as_cloudformation_takes() -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/mappings-section-structure.html"""
    assert all(re.fullmatch(r"[A-Za-z0-9.-]+", name) for name in MAPPINGS["Scripts"])


@pytest.mark.parametrize("name", ["fill.py", "trial.py"])
def test_python_in_a_template_does_what_the_file_does(stack: Stack, name: str) -> None:
    carried, written = text_of(stack(EFS), f"/opt/wildrydes/{name}"), packaging.filling(name)
    assert len(carried) < len(written)
    assert ast.dump(without_words(ast.parse(carried))) == ast.dump(without_words(ast.parse(written)))


def test_comments_go_and_strings_that_look_like_them_stay() -> None:
    text = """a = "#1 \\" #2"  # "a" note\nb = '#3'  # it's one\n# whole line\nc = f"#{a}" + b"#".decode()\n"""
    assert bare("some.py", text) == """a = "#1 \\" #2"\nb = '#3'\nc = f"#{a}" + b"#".decode()\n"""


def test_annotations_go_wherever_a_statement_stands() -> None:
    text = "match a:\n    case 1:\n        b: int = 2\ntry:\n    c = 1\nfinally:\n    d: int = 3\n"
    assert bare("some.py", text) == "match a:\n case 1:\n  b = 2\ntry: c = 1\nfinally:\n d = 3\n"


class _Words(ast.NodeTransformer):
    """Takes out what no interpreter heeds: docstrings, annotations, and imports for them."""

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return None
        if isinstance(node, ast.ImportFrom) and node.module in ("__future__", "typing", "collections.abc"):
            return None
        self.generic_visit(node)
        if isinstance(node, ast.Module):
            node.body = [one for statement in node.body for one in _apart(statement)]
        if isinstance(node, ast.AnnAssign) and node.value:
            return ast.Assign([node.target], node.value)
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.ClassDef):
            node.body = node.body or [ast.Pass()]
        return node


def _apart(statement: ast.stmt) -> list[ast.stmt]:
    """Imports of several modules as one each."""
    return [ast.Import([name]) for name in statement.names] if isinstance(statement, ast.Import) else [statement]


def without_words(tree: ast.AST) -> Any:
    return _Words().visit(tree)


def test_bash_in_a_template_is_bash(stack: Stack) -> None:
    text = text_of(stack(EFS), "/opt/wildrydes/populate.sh")
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    assert " # " not in text.replace('"# $PACKAGES"', "")


def test_only_root_reads_the_signals_url(stack: Stack) -> None:
    assert written_files(stack(EFS))["/opt/wildrydes/settings.env"]["mode"] == "000600"
    assert 'SIGNAL_URL="${EFSFilledHandle}"\n' in settings_of(stack(EFS))


def test_the_scripts_get_what_was_chosen(stack: Stack) -> None:
    chosen = {
        "PythonRuntime": "python3.12",
        "Packages": "numpy==2.0.0",
        "ModelUrl": "https://a/b.tar.gz",
        "ModelSha256": "0" * 64,
        "Signature": "serving_default",
        "ModelWeights": "float16",
        "ModelSamples": "model/f-samples-0123456789abcdef.tar",
    }
    lines = settings_of(stack(EFS, **chosen)).splitlines()
    assert lines == [
        'FILE_SYSTEM_ID="${FileSystemResource}"',
        'ACCESS_POINT_ID="${AccessPointResource}"',
        'REGION="${AWS::Region}"',
        'PYTHON_RUNTIME="python3.12"',
        'PACKAGES="numpy==2.0.0"',
        'MODEL="https://a/b.tar.gz"',
        f'MODEL_SHA256="{"0" * 64}"',
        'SIGNATURE="serving_default"',
        'BOOTSTRAP_INSTANCE="keep"',
        'CODE_BUCKET=""',
        'CODE_KEY="code/ml_inferencefunction.zip"',
        'MODEL_WEIGHTS="float16"',
        'SAMPLES_KEY="model/f-samples-0123456789abcdef.tar"',
        'SIGNAL_URL="${EFSFilledHandle}"',
    ]
