"""The directory for Workshop Studio: of the shape of public ones, whole, and refused where it could not work."""

import json
import shlex
import tarfile
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from wildrydes_ml import Access, App
from wildrydes_ml.cli import main
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.packaging import build
from wildrydes_ml.studio.directory import directory
from wildrydes_ml.template.decode import decode
from wildrydes_ml.workshop.deployments import deployment, shipped
from wildrydes_ml.workshop.settings import wild_rydes

# Every field that a contentspec of ours has: its kind, and public workshops that have it so.
SEEN: dict[str, tuple[type, str]] = {
    "version": (float, "aws-samples/cfn101-workshop awslabs/multi-az-workshop"),
    "defaultLocaleCode": (str, "aws-samples/the-aws-step-functions-workshop"),
    "localeCodes": (list, "aws-samples/the-aws-step-functions-workshop"),
    "awsAccountConfig": (dict, "aws-samples/cfn101-workshop"),
    "awsAccountConfig.accountSources": (list, "aws-samples/cfn101-workshop awslabs/multi-az-workshop"),
    "awsAccountConfig.participantRole": (dict, "aws-samples/cfn101-workshop"),
    "awsAccountConfig.participantRole.iamPolicies": (list, "awslabs/multi-az-workshop aws-samples/sample-oneCx"),
    "awsAccountConfig.regionConfiguration": (dict, "aws-samples/cfn101-workshop"),
    "awsAccountConfig.regionConfiguration.minAccessibleRegions": (int, "awslabs/multi-az-workshop"),
    "awsAccountConfig.regionConfiguration.maxAccessibleRegions": (int, "awslabs/multi-az-workshop"),
    "awsAccountConfig.regionConfiguration.deployableRegions": (dict, "awslabs/multi-az-workshop"),
    "awsAccountConfig.regionConfiguration.deployableRegions.recommended": (list, "awslabs/multi-az-workshop"),
    "infrastructure": (dict, "aws-samples/the-aws-step-functions-workshop"),
    "infrastructure.cloudformationTemplates": (list, "aws-samples/the-aws-step-functions-workshop"),
    "infrastructure.cloudformationTemplates[].templateLocation": (str, "awslabs/multi-az-workshop"),
    "infrastructure.cloudformationTemplates[].label": (str, "awslabs/multi-az-workshop"),
    "infrastructure.cloudformationTemplates[].participantVisibleStackOutputs": (
        list,
        "elizabethfuentes12/graphrag-with-neo4j-workshop",
    ),
    "infrastructure.cloudformationTemplates[].parameters": (list, "awslabs/multi-az-workshop"),
    "infrastructure.cloudformationTemplates[].parameters[].templateParameter": (str, "awslabs/multi-az-workshop"),
    "infrastructure.cloudformationTemplates[].parameters[].defaultValue": (str, "awslabs/multi-az-workshop"),
}
BUCKET, PREFIX = "{{.AssetsBucketName}}", "{{.AssetsBucketPrefix}}"


