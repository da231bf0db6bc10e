"""A deploy from the first look to the proof, on an AWS in memory; only the API answers over HTTP, on 127.0.0.1."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.unit.fakes import API_OUTPUTS, FUNCTION, HORSE_ANSWER, PROOF, FakeAws
from wildrydes_ml.ask.asking import Answer
from wildrydes_ml.aws.facts import Unknown
from wildrydes_ml.aws.records import StackResource
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import Deployed, Deployer, deploy, preview
from wildrydes_ml.deploy.proof import public_url
from wildrydes_ml.deploy.steps import ApplyStack
from wildrydes_ml.errors import InterruptedWork, Refused, WildrydesError
from wildrydes_ml.tags import TAG
from wildrydes_ml.template.change import ResourceChange
from wildrydes_ml.template.decode import decode
from wildrydes_ml.testing import REST_API, Said, event
from wildrydes_ml.workshop.settings import wild_rydes

EFS, INFERENCE, COMPLETE = "wildrydes-ml-mod5", "wildrydes-ml-mod5-inf", "wildrydes-ml-mod5-complete"
BUCKET = "wildrydes-ml-123456789012-eu-west-1"
WIRED = ["wire method", "wire deployment", "wire throttle", "wire tidy"]
LONG = [f"make bucket {BUCKET}", "upload code", f"create {EFS}", f"create {INFERENCE}", *WIRED]
VPC_REMOVED = ResourceChange("LambdaEFSMLVPC", "AWS::EC2::VPC", "Remove", "False")
STRANGER = [StackResource("Topic", "AWS::SNS::Topic", "topic")]


class Api(HTTPServer):
    """Answers every picture; `asked` are the headers that came with them, `before` happens first."""

    asked: list[dict[str, str]]
    before: Callable[[], None]
    status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/prod"


class Answers(BaseHTTPRequestHandler):
    server: Api

    def do_POST(self) -> None:
        self.server.asked.append({key.lower(): value for key, value in self.headers.items()})
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.before()
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(HORSE_ANSWER.encode())

    def log_message(self, format: str, *args: Any) -> None: ...


@contextmanager
def serving() -> Iterator[Api]:
    with Api(("127.0.0.1", 0), Answers) as server:
        server.asked, server.before = [], lambda: None
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as server:
        yield server


@pytest.fixture
def aws(api: Api) -> FakeAws:
    return FakeAws(api.url)


Deploy = Callable[..., Deployed]


@pytest.fixture
def run(aws: FakeAws) -> Deploy:
    """Deploys with settings' options; the journal tells of this deploy alone."""

    def run(said: Said | None = None, **options: Any) -> Deployed:
        aws.journal.clear()
        return deploy(aws.gateways, wild_rydes(**options), Target(), said or Said())

    return run


def test_the_long_route_ends_with_an_answer(run: Deploy, aws: FakeAws, api: Api) -> None:
    said = Said()
    done = run(said)
    assert aws.journal == LONG
    assert done.changed
    assert done.api_url == api.url
    assert isinstance(done.answer, Answer)
    assert done.answer.validated
    assert aws.functions.invoked == ["ml_inferencefunction:live"]
    assert len(api.asked) == 1
    assert f"URL: {api.url}" in said.texts("output")
    assert f"Try: curl {api.url}" in said.texts("output")


@pytest.mark.parametrize("status", ["DELETE_IN_PROGRESS", None])
def test_an_api_that_somebody_deletes_meanwhile_is_not_waited_for(
    run: Deploy, aws: FakeAws, api: Api, status: str | None
) -> None:
    run(route="short")

    def delete() -> None:
        gone = aws.stacks.stacks.pop(COMPLETE, None)
        if gone and status:
            aws.stacks.stacks[COMPLETE] = replace(gone, status=status)

    api.status, api.before = 503, delete
    with pytest.raises(
        InterruptedWork, match=f"stack {COMPLETE}: somebody else is deleting it, or has deleted it; run"
    ):
        run(route="short")
    assert len(api.asked) == 2


def test_the_function_s_stack_gets_the_efs_stack_s_outputs(run: Deploy, aws: FakeAws) -> None:
    run()
    assert aws.stacks.stacks[INFERENCE].parameters["SubnetIDs"] == "subnet-a,subnet-b"
    assert aws.stacks.stacks[INFERENCE].parameters["SecurityGroupIds"] == "sg-1"
    assert aws.stacks.stacks[INFERENCE].tags == {TAG: "wildrydes-ml"}


