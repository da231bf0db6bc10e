"""Plan, deploy, status and destroy as a program calls them."""

import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml import App, Deployment, Stack, StackOutput
from wildrydes_ml.aws.facts import Usage
from wildrydes_ml.deploy import Options, Plan, Settings, Target, deploy, plan, status
from wildrydes_ml.deploy.preflight import Unready
from wildrydes_ml.destroy import destroy
from wildrydes_ml.errors import SettingsError, WildrydesError
from wildrydes_ml.reporting import Quiet
from wildrydes_ml.testing import FakeAws, Said

FILE = Path(__file__).parents[1] / "thumbs.yml"
THUMBS = Deployment("thumbs", (Stack.of(FILE),))
LIGHT = """
import sys
from wildrydes_ml import Code, Deployment, Kept, Proof, Stack, StackOutput, Target
from wildrydes_ml.deploy import Options, Plan, Settings, deploy, plan, status
from wildrydes_ml.destroy import destroy
from wildrydes_ml.local import place, running
print(sorted({"boto3", "botocore", "troposphere", "urllib3"} & set(sys.modules)))
"""


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture
def quiet(aws: FakeAws) -> dict[str, Any]:
    return {"aws": aws.gateways, "reporter": Quiet()}


def test_importing_them_imports_nothing_of_aws_and_no_troposphere() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_options_are_the_settings() -> None:
    asked = {field.name for field in fields(Settings)} - {"deployments", "held", "held_tags"}
    assert set(Options.__annotations__) == asked


def test_a_plan_is_a_value_that_deploy_takes(aws: FakeAws, quiet: dict[str, Any]) -> None:
    finished = plan(THUMBS, **quiet, overrides={"Size": "300"})
    assert isinstance(finished, Plan)
    assert finished.changes
    assert "create stack thumbs from thumbs.yml" in finished.describe()
    assert json.loads(json.dumps(finished.records()))[1]["stack"] == "thumbs"
    assert aws.journal == []
    before = replace(finished)
    done = deploy(finished, **quiet)
    assert done.changed
    assert done.outputs["Note"] == "test at 300 pixels"
    assert finished == before, "nobody rewrites it"
    assert not plan(THUMBS, **quiet).changes


def test_a_plan_that_is_taken_makes_what_it_says_and_no_more(aws: FakeAws, quiet: dict[str, Any]) -> None:
    finished = plan(THUMBS, **quiet)
    bucket = finished.with_steps(finished.steps[:1])
    assert deploy(bucket, **quiet).changed
    assert aws.journal == ["make bucket thumbs-123456789012-eu-west-1"]


def test_a_finished_plan_takes_no_other_target_or_options(quiet: dict[str, Any]) -> None:
    finished = plan(THUMBS, **quiet)
    with pytest.raises(TypeError, match="a finished plan already has its target and options"):
        deploy(finished, Target("eu-west-1"), **quiet)
    with pytest.raises(TypeError, match="a finished plan already has its target and options"):
        deploy(finished, **quiet, name="other")


def test_an_app_is_as_good_as_its_deployment(aws: FakeAws, quiet: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "handler").mkdir()
    (tmp_path / "handler" / "app.py").write_text("def answer(event, context): ...\n")
    app = App("plain", directory=tmp_path)
    app.function("Answer", code="handler", handler="app.answer")
    assert plan(app, **quiet).desired == plan(app.deployment(), **quiet).desired
    assert deploy(app, **quiet, overrides={"PythonRuntime": "python3.12"}).changed
    assert destroy(app, **quiet)
    assert aws.left == []


def test_settings_are_taken_as_they_are_and_amended_by_options(aws: FakeAws, quiet: dict[str, Any]) -> None:
    settings = Settings((THUMBS,), name="small", overrides={"Size": "100"})
    deploy(settings, **quiet)
    deploy(settings, **quiet, name="large", overrides={"Size": "900"})
    assert {name: one.parameters["Size"] for name, one in aws.stacks.stacks.items()} == {"small": "100", "large": "900"}


@pytest.mark.parametrize("act", [plan, deploy, status, destroy])
def test_what_is_no_application_is_told(act: Any, quiet: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"'thumbs\.yml' is not an application: pass a Deployment or an App"):
        act("thumbs.yml", **quiet)


@pytest.mark.parametrize("act", [plan, deploy, status, destroy])
def test_wrong_options_are_refused_before_anything_is_asked(act: Any, quiet: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="--set Sise: no such parameter; there are Size, Stage"):
        act(THUMBS, **quiet, overrides={"Sise": "1"})


