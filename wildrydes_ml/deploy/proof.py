"""Ready means answering: the function is warmed without API Gateway's 29 s limit, then asked as a rider asks."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from importlib.resources import files

from .. import web
from ..ask.asking import MODEL_FAILED, Answer, Question, Send, answer, ask, code, patient
from ..aws.session import Aws
from ..aws.target import Target
from ..errors import WildrydesError
from ..reporting import Reporter

# A function that loads TensorFlow from a throttled EFS has answered within this, or something is wrong.
WARM_SECONDS = 420.0
# A new stage needs a moment until every edge of API Gateway knows it.
STAGE_SECONDS = 60.0
# A key that was made just now needs minutes.
KEY_SECONDS = 300.0
_UNKNOWN_KEY = "403 invalid-api-key"
_WORD_SECONDS = 30.0
SAMPLE = "sample.png"
_LABELS_TOLD = 12


def sample() -> Question:
    """The picture that is posted after a deploy: a drawn unicorn."""
    return Question(SAMPLE, (files("wildrydes_ml.workshop") / SAMPLE).read_bytes(), "image/png")


def warm(
    aws: Aws,
    function: str,
    reporter: Reporter,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Invokes the function until it answers; a start from EFS takes it over the first attempts' timeouts.

    Warns when the model does not know the label that is looked for. Raises WildrydesError with what the function said
    last, at once when its model does not work.
    """
    event = {"image": base64.b64encode(sample().body).decode(), "explain": True}
    deadline = clock() + WARM_SECONDS
    reporter.event(f"waking function {function}")
    said: list[str] = []
    while True:
        invocation = aws.functions.invoke(function, event)
        reply = web.Reply(invocation.status, invocation.body.encode(), invocation.error)
        found = answer(SAMPLE, reply)
        if invocation.status == 200 and not found.error:
            _warn_of_labels(reply, reporter)
            return found
        said.append(found.error if invocation.has_run and invocation.error else "")
        is_final = 400 <= invocation.status < 500 or code(reply) == MODEL_FAILED
        if is_final or _is_hopeless(said) or clock() > deadline:
            raise WildrydesError(
                f"function {function} does not answer: {found.error}; its log is in CloudWatch under "
                f"/aws/lambda/{function.partition(':')[0]}"
            )
        reporter.event(f"not yet: {found.error}")
        sleep(2)


def _warn_of_labels(reply: web.Reply, reporter: Reporter) -> None:
    """Says so when the model's labels are known, and the one that makes a unicorn is not among them."""
    match json.loads(reply.body):
        case {"model": {"labels": [_, *_] as labels, "target": str(target)}} if target not in labels:
            more = f" and {len(labels) - _LABELS_TOLD} more" if len(labels) > _LABELS_TOLD else ""
            reporter.warning(
                f"the model knows no label {target}: no picture will be validated. "
                f"It knows {', '.join(labels[:_LABELS_TOLD])}{more}; choose one with --set TargetLabel=LABEL"
            )


def _is_hopeless(said: list[str]) -> bool:
    """Whether the function itself fails in the same way again and again, other than by running out of time."""
    *_, last = said
    return last != "" and "timed out" not in last.lower() and said[-3:] == [last] * 3


def sender(
    aws: Aws, target: Target, url: str, api: str, auth: str, sleep: Callable[[float], None] = time.sleep
) -> Send:
    """How to post to the API: with the key or the signature that it wants, and no faster than it takes."""
    key = aws.apis.key(api) if auth == "API_KEY" else ""

    def post(body: bytes, headers: Mapping[str, str]) -> web.Reply:
        wanted = dict(headers)
        if key:
            wanted["x-api-key"] = key
        if auth == "AWS_IAM":
            wanted = aws.apis.signed_headers(url, body, wanted)
        return web.post(url, body, wanted)

    return patient(post, sleep)


def post_sample(
    send: Send,
    reporter: Reporter,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    is_warm: bool = True,
) -> Answer:
    """Posts the sample through the public URL, to a function that was warmed just now or may start first.

    After the same deploy that warmed it, the API's key may be new. Raises WildrydesError when there is no answer in
    time.
    """
    began = word = clock()
    while True:
        found = ask(send, sample())
        if not found.error:
            return found
        now = clock()
        if now - began > _patience(found.error, is_warm):
            raise WildrydesError(f"the API does not answer: {found.error}")
        if found.error.startswith(_UNKNOWN_KEY) and now >= word:
            reporter.event(f"waiting until API Gateway knows the API key everywhere, {now - began:.0f} s now")
            word = now + _WORD_SECONDS
        sleep(1)


def _patience(error: str, is_warm: bool) -> float:
    """Seconds that may pass until the API says something better."""
    if error.startswith(f"503 {MODEL_FAILED}"):
        return -1
    # 503 and 504 are of a function that starts; what else an API says does not change for the better.
    if not is_warm and error.startswith(("503", "504")):
        return WARM_SECONDS
    return KEY_SECONDS if is_warm and error.startswith(_UNKNOWN_KEY) else STAGE_SECONDS
