"""A room is left: what has expired goes from an emulator by one command, without its files; the rest stays."""

from pathlib import Path

import pytest

from wildrydes_ml import Access, App
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import public as deploying
from wildrydes_ml.testing import Said

from .conftest import Command, client

HANDLER = """
def answer(event, context):
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": '{"ok": true}'}
"""
PAST, FUTURE = "2020-01-01T00:00:00Z", "2096-01-01T00:00:00Z"


@pytest.fixture
def handler(tmp_path: Path) -> Path:
    (tmp_path / "handler").mkdir()
    (tmp_path / "handler" / "app.py").write_text(HANDLER)
    return tmp_path


def pinger(directory: Path, name: str) -> App:
    """An App with a key, and without EFS."""
    app = App(name, access=Access("API_KEY"), directory=directory)
    answer = app.function("Answer", code="handler/", handler="app.answer", memory=128, timeout=10)
    app.proof(app.route("POST /", answer), {}, lambda reply: bool(reply["ok"]))
    return app


def names(target: Target) -> dict[str, set[str]]:
    """What a plain client sees: stacks, buckets, functions, keys and APIs."""
    stacks = client(target, "cloudformation").list_stacks()["StackSummaries"]
    functions = client(target, "lambda").list_functions()["Functions"]
    gateway = client(target, "apigateway")
    return {
        "stacks": {one["StackName"] for one in stacks if one["StackStatus"] != "DELETE_COMPLETE"},
        "buckets": {one["Name"].partition("-")[0] for one in client(target, "s3").list_buckets()["Buckets"]},
        "functions": {one["FunctionName"].partition("-")[0] for one in functions},
        "keys": {one["tags"]["wildrydes-ml"] for one in gateway.get_api_keys()["items"]},
        "apis": {one["name"].partition("-")[0] for one in gateway.get_rest_apis()["items"]},
    }  # fmt: skip


def test_what_has_expired_goes_and_what_has_not_still_answers(place: Target, worker_home: Path, handler: Path) -> None:
    for name, expires in (("iris", PAST), ("lily", FUTURE), ("rose", ""), ("tulip", PAST)):
        deploying.deploy(pinger(handler, name), place, reporter=Said(), expires=expires)
    command = Command(worker_home)
    told = command("status", "--all")
    rows = {line["name"]: line for line in told if "name" in line}
    assert "nothing on this machine is billed" in told[-2]["text"], "the costs are AWS's"
    assert {name: row["expired"] for name, row in rows.items()} == {
        "iris": True,
        "lily": False,
        "rose": False,
        "tulip": True,
    }
    assert all(0 <= row["age_seconds"] < 600 for row in rows.values())

    told = command("destroy", "--expired")
    assert told[-1]["deleted"] == ["iris", "tulip"]
    proofs = [line["text"] for line in told if line.get("text", "").startswith("verified")]
    assert proofs == [f"verified: no billable resource of {name} remains" for name in ("iris", "tulip")]
    assert [line["text"] for line in told if line.get("about") == "idle cost"][-1].endswith("remains of iris, tulip")
    plans = [line["steps"][0]["text"].partition(":")[0] for line in told if line["type"] == "plan"]
    assert plans == ["delete iris", "delete tulip"]
    assert set().union(*names(place).values()) == {"lily", "rose"}
    for name in ("lily", "rose"):
        assert deploying.status(pinger(handler, name), place, reporter=Said()).answer
    assert command("destroy", "--expired")[-1]["deleted"] == []


def test_an_expiry_alone_is_an_update_that_the_plan_shows_and_never_takes_it_back(place: Target, handler: Path) -> None:
    app = pinger(handler, "iris")
    deploying.deploy(app, place, reporter=Said(), expires=PAST)
    assert not deploying.plan(app, place, reporter=Said()).changes
    plan = deploying.plan(app, place, reporter=Said(), expires=FUTURE)
    assert f"tags wildrydes-ml:expires {PAST} → {FUTURE}" in plan.describe()
    deploying.deploy(plan, reporter=Said())
    (stack,) = client(place, "cloudformation").describe_stacks(StackName="iris")["Stacks"]
    assert {"Key": "wildrydes-ml:expires", "Value": FUTURE} in stack["Tags"]
    deploying.deploy(app, place, reporter=Said(), expires="never")
    (stack,) = client(place, "cloudformation").describe_stacks(StackName="iris")["Stacks"]
    assert stack["Tags"] == [{"Key": "wildrydes-ml", "Value": "iris"}]