def test_the_short_route_is_one_stack(run: Deploy, aws: FakeAws) -> None:
    run(route="short")
    assert aws.journal == [f"make bucket {BUCKET}", "upload code", f"create {COMPLETE}"]


@pytest.mark.parametrize("route", ["long", "short"])
def test_a_second_deploy_changes_nothing(run: Deploy, aws: FakeAws, route: str) -> None:
    run(route=route)
    assert not run(route=route).changed
    assert aws.journal == []


@pytest.mark.parametrize("route", ["long", "short"])
def test_a_stack_that_was_made_from_json_is_compared_and_remembers(run: Deploy, aws: FakeAws, route: str) -> None:
    run(route=route, overrides={"MinScore": "0.7"})
    aws.stacks.templates = {name: json.dumps(decode(text)) for name, text in aws.stacks.templates.items()}
    assert not run().changed
    run(overrides={"MemorySize": "1024"})
    name = INFERENCE if route == "long" else COMPLETE
    assert aws.journal == [f"update {name}"]
    assert aws.stacks.stacks[name].parameters["MinScore"] == "0.7"


def test_a_changed_parameter_updates_what_it_concerns(run: Deploy, aws: FakeAws) -> None:
    run()
    run(overrides={"MemorySize": "2048"})
    assert aws.journal == [f"update {INFERENCE}"]


def test_new_packages_make_the_instance_anew(run: Deploy, aws: FakeAws) -> None:
    run()
    run(overrides={"PythonRuntime": "python3.12"})
    assert aws.journal == [f"update {EFS}", f"update {EFS}", f"update {INFERENCE}"]
    assert aws.stacks.stacks[EFS].parameters["BootstrapInstance"] == "keep"


def test_an_api_with_a_key_is_asked_with_it(run: Deploy, aws: FakeAws, api: Api) -> None:
    run(overrides={"ApiAuth": "API_KEY"})
    assert aws.journal[-6:] == [WIRED[0], "wire page", *WIRED[1:3], "wire key", "wire tidy"]
    assert api.asked[-1]["x-api-key"] == "the-key"
    assert (aws.apis.keys, aws.apis.plans) == ({"key1": {TAG: "wildrydes-ml"}}, {"plan1": {TAG: "wildrydes-ml"}})
    run(reset=("ApiAuth",))
    assert aws.journal == [f"update {INFERENCE}", WIRED[0], "wire no page", *WIRED[1:3], "wire no key", "wire tidy"]
    assert "x-api-key" not in api.asked[-1]


def test_an_api_with_iam_is_asked_with_a_signature(run: Deploy, api: Api) -> None:
    run(overrides={"ApiAuth": "AWS_IAM"})
    assert api.asked[-1]["authorization"] == "signed"


@pytest.mark.parametrize(("route", "name"), [("long", EFS), ("long", INFERENCE), ("short", COMPLETE)])
@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "ROLLBACK_COMPLETE", "CREATE_IN_PROGRESS"])
def test_a_stranger_s_stack_is_left_alone(run: Deploy, aws: FakeAws, route: str, name: str, status: str) -> None:
    aws.stacks.put(name, status, resources=STRANGER)
    with pytest.raises(Refused, match=name):
        run(route=route)
    assert aws.journal == []


def test_a_stack_of_our_template_by_the_aws_cli_is_taken_over(run: Deploy, aws: FakeAws) -> None:
    aws.stacks.put(EFS, "CREATE_COMPLETE", resources=[StackResource("LambdaEFSMLVPC", "AWS::EC2::VPC", "vpc-1")])
    run()
    assert aws.journal[2:4] == [f"update {EFS}", f"create {INFERENCE}"]
    assert aws.stacks.stacks[EFS].tags == {TAG: "wildrydes-ml"}


@pytest.mark.parametrize(("first", "second"), [("long", "short"), ("short", "long")])
def test_the_other_route_is_refused(run: Deploy, aws: FakeAws, first: str, second: str) -> None:
    run(route=first)
    with pytest.raises(Refused, match=f"deployed by the {first} route"):
        run(route=second)
    assert aws.journal == []


