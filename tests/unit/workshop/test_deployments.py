"""The workshop as deployments: both routes from the same parameters, by what stacks, wiring and proof are made of."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.fakes import API_OUTPUTS, HORSE_ANSWER, PROOF
from wildrydes_ml.ask.asking import Answer
from wildrydes_ml.deployment import Deployment, StackOutput
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.local.emulator import LONGEST_PATH
from wildrydes_ml.template.decode import decode
from wildrydes_ml.testing import IDENTITY
from wildrydes_ml.web import Reply
from wildrydes_ml.workshop import names, parameters
from wildrydes_ml.workshop.deployments import PRESETS, deployment, deployments, sample, shipped
from wildrydes_ml.workshop.settings import wild_rydes

LONG, SHORT, PACKAGED = deployments()
both = pytest.mark.parametrize("one", [LONG, SHORT], ids=["long", "short"])
every = pytest.mark.parametrize("one", deployments(), ids=names.ROUTES)


def test_a_route_is_chosen_by_its_name() -> None:
    assert (deployment(), deployment("long"), deployment("short")) == (LONG, LONG, SHORT)
    assert deployment("packaged") == PACKAGED
    assert (LONG.route, SHORT.route, PACKAGED.route) == names.ROUTES
    assert wild_rydes().deployments == (LONG, SHORT, PACKAGED)
    assert wild_rydes(route="short").deployment == SHORT


def test_the_routes_stacks() -> None:
    assert LONG.stack_names("mine") == ("mine-mod5", "mine-mod5-inf")
    assert SHORT.stack_names("mine") == ("mine-mod5-complete",)
    assert PACKAGED.stack_names("mine") == ("mine-packaged",)
    assert [stack.source.name for one in deployments() for stack in one.stacks] == [
        "efs_99.yml",
        "5_lambda_function.yml",
        "99_complete.yml",
        "packaged.yml",
    ]


@every
def test_the_text_and_the_data_are_of_the_same_template(one: Deployment) -> None:
    for stack in one.stacks:
        assert decode(stack.source.text).keys() >= {"Parameters", "Resources", "Outputs"}
        assert decode(stack.source.text)["Resources"].keys() == stack.source.body["Resources"].keys()


def test_the_long_route_s_function_mounts_what_the_efs_stack_made() -> None:
    efs, function = LONG.stacks
    assert not efs.inputs
    assert function.inputs["SubnetIDs"] == (
        StackOutput("mod5", "PrivateSubnetOne"),
        StackOutput("mod5", "PrivateSubnetTwo"),
    )
    assert function.inputs.keys() == {"SecurityGroupIds", "SubnetIDs", "AccessPointARN"}
    assert not SHORT.stacks[0].inputs


def test_both_routes_have_the_same_parameters_and_let_set_the_same() -> None:
    assert set(LONG.rows) - set(SHORT.rows) <= set(LONG.given)
    assert set(LONG.rows) - set(LONG.given) == set(SHORT.rows) - set(SHORT.given)
    known = {*LONG.rows, *SHORT.rows, *PACKAGED.rows, *parameters.of(parameters.BATCH)}
    assert known == set(parameters.TABLE)


def test_the_names_that_a_command_line_knows_are_those_of_the_deployments() -> None:
    assert (*PRESETS, *PACKAGED.presets) == names.PRESETS
    assert (LONG.name, SHORT.name, PACKAGED.name) == (names.NAME, names.NAME, names.NAME)
    assert LONG.presets == SHORT.presets == PRESETS


@both
def test_what_fills_efs_is_named_as_the_templates_have_it(one: Deployment) -> None:
    filling = one.filling
    assert filling is not None
    (stack,) = [stack for stack in one.stacks if stack.id == filling.stack]
    assert {*filling.refills, *filling.uploads, filling.switch} <= set(stack.rows)
    assert set(filling.resources) <= set(stack.source.body["Resources"])
    assert filling.contents in stack.source.body["Outputs"] or len(one.stacks) == 1


def test_only_the_long_route_can_keep_the_files() -> None:
    assert SHORT.kept is None
    assert LONG.kept is not None
    efs = LONG.stacks[0]
    assert LONG.kept.stack == efs.id
    assert set(LONG.kept.resources) <= set(efs.source.body["Resources"])
    for name, (value, _) in LONG.kept.aside.items():
        assert {value, "none"} <= set(efs.rows[name]["AllowedValues"])


def test_only_the_long_route_is_wired_by_calls() -> None:
    assert SHORT.wiring is None
    assert LONG.wiring is not None
    values = {**wild_rydes().parameter_values(), "ApiAuth": "AWS_IAM", "ThrottleRate": "2.5"}
    wiring = LONG.wiring(values, IDENTITY, {})
    assert wiring.target == "arn:aws:lambda:eu-west-1:123456789012:function:ml_inferencefunction:live"
    assert (wiring.auth, wiring.rate) == ("AWS_IAM", 2.5)
    abroad = LONG.wiring(values, replace(IDENTITY, partition="aws-cn", region="cn-north-1"), {})
    assert abroad.target.startswith("arn:aws-cn:lambda:cn-north-1:")


def test_the_short_route_s_function_keeps_its_name() -> None:
    assert set(SHORT.fixed) == set(PACKAGED.fixed) == {"FunctionName"}
    assert not LONG.fixed


@every
def test_the_proof_asks_for_what_the_stacks_tell(one: Deployment) -> None:
    proof = one.proof
    assert proof is not None
    outputs = {key for stack in one.stacks for key in stack.source.body["Outputs"]}
    assert {proof.api, proof.url, "InferenceFunctionTestCommand"} <= outputs
    assert proof.body == sample().body
    assert proof.headers["Content-Type"] == "image/png"
    assert proof.function({"FunctionName": "mine"}, {}) == "mine:live"
    assert [proof.auth({"ApiAuth": auth}) for auth in ("NONE", "API_KEY", "AWS_IAM")] == ["NONE", "API_KEY", "AWS_IAM"]


def test_the_proof_reads_an_answer_and_tells_why_it_is_none() -> None:
    found = PROOF.read(Reply(200, HORSE_ANSWER.encode()))
    assert isinstance(found, Answer)
    assert (found.validated, found.error) == (True, "")
    assert "model-failed" in PROOF.read(Reply(503, b'{"code": "model-failed", "detail": "no"}')).error


def test_the_command_for_a_shell_is_the_workshop_s_on_aws_and_posts_the_drawing_to_an_emulator() -> None:
    on_aws = API_OUTPUTS["ApiGatewayInvokeURL"]
    assert PROOF.command(API_OUTPUTS, on_aws) == API_OUTPUTS["InferenceFunctionTestCommand"] == f"curl {on_aws}"
    url = "http://127.0.0.1:4566/_aws/execute-api/api1/prod/"
    curl, posts, picture, header, kind, where = shlex.split(PROOF.command(API_OUTPUTS, url))
    assert (curl, posts, header, kind, where) == ("curl", "--data-binary", "-H", "Content-Type: image/png", url)
    assert Path(picture.removeprefix("@")).read_bytes() == sample().body


def test_code_of_one_s_own_is_uploaded_by_every_route(tmp_path: Path) -> None:
    for own in deployments(tmp_path):
        (code,) = own.code
        assert code.directory == tmp_path
        assert code.parameters == (("CodeKey",) if code.packed else ("CodeKey", "PreparationKey"))
    assert LONG.code[0].directory != tmp_path


@pytest.mark.parametrize(("egress", "dual"), [("nat", "false"), ("ipv6", "true"), ("none", "false")])
def test_what_follows_the_egress(egress: str, dual: str) -> None:
    assert LONG.derive({"InternetEgress": egress}) == {"Ipv6AllowedForDualStack": dual}


def test_to_whom_values_open_something() -> None:
    told = {name: LONG.opens[name](value) for name, value in {"ApiAuth": "NONE", "SshCidr": "0.0.0.0/0"}.items()}
    assert told == {"ApiAuth": "open to anyone", "SshCidr": "port 22 is open to 0.0.0.0/0"}
    assert [LONG.opens["ApiAuth"]("API_KEY"), LONG.opens["SshCidr"](""), LONG.opens["PrivateImageHosts"]("")] == [
        ""
    ] * 3


def test_the_shipped_model_is_one_that_is_taken(tmp_path: Path) -> None:
    filling = LONG.filling
    assert filling is not None
    assert filling.local_model == shipped()
    assert filling.refuse(shipped()) == ""
    assert "no saved_model.pb in it" in filling.refuse(tmp_path)


def test_where_a_home_lies_suits_the_parameter_that_tells_where_functions_find_efs() -> None:
    assert parameters.TABLE["EFSpath"]["MaxLength"] == LONGEST_PATH


def test_a_fault_in_two_options_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        wild_rydes(overrides={"AvailabilityZoneOne": "eu-west-1a"}, preset="cheap")
    assert len(error.value.faults) == 2


def test_a_new_label_that_the_model_does_not_know_is_warned_of() -> None:
    answer = {**json.loads(HORSE_ANSWER), "model": {"labels": ["Dog"], "target": "Horse"}}
    (warning,) = PROOF.warnings(Reply(200, json.dumps(answer).encode()))
    assert "knows no label Horse" in warning
