"""Whether a student's API answers, or waits for the student to connect it."""

from ..ask.asking import patient
from ..aws.session import Aws
from ..aws.target import Target
from ..deploy import proof as proving
from ..deploy.settings import Settings
from ..deployment import Deployment
from ..errors import WildrydesError
from ..proofs import Values
from .seats import NOT_CONNECTED

UNASKED = "made; the application has no proof, so it was not asked"
_STAGE = "AWS::ApiGateway::Stage"


def connected_answer(
    aws: Aws, settings: Settings, target: Target, values: Values, outputs: Values
) -> tuple[str, str, str]:
    """What the API answers to the proof, its URL and its key.

    While it has no stage, that is `NOT_CONNECTED`, and the URL that it will have.

    Raises WildrydesError when the answer is wrong, or the API is gone.
    """
    proof = settings.deployment.proof
    if proof is None:
        return UNASKED, "", ""
    lost = aws.apis.lost(outputs[proof.api], proving.stage(proof, outputs))
    if lost == _STAGE:
        return NOT_CONNECTED, proving.public_url(target, proof, outputs), ""
    if lost:
        raise WildrydesError(f"its API is not there: {lost}; run class deploy again")
    send = patient(proving.sender(aws, target, proof, values, outputs))
    answer = proof.read(send(proof.body, proof.headers))
    if answer.error:
        raise WildrydesError(f"the API does not answer: {answer.error}")
    return (
        answer.describe(),
        proving.public_url(target, proof, outputs),
        key_of(aws, settings.deployment, values, outputs),
    )


def key_of(aws: Aws, deployment: Deployment, values: Values, outputs: Values) -> str:
    """The API key that callers of the deployment need; empty when they need none."""
    proof = deployment.proof
    if proof is None or proof.auth(values) != "API_KEY":
        return ""
    return aws.apis.key(outputs[proof.api], proving.stage(proof, outputs))
