"""Tells whether a sentence is glad or sad: POST {"text": "..."} answers label and confidence, GET that it runs.

numpy and the model lie on EFS; the zip holds this file. What the model is sure of goes to a queue, too.
"""

import json
import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

DENIALS = ("not", "never", "no")
LONGEST = 2000


def answer(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry: a proxy event in, an answer in proxy shape out."""
    if event["httpMethod"] == "GET":
        return _reply(200, {"status": "ok"})
    try:
        text = _text(event["body"])
    except (ValueError, TypeError, LookupError):
        return _reply(400, {"error": f'send {{"text": "a sentence"}} of 1 to {LONGEST} characters'})
    glad = _glad(text)
    label, sure = ("positive", glad) if glad >= 0.5 else ("negative", 1 - glad)
    if sure < float(os.environ["MIN_CONFIDENCE"]):
        return _reply(200, {"label": "unsure", "confidence": round(sure, 3)})
    said = {"label": label, "confidence": round(sure, 3)}
    _queue().send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps({"text": text, **said}))
    return _reply(200, said)


def features(text: str) -> list[str]:
    """What the model sees of a sentence: its words in small letters, each once; behind a denial they are others.

    `Never a bad day` → never, not a, not bad, not day.
    """
    words = re.findall(r"[a-z']+", text.lower().replace("n't", " not"))
    denied = next((at for at, word in enumerate(words) if word in DENIALS), len(words))
    return list(dict.fromkeys([*words[: denied + 1], *(f"not {word}" for word in words[denied + 1 :])]))


def _glad(text: str) -> float:
    """How likely the sentence is glad, 0 to 1."""
    known, weights, bias, exp = _model()
    score = bias + weights[[known[one] for one in features(text) if one in known]].sum()
    return float(1 / (1 + exp(-score)))


@cache
def _model() -> tuple[dict[str, int], Any, float, Any]:
    efs = Path(os.environ["EFS_PATH"])
    sys.path.insert(0, str(efs / os.environ["PY_PKG_PATH"]))
    import numpy as np

    model = json.loads((efs / "model" / "sentiment.json").read_text(encoding="utf-8"))
    known = {feature: at for at, feature in enumerate(model["weights"])}
    return known, np.array(list(model["weights"].values())), float(model["bias"]), np.exp


@cache
def _queue() -> Any:
    import boto3  # Lambda's runtime has it

    return boto3.client("sqs")


def _text(body: str) -> str:
    text = json.loads(body)["text"]
    if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST:
        raise ValueError
    return text


def _reply(status: int, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
