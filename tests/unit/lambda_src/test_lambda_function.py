import base64
import importlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import metrics
import numpy as np
import packages
import pytest
from detector import Detection, Detector, Loaded, SharedDetector
from handler_helpers import HORSE, REQUEST_ID, FakeDetector, encoded
from handler_servers import PATIENCE, drips, sends, serving
from lambda_function import initialize, lambda_handler
from numpy.typing import NDArray
from PIL import Image
from problems import Problem
from service import MODEL_SECONDS, Service
from settings import Settings
from troposphere import Template

from wildrydes_ml.blocks.dashboard import Watched, add_dashboard
from wildrydes_ml.blocks.function import HANDLER

Ask = Callable[..., SimpleNamespace]

LAMBDA_SRC = Path(__file__).parents[3] / "lambda_src"
PICTURE = encoded(Image.new("RGB", (8, 6)))


def upload(data: bytes = PICTURE) -> dict[str, Any]:
    body = base64.b64encode(data).decode()
    headers = {"content-type": "image/png"}
    return {"httpMethod": "POST", "headers": headers, "body": body, "isBase64Encoded": True}


def test_a_picture_with_the_target_is_validated(ask: Ask) -> None:
    answer = ask(upload())
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.body["message"] == "Unicorn is validated"
    assert answer.body["detections"] == [{"label": "Horse", "score": 0.9, "box": [0.1, 0.2, 0.3, 0.4]}]


def test_every_way_to_send_a_picture_reaches_the_detector(ask: Ask) -> None:
    detector = FakeDetector()
    with serving({"/a.png": sends(PICTURE)}) as server:
        ways = [upload(), {"image": base64.b64encode(PICTURE).decode()}, {"url": f"http://{server.host}/a.png"}]
        for event in ways:
            answer = ask(event, lambda: detector, private_image_hosts=frozenset({server.host}))
            assert (answer.status, answer.body["validated"]) == (200, False)
    assert [image.shape for image in detector.images] == [(6, 8, 3)] * 3


def test_label_and_least_score_are_settings(ask: Ask) -> None:
    detector = FakeDetector(HORSE, Detection("Dog", 0.4, (0, 0, 1, 1)))
    assert ask(upload(), lambda: detector, target_label="Dog", min_score=0.4).body["validated"] is True
    assert ask(upload(), lambda: detector, target_label="Dog", min_score=0.41).body["validated"] is False


def test_timings_tell_the_stages(ask: Ask) -> None:
    with serving({"/": sends(PICTURE)}) as server:
        event = {"url": f"http://{server.host}/"}
        timings = ask(event, private_image_hosts=frozenset({server.host})).body["timings_ms"]
    assert set(timings) == {"load", "fetch", "decode", "detect", "total"}
    assert timings["total"] >= timings["fetch"] > 0
    assert "fetch" not in ask(upload()).body["timings_ms"]


def test_a_browser_gets_the_page(ask: Ask) -> None:
    answer = ask({"httpMethod": "GET", "headers": {"Accept": "text/html"}, "body": None})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!doctype html>")
    assert '"target": "Horse"' in answer.text
    assert ask({"httpMethod": "HEAD", "headers": None, "body": None}).text == ""


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (None, "invalid-request"),
        ({}, "invalid-url"),
        ({"httpMethod": "DELETE"}, "method-not-allowed"),
        ({"url": "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next"}, "invalid-url"),
        ({"url": "http://127.0.0.1/"}, "url-not-allowed"),
        ({"image": ""}, "unsupported-image"),
        ({"image": base64.b64encode(PICTURE[:-30]).decode()}, "undecodable-image"),
    ],
)
def test_problems_are_answers(ask: Ask, event: object, code: str) -> None:
    answer = ask(event)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.body["code"], answer.body["status"]) == (code, answer.status)
    assert answer.body["instance"] == REQUEST_ID
    assert (answer.log["code"], answer.log["status"]) == (code, answer.status)


def test_a_fetch_leaves_time_for_the_answer(ask: Ask) -> None:
    with serving({"/": drips(b"HTTP/1.1 200 OK\r\n\r\n")}) as server:
        event = {"url": f"http://{server.host}/"}
        answer = ask(event, private_image_hosts=frozenset({server.host}), remaining_ms=3300)
    assert (answer.status, answer.body["code"]) == (504, "fetch-timeout")
    assert 200 < answer.log["timings_ms"]["fetch"] < 3000


