"""Names the kind of each row: POST {"rows": [[numbers], ...]}. Which model does it, the environment tells."""

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

EFS = Path(os.environ["EFS_PATH"])
sys.path.insert(0, str(EFS / os.environ["PY_PKG_PATH"]))


def answer(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry: a proxy event in, an answer in proxy shape out."""
    try:
        kinds = _model().predict(json.loads(event["body"])["rows"])
    except (ValueError, TypeError, LookupError):
        return _reply(400, {"error": "send rows of as many numbers as the model knows"})
    return _reply(200, {"kinds": kinds.tolist()})


@cache
def _model() -> Any:
    import joblib

    return joblib.load(EFS / "model" / f"{os.environ['MODEL']}.joblib")


def _reply(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
