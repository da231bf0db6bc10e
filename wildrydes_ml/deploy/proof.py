"""Ready means answering: the function is warmed without API Gateway's 29 s limit, then asked as a caller asks."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .. import web
from ..ask.asking import MODEL_FAILED, Send, code
from ..aws.session import Aws
from ..aws.target import Target
from ..aws.wiring import STAGE
from ..deployment import Proof, Verdict
from ..errors import WildrydesError
from ..reporting import Reporter
from .lost import bare_name

# A function that loads TensorFlow from a throttled EFS has answered within this, or something is wrong.
WARM_SECONDS = 420.0
# A new stage needs a moment until every edge of API Gateway knows it.
STAGE_SECONDS = 60.0
# A key that was made just now needs minutes.
KEY_SECONDS = 300.0
_UNKNOWN_KEY = "403 invalid-api-key"
_WORD_SECONDS = 30.0
# The API is asked every second for so long, and then less often.
_EAGER_SECONDS = 10.0
_PAUSE_SECONDS = 4.0


def warm(
    aws: Aws,
    function: str,
    proof: Proof,
    reporter: Reporter,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    look: Callable[[], None] = lambda: None,
) -> Verdict:
    """Invokes the function until it answers; a start from EFS takes it over the first attempts' timeouts.

    Tells what the proof warns of. `look` raises when there is nothing to wait for. Raises WildrydesError with what the
    function said last, at once when its model does not work.
    """
    deadline = clock() + WARM_SECONDS
    reporter.event(f"starting function {function}")
    said: list[str] = []
    while True:
        invocation = aws.functions.invoke(function, dict(proof.event))
        reply = web.Reply(invocation.status, invocation.body.encode(), invocation.error)
        found = proof.read(reply)
        if reply.is_success and not found.error:
            for warning in proof.warnings(reply):
                reporter.warning(warning)
            return found
        fault = _with_cause(found.error, invocation.error)
        said.append(fault if invocation.has_run and invocation.error else "")
        # What answers well, and wrongly, does not change for the better.
        is_final = 200 <= invocation.status < 500 or code(reply) == MODEL_FAILED
        if is_final or _is_hopeless(said) or clock() > deadline:
            raise WildrydesError(
                f"function {bare_name(function)} does not answer correctly: {fault}; `wildrydes-ml logs` shows its "
                "log: give it the --app, --name, --region or --local of this command"
            )
        reporter.event(f"not yet: {fault}")
        look()
        sleep(2)


def _with_cause(said: str, cause: str) -> str:
    """What the proof says of an answer, with what the function failed of where the proof does not tell."""
    return said if not cause or cause in said else f"{said} ({cause})"


def _is_hopeless(said: list[str]) -> bool:
    """Whether the function itself fails in the same way again and again, other than by running out of time."""
    *_, last = said
    return last != "" and "timed out" not in last.lower() and said[-3:] == [last] * 3


def sender(
    aws: Aws,
    target: Target,
    proof: Proof,
    values: Mapping[str, str],
    outputs: Mapping[str, str],
) -> Send:
    """How to ask the API: with the key or the signature that it wants."""
    url, auth = public_url(target, proof, outputs).rstrip("/") + f"/{proof.path}", proof.auth(values)
    key = aws.apis.key(outputs[proof.api], stage(proof, outputs)) if auth == "API_KEY" else ""

    def send(body: bytes, headers: Mapping[str, str]) -> web.Reply:
        wanted = dict(headers)
        if key:
            wanted["x-api-key"] = key
        if auth == "AWS_IAM":
            wanted = aws.apis.signed_headers(url, body, wanted, proof.method)
        return web.send(proof.method, url, body, wanted)

    return send


def public_url(target: Target, proof: Proof, outputs: Mapping[str, str]) -> str:
    """Where the API answers: AWS's URL, or the emulator's for the same stage."""
    if target.is_local:
        return f"{target.endpoint}/_aws/execute-api/{outputs[proof.api]}/{stage(proof, outputs) or STAGE}/"
    return outputs[proof.url]


def stage(proof: Proof, outputs: Mapping[str, str]) -> str:
    """The stage's name, as API Gateway's own URL tells it; empty for a URL of a domain of one's own.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html
    """
    parts = urlsplit(outputs.get(proof.url, ""))
    return parts.path.strip("/").partition("/")[0] if ".execute-api." in (parts.hostname or "") else ""


def ask_api(
    send: Send,
    proof: Proof,
    reporter: Reporter,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    is_warm: bool = True,
    look: Callable[[], None] = lambda: None,
) -> Verdict:
    """Asks through the public URL, a function that was warmed just now or may start first.

    After the same deploy that warmed it, the API's key may be new. A web page with 200 is a network's sign-in
    page, and counts as no answer; any other wrong answer with such a status is final. `look` raises when there is
    nothing to wait for. Raises WildrydesError when there is no answer in time.
    """
    began = word = clock()
    while True:
        reply = send(proof.body, proof.headers)
        found = proof.read(reply)
        if not found.error:
            return found
        now = clock()
        if (reply.is_success and not reply.is_page) or now - began > _patience(found.error, is_warm):
            refuse_wrong(found)
        if found.error.startswith(_UNKNOWN_KEY) and now >= word:
            reporter.event(f"waiting until the API key works everywhere in API Gateway, {now - began:.0f} s so far")
            word = now + _WORD_SECONDS
        look()
        sleep(1 if now - began < _EAGER_SECONDS else _PAUSE_SECONDS)


def refuse_wrong(found: Verdict) -> None:
    """Raises WildrydesError for an answer that is wrong, or that did not come."""
    if found.error:
        raise WildrydesError(f"the API does not answer correctly: {found.error}")


def record(answer: Verdict) -> dict[str, Any]:
    """What programs are told of an answer."""
    return {key: value for key, value in answer.record().items() if key in ("validated", "message")}


def _patience(error: str, is_warm: bool) -> float:
    """Seconds that may pass until the API says something better."""
    if error.startswith(f"503 {MODEL_FAILED}"):
        return -1
    # 503 and 504 are of a function that starts; what else an API says does not change for the better.
    if not is_warm and error.startswith(("503", "504")):
        return WARM_SECONDS
    return KEY_SECONDS if is_warm and error.startswith(_UNKNOWN_KEY) else STAGE_SECONDS