def test_a_fetch_has_the_time_that_loading_has_left(ask: Ask) -> None:
    """Of what API Gateway, or the function's own end, allows for both."""
    times = iter([1000.0, 1000.0 + MODEL_SECONDS - 0.3])
    with serving({"/": drips(b"HTTP/1.1 200 OK\r\n\r\n")}) as server:
        event = {"url": f"http://{server.host}/"}
        answer = ask(event, private_image_hosts=frozenset({server.host}), clock=lambda: next(times))
    assert (answer.status, answer.body["code"]) == (504, "fetch-timeout")
    assert answer.log["timings_ms"]["fetch"] < 1000 * (0.3 + PATIENCE)


class Broken:
    """A detector with a bug."""

    engine = "broken"
    labels: Sequence[str] = ()
    slow = ""

    def detect(self, image: object) -> list[Detection]:
        raise RuntimeError("secret at /mnt/python, 10.0.2.7\r\nforged line")


def test_a_bug_is_an_answer_without_its_text(ask: Ask) -> None:
    answer = ask(upload(), Broken)
    assert (answer.status, answer.body["code"]) == (500, "internal")
    assert not [secret for secret in ("secret", "/mnt", "10.0.2.7", "Traceback") if secret in answer.text]
    assert answer.log["cause"] == "RuntimeError"
    assert "secret" in "".join(answer.log["traceback"])


