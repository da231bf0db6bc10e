"""Whether an API can be called at all."""

from collections.abc import Iterator, Mapping

from .findings import Fault
from .stack import Stack, references

# An API, the resource that makes it reachable, and the property there that names the API.
_STAGES: Mapping[str, tuple[str, str]] = {
    "AWS::ApiGateway::RestApi": ("AWS::ApiGateway::Stage", "RestApiId"),
    "AWS::ApiGatewayV2::Api": ("AWS::ApiGatewayV2::Stage", "ApiId"),
}
_DEPLOYMENT = "AWS::ApiGateway::Deployment"


def api_has_a_stage(stack: Stack) -> Iterator[Fault]:
    """Each API has a stage in the template."""
    for kind, (stage, name) in _STAGES.items():
        for title, api in stack.of(kind).items():
            # A deployment with StageName, and an API with Target, make a stage of their own.
            staged = [one.get(name) for one in stack.of(stage).values()]
            staged += [one.get(name) for one in stack.of(_DEPLOYMENT).values() if "StageName" in one]
            if "Target" not in api and not any(title in references(value) for value in staged):
                fix = "Add a deployment and a stage (blocks: add_proxy_stage), or write down what creates them."
                yield Fault(("Resources", title), f"{title} has no stage", fix)