@pytest.mark.parametrize("bucket", [{}, {"bucket": "given"}], ids=["own", "given"])
def test_another_account_s_bucket_is_refused(run: Deploy, aws: FakeAws, bucket: dict[str, str]) -> None:
    aws.buckets.foreign.add(bucket.get("bucket", BUCKET))
    with pytest.raises(Refused, match="another account"):
        run(**bucket)
    assert aws.journal == []


def test_a_bucket_that_was_half_made_is_finished(run: Deploy, aws: FakeAws) -> None:
    aws.buckets.put(BUCKET)
    run()
    assert aws.journal == LONG


def test_a_given_bucket_gets_the_code_alone(run: Deploy, aws: FakeAws) -> None:
    aws.buckets.put("given", {"owner": "me"}, "their/file")
    run(bucket="given")
    assert aws.journal == LONG[1:]
    assert aws.buckets.labels == {"given": {"owner": "me"}}


@pytest.mark.parametrize(
    ("status", "end", "done"),
    [
        ("CREATE_IN_PROGRESS", "CREATE_COMPLETE", [f"update {COMPLETE}"]),
        ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", [f"update {COMPLETE}"]),
        ("DELETE_IN_PROGRESS", "DELETE_COMPLETE", [f"create {COMPLETE}"]),
    ],
)
def test_an_operation_under_way_is_followed(run: Deploy, aws: FakeAws, status: str, end: str, done: list[str]) -> None:
    aws.stacks.put(COMPLETE, status, tags={TAG: "wildrydes-ml"})
    aws.stacks.endings[COMPLETE] = [status, end]
    said = Said()
    run(said, route="short")
    assert aws.journal[2:] == done
    assert any(f"{COMPLETE} is {status}: following it" in text for text in said.texts("event"))


def test_what_fails_under_way_fails_the_deploy(run: Deploy, aws: FakeAws) -> None:
    aws.stacks.put(COMPLETE, "CREATE_IN_PROGRESS", tags={TAG: "wildrydes-ml"})
    aws.stacks.endings[COMPLETE] = ["ROLLBACK_COMPLETE"]
    aws.stacks.history[COMPLETE] = [event(1, "CREATE_FAILED", "NatPublicIP", "no address left")]
    with pytest.raises(WildrydesError, match=r"NatPublicIP .*no address left"):
        run(route="short")
    assert aws.journal == []


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "REVIEW_IN_PROGRESS"])
def test_a_failed_creation_is_cleared_away(run: Deploy, aws: FakeAws, status: str) -> None:
    aws.stacks.put(EFS, status, tags={TAG: "wildrydes-ml"})
    run()
    assert aws.journal == [*LONG[:2], f"delete {EFS}", *LONG[2:]]


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_FAILED"])
def test_a_broken_stack_is_left_alone(run: Deploy, aws: FakeAws, status: str) -> None:
    aws.stacks.put(EFS, status, tags={TAG: "wildrydes-ml"})
    with pytest.raises(WildrydesError, match=status):
        run()
    assert aws.journal == []


def test_a_failure_names_its_cause_and_ends_the_deploy(run: Deploy, aws: FakeAws) -> None:
    aws.stacks.endings[EFS] = ["ROLLBACK_COMPLETE"]
    aws.stacks.failures[EFS] = [
        event(1, "CREATE_FAILED", "NatPublicIP", "no address left", "AWS::EC2::EIP"),
        event(2, "CREATE_FAILED", "FileSystemResource", "Resource creation cancelled"),
    ]
    with pytest.raises(WildrydesError, match=rf"{EFS} ended as ROLLBACK_COMPLETE: NatPublicIP \(AWS::EC2::EIP\): no a"):
        run()
    assert aws.journal == LONG[:3]
    aws.stacks.failures.clear()
    run()
    assert aws.journal == [f"delete {EFS}", *LONG[2:]]


def test_what_would_lose_the_network_must_be_named(run: Deploy, aws: FakeAws) -> None:
    run()
    aws.stacks.changes[EFS] = (VPC_REMOVED,)
    with pytest.raises(Refused, match="--allow-replace LambdaEFSMLVPC"):
        run(overrides={"ThroughputMode": "elastic"})
    assert aws.journal == []
    assert aws.stacks.pending == []
    said = Said()
    run(said, overrides={"ThroughputMode": "elastic"}, allow_replace=("LambdaEFSMLVPC",))
    assert f"{EFS}  Remove LambdaEFSMLVPC (AWS::EC2::VPC)" in said.texts("event")
    assert aws.journal == [f"update {EFS}"]


