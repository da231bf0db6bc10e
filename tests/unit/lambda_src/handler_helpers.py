"""A detector, pictures, events and answers for the tests of the function."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from detector import Detection
from numpy.typing import NDArray
from PIL import Image

HORSE = Detection("Horse", 0.9, (0.1, 0.2, 0.3, 0.4))
REQUEST_ID = "2f1c6f0e-0000-4000-8000-000000000000"


class FakeDetector:
    """Sees the same in every picture, and remembers the pictures."""

    engine = "fake"
    labels: Sequence[str] = ("Person", "Horse")
    slow = ""

    def __init__(self, *detections: Detection) -> None:
        self.detections = detections
        self.images: list[NDArray[np.uint8]] = []

    def lanes(self, memory: int) -> Sequence[FakeDetector]:
        return [self]

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        self.images.append(image)
        return list(self.detections)


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    """A picture's bytes."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def context(remaining_ms: int = 90_000) -> SimpleNamespace:
    """Lambda's context object."""
    return SimpleNamespace(aws_request_id=REQUEST_ID, get_remaining_time_in_millis=lambda: remaining_ms)


def understood(answer: dict[str, Any], line: str) -> SimpleNamespace:
    """A proxy answer and its log line, parsed."""
    assert answer["isBase64Encoded"] is False
    headers, text = answer["headers"], answer["body"]
    body = json.loads(text) if "json" in headers["Content-Type"] else None
    return SimpleNamespace(
        status=answer["statusCode"], headers=headers, text=text, body=body, line=line, log=json.loads(line)
    )
