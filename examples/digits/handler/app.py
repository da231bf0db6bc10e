"""Reads handwritten digits: GET shows a page to draw one, POST {"pictures": [[64 pixels, 0 to 16], ...]} names them.

scikit-learn and the model lie on EFS; the zip holds this file and the page.
"""

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

EFS = Path(os.environ["EFS_PATH"])
PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
sys.path.insert(0, str(EFS / os.environ["PY_PKG_PATH"]))


def answer(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry: a proxy event in, an answer in proxy shape out."""
    if event["httpMethod"] == "GET":
        return _reply(200, "text/html; charset=utf-8", PAGE)
    try:
        pictures = _pictures(event["body"])
    except (ValueError, TypeError, LookupError) as error:
        return _reply(400, "application/json", json.dumps({"error": str(error)}))
    return _reply(200, "application/json", json.dumps({"digits": _model().predict(pictures).tolist()}))


@cache
def _model() -> Any:
    import joblib

    return joblib.load(EFS / "model" / "digits.joblib")


def _pictures(body: str) -> list[list[float]]:
    pictures = json.loads(body)["pictures"]
    for picture in pictures:
        if len(picture) != 64 or not all(0 <= pixel <= 16 for pixel in picture):
            raise ValueError("a picture has 64 pixels from 0 to 16")
    if not 0 < len(pictures) <= 1000:
        raise ValueError("send 1 to 1000 pictures")
    return list(pictures)


def _reply(status: int, kind: str, body: str) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"Content-Type": kind, "Cache-Control": "no-store"}, "body": body}