# Plan only.


def look(aws: FakeAws, said: Said, **options: Any) -> bool:
    return preview(aws.gateways, wild_rydes(**options), Target(), said).changes


def test_a_preview_of_all_shows_the_steps_and_takes_none(aws: FakeAws) -> None:
    said = Said()
    assert look(aws, said)
    assert [text.split()[0] for text in said.texts("plan")] == [
        "create",
        "upload",
        "create",
        "create",
        "connect",
        "warm",
    ]
    assert aws.journal == []
    assert aws.stacks.stacks == {}
    assert any("idle cost" in text for text in said.texts("output"))


def test_a_preview_shows_the_changes_of_resources(run: Deploy, aws: FakeAws) -> None:
    run()
    aws.journal.clear()
    aws.stacks.changes[INFERENCE] = (
        ResourceChange("ModelInferenceFunction", "AWS::Lambda::Function", "Modify", "False"),
    )
    said = Said()
    assert look(aws, said, overrides={"MemorySize": "1024"})
    first, *others = said.texts("plan")
    head, memory, revision, change = first.splitlines()
    assert (head, memory) == (f"update stack {INFERENCE} from 5_lambda_function.yml", "  MemorySize 3008 → 1024")
    assert revision.startswith("  Revision ")
    assert change == "  Modify ModelInferenceFunction (AWS::Lambda::Function)"
    assert others == [
        "warm up the function, then post a picture to the API",
    ]
    assert aws.journal == []
    assert aws.stacks.pending == []


def test_a_name_that_may_be_lost_and_that_nothing_has_is_told(run: Deploy, aws: FakeAws) -> None:
    """A warning and no refusal: the same command again names what the first one has removed."""
    run()
    said = Said()
    assert not look(aws, said, allow_replace=("LambdaEFSMLVpc", "Answer", "FileSystemResource"))
    typed, gone = said.texts("warning")
    assert typed.startswith(
        "--allow-replace LambdaEFSMLVpc has no effect: this deployment has no such resource; its protected resources "
        "are AccessPointResource, DefaultPublicRoute, "
    )
    assert typed.endswith("; did you mean LambdaEFSMLVPC?")
    assert gone.startswith("--allow-replace Answer has no effect: this deployment has no such resource; its ")


def test_a_resource_that_the_new_template_has_no_more_may_be_named(aws: FakeAws) -> None:
    body = {"Resources": {"Old": {"Type": "AWS::SQS::Queue"}, "News": {"Type": "AWS::SNS::Topic"}}}
    aws.stacks.put("wildrydes-ml-mod5", "CREATE_COMPLETE", json.dumps(body), tags={TAG: "wildrydes-ml"})
    said = Said()
    look(aws, said, allow_replace=("Old",))
    assert not any("--allow-replace" in text for text in said.texts("warning"))


def test_a_preview_of_nothing_says_so(run: Deploy, aws: FakeAws) -> None:
    run()
    assert not look(aws, Said())


# A model from a directory.


@pytest.fixture
def model(tmp_path: Path) -> str:
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    return str(tmp_path)


@pytest.mark.parametrize(("route", "name"), [("long", EFS), ("short", COMPLETE)])
def test_a_model_directory_is_uploaded_and_linked_once(
    run: Deploy, aws: FakeAws, model: str, route: str, name: str
) -> None:
    run(model=model, route=route)
    assert aws.journal[1:3] == ["upload code", "upload model"]
    parameters = dict(aws.stacks.stacks[name].parameters)
    assert "X-Amz-Expires=7200" in parameters["ModelUrl"], "longer than the hour that an instance may take"
    key = f"model/ml_inferencefunction-{parameters['ModelSha256'][:16]}.tar"
    assert key in aws.buckets.objects[BUCKET]
    assert parameters["ModelUrl"].startswith(f"https://{BUCKET}.s3.amazonaws.com/{key}?")
    run(model=model, route=route)
    assert aws.journal == []
    assert aws.stacks.stacks[name].parameters == parameters


def test_another_model_is_uploaded_and_fills_efs_anew(run: Deploy, aws: FakeAws, model: str) -> None:
    run(model=model)
    before = aws.stacks.stacks[EFS].parameters["ModelUrl"]
    (Path(model) / "saved_model.pb").write_bytes(b"another graph")
    run(model=model)
    assert aws.journal == ["upload model", f"update {EFS}", f"update {EFS}", f"update {INFERENCE}"]
    assert aws.stacks.stacks[EFS].parameters["ModelUrl"] != before