def fields(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every field by its path, lists as `[]`."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield f"{path}.{key}".strip("."), one
            yield from fields(one, f"{path}.{key}".strip("."))
    elif isinstance(value, list):
        for one in value:
            yield from fields(one, f"{path}[]")


def spec_of(files: Any) -> Any:
    return yaml.safe_load(files["contentspec.yaml"])


def template_of(spec: Any) -> dict[str, Any]:
    (template,) = spec["infrastructure"]["cloudformationTemplates"]
    return dict(template)


def parameters_of(spec: Any) -> dict[str, str]:
    return {one["templateParameter"]: one["defaultValue"] for one in template_of(spec)["parameters"]}


def pinger(folder: Path, **options: Any) -> App:
    """An App with a key, and without EFS."""
    (folder / "handler").mkdir()
    (folder / "handler" / "app.py").write_text("def answer(event, context):\n    return {'statusCode': 200}\n")
    app = App("pinger", access=Access("API_KEY"), directory=folder, **options)
    answer = app.function("Answer", code="handler/", handler="app.answer", memory=128, timeout=10)
    app.proof(app.route("POST /", answer), {}, lambda reply: bool(reply))
    return app


def of_app(app: App, **options: Any) -> Settings:
    return Settings((app.deployment(),), **options)


def test_each_field_is_one_that_public_workshops_have() -> None:
    found = dict(fields(spec_of(directory(wild_rydes()).files)))
    assert found.keys() == SEEN.keys()
    assert [path for path, value in found.items() if type(value) is not SEEN[path][0]] == []


def test_the_text_begins_with_the_version_and_quotes_what_is_put_in_later() -> None:
    text = directory(wild_rydes()).files["contentspec.yaml"].decode()
    assert text.splitlines()[1] == "version: 2.0"
    assert f"defaultValue: '{BUCKET}'" in text


def test_the_stack_gets_bucket_prefix_and_every_parameter_without_a_default() -> None:
    files = directory(wild_rydes()).files
    spec = spec_of(files)
    assert parameters_of(spec) == {
        "DataBucket": BUCKET,
        "CodeKey": f"{PREFIX}code/ml_inferencefunction.zip",
        "PreparationKey": f"{PREFIX}code/ml_inferencefunction.zip",
    }
    rows = decode(files[template_of(spec)["templateLocation"]].decode())["Parameters"]
    assert {name for name, row in rows.items() if "Default" not in row} <= parameters_of(spec).keys() <= rows.keys()


def test_every_file_that_is_named_is_there_and_every_zip_is_where_its_key_says() -> None:
    files = directory(wild_rydes()).files
    spec = spec_of(files)
    role = spec["awsAccountConfig"]["participantRole"]
    assert {template_of(spec)["templateLocation"], *role["iamPolicies"]} < files.keys()
    keys = {value for value in parameters_of(spec).values() if value.startswith(PREFIX)}
    assert {f"assets/{key.removeprefix(PREFIX)}" for key in keys} == {one for one in files if one.startswith("assets/")}
    assert files["assets/code/ml_inferencefunction.zip"] == build().body
    assert files["static/99_complete.yml"].decode() == deployment("short").stacks[0].source.text


def test_the_keys_stay_within_the_template_s_limit_behind_a_prefix_as_it_is() -> None:
    files = directory(wild_rydes(model=str(shipped()))).files
    prefix = "371c6734-2735-4958-9b2d-e3ed0ba7a6e5/assets/"
    rows = decode(files["static/99_complete.yml"].decode())["Parameters"]
    for name, value in parameters_of(spec_of(files)).items():
        assert len(value.replace(PREFIX, prefix)) <= rows[name].get("MaxLength", 4096), name


def test_what_participants_may_do_has_no_right_to_make_anything() -> None:
    (name,) = spec_of(directory(wild_rydes()).files)["awsAccountConfig"]["participantRole"]["iamPolicies"]
    policy = json.loads(directory(wild_rydes()).files[name])
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert actions == {
        "cloudformation:DescribeStacks",
        "cloudformation:GetTemplate",
        "cloudformation:ListStackResources",
        "lambda:GetFunctionConfiguration",
        "lambda:InvokeFunction",
        "logs:FilterLogEvents",
    }
    stacks = next(one["Resource"] for one in policy["Statement"] if one["Sid"] == "Stacks")
    assert stacks == ["arn:*:cloudformation:*:*:stack/*/*"]  # Workshop Studio names the stack


def test_the_page_has_a_title_the_outputs_and_commands_that_the_policy_allows() -> None:
    files = directory(wild_rydes()).files
    page = files["content/index.en.md"].decode()
    assert page.startswith('---\ntitle: "Wild Rydes, GinormousModels"\nweight: 0\n---\n')
    for name in template_of(spec_of(files))["participantVisibleStackOutputs"]:
        assert f"| `{name}` |" in page
    commands = [line.split()[1:3] for line in page.splitlines() if line.startswith("aws ")]
    assert commands == [
        ["cloudformation", "describe-stacks"],
        ["cloudformation", "list-stack-resources"],
        ["cloudformation", "get-template"],
        ["lambda", "get-function-configuration"],
        ["lambda", "invoke"],
        ["logs", "tail"],
    ]


def question_of(page: str) -> dict[str, Any]:
    """The event that the page has participants write into a file, and hand to the function."""
    (line,) = [line for line in page.splitlines() if line.startswith("echo ")]
    echo, text, arrow, file = shlex.split(line)
    assert (echo, arrow) == ("echo", ">")
    assert f" --payload fileb://{file} answer.json" in page, "base64 is not needed then, with either AWS CLI"
    return dict(json.loads(text))


def test_the_function_gets_a_question_that_it_understands(tmp_path: Path) -> None:
    files = directory(wild_rydes()).files
    event = question_of(files["content/index.en.md"].decode())
    assert event.keys() == {"url"}
    assert event["url"] in files["static/99_complete.yml"].decode(), "the same as by the command of the stack"
    event = question_of(directory(of_app(pinger(tmp_path))).files["content/index.en.md"].decode())
    assert (event["httpMethod"], event["path"], event["body"]) == ("POST", "/", "{}")


def test_nobody_is_told_to_invoke_one_of_several_functions(tmp_path: Path) -> None:
    app = pinger(tmp_path)
    app.function("Other", code="handler/", handler="app.answer", memory=128, timeout=10)
    page = directory(of_app(app)).files["content/index.en.md"].decode()
    assert "lambda get-function-configuration" in page
    assert "invoke" not in page


def test_settings_are_given_to_every_account() -> None:
    settings = wild_rydes(preset="lean", overrides={"MinScore": "0.5", "MemorySize": "3008"})
    found = parameters_of(spec_of(directory(settings).files))
    assert found["ThroughputMode"] == "elastic"
    assert found["MinScore"] == "0.5"
    assert "MemorySize" not in found, "it is the default"


def test_outputs_that_the_stack_will_not_have_are_not_promised() -> None:
    with_it, without = (
        template_of(spec_of(directory(wild_rydes(overrides=overrides)).files))["participantVisibleStackOutputs"]
        for overrides in ({}, {"BootstrapInstance": "none"})
    )
    assert without == [name for name in with_it if name != "EFSContents"] != with_it


@pytest.mark.parametrize("regions", [("eu-north-1",), ("us-gov-west-1", "ap-southeast-2")])
def test_regions_are_the_author_s(regions: tuple[str, ...]) -> None:
    found = spec_of(directory(wild_rydes(), regions).files)["awsAccountConfig"]["regionConfiguration"]
    assert found["deployableRegions"] == {"recommended": list(regions)}
    with pytest.raises(SettingsError, match="--regions Ireland: write names of regions"):
        directory(wild_rydes(), (*regions, "Ireland"))


# A model of one's own.


def test_a_model_travels_in_the_zip_that_fills_efs() -> None:
    files = directory(wild_rydes(model=str(shipped()))).files
    found = parameters_of(spec_of(files))
    assert found["PreparationKey"] == f"{PREFIX}code/filling.zip"
    assert found["CodeKey"] == f"{PREFIX}code/ml_inferencefunction.zip"
    with zipfile.ZipFile(BytesIO(files["assets/code/filling.zip"])) as filling:
        names, archive = set(filling.namelist()), filling.read("filling/model.tar")
    with zipfile.ZipFile(BytesIO(files["assets/code/ml_inferencefunction.zip"])) as code:
        assert names == {*code.namelist(), "filling/model.tar"}
    with tarfile.open(fileobj=BytesIO(archive)) as model:
        assert "saved_model.pb" in model.getnames()
    assert len(found["ModelSha256"]) == 64


def test_a_model_at_a_url_stays_there() -> None:
    files = directory(wild_rydes(model="https://example.org/model.tar.gz")).files
    assert parameters_of(spec_of(files))["ModelUrl"] == "https://example.org/model.tar.gz"
    assert [name for name in files if name.startswith("assets/")] == ["assets/code/ml_inferencefunction.zip"]


# An App.


def test_an_app_has_its_own_directory(tmp_path: Path) -> None:
    files = directory(of_app(pinger(tmp_path, about="Pings: and answers"))).files
    spec = spec_of(files)
    (key,) = [name for name in parameters_of(spec) if name.endswith("Key")]
    assert parameters_of(spec) == {"DataBucket": BUCKET, key: f"{PREFIX}code/pinger.zip"}
    assert template_of(spec)["templateLocation"] == "static/pinger.yml"
    assert {"assets/code/pinger.zip", "static/pinger.yml", "static/participant.json"} < files.keys()
    page = files["content/index.en.md"].decode()
    assert 'title: "Pings"' in page
    assert "--function-name FUNCTION" in page
    policy = json.loads(files["static/participant.json"])
    sids = {one["Sid"] for one in policy["Statement"]}
    assert sids == {"Stacks", "Function", "LogGroup", "KeysToRead", "CallsOfTheApi"}  # no parameter tells which auth
    assert "aws apigateway get-api-key --api-key KEY --include-value" in page


# What cannot be.


def test_reserved_concurrency_is_refused() -> None:
    with pytest.raises(SettingsError, match="ModelInferenceFunction reserves concurrency"):
        directory(wild_rydes(overrides={"ReservedConcurrency": "2"}))


def test_several_stacks_are_refused() -> None:
    with pytest.raises(SettingsError, match="has several stacks"):
        directory(Settings((deployment("long"),)))


def test_parameters_without_a_value_are_named_all_at_once(tmp_path: Path) -> None:
    app = pinger(tmp_path)
    app.parameter("One")
    app.parameter("Two")
    with pytest.raises(SettingsError, match="add --set One=VALUE") as caught:
        directory(of_app(app))
    assert len(caught.value.faults) == 2
    assert parameters_of(spec_of(directory(of_app(app, overrides={"One": "1", "Two": "2"})).files))["Two"] == "2"


def test_too_many_outputs_are_refused(tmp_path: Path) -> None:
    app = pinger(tmp_path)
    for number in range(50):
        app.output(f"Output{number}", str(number))
    with pytest.raises(SettingsError, match=r"has 5\d outputs; Workshop Studio takes 50 at most"):
        directory(of_app(app))


# The command.


def test_the_command_writes_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "studio"
    assert main(["render", "--workshop-studio", str(place), "--set", "MinScore=0.5"]) == 0
    assert f"wrote {place}/contentspec.yaml" in capsys.readouterr().out
    assert parameters_of(yaml.safe_load((place / "contentspec.yaml").read_text()))["MinScore"] == "0.5"
    assert main(["render", "--workshop-studio", str(place), "--set", "MinScore=0.5"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["render", "--workshop-studio", str(place), "--regions", "eu-west-3"]) == 0
    assert capsys.readouterr().out == f"wrote {place}/contentspec.yaml\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--set", "MinScore=0.5"], "--set: only with --workshop-studio DIR"),
        (["--preset", "lean", "--regions", "eu-west-1"], "--preset and --regions: only with --workshop-studio DIR"),
        (["--workshop-studio", "x", "--check"], "leave out --check, --tag and the names of templates"),
        (["--workshop-studio", "x", "--set", "MinScore=7"], "--set MinScore=7: "),
    ],
)
def test_options_that_have_no_effect_are_refused(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["render", *arguments]) == 2
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