def test_a_model_that_cannot_be_loaded_is_unavailable(ask: Ask) -> None:
    def load() -> Detector:
        raise OSError("/mnt/python/model is not there")

    answer = ask(upload(), load)
    assert (answer.status, answer.body["code"]) == (503, "model-unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "/mnt" not in answer.text
    assert "is not there" in "".join(answer.log["traceback"])


class SlowLoad:
    """A load that ends when it may."""

    def __init__(self) -> None:
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def __call__(self) -> Loaded:
        self.has_begun.set()
        assert self.may_end.wait(60)
        return Loaded(FakeDetector(HORSE), ("litert was not prepared",))


def test_a_request_during_the_load_is_told_to_come_back_and_finds_it_done(ask: Ask) -> None:
    load = SlowLoad()
    shared = SharedDetector(load)
    early = ask(upload(), shared=shared, remaining_ms=3100)
    assert (early.status, early.body["code"], early.log["reason"]) == (503, "model-unavailable", "still loading")
    assert int(early.headers["Retry-After"]) > 0
    load.may_end.set()
    late = ask(upload(), shared=shared)
    assert (late.status, late.body["validated"]) == (200, True)


def test_a_request_gives_up_the_wait_before_api_gateway_does(ask: Ask) -> None:
    load = SlowLoad()
    times = iter([1000.0, 1000.0 + MODEL_SECONDS])
    answer = ask(upload(), shared=SharedDetector(load), clock=lambda: next(times))
    load.may_end.set()
    assert (answer.status, answer.log["reason"]) == (503, "still loading")
    assert MODEL_SECONDS < 29


def test_the_picture_is_fetched_while_the_model_loads(ask: Ask) -> None:
    load = SlowLoad()

    def reply(connection: socket.socket) -> None:
        if load.has_begun.wait(60):
            load.may_end.set()
            sends(PICTURE)(connection)

    with serving({"/": reply}) as server:
        event = {"url": f"http://{server.host}/"}
        answer = ask(event, shared=SharedDetector(load), private_image_hosts=frozenset({server.host}))
    assert answer.status == 200


def test_a_picture_that_is_none_needs_no_model(ask: Ask) -> None:
    load = SlowLoad()
    answer = ask({"image": ""}, shared=SharedDetector(load))
    load.may_end.set()
    assert answer.body["code"] == "unsupported-image"


def test_the_log_says_why_no_faster_engine_ran(ask: Ask) -> None:
    load = SlowLoad()
    load.may_end.set()
    assert ask(upload(), shared=SharedDetector(load)).log["slower_because"] == ["litert was not prepared"]
    assert "slower_because" not in ask(upload()).log


class Slow(FakeDetector):
    """A detector of which shows that it is slow when it runs; it takes no dark picture."""

    engine = "litert"

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        self.slow = "litert: without XNNPACK"
        if not image.any():
            raise Problem("undecodable-image", "the model cannot take it")
        return super().detect(image)


def test_the_log_says_that_the_engine_itself_is_slow(ask: Ask) -> None:
    shared = SharedDetector(lambda: Loaded(Slow(HORSE), ("capi was not accepted",)))
    log = ask(upload(encoded(Image.new("RGB", (8, 6), "white"))), shared=shared).log
    assert (log["engine"], log["slower_because"]) == ("litert", ["capi was not accepted", "litert: without XNNPACK"])


def test_the_log_says_what_ran_also_when_it_found_nothing_it_could_take(ask: Ask) -> None:
    answer = ask(upload(), shared=SharedDetector(lambda: Loaded(Slow())))
    assert (answer.status, answer.log["engine"]) == (422, "litert")
    assert answer.log["slower_because"] == ["litert: without XNNPACK"]


def test_the_import_begins_to_load_and_does_not_wait(tmp_path: Path) -> None:
    load = SlowLoad()
    shared = SharedDetector(load)
    service = Service(Settings(tmp_path, tmp_path, tmp_path), shared)
    initialize(lambda: service, {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"})
    load.may_end.set()
    assert shared.get(10).detector.engine == "fake"


def test_the_import_of_a_provisioned_instance_waits_for_the_model(tmp_path: Path) -> None:
    load = SlowLoad()
    shared = SharedDetector(load)
    service = Service(Settings(tmp_path, tmp_path, tmp_path), shared)
    threading.Timer(0.05, load.may_end.set).start()
    initialize(lambda: service, {"AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency"})
    assert shared.get(0).detector.engine == "fake"


@pytest.mark.parametrize("type", ["on-demand", "provisioned-concurrency"])
def test_the_import_never_fails(tmp_path: Path, type: str) -> None:
    began = threading.Event()

    def load() -> Loaded:
        began.set()
        raise OSError("no EFS")

    def settings_without_sense() -> Service:
        raise ValueError("MIN_SCORE")

    service = Service(Settings(tmp_path, tmp_path, tmp_path), SharedDetector(load))
    for begin in (lambda: service, settings_without_sense):
        initialize(begin, {"AWS_LAMBDA_INITIALIZATION_TYPE": type})
    assert began.wait(60)


def test_the_log_knows_the_picture_but_neither_its_url_nor_its_bytes(ask: Ask) -> None:
    with serving({"/secret.png": sends(PICTURE), "/not": sends(b"", "404 Not Found")}) as server:
        settings = {"private_image_hosts": frozenset({server.host})}
        seen = ask({"url": f"http://{server.host}/secret.png?key=secret"}, **settings)
        failed = ask({"url": f"http://{server.host}/not?key=secret"}, **settings)
    unreachable = ask({"url": f"http://{server.host}/secret.png"}, **settings)
    assert (seen.log["request_id"], seen.log["cold"], seen.log["status"]) == (REQUEST_ID, False, 200)
    assert (seen.log["engine"], seen.log["validated"], seen.log["picture_host"]) == ("fake", True, "127.0.0.1")
    assert (seen.log["picture_bytes"], len(seen.log["picture_sha256"])) == (len(PICTURE), 64)
    assert set(seen.log["timings_ms"]) == {"load", "fetch", "decode", "detect", "total"}
    assert (failed.log["code"], failed.log["upstream_status"]) == ("fetch-failed", 404)
    assert (unreachable.log["code"], unreachable.log["cause"]) == ("fetch-failed", "ConnectionError")
    assert "secret" not in seen.line + failed.line + unreachable.line


def counted(log: dict[str, Any]) -> dict[tuple[str, ...], dict[str, float]]:
    """The metrics that CloudWatch finds in a log line, by the values of their dimensions; checks the format's rules."""
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for directive in log.get("_aws", {"CloudWatchMetrics": []})["CloudWatchMetrics"]:
        assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
        assert directive["Namespace"] == "wildrydes-ml"
        assert 0 < len(directive["Metrics"]) <= 100
        for metric in directive["Metrics"]:
            assert metric["Unit"] == ("Milliseconds" if metric["Name"] == "latency" else "Count")
            assert type(log[metric["Name"]]) in (int, float)
            for dimensions in directive["Dimensions"]:
                assert all(isinstance(log[name], str) and log[name] for name in dimensions)
                values = tuple(log[name] for name in dimensions)
                found.setdefault(values, {})[metric["Name"]] = log[metric["Name"]]
    return found


def test_a_verdict_is_counted(ask: Ask) -> None:
    before = time.time_ns() // 1_000_000
    validated, not_validated = ask(upload()), ask(upload(), FakeDetector)
    for answer, counts in ((validated, (1, 0)), (not_validated, (0, 1))):
        found = counted(answer.log)[("local",)]
        assert set(found) == {"latency", "validated", "not_validated"}
        assert (found["validated"], found["not_validated"]) == counts
        assert found["latency"] == answer.log["timings_ms"]["total"] > 0
        assert before <= answer.log["_aws"]["Timestamp"] <= time.time() * 1000


def test_a_problem_is_counted_by_its_code_too(ask: Ask) -> None:
    found = counted(ask({"image": ""}).log)
    assert found["local", "unsupported-image"] == {"refusals": 1}
    assert set(found[("local",)]) == {"latency", "refusals"}
    assert found[("local",)]["refusals"] == 1


def test_the_page_counts_nothing(ask: Ask) -> None:
    assert "_aws" not in ask({"httpMethod": "GET", "headers": {"Accept": "text/html"}, "body": None}).log


def test_what_is_counted_is_what_the_dashboard_shows() -> None:
    fields = {"function": "f", "cold": True, "timings_ms": {"total": 1.5}}
    verdict = counted(metrics.embedded({**fields, "validated": True}, 0))
    refusal = counted(metrics.embedded({**fields, "code": "internal"}, 0))
    assert refusal["f", "internal"] == {"refusals": 1}
    dashboard = (
        add_dashboard(Template(), Watched(function="f", own_metrics=True))
        .properties["DashboardBody"]
        .to_dict()["Fn::Sub"][0]
    )
    assert set(re.findall(r'"wildrydes-ml","(\w+)","function"', dashboard)) == set(verdict[("f",)])
    assert verdict[("f",)] == {"latency": 1.5, "cold_starts": 1, "validated": 1, "not_validated": 0}


def test_nothing_forges_a_log_line_or_a_metric(ask: Ask) -> None:
    answer = ask(upload(), Broken)
    assert "\n" not in answer.line
    assert "\r" not in answer.line
    assert counted(answer.log)["local", "internal"] == {"refusals": 1}


def without_packages(code: str, **environment: str) -> list[Any]:
    """The JSON lines that code prints in a Python that has nothing installed, as Lambda's has before EFS.

    It ends at once, as Lambda ends a function: Python's own way can crash while threads still import.
    """
    begin, end = f"import os, sys; sys.path.insert(0, {str(LAMBDA_SRC)!r})", "sys.stdout.flush(); os._exit(0)"
    command = [sys.executable, "-I", "-S", "-c", f"{begin}\n{code}\n{end}"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=600)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_function_whose_efs_is_missing_answers() -> None:
    code = f"""
import json, lambda_function
for event in ({upload()!r}, {{"url": "http://images.example/"}}, {{"httpMethod": "GET"}}, {{}}):
    print(json.dumps(lambda_function.lambda_handler(event, None)["statusCode"]))
"""
    lines = without_packages(code, EFS_PATH="/nowhere", AWS_LAMBDA_FUNCTION_NAME="unicorns")
    logs, statuses = lines[0::2], lines[1::2]
    assert statuses == [503, 503, 200, 400]
    assert [log["cold"] for log in logs] == [True, False, False, False]
    assert "/nowhere" in logs[0]["reason"]
    assert [counted(log).get(("unicorns",), {}).get("cold_starts") for log in logs] == [1, None, None, None]


def test_a_function_whose_packages_are_missing_answers(tmp_path: Path) -> None:
    code = f"""
import json, lambda_function
print(json.dumps(lambda_function.lambda_handler({upload()!r}, None)))
"""
    log, answer = without_packages(code, EFS_PATH=str(tmp_path), PY_PKG_PATH=".")
    assert (answer["statusCode"], log["cause"]) == (503, "ModuleNotFoundError")


def test_importing_the_module_begins_to_load(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "manifest.json")  # whose opening waits for someone who reads it
    code = f"""
import signal, lambda_function
signal.alarm(10)
open({str(tmp_path / "manifest.json")!r}, "w").close()
print("true")
"""
    assert without_packages(code, EFS_PATH=str(tmp_path), PY_PKG_PATH=".") == [True]


def test_packages_come_after_our_modules_and_before_the_runtimes(tmp_path: Path) -> None:
    sys.path[:] = [str(LAMBDA_SRC), "/var/runtime"]
    for _ in range(2):
        packages.add_to_path(tmp_path)
    assert sys.path == [str(LAMBDA_SRC), str(tmp_path), "/var/runtime"]


def test_settings_without_sense_are_an_internal_error() -> None:
    code = """
import json, lambda_function
print(json.dumps(lambda_function.lambda_handler({}, None)))
"""
    log, answer = without_packages(code, MIN_SCORE="2")
    assert answer["statusCode"] == 500
    assert "MIN_SCORE" in "".join(log["traceback"])


def test_the_handler_is_importable_as_lambda_names_it() -> None:
    module, _, name = HANDLER.partition(".")
    assert getattr(importlib.import_module(module), name) is lambda_handler
