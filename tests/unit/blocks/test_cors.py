"""Pages of other origins: exactly those that are named, and the paths that are there."""

from typing import Any

import pytest
from troposphere import Template

from wildrydes_ml.blocks.access import Access
from wildrydes_ml.blocks.api import add_proxy_stage, add_rest_api
from wildrydes_ml.blocks.function import FunctionSettings, add_inference_function
from wildrydes_ml.blocks.routes import Route

ORIGIN, OTHER = "https://example.org", "http://localhost:8000"


def made(*origins: str, routes: tuple[tuple[str, Any], ...] = (("/", "POST"),)) -> dict[str, Any]:
    """Logical id -> properties of an API's resources for these origins."""
    template = Template()
    settings = FunctionSettings(name="f1", bucket="bucket", key="k.zip")
    inference = add_inference_function(template, None, settings, title="Fun")
    api = add_rest_api(
        template, [Route(inference, *route) for route in routes], Access("API_KEY"), title="A", origins=origins
    )
    add_proxy_stage(template, api)
    return {title: one.get("Properties", {}) for title, one in template.to_dict()["Resources"].items()}


def answer(method: dict[str, Any]) -> dict[str, Any]:
    """What the method answers."""
    (response,) = method["Integration"]["IntegrationResponses"]
    return dict(response)


def test_a_browser_s_question_is_answered_without_a_key() -> None:
    method = made(ORIGIN)["AOptionsRootMethod"]
    assert (method["HttpMethod"], method["AuthorizationType"]) == ("OPTIONS", "NONE")
    assert not method.get("ApiKeyRequired")
    assert method["Integration"]["Type"] == "MOCK"
    headers = answer(method)["ResponseParameters"]
    assert headers["method.response.header.Access-Control-Allow-Origin"] == f"'{ORIGIN}'"
    assert headers["method.response.header.Access-Control-Allow-Methods"] == "'POST'"
    assert "X-Api-Key" in headers["method.response.header.Access-Control-Allow-Headers"]
    assert set(headers) <= set(method["MethodResponses"][0]["ResponseParameters"])


def test_of_several_origins_the_one_that_asks_is_answered() -> None:
    response = answer(made(ORIGIN, OTHER)["AOptionsRootMethod"])
    assert "method.response.header.Access-Control-Allow-Origin" not in response["ResponseParameters"]
    text = response["ResponseTemplates"]["application/json"]
    assert f'$origin == "{ORIGIN}" || $origin == "{OTHER}"' in text
    assert "$context.responseOverride.header.Access-Control-Allow-Origin = $origin" in text


def test_each_path_has_its_methods_and_one_that_answers_itself_is_left_alone() -> None:
    resources = made(ORIGIN, routes=(("/a", "POST"), ("/a", "GET"), ("/b", "ANY"), ("/c", "OPTIONS"), ("/c", "GET")))
    methods = {
        title: answer(one)["ResponseParameters"]["method.response.header.Access-Control-Allow-Methods"]
        for title, one in resources.items()
        if one.get("HttpMethod") == "OPTIONS" and one["Integration"]["Type"] == "MOCK"
    }
    assert methods == {"AOptionsAMethod": "'GET,POST'", "AOptionsBMethod": "'DELETE,GET,HEAD,PATCH,POST,PUT'"}


def test_other_origins_make_another_deployment() -> None:
    deployments = [
        {title for title in made(*origins) if "KeyDeployment" in title} for origins in ((), (ORIGIN,), (OTHER,))
    ]
    assert len(set.union(*deployments)) == 3


@pytest.mark.parametrize("wrong", ["*", "https://example.org/page", "example.org", "https://Example.org"])
def test_what_is_no_origin_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="scheme and host"):
        made(wrong)