def test_whoever_confirms_sees_what_is_made_and_can_stop_it(aws: FakeAws, quiet: dict[str, Any]) -> None:
    shown: list[str] = []

    def no(lines: list[str]) -> None:
        shown.extend(lines)
        raise WildrydesError("not today")

    with pytest.raises(WildrydesError, match="not today"):
        deploy(THUMBS, **quiet, confirm=no)
    assert any("thumbs" in line for line in shown)
    assert aws.journal == []
    deploy(THUMBS, **quiet)
    shown.clear()
    with pytest.raises(WildrydesError, match="not today"):
        destroy(THUMBS, **quiet, confirm=no)
    assert any("stack thumbs" in line for line in shown)
    assert aws.left


def test_status_tells_a_program_what_is_there(aws: FakeAws, quiet: dict[str, Any]) -> None:
    with pytest.raises(WildrydesError, match="nothing is deployed under the name thumbs"):
        status(THUMBS, **quiet)
    deploy(THUMBS, **quiet)
    found = status(THUMBS, **quiet)
    assert [(stack.name, stack.status) for stack in found.stacks] == [("thumbs", "CREATE_COMPLETE")]
    assert found.outputs == {"Queue": "Todo.Arn", "Note": "test at 200 pixels"}
    assert (found.api_url, found.answer) == ("", None)
    two = replace(THUMBS, stacks=(*THUMBS.stacks, Stack.of(FILE, "two")))
    with pytest.raises(WildrydesError, match="deployment thumbs is incomplete, it has only thumbs: run deploy"):
        status(two, **quiet)


def test_an_account_without_room_is_told_before_anything_is_made(
    aws: FakeAws, quiet: dict[str, Any], tmp_path: Path
) -> None:
    template = tmp_path / "net.json"
    template.write_text('{"Resources": {"Net": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}}}')
    aws.account.answers["vpcs"] = Usage({"": 5}, 5)
    network = Deployment("net", (Stack.of(template),))
    with pytest.raises(Unready):
        deploy(network, **quiet)
    assert aws.journal == []


def test_a_failed_update_is_undone_first_and_the_plan_made_anew(aws: FakeAws, quiet: dict[str, Any]) -> None:
    deploy(THUMBS, **quiet)
    aws.stacks.put("thumbs", "UPDATE_ROLLBACK_FAILED", FILE.read_text(), tags={"wildrydes-ml": "thumbs"},
                   parameters={"Size": "200", "Stage": "test"})  # fmt: skip
    aws.journal.clear()
    finished = plan(THUMBS, **quiet, continue_rollback=True, overrides={"Stage": "live"})
    assert deploy(finished, **quiet).outputs["Topic"] == "Alarm"
    assert aws.journal == ["undo thumbs", "update thumbs"]


def test_a_stack_of_a_file_is_fed_by_another_and_by_a_troposphere_template(tmp_path: Path) -> None:
    from troposphere import Parameter, Template
    from troposphere.sns import Topic

    template = Template()
    template.add_parameter(Parameter("From", Type="String"))
    template.set_description("Reads the queue.")
    template.add_resource(Topic("Read"))
    reader = Stack.of(template, "reader", inputs={"From": StackOutput("", "Queue")})
    whole = Deployment("thumbs", (Stack.of(str(FILE), parameters={"Stage": "live"}), reader))
    assert whole.stack_names("thumbs") == ("thumbs", "thumbs-reader")
    assert whole.given == {"Stage": "the deployment decides it", "From": "it comes from stack "}
    assert reader.source.name == "reader.yml"
    assert Stack.of(template, name="shared.yml").source.name == "shared.yml"
    with pytest.raises(SettingsError, match=r"missing\.yml: there is no such file"):
        Stack.of(tmp_path / "missing.yml")


@pytest.mark.parametrize("act", [plan, deploy, status, destroy])
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"target": "eu-west-1"}, "target is 'eu-west-1': pass a Target"),
        ({"reset": "Size"}, "reset is 'Size': pass a tuple of names"),
        ({"allow_replace": "Topic"}, "allow_replace is 'Topic': pass a tuple of names"),
        ({"overrides": ["Size=3"]}, r"overrides is \['Size=3'\]: pass a dictionary of texts"),
        ({"tags": {"cost": 3}}, r"tags is \{'cost': 3\}: pass a dictionary of texts"),
        ({"nmae": "mine"}, "there is no option 'nmae'; did you mean name?"),
    ],
    ids=str,
)
def test_a_value_of_the_wrong_kind_is_refused_by_all(
    act: Any, wrong: dict[str, Any], says: str, quiet: dict[str, Any]
) -> None:
    with pytest.raises(TypeError, match=says):
        act(THUMBS, **quiet, **wrong)


def test_the_reporter_is_told_by_all(aws: FakeAws) -> None:
    for act in (plan, deploy, status, destroy):
        said = Said()
        act(THUMBS, aws=aws.gateways, reporter=said)
        assert said.lines
