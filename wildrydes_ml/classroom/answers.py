"""Whether a student's API answers, or waits for the student to connect it."""

from dataclasses import dataclass

from ..ask.asking import patient
from ..aws.facts import Unknown
from ..aws.session import Aws
from ..aws.target import Target
from ..deploy import proof as proving
from ..deploy.settings import Settings
from ..deployment import Proof
from ..errors import WildrydesError
from ..proofs import Values
from .seats import NOT_CONNECTED

UNASKED = "made; the application has no proof, so it was not asked"
_STAGE = "AWS::ApiGateway::Stage"


@dataclass(frozen=True)
class Answer:
    """What an API says: the verdict, its URL, its id, and the key that callers need, if they need one."""

    verdict: str
    url: str = ""
    api: str = ""
    key: str = ""


def connected_answer(aws: Aws, settings: Settings, target: Target, values: Values, outputs: Values) -> Answer:
    """What the API answers to the proof; `NOT_CONNECTED` while it has no stage, with the URL that it will have.

    Raises WildrydesError when the answer is wrong, or the API is gone.
    """
    proof = settings.deployment.proof
    if proof is None:
        return Answer(UNASKED)
    if missing := [name for name in (proof.api, proof.url) if name not in outputs]:
        raise WildrydesError(f"its stack has no output {' and '.join(missing)}: run class deploy again")
    lost = aws.apis.lost(outputs[proof.api], proving.stage(proof, outputs))
    if lost == _STAGE:
        return Answer(NOT_CONNECTED, proving.public_url(target, proof, outputs), outputs[proof.api])
    if lost and not isinstance(lost, Unknown):
        raise WildrydesError("its API was deleted: run class deploy again")
    send = patient(proving.sender(aws, target, proof, values, outputs))
    answer = proof.read(send(proof.body, proof.headers))
    proving.refuse_wrong(answer)
    return answered(aws, proof, target, values, outputs, answer.describe())


def answered(aws: Aws, proof: Proof, target: Target, values: Values, outputs: Values, verdict: str) -> Answer:
    """The verdict with what a caller needs to ask again."""
    needs_key = proof.auth(values) == "API_KEY"
    key = aws.apis.key(outputs[proof.api], proving.stage(proof, outputs)) if needs_key else ""
    return Answer(verdict, proving.public_url(target, proof, outputs), outputs[proof.api], key)
