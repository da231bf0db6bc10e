"""Proof that the API answers: patience with a cold start and a new stage, none with a refusal."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.unit.fakes import API_OUTPUTS, HORSE_ANSWER, PROOF, FakeAws
from tests.unit.servers import Response, serving
from wildrydes_ml.ask.asking import Answer, patient
from wildrydes_ml.aws.records import Invocation
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.proof import (
    KEY_SECONDS,
    STAGE_SECONDS,
    WARM_SECONDS,
    ask_api,
    public_url,
    sender,
    stage,
    warm,
)
from wildrydes_ml.deployment import Verdict
from wildrydes_ml.errors import InterruptedWork, WildrydesError
from wildrydes_ml.testing import Clock, Said
from wildrydes_ml.web import Reply
from wildrydes_ml.workshop.deployments import sample

GOOD = Invocation(200, HORSE_ANSWER)
TIMED_OUT = Invocation(0, "", "Task timed out after 90.00 seconds")
NOT_LOADED = Invocation(503, '{"code": "model-unavailable", "detail": "Try again."}')
FUNCTION = "ml_inferencefunction:live"


def warmed(clock: Clock, *answers: Invocation) -> tuple[Answer, FakeAws, Said]:
    aws, said = FakeAws(), Said()
    aws.functions.answers = list(answers)
    found = warm(aws.gateways, FUNCTION, PROOF, said, clock, clock.sleep)
    assert isinstance(found, Answer)
    return found, aws, said


def validated(found: Verdict) -> bool:
    return isinstance(found, Answer) and found.validated


@pytest.mark.parametrize("first", [(), (NOT_LOADED,), (TIMED_OUT, TIMED_OUT), (Invocation(500, "{}"),)], ids=len)
def test_a_cold_function_is_asked_until_it_answers(first: tuple[Invocation, ...]) -> None:
    clock = Clock()
    found, aws, said = warmed(clock, *first, GOOD)
    assert found.validated
    assert aws.functions.invoked == [FUNCTION] * (len(first) + 1)
    assert len([text for text in said.texts("event") if text.startswith("not yet")]) == len(first)
    assert (clock.now > 0) == bool(first)


@pytest.mark.parametrize("status", [400, 404, 415, 422, 499])
def test_a_refusal_ends_it_at_once(status: int) -> None:
    clock = Clock()
    with pytest.raises(WildrydesError, match=f"{status} bad: no"):
        warmed(clock, Invocation(status, '{"code": "bad", "detail": "no"}'))
    assert clock.now == 0


@pytest.mark.parametrize("answer", [NOT_LOADED, TIMED_OUT], ids=["503", "timeout"])
def test_patience_ends_with_what_was_said_last_and_where_the_log_is(answer: Invocation) -> None:
    clock = Clock()
    with pytest.raises(
        WildrydesError,
        match=r"^function ml_inferencefunction does not answer.*`wildrydes-ml logs` shows its log: .* of this command$",
    ) as error:
        warmed(clock, answer)
    assert WARM_SECONDS < clock.now < WARM_SECONDS + 5
    assert answer.error in str(error.value)


def test_an_answer_that_is_wrong_ends_it_at_once() -> None:
    clock = Clock()
    with pytest.raises(WildrydesError, match="200, but the answer is not from this API"):
        warmed(clock, Invocation(200, "{}"))
    assert clock.now == 0


FAILED = '{"code": "model-failed", "detail": "The model does not work.", "reason": "litert was not accepted: uint8"}'


def test_a_model_that_does_not_work_ends_it_at_once_with_the_reason() -> None:
    clock = Clock()
    with pytest.raises(WildrydesError, match=r"503 model-failed.*\(litert was not accepted: uint8\)"):
        warmed(clock, Invocation(503, FAILED), GOOD)
    assert clock.now == 0


def test_the_function_is_asked_for_reasons() -> None:
    _, aws, _ = warmed(Clock(), GOOD)
    assert [event["explain"] for event in aws.functions.events] == [True]


def test_what_keeps_it_from_answering_is_told_on_the_way() -> None:
    loading = Invocation(503, '{"code": "model-unavailable", "detail": "Try later.", "reason": "still loading"}')
    _, _, said = warmed(Clock(), loading, GOOD)
    assert [text for text in said.texts("event") if "not yet" in text and "(still loading)" in text]


def knowing(labels: list[str], target: str = "Horse") -> Invocation:
    return Invocation(200, json.dumps({**json.loads(HORSE_ANSWER), "model": {"labels": labels, "target": target}}))


def test_a_model_without_the_label_is_told() -> None:
    _, _, said = warmed(Clock(), knowing([f"Label {number}" for number in range(20)]))
    (warning,) = said.texts("warning")
    assert "the model knows no label Horse: no picture will be validated" in warning
    assert "Label 0, Label 1" in warning
    assert "Label 11 and 8 more" in warning
    assert "--set TargetLabel=" in warning


@pytest.mark.parametrize("found", [GOOD, knowing([]), knowing(["Dog", "Horse"]), knowing(["Zebra"], "Zebra")])
def test_nothing_is_warned_of_where_the_label_is_known_or_the_labels_are_not(found: Invocation) -> None:
    _, _, said = warmed(Clock(), found)
    assert not said.texts("warning")


def test_an_api_whose_model_does_not_work_is_not_waited_for() -> None:
    clock = Clock()
    for is_warm in (True, False):
        with pytest.raises(WildrydesError, match="the API does not answer correctly: 503 model-failed"):
            ask_api(lambda body, headers: Reply(503, FAILED.encode()), PROOF, Said(), clock, clock.sleep, is_warm)
    assert clock.now == 0


def test_a_new_stage_is_asked_until_it_answers() -> None:
    clock, replies = (
        Clock(),
        [Reply(403, b'{"message": "Forbidden"}'), Reply(0, fault="reset"), Reply(200, HORSE_ANSWER.encode())],
    )
    sent: list[tuple[bytes, str]] = []

    def send(body: bytes, headers: Mapping[str, str]) -> Reply:
        sent.append((body, headers["Content-Type"]))
        return replies[len(sent) - 1]

    assert validated(ask_api(send, PROOF, Said(), clock, clock.sleep))
    assert sent == [(sample().body, "image/png")] * 3


def test_a_stage_that_never_answers_is_an_error() -> None:
    clock = Clock()
    with pytest.raises(WildrydesError, match="the API does not answer correctly: 403 Forbidden"):
        ask_api(lambda body, headers: Reply(403, b'{"message": "Forbidden"}'), PROOF, Said(), clock, clock.sleep)
    assert STAGE_SECONDS < clock.now < STAGE_SECONDS + 5


PAGE = Reply(200, b" <!DOCTYPE html><html>Sign in to the network</html>")


def test_a_network_s_page_is_no_answer_and_is_asked_again() -> None:
    clock, replies = Clock(), iter([PAGE, PAGE, Reply(200, HORSE_ANSWER.encode())])
    assert validated(ask_api(lambda body, headers: next(replies), PROOF, Said(), clock, clock.sleep))
    with pytest.raises(WildrydesError, match="200, but the answer is not from this API: check the URL"):
        ask_api(lambda body, headers: PAGE, PROOF, Said(), clock, clock.sleep)
    assert clock.now > STAGE_SECONDS


def test_a_wrong_answer_of_the_api_is_final() -> None:
    clock = Clock()
    with pytest.raises(WildrydesError, match="200, but the answer is not from this API"):
        ask_api(lambda body, headers: Reply(200, b"{}"), PROOF, Said(), clock, clock.sleep)
    assert clock.now == 0


UNKNOWN_KEY = Reply(403, b'{"code": "invalid-api-key", "detail": "Send the API key in the header x-api-key."}')


def test_a_new_key_is_given_minutes_and_the_wait_is_told() -> None:
    clock, said = Clock(), Said()

    def send(body: bytes, headers: Mapping[str, str]) -> Reply:
        return Reply(200, HORSE_ANSWER.encode()) if clock.now > 200 else UNKNOWN_KEY

    assert validated(ask_api(send, PROOF, said, clock, clock.sleep))
    words = said.texts("event")
    assert words[0] == "waiting until the API key works everywhere in API Gateway, 0 s so far"
    assert len(words) == 7


@pytest.mark.parametrize(("is_warm", "seconds"), [(True, KEY_SECONDS), (False, STAGE_SECONDS)])
def test_a_key_that_stays_unknown_is_an_error_soon_when_it_is_not_new(is_warm: bool, seconds: float) -> None:
    clock = Clock()
    with pytest.raises(WildrydesError, match="the API does not answer correctly: 403 invalid-api-key"):
        ask_api(lambda body, headers: UNKNOWN_KEY, PROOF, Said(), clock, clock.sleep, is_warm)
    assert seconds < clock.now < seconds + 5


def test_a_function_that_may_be_cold_is_given_time_to_start() -> None:
    """A deploy that changed nothing has warmed nothing."""
    clock = Clock()

    def send(body: bytes, headers: Mapping[str, str]) -> Reply:
        return Reply(200, HORSE_ANSWER.encode()) if clock.now > WARM_SECONDS - 5 else Reply(504, b"")

    assert validated(ask_api(send, PROOF, Said(), clock, clock.sleep, is_warm=False))
    with pytest.raises(WildrydesError, match="the API does not answer"):
        ask_api(lambda body, headers: Reply(504, b""), PROOF, Said(), clock, clock.sleep, is_warm=False)


def test_an_api_that_is_gone_is_not_waited_for_as_one_that_starts() -> None:
    clock = Clock()
    with pytest.raises(WildrydesError, match="the API does not answer correctly: 404"):
        ask_api(lambda body, headers: Reply(404, b"{}"), PROOF, Said(), clock, clock.sleep, is_warm=False)
    assert clock.now < STAGE_SECONDS + 5


def test_an_api_that_somebody_deletes_is_not_waited_for() -> None:
    clock, looks = Clock(), iter([None, None, InterruptedWork("somebody else deletes it")])

    def look() -> None:
        if found := next(looks):
            raise found

    with pytest.raises(InterruptedWork, match="somebody else deletes it"):
        ask_api(lambda body, headers: Reply(503, b""), PROOF, Said(), clock, clock.sleep, False, look)
    assert clock.now == 2


def test_the_sample_is_a_picture_that_can_be_posted() -> None:
    assert sample().body.startswith(b"\x89PNG")
    assert len(sample().body) < 100_000


def test_a_handler_that_is_broken_is_told_soon() -> None:
    clock = Clock()
    broken = Invocation(0, "", "Worker init failed: boom")
    with pytest.raises(WildrydesError, match="boom"):
        warmed(clock, *[broken] * 9, GOOD)
    assert clock.now < 10


def test_a_file_system_that_is_not_mounted_yet_is_waited_for() -> None:
    mounting = Invocation(0, "", "EFSMountTimeoutException", has_run=False)
    found, *_ = warmed(Clock(), *[mounting] * 9, GOOD)
    assert found.validated


def test_what_came_too_early_is_posted_again() -> None:
    clock = Clock()
    responses = [Response(503, b"", {"Retry-After": "10"}), Response(429, b""), Response(200, b"fine")]
    with serving(lambda request: responses.pop(0)) as url:
        send = sender(FakeAws().gateways, Target(), PROOF, {}, {**API_OUTPUTS, "ApiGatewayInvokeURL": url})
        assert patient(send, clock.sleep)(b"", {}) == Reply(200, b"fine")
    assert clock.now == 12


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.execute-api.eu-west-1.amazonaws.com/v1", "v1"),
        ("https://a.execute-api.eu-west-1.amazonaws.com.cn/v1/", "v1"),
        ("https://a.execute-api.eu-west-1.amazonaws.com/v1/score", "v1"),
        ("https://score.example.org/v1", ""),
        ("", ""),
    ],
)
def test_the_stage_is_the_one_in_api_gateway_s_url(url: str, name: str) -> None:
    assert stage(PROOF, {PROOF.url: url}) == name


def test_an_emulator_is_asked_at_the_same_stage() -> None:
    outputs = {PROOF.api: "a", PROOF.url: "https://a.execute-api.eu-west-1.amazonaws.com/v1"}
    local = Target(endpoint="http://127.0.0.1:1")
    assert public_url(local, PROOF, outputs) == "http://127.0.0.1:1/_aws/execute-api/a/v1/"


def test_a_status_of_success_other_than_200_is_an_answer() -> None:
    made = replace(PROOF, read=lambda reply: Answer("p", error="" if reply.body == b"{}" else "no"))
    aws, clock = FakeAws(), Clock()
    aws.functions.answers = [Invocation(201, "{}")]
    assert warm(aws.gateways, FUNCTION, made, Said(), clock, clock.sleep).error == ""
    with pytest.raises(WildrydesError, match=r"^the API does not answer correctly: no$"):
        ask_api(lambda body, headers: Reply(202, b"[]"), made, Said(), clock, clock.sleep)
    assert clock.now == 0


def test_what_the_function_failed_of_is_told_where_the_proof_does_not() -> None:
    curt = replace(PROOF, read=lambda reply: Answer("p", error=f"status {reply.status}"))
    aws, said = FakeAws(), Said()
    aws.functions.answers = [Invocation(0, "", "KeyError: 'x'", has_run=True)] * 3
    with pytest.raises(WildrydesError, match=r"does not answer correctly: status 0 \(KeyError: 'x'\); "):
        warm(aws.gateways, FUNCTION, curt, said, (clock := Clock()), clock.sleep)
    assert "not yet: status 0 (KeyError: 'x')" in said.texts("event")


HERE = Target(endpoint="http://127.0.0.1:4566")
