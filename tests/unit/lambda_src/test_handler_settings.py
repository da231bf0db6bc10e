import importlib.util
import sys
from pathlib import Path

import pytest
from detector import SharedDetector
from request_log import RequestLog
from service import Service
from settings import from_environment

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_nothing_set_gives_the_workshop_layout_for_this_python() -> None:
    settings = from_environment({})
    assert settings.packages == Path(f"/mnt/python/tensorflow/lib/python{VERSION}/site-packages")
    assert (settings.root, settings.model) == (Path("/mnt/python"), Path("/mnt/python/model"))
    assert (settings.min_score, settings.target_label, settings.engine) == (0.3, "Horse", "auto")
    assert settings.private_image_hosts == frozenset()


def test_paths_are_relative_to_efs_unless_absolute() -> None:
    settings = from_environment({"EFS_PATH": "/mnt/efs", "PY_PKG_PATH": "env/lib", "MODEL_DIR": "ssd"})
    assert (settings.packages, settings.model) == (Path("/mnt/efs/env/lib"), Path("/mnt/efs/ssd"))
    settings = from_environment({"EFS_PATH": "/mnt/efs", "PY_PKG_PATH": "/opt/lib"})
    assert settings.packages == Path("/opt/lib")


def test_a_relative_path_is_in_the_function_s_zip() -> None:
    settings = from_environment({"EFS_PATH": "packed", "PY_PKG_PATH": "packages"})
    zipped = Path(lambda_function_file()).parent / "packed"
    assert (settings.root, settings.packages, settings.model) == (zipped, zipped / "packages", zipped / "model")


def lambda_function_file() -> str:
    found = importlib.util.find_spec("lambda_function")
    assert found
    assert found.origin
    return found.origin


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    names = ("EFS_PATH", "PY_PKG_PATH", "MODEL_DIR", "MIN_SCORE", "TARGET_LABEL", "PRIVATE_IMAGE_HOSTS", "ENGINE")
    assert from_environment(dict.fromkeys(names, "")) == from_environment({})


def test_values() -> None:
    environment = {"MIN_SCORE": "0.55", "TARGET_LABEL": "Dog", "ENGINE": "tensorflow"}
    settings = from_environment(environment)
    assert (settings.min_score, settings.target_label, settings.engine) == (0.55, "Dog", "tensorflow")


@pytest.mark.parametrize("engine", ["auto", "litert", "capi", "tensorflow"])
def test_engines(engine: str) -> None:
    assert from_environment({"ENGINE": engine}).engine == engine


def test_the_page_is_told_what_the_api_asks_of_a_caller() -> None:
    assert from_environment({}).api_auth == "NONE"
    service = Service(from_environment({"API_AUTH": "API_KEY"}), SharedDetector(lambda: pytest.fail("not asked")))
    answer = service.answer({"httpMethod": "GET"}, 10, RequestLog())
    assert '<html lang="en" data-auth="API_KEY">' in answer["body"]


def test_private_image_hosts_are_a_list_of_host_and_port() -> None:
    settings = from_environment({"PRIVATE_IMAGE_HOSTS": " Images.internal:8080, [::1]:80 ,,"})
    assert settings.private_image_hosts == {"images.internal:8080", "[::1]:80"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MIN_SCORE", "high"),
        ("MIN_SCORE", "1.01"),
        ("MIN_SCORE", "nan"),
        ("ENGINE", "TensorFlow"),
        ("ENGINE", "torch"),
        ("API_AUTH", "none"),
        ("PRIVATE_IMAGE_HOSTS", "images.internal"),
        ("PRIVATE_IMAGE_HOSTS", ":80"),
        ("PRIVATE_IMAGE_HOSTS", "a:80,b:http"),
    ],
)
def test_a_value_without_sense_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name}\b.*, not |^{name}: .* is not host:port"):
        from_environment({name: value})
