"""A function that answers in the contract's shape at once, without a model: the sweeps deploy it by the hundred."""

import json


def lambda_handler(event: dict[str, object], context: object) -> dict[str, object]:
    """Sees a unicorn in everything."""
    seen = {"label": "Horse", "score": 0.9, "box": [0.1, 0.1, 0.9, 0.9]}
    answer = {
        "message": "Unicorn is validated",
        "validated": True,
        "detections": [seen],
        "timings_ms": {"total": 0.1},
    }
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(answer)}