def test_a_stack_that_is_made_again_gets_a_fresh_link(run: Deploy, aws: FakeAws, model: str) -> None:
    aws.stacks.endings[EFS] = ["ROLLBACK_COMPLETE"]
    with pytest.raises(WildrydesError, match="ROLLBACK_COMPLETE"):
        run(model=model)
    before = aws.stacks.stacks[EFS].parameters["ModelUrl"]
    run(model=model)
    assert aws.stacks.stacks[EFS].parameters["ModelUrl"] != before


@pytest.mark.parametrize("route", ["long", "short"])
def test_after_an_update_nothing_is_left_to_do(run: Deploy, aws: FakeAws, route: str) -> None:
    run(route=route)
    run(route=route, overrides={"MinScore": "0.5"})
    assert len(aws.journal) == 1
    assert not run(route=route, overrides={"MinScore": "0.5"}).changed
    assert aws.journal == []


@pytest.mark.parametrize(("route", "name"), [("long", EFS), ("short", COMPLETE)])
def test_new_code_does_not_touch_what_has_filled_efs(run: Deploy, aws: FakeAws, route: str, name: str) -> None:
    run(route=route)
    parameters = aws.stacks.stacks[name].parameters
    key = parameters["PreparationKey"]
    assert key in aws.buckets.objects[BUCKET]
    older = {**parameters, "PreparationKey": "code/older.zip"}
    aws.stacks.stacks[name] = replace(aws.stacks.stacks[name], parameters=older)
    run(route=route)
    assert aws.stacks.stacks[name].parameters["PreparationKey"] == "code/older.zip"
    assert f"update {EFS}" not in aws.journal
    run(route=route, overrides={"Packages": "six==1.17.0"})
    assert aws.stacks.stacks[name].parameters["PreparationKey"] == key, "a new instance takes the new code"


@pytest.mark.parametrize(("route", "name"), [("long", EFS), ("short", COMPLETE)])
def test_another_template_comes_with_its_own_code(run: Deploy, aws: FakeAws, route: str, name: str) -> None:
    run(route=route)
    key = aws.stacks.stacks[name].parameters["PreparationKey"]
    there = aws.stacks.stacks[name]
    older = {**there.parameters, "PreparationKey": "code/older.zip"}
    text = aws.stacks.templates[name].replace("IsArm, c7g.large, c5.large", "IsArm, c7g.large, c5.xlarge")
    aws.stacks.put(name, there.status, text, parameters=older, outputs=there.outputs, tags=there.tags)
    run(route=route)
    assert aws.stacks.stacks[name].parameters["PreparationKey"] == key


def test_a_first_instance_gets_a_fresh_link(run: Deploy, aws: FakeAws, model: str) -> None:
    run(model=model, overrides={"BootstrapInstance": "none"})
    before = aws.stacks.stacks[EFS].parameters["ModelUrl"]
    run(model=model, reset=("BootstrapInstance",))
    assert aws.stacks.stacks[EFS].parameters["ModelUrl"] != before


def test_the_address_is_the_place_s_own() -> None:
    assert public_url(Target(), PROOF, API_OUTPUTS) == "https://api1.execute-api.eu-west-1.amazonaws.com/prod"
    local = Target(endpoint="http://127.0.0.1:4566")
    assert public_url(local, PROOF, API_OUTPUTS) == "http://127.0.0.1:4566/_aws/execute-api/api1/prod/"


def test_a_stack_that_somebody_deletes_while_it_is_made_is_no_success(run: Deploy, aws: FakeAws) -> None:
    aws.stacks.endings[EFS] = ["DELETE_COMPLETE"]
    with pytest.raises(WildrydesError, match=f"{EFS} ended as DELETE_COMPLETE"):
        run()
    assert aws.journal == LONG[:3]


# What somebody deleted.


