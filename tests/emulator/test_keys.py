"""API keys on the emulator that `--local` starts: what somebody removed by hand is made again."""

from typing import Any

from wildrydes_ml.aws.session import Aws
from wildrydes_ml.aws.target import Target
from wildrydes_ml.aws.wiring import Wiring, actions

from .conftest import client

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f:live"
WITH_KEY = Wiring(FUNCTION, "API_KEY", 5, 10, name="f", tags={"wildrydes-ml": "wildrydes-ml"})


def wired(aws: Aws, gateway: Any) -> str:
    """A new API, wired."""
    api: str = gateway.create_rest_api(name="ModelInferenceApi")["id"]
    found = aws.apis.found(api, WITH_KEY)
    assert found
    for action in actions(WITH_KEY, found):
        aws.apis.perform(api, action, WITH_KEY, found)
    again = aws.apis.found(api, WITH_KEY)
    assert again
    assert actions(WITH_KEY, again) == ()
    return api


def test_the_key_outlives_an_api_that_was_deleted_by_hand(aws: Aws, place: Target) -> None:
    gateway = client(place, "apigateway")
    first = wired(aws, gateway)
    key = aws.apis.key(first)
    gateway.delete_rest_api(restApiId=first)
    second = wired(aws, gateway)
    assert key
    assert aws.apis.key(second) == key
    assert [plan["apiStages"][0]["apiId"] for plan in gateway.get_usage_plans()["items"]] == [second]
