"""An application in a network that exists: a key, an open route, a queue, and a model of words."""

import filecmp
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml import web
from wildrydes_ml.local import emulator

from .conftest import EXAMPLES, Started, Walk

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def sentiment(started: Started) -> Walk:
    return started("sentiment")


@pytest.fixture(scope="module")
def url(sentiment: Walk) -> str:
    return str(sentiment.again()["api_url"])


@pytest.fixture(scope="module")
def key(sentiment: Walk) -> str:
    """The key that the stack made."""
    return str(client(sentiment, "apigateway").get_api_keys(includeValues=True)["items"][0]["value"])


def client(walk: Walk, service: str) -> Any:
    """A client for the example's emulator."""
    import boto3

    found = emulator.find(walk.home)
    assert found is not None
    return boto3.client(
        service, endpoint_url=found.endpoint, region_name=emulator.REGION,
        aws_access_key_id="000000000000", aws_secret_access_key="local",
    )  # fmt: skip


def asked(url: str, key: str, text: Any) -> web.Reply:
    return web.post(url, json.dumps({"text": text}).encode(), {**JSON, "x-api-key": key})


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The food was excellent", "positive"),
        ("The food was not excellent", "negative"),
        ("What a horrible journey", "negative"),
        ("It wasn't bad", "positive"),
        ("Tuesday", "unsure"),
    ],
)
def test_sentences_are_told_apart(url: str, key: str, text: str, label: str) -> None:
    assert json.loads(asked(url, key, text).body)["label"] == label


@pytest.mark.parametrize("text", [None, 3, "", "  ", ["glad"], "x" * 2001])
def test_what_is_no_sentence_is_refused(url: str, key: str, text: Any) -> None:
    assert asked(url, key, text).status == 400


def test_only_health_is_open(url: str) -> None:
    assert asked(url, "wrong", "What a day").status == 403
    reply = web.get(f"{url.rstrip('/')}/health", {})
    assert (reply.status, json.loads(reply.body)) == (200, {"status": "ok"})


def test_what_is_sure_goes_to_the_queue(sentiment: Walk, url: str, key: str) -> None:
    queues = client(sentiment, "sqs")
    (queue,) = queues.list_queues()["QueueUrls"]
    queues.purge_queue(QueueUrl=queue)
    for text in ("Monday", "A perfect day"):
        assert asked(url, key, text).status == 200
    messages = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(one["Body"])["text"] for one in messages] == ["A perfect day"]


def test_training_makes_the_model_that_lies_here(tmp_path: Path) -> None:
    train = EXAMPLES / "sentiment" / "train.py"
    said = subprocess.run(
        [sys.executable, "-B", train, tmp_path], capture_output=True, text=True, check=True, timeout=300
    ).stdout
    assert "of 471 others 100.0% are right" in said
    (made,) = tmp_path.iterdir()
    assert filecmp.cmp(made, EXAMPLES / "sentiment" / "model" / made.name, shallow=False)


def test_nothing_is_left(sentiment: Walk) -> None:
    sentiment.bash(sentiment.destroy)
    assert emulator.find(sentiment.home) is None
    assert not emulator.efs_directory(sentiment.home, "sentiment").exists()
