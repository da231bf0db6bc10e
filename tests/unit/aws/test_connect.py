"""Reaching AWS: a region that there is not, a network that is down, and what is said meanwhile."""

import re
import socket
import time
from pathlib import Path

import pytest

from tests.unit.servers import aws_answering, use_aws
from wildrydes_ml.aws.session import connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.errors import OutOfReach, SettingsError

IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
    "<Arn>arn:aws:iam::123456789012:user/rider</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


class Names:
    """A name service that knows some hosts, and what it was asked."""

    def __init__(self, *known: str) -> None:
        self.known = known
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> object:
        self.asked.append(host)
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return []


@pytest.fixture(autouse=True)
def on_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_aws(monkeypatch, tmp_path)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("region", "hint"),
    [
        ("eu-wset-1", "did you mean eu-west-1?"),
        ("us-est-1", "did you mean us-east-1 or us-west-1?"),
        ("eu-west1", "did you mean eu-west-1?"),
        ("us-east-1a", "did you mean us-east-1?"),
        ("us-gov-wst-1", "did you mean us-gov-west-1?"),
        ("mars", "use one of af-south-1, "),
    ],
)
def test_a_region_that_there_is_not_is_refused_at_once(region: str, hint: str) -> None:
    names, began = Names(), time.monotonic()
    with pytest.raises(SettingsError) as error:
        connect(Target(region), resolve=names)
    assert str(error.value).startswith(f"there is no region with the name {region}: {hint}")
    assert names.asked == [f"sts.{region}.amazonaws.com"] or region.startswith("us-gov")
    assert time.monotonic() - began < 60


def test_it_is_told_when_no_region_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    names = Names()
    with pytest.raises(SettingsError, match=r"^no region is set: pass --region, or run `aws configure`$"):
        connect(Target(""), resolve=names)
    assert names.asked == []


def test_a_region_that_is_newer_than_the_sdk_is_asked() -> None:
    said: list[str] = []
    names = Names("sts.eu-brandnew-9.amazonaws.com")
    with pytest.raises(OutOfReach):
        connect(Target("eu-brandnew-9", attempts=1), resolve=names)
    assert names.asked
    assert said == []


def test_no_name_is_asked_for_where_the_region_is_known_or_a_proxy_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names()
    with aws_answering(lambda action: (200, IDENTITY)) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        assert connect(Target("eu-west-1"), resolve=names).identity.region == "eu-west-1"
        monkeypatch.setenv("HTTP_PROXY", url)
        monkeypatch.delenv("NO_PROXY")
        assert connect(Target("eu-brandnew-9"), resolve=names).identity.region == "eu-brandnew-9"
    assert names.asked == []


def test_behind_a_proxy_a_name_that_a_region_may_have_is_said_and_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    with aws_answering(lambda action: (200, IDENTITY)) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        monkeypatch.setenv("HTTP_PROXY", url)
        monkeypatch.delenv("NO_PROXY")
        connect(Target("eu-wset-1"), say=said.append, resolve=Names())
        assert said == ["this boto3 does not know region eu-wset-1: did you mean eu-west-1? Trying it"]
        for region, hint in (("mars", "use one of af-south-1, "), ("eu-west1", "did you mean eu-west-1?")):
            with pytest.raises(SettingsError, match=f"no region with the name {region}: {re.escape(hint)}"):
                connect(Target(region), resolve=Names())
    assert asked == ["GetCallerIdentity"]


def test_it_is_told_when_names_cannot_be_looked_up_at_all() -> None:
    def fail(host: str, port: int) -> object:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with pytest.raises(SettingsError, match=r"has no address: Temporary failure in name resolution\)$"):
        connect(Target("eu-brandnew-9"), resolve=fail)


def test_the_first_failure_to_reach_aws_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    said: list[str] = []
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{port}")
    with pytest.raises(OutOfReach, match="credentials: AWS cannot be reached"):
        connect(Target("eu-west-1", attempts=3), say=said.append)
    assert len(said) == 1
    assert said[0].startswith(f"no answer from 127.0.0.1:{port} (Could not connect to the endpoint URL")
    assert said[0].endswith("): trying again")


def test_a_silence_where_there_may_be_no_region_is_said_with_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    said: list[str] = []
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{port}")
    with pytest.raises(OutOfReach):
        connect(Target("eu-wset-1", attempts=2), say=said.append, resolve=Names("127.0.0.1"))
    assert [text.partition("): ")[2] for text in said] == ["is eu-wset-1 a region? trying again"]


def test_what_is_repeated_for_long_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(503, ""), (503, ""), (503, ""), (200, IDENTITY)]
    said: list[str] = []
    with aws_answering(lambda action: answers.pop(0)) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        connect(Target("eu-west-1"), say=said.append)
    assert len(asked) == 4
    assert [text.partition(" (")[2] for text in said] == ["HTTP 503): trying again"]


def test_nothing_is_said_where_nothing_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    with aws_answering(lambda action: (302, "")) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        with pytest.raises(OutOfReach, match="credentials: the answer is not from AWS: HTTP 302"):
            connect(Target("eu-west-1", attempts=1), say=said.append)
    assert said == []
