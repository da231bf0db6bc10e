"""Tells whether a sentence is glad or sad: POST {"text": "..."} answers label and confidence, GET /health that it runs.

numpy and the model lie on EFS; the zip holds these files. What the model is sure of goes to a queue, too.
"""

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from words import features

EFS = Path(os.environ["EFS_PATH"])
sys.path.insert(0, str(EFS / os.environ["PY_PKG_PATH"]))
MIN_CONFIDENCE = float(os.environ["MIN_CONFIDENCE"])
LONGEST = 2000


def answer(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry: a proxy event in, an answer in proxy shape out."""
    if event["httpMethod"] == "GET":
        return _reply(200, {"status": "ok"})
    try:
        text = _text(event["body"])
    except (ValueError, TypeError, LookupError) as error:
        return _reply(400, {"error": f'send {{"text": "a sentence"}}: {error}'})
    confidence = _glad(text)
    label, sure = ("positive", confidence) if confidence >= 0.5 else ("negative", 1 - confidence)
    said = {"label": label if sure >= MIN_CONFIDENCE else "unsure", "confidence": round(sure, 3)}
    if said["label"] != "unsure":
        _queue().send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps({"text": text, **said}))
    return _reply(200, said)


def _glad(text: str) -> float:
    """How likely the sentence is glad, 0 to 1."""
    import numpy as np

    known, weights, bias = _model()
    score = bias + weights[[known[one] for one in features(text) if one in known]].sum()
    return float(1 / (1 + np.exp(-score)))


@cache
def _model() -> tuple[dict[str, int], Any, float]:
    import numpy as np

    model = json.loads((EFS / "model" / "sentiment.json").read_text(encoding="utf-8"))
    known = {feature: at for at, feature in enumerate(model["weights"])}
    return known, np.array(list(model["weights"].values())), float(model["bias"])


@cache
def _queue() -> Any:
    import boto3  # Lambda's runtime has it

    return boto3.client("sqs")


def _text(body: str) -> str:
    text = json.loads(body)["text"]
    if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST:
        raise ValueError(f"text has 1 to {LONGEST} characters")
    return text


def _reply(status: int, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