LOST = pytest.mark.parametrize(
    ("route", "kind", "titles"),
    [
        ("long", FUNCTION, "ModelInferenceFunction was deleted"),
        ("long", "AWS::Lambda::Alias", "ModelInferenceFunctionLive was deleted"),
        ("long", REST_API, "ModelInferenceApi was deleted"),
        ("short", FUNCTION, "ModelInferenceFunction was deleted"),
        ("short", "AWS::Lambda::Alias", "ModelInferenceFunctionLive was deleted"),
        ("short", REST_API, "ModelInferenceApi was deleted"),
        ("short", "AWS::ApiGateway::Stage", "ProdStage was deleted"),
    ],
)


def lose(aws: FakeAws, kind: str) -> None:
    gateway = aws.functions if "Lambda" in kind else aws.apis
    gateway.loss = kind


@LOST
def test_what_somebody_deleted_is_taken_out_and_made_again(
    run: Deploy, aws: FakeAws, route: str, kind: str, titles: str
) -> None:
    run(route=route)
    lose(aws, kind)
    name = INFERENCE if route == "long" else COMPLETE
    before = aws.stacks.stacks[name]
    said = Said()
    assert run(said, route=route).changed
    again = WIRED if (route, kind) == ("long", REST_API) else []
    assert aws.journal == [f"update {name}", f"update {name}", f"back {kind}", *again]
    assert aws.stacks.stacks[name].parameters == before.parameters
    first, second = said.texts("plan")[:2]
    assert titles in first
    assert "deleted outside CloudFormation" in first
    assert ("new address" in first) == (kind == REST_API)
    assert f"  Add {titles.split()[0]} ({kind})" in second
    assert "AWS::EC2" not in second
    assert "AWS::EFS" not in second
    assert not run(route=route).changed


@LOST
def test_a_plan_says_what_is_gone(run: Deploy, aws: FakeAws, route: str, kind: str, titles: str) -> None:
    run(route=route)
    lose(aws, kind)
    aws.journal.clear()
    said = Said()
    assert look(aws, said, route=route)
    assert titles in said.texts("plan")[0]
    assert aws.journal == []


def test_a_deploy_that_ended_after_it_took_out_what_was_left_goes_on(run: Deploy, aws: FakeAws) -> None:
    run()
    lose(aws, FUNCTION)
    steps = Deployer.planned(aws.gateways, wild_rydes(), Target(), Said())
    steps.run(steps.plan.steps[0])
    run()
    assert aws.journal == [f"update {INFERENCE}", f"back {FUNCTION}"]
    assert not run().changed


@pytest.mark.parametrize(("route", "asked"), [("long", 1), ("short", 2)])
def test_a_look_at_what_may_be_gone_costs_a_call_or_two(run: Deploy, aws: FakeAws, route: str, asked: int) -> None:
    run(route=route)
    assert aws.functions.asked + aws.apis.asked == [], "a first deploy has nothing to lose"
    run(route=route)
    assert len(aws.functions.asked + aws.apis.asked) == asked
    assert aws.functions.asked == ["ml_inferencefunction:live"]


def test_the_function_that_is_deployed_is_looked_for_and_not_the_one_that_is_wanted(run: Deploy, aws: FakeAws) -> None:
    run()
    run(overrides={"FunctionName": "other"})
    assert aws.functions.asked == ["ml_inferencefunction:live"]


def test_without_the_permission_a_deploy_goes_on_and_says_so(run: Deploy, aws: FakeAws) -> None:
    run(route="short")
    aws.functions.loss = Unknown("denied", "lambda:GetAlias")
    aws.apis.loss = Unknown("denied", "apigateway:GET")
    said = Said()
    assert not run(said, route="short").changed
    assert [text.rpartition(" ")[2] for text in said.texts("warning")] == ["lambda:GetAlias", "apigateway:GET"]


# What is set and changes nothing.


NONE = {"BootstrapInstance": "none"}


@pytest.mark.parametrize("name", ["Packages", "ModelSha256", "PythonRuntime"])
def test_what_only_an_instance_would_use_is_no_change_without_one(run: Deploy, aws: FakeAws, name: str) -> None:
    """The long route's function takes PythonRuntime, too."""
    value = {"Packages": "six==1.17.0", "ModelSha256": "ab" * 32, "PythonRuntime": "python3.12"}[name]
    run(overrides=NONE)
    said = Said()
    done = run(said, overrides={**NONE, name: value})
    assert aws.journal == ([f"update {INFERENCE}"] if name == "PythonRuntime" else [])
    assert done.changed == (name == "PythonRuntime")
    (warning,) = said.texts("warning")
    assert f"--set {name} changes nothing in stack {EFS} while BootstrapInstance is none" in warning
    assert not look(aws, Said(), overrides={**NONE, name: value})
    run(overrides={"BootstrapInstance": "keep", name: value})
    assert aws.stacks.stacks[EFS].parameters[name] == value
    assert not run(overrides={name: value}).changed


