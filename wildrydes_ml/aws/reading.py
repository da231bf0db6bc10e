"""An answer that is not JSON is no answer.

To the SDK it is one without members: a list would look empty, and what it should hold would be made once more.
"""

import json
from typing import Any

from botocore.parsers import ResponseParserError

_JSON = ("json", "rest-json")


def refuse_garbage(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    """Handler of the SDK's event before-parse: raises ResponseParserError, as the SDK does for XML."""
    shape, body = operation_model.output_shape, response_dict["body"]
    is_raw = shape is None or "payload" in shape.serialization
    if response_dict["status_code"] >= 300 or is_raw or not body:
        return
    if operation_model.service_model.resolved_protocol in _JSON:
        try:
            json.loads(body)
        except ValueError as error:
            raise ResponseParserError(f"{operation_model.name}: not JSON") from error
