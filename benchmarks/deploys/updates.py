"""The wire with the one answer that AWS gives and the emulator does not: an update of a stack that changes nothing.

AWS refuses it at once; the emulator takes it for an update and goes through all resources, for which who asked then
waits. The answer is AWS's own:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-no-updates-to-perform
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from tests.operations import Request, name_of
from tests.wire import Reply, Wire

_REFUSAL = b"""<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>\
<Code>ValidationError</Code><Message>No updates are to be performed.</Message></Error>\
<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"""


class UpdateWire(Wire):
    """Looks past the wire, by `cloudformation`, at what an update would change."""

    def __init__(self, upstream: str, cloudformation: Any) -> None:
        super().__init__(upstream)
        self._cloudformation = cloudformation

    def forward(self, request: Request) -> Reply:
        """The emulator's answer, or the refusal of an update that changes nothing."""
        if name_of(request) == ("cloudformation", "UpdateStack"):
            form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
            stack = self._cloudformation.describe_stacks(StackName=form["StackName"])["Stacks"][0]
            template = self._cloudformation.get_template(StackName=form["StackName"])["TemplateBody"]
            if changes_nothing(form, stack, template):
                return Reply(400, {"Content-Type": "text/xml"}, _REFUSAL)
        return super().forward(request)


def changes_nothing(form: Mapping[str, str], stack: Mapping[str, Any], template: object) -> bool:
    """Whether a request for an update has the stack's own template, tags, and values of the parameters it names."""
    values = {item["ParameterKey"]: item["ParameterValue"] for item in stack.get("Parameters", [])}
    tags = {item["Key"]: item["Value"] for item in stack.get("Tags", [])}
    wanted = _pairs(form, "Parameters", "ParameterKey", "ParameterValue")
    return (
        form.get("TemplateBody") == template
        and wanted.items() <= values.items()
        and _pairs(form, "Tags", "Key", "Value") == tags
    )


def _pairs(form: Mapping[str, str], member: str, key: str, value: str) -> dict[str, str]:
    """A list of the query protocol as a mapping: `Tags.member.1.Key`, `Tags.member.1.Value`."""
    places = [name.removesuffix(f".{key}") for name in form if name.startswith(f"{member}.member.")]
    return {form[f"{place}.{key}"]: form.get(f"{place}.{value}", "") for place in places if f"{place}.{key}" in form}