def test_what_is_not_set_now_is_not_warned_of(run: Deploy, aws: FakeAws) -> None:
    run(overrides=NONE)
    older = {**aws.stacks.stacks[EFS].parameters, "Packages": "six==1.16.0"}
    aws.stacks.stacks[EFS] = replace(aws.stacks.stacks[EFS], parameters=older)
    said = Said()
    assert not run(said, overrides=NONE).changed
    assert said.texts("warning") == []


def test_an_update_in_which_cloudformation_finds_nothing_is_not_planned(run: Deploy, aws: FakeAws) -> None:
    """What is made is compared here first; CloudFormation has the last word."""
    run()
    aws.stacks.indifferent.add(INFERENCE)
    assert not look(aws, Said(), overrides={"MemorySize": "1024"})
    assert look(aws, Said(), overrides={"MemorySize": "1024", "ThroughputMode": "elastic"})


# The second step of a refill.


@pytest.mark.parametrize(("route", "name"), [("long", EFS), ("short", COMPLETE)])
def test_the_second_step_of_a_refill_is_planned_on_the_first_one_s_result(
    run: Deploy, aws: FakeAws, route: str, name: str
) -> None:
    run(route=route)
    aws.stacks.changes[name] = (ResourceChange("EfsMountEC2Instance", "AWS::EC2::Instance", "Remove"),)
    said = Said()
    assert look(aws, said, route=route, overrides={"Packages": "six==1.17.0"})
    first, second = said.texts("plan")[:2]
    assert "  Remove EfsMountEC2Instance (AWS::EC2::Instance)" in first
    assert "calculated before" in second
    assert "  Add EfsMountEC2Instance (AWS::EC2::Instance)" in second
    assert "  Add EFSFilled (AWS::CloudFormation::WaitCondition)" in second
    assert ("  Modify ModelInferenceFunction (AWS::Lambda::Function)" in second) == (route == "short")
    assert "LambdaEFSMLVPC" not in second


def test_a_function_is_made_new_with_each_step_of_a_refill(run: Deploy, aws: FakeAws) -> None:
    """So that no instance of it serves on with what was on EFS before."""
    run(route="short")
    deployer = Deployer.planned(
        aws.gateways, wild_rydes(route="short", overrides={"Packages": "six==1.17.0"}), Target(), Said()
    )
    revisions = [aws.stacks.stacks[COMPLETE].parameters["Revision"]]
    for step in deployer.plan.steps[:2]:
        assert isinstance(step, ApplyStack)
        deployer.run(step)
        assert aws.stacks.stacks[COMPLETE].parameters == step.desired.parameters, "a finished plan is taken as it is"
        revisions.append(aws.stacks.stacks[COMPLETE].parameters["Revision"])
    assert len(set(revisions)) == 3


KEPT = '{"Statement": {"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"}}'


def test_a_stack_policy_is_respected_by_deploy_and_its_plan() -> None:
    aws = FakeAws()
    deployer = Deployer.planned(aws.gateways, wild_rydes(), Target(), Said())
    for step in deployer.plan.steps:
        deployer.run(step)
    aws.journal.clear()
    aws.stacks.changes[INFERENCE] = (ResourceChange("ModelInferenceFunction", "AWS::Lambda::Function", "Modify"),)
    aws.stacks.policies[INFERENCE] = KEPT
    for act in (deploy, preview):
        with pytest.raises(
            Refused, match=r"policy of stack .* denies Modify ModelInferenceFunction .* not changed"
        ) as error:
            act(aws.gateways, wild_rydes(overrides={"MemorySize": "2000"}), Target(), Said())
        assert error.value.exit_code == 4
    assert aws.journal == []
    assert aws.stacks.pending == []


def test_uploads_say_whose_they_are() -> None:
    aws = FakeAws()
    deployer = Deployer.planned(aws.gateways, wild_rydes(name="rider"), Target(), Said())
    for step in deployer.plan.steps:
        deployer.run(step)
    assert list(aws.buckets.said.values()) == [{TAG: "rider"}]
