"""The line that a deploy ends with: it asks the API from a shell, and works as it is printed.

A secret is not printed: where a key is needed, the line has the AWS CLI fetch it.
"""

from collections.abc import Mapping

from ..aws.target import Target
from ..deployment import Proof
from ..tags import TAG
from .remedies import Remedies

_CURL = "curl "


def line(proof: Proof, auth: str, outputs: Mapping[str, str], url: str, target: Target, region: str, name: str) -> str:
    """The command; empty where there is none that is only curl and the AWS CLI.

    That is so for a signature, and for a key of the emulator, which a machine without the AWS CLI may run.
    """
    command = proof.command(outputs, url)
    if auth == "AWS_IAM" or (auth == "API_KEY" and target.is_local):
        return ""
    if auth != "API_KEY" or not command.startswith(_CURL) or "x-api-key" in command.lower():
        return command
    return f'{_CURL}-H "x-api-key: $({_key(target, region, name)})" {command.removeprefix(_CURL)}'


def reachable(values: Mapping[str, str], aws: str, url: str, target: Target) -> dict[str, str]:
    """Outputs as they hold here: the emulator answers at `url`, not at AWS's."""
    if not target.is_local or not aws:
        return dict(values)
    return {key: value.replace(aws.rstrip("/"), url.rstrip("/")) for key, value in values.items()}


def _key(target: Target, region: str, name: str) -> str:
    """What prints the key: the one with the deployment's tag, since anybody may make one of the same name."""
    profile = ["--profile", target.profile] if target.profile else []
    asked = Remedies(region).command("apigateway", "get-api-keys", "--include-values", "--output", "text", *profile)
    # Quoted here, as a person would: `shlex` would make a knot of the quotes of both kinds.
    return f'{asked} --query "items[?tags.\\"{TAG}\\"==\'{name}\'].value"'
