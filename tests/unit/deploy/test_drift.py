"""What was changed outside CloudFormation: shown by status, and added to the error of a proof that fails."""

import pytest

from tests.unit.fakes import API_OUTPUTS, FakeAws
from wildrydes_ml.aws.facts import Unknown
from wildrydes_ml.aws.records import Difference, Drift, Drifted, Invocation
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import drift, health
from wildrydes_ml.deploy.deployer import deploy
from wildrydes_ml.errors import InterruptedWork, OutOfReach, WildrydesError
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.settings import wild_rydes

INFERENCE = "wildrydes-ml-mod5-inf"
LAMBDA = "AWS::Lambda::Function"
SMALLER = Drifted("ModelInferenceFunction", LAMBDA, False, (Difference("/MemorySize", "3008", "128"),))
GONE = Drifted("lambdaApiGatewayInvoke", "AWS::Lambda::Permission", True)
REFUSED = Invocation(400, '{"code": "bad", "detail": "no"}')


@pytest.fixture
def aws() -> FakeAws:
    aws = FakeAws("http://127.0.0.1:9/prod")
    outputs = {**API_OUTPUTS, "ApiGatewayInvokeURL": "http://127.0.0.1:9/prod"}
    aws.stacks.put(INFERENCE, "CREATE_COMPLETE", outputs=outputs)
    return aws


def shown(aws: FakeAws) -> Said:
    said = Said()
    with pytest.raises(WildrydesError, match="the API does not answer"):
        health.status(aws.gateways, wild_rydes(), Target(), said, with_drift=True)
    return said


def test_status_shows_each_resource_that_differs_with_what_it_should_be(aws: FakeAws) -> None:
    aws.stacks.drifts[INFERENCE] = Drift(5, (SMALLER, GONE))
    said = shown(aws)
    told = said.texts("output")
    assert f"stack {INFERENCE}: 5 resources compared with the template, 2 differ" in told
    assert f"  ModelInferenceFunction ({LAMBDA}) has /MemorySize: 3008 → 128" in told
    assert "  lambdaApiGatewayInvoke (AWS::Lambda::Permission) was deleted" in told
    (record,) = [record for _, _, record in said.lines if record.get("logical_id") == "ModelInferenceFunction"]
    assert record["differences"] == ({"path": "/MemorySize", "expected": "3008", "actual": "128"},)


def test_status_does_not_compare_unasked(aws: FakeAws) -> None:
    aws.stacks.drifts[INFERENCE] = Drift(5, (SMALLER,))
    said = Said()
    with pytest.raises(WildrydesError):
        health.status(aws.gateways, wild_rydes(), Target(), said)
    assert not [text for text in said.texts("output") if "compared" in text]


@pytest.mark.parametrize(
    ("answer", "warning"),
    [
        (Unknown("denied", "cloudformation:DetectStackDrift"), "this needs the permission cloudformation:Detect"),
        (Unknown("unknown", "not here"), "was not compared with its template: not here"),
        (Drift(2, (), "no permission for [F]"), "was compared only partly: no permission for [F]"),
    ],
)
def test_what_cannot_be_compared_is_said_and_no_failure(aws: FakeAws, answer: Drift | Unknown, warning: str) -> None:
    aws.stacks.drifts[INFERENCE] = answer
    (said,) = shown(aws).texts("warning")
    assert warning in said


def test_a_long_value_is_cut(aws: FakeAws) -> None:
    long = Drifted("Role", "AWS::IAM::Role", False, (Difference("/Policy", "a" * 5000, "b" * 5000),))
    assert len(drift.text(long)) < 300


# A proof that fails.


def refused(aws: FakeAws) -> tuple[str, Said]:
    said = Said()
    aws.functions.answers = [REFUSED]
    with pytest.raises(WildrydesError, match="does not answer") as error:
        deploy(aws.gateways, wild_rydes(), Target(), said)
    assert error.value.exit_code == 1
    return str(error.value), said


def test_a_proof_that_fails_tells_what_was_changed_and_what_to_do() -> None:
    aws = FakeAws()
    aws.stacks.drifts[INFERENCE] = Drift(5, (SMALLER, GONE))
    text, _ = refused(aws)
    assert "400 bad: no" in text, "what failed comes first"
    assert (
        f"changed outside CloudFormation: stack {INFERENCE}: ModelInferenceFunction ({LAMBDA}) has /MemorySize" in text
    )
    assert "lambdaApiGatewayInvoke (AWS::Lambda::Permission) was deleted" in text
    assert "run destroy" in text


@pytest.mark.parametrize(
    "answer",
    [Drift(5), Unknown("denied", "cloudformation:DetectStackDrift"), OutOfReach("AWS cannot be reached")],
    ids=["nothing differs", "denied", "out of reach"],
)
def test_a_look_that_finds_nothing_hides_nothing(answer: Drift | Unknown | WildrydesError) -> None:
    aws = FakeAws()
    aws.stacks.drifts[INFERENCE] = answer
    text, said = refused(aws)
    assert text.endswith(
        "`wildrydes-ml logs` shows its log: give it the --app, --name, --region or --local of this command"
    )
    assert len(said.texts("warning")) == (not isinstance(answer, Drift))


def test_what_can_be_resumed_is_not_explained() -> None:
    aws = FakeAws()
    aws.stacks.drifts[INFERENCE] = Drift(5, (SMALLER,))
    aws.functions.failure = InterruptedWork("the credentials have expired")
    with pytest.raises(InterruptedWork, match=r"expired$"):
        deploy(aws.gateways, wild_rydes(), Target(), Said())
