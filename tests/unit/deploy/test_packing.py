"""A deployment whose function has packages and model in its zip: which model, what is remembered, what is refused."""

import io
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import HORSE_ANSWER, FakeAws, there
from tests.unit.prepared_models import TFLITE, prepared_model
from wildrydes_ml.aws.records import Invocation
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import packing
from wildrydes_ml.deploy.deployer import Deployed, deploy
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deployment import Deployment
from wildrydes_ml.errors import Refused, SettingsError, WildrydesError
from wildrydes_ml.local import filling
from wildrydes_ml.testing import Response, Said, serving
from wildrydes_ml.workshop.deployments import deployments
from wildrydes_ml.workshop.settings import wild_rydes

STACK = "wildrydes-ml-packaged"
BUCKET = "wildrydes-ml-123456789012-eu-west-1"
Run = Callable[..., Deployed]


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with serving(lambda request: Response(200, HORSE_ANSWER.encode())) as url:
        yield FakeAws(url)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "lambda_function.py").write_text("def lambda_handler(event, context): ...\n")
    return tmp_path / "code"


@pytest.fixture
def routes(code: Path) -> tuple[Deployment, ...]:
    """The workshop's routes, but no package goes into the zip: pip has its own tests."""
    long, short, packaged = deployments(code)
    return long, short, replace(packaged, packed=replace(there(packaged.packed), packages=""))


@pytest.fixture
def run(aws: FakeAws, routes: tuple[Deployment, ...]) -> Run:
    """Deploys with settings' options."""

    def run(**options: Any) -> Deployed:
        return deploy(aws.gateways, Settings(routes, **options), Target(), Said())

    return run


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return prepared_model(tmp_path / "prepared")


def keys(aws: FakeAws) -> tuple[str, str]:
    """The keys of code and model that the stack has."""
    parameters = aws.stacks.stacks[STACK].parameters
    return parameters["CodeKey"], parameters["ModelKey"]


def zipped(aws: FakeAws) -> dict[str, bytes]:
    """Name and content of the files of the function's zip."""
    with zipfile.ZipFile(io.BytesIO(aws.buckets.objects[BUCKET][keys(aws)[0]])) as archive:
        return {name: archive.read(name) for name in archive.namelist() if "__pycache__" not in name}


def test_a_prepared_model_goes_into_the_function_s_zip(run: Run, aws: FakeAws, model: Path) -> None:
    assert run(preset="packaged", model=str(model)).changed
    assert aws.stacks.stacks.keys() == {STACK}
    assert zipped(aws)["packed/prepared/detector.tflite"] == TFLITE
    assert zipped(aws).keys() == {
        "lambda_function.py",
        "packed/manifest.json",
        "packed/prepared/detector.tflite",
        "packed/prepared/labels.json",
    }


def test_a_deploy_that_names_nothing_keeps_the_model_and_takes_new_code(
    run: Run, aws: FakeAws, model: Path, code: Path
) -> None:
    run(preset="packaged", model=str(model))
    first = keys(aws)
    shutil.rmtree(model)
    assert not run().changed
    assert keys(aws) == first
    (code / "lambda_function.py").write_text("def lambda_handler(event, context): return 1\n")
    assert run().changed
    assert (keys(aws)[0] != first[0], keys(aws)[1]) == (True, first[1])
    assert zipped(aws)["packed/prepared/detector.tflite"] == TFLITE


def test_another_model_takes_the_place_of_the_first(run: Run, aws: FakeAws, model: Path, tmp_path: Path) -> None:
    run(preset="packaged", model=str(model))
    first = keys(aws)
    run(model=str(prepared_model(tmp_path / "other", b"TFL3 another")))
    assert not set(first) & set(keys(aws))
    assert zipped(aws)["packed/prepared/detector.tflite"] == b"TFL3 another"


def test_code_that_was_proven_last_comes_back_with_its_model(
    run: Run, aws: FakeAws, model: Path, tmp_path: Path
) -> None:
    run(preset="packaged", model=str(model))
    good, answers = keys(aws), aws.functions.answers
    aws.functions.answers = [Invocation(400, "no")]
    with pytest.raises(WildrydesError, match="was proven"):
        run(model=str(prepared_model(tmp_path / "other", b"TFL3 another")))
    assert keys(aws) != good
    aws.functions.answers = answers
    run(last_proven=True)
    assert keys(aws) == good


def test_a_model_that_the_bucket_has_lost_is_asked_for(run: Run, aws: FakeAws, model: Path) -> None:
    run(preset="packaged", model=str(model))
    del aws.buckets.objects[BUCKET][keys(aws)[1]]
    with pytest.raises(WildrydesError, match="no longer in the bucket: pass the model again with --model"):
        run()
    assert run(model=str(model)).answer is not None
    assert keys(aws)[1] in aws.buckets.objects[BUCKET]


@pytest.mark.parametrize("damage", [lambda body: body[:700], lambda body: body.replace(TFLITE, TFLITE[::-1])])
def test_a_model_that_is_damaged_in_the_bucket_is_not_deployed(
    run: Run, aws: FakeAws, model: Path, damage: Callable[[bytes], bytes]
) -> None:
    run(preset="packaged", model=str(model))
    code, key = keys(aws)
    aws.buckets.objects[BUCKET][key] = damage(aws.buckets.objects[BUCKET][key])
    with pytest.raises(SettingsError, match=f"{BUCKET}/{key}: .* damaged"):
        run()
    assert keys(aws)[0] == code


def test_a_damaged_directory_is_refused_before_anything_is_made(run: Run, aws: FakeAws, model: Path) -> None:
    (model / "prepared" / "detector.tflite").write_bytes(TFLITE[:4])
    with pytest.raises(SettingsError, match=r"the prepared model is damaged: prepared/detector\.tflite"):
        run(preset="packaged", model=str(model))
    assert not aws.stacks.stacks
    assert not aws.buckets.objects


def test_what_is_no_model_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such directory or archive"):
        run(preset="packaged", model=str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match=r"no saved_model\.pb in it"):
        run(preset="packaged", model=str(tmp_path))


def test_the_preset_is_not_half_made_beside_a_deployment_with_efs(run: Run, aws: FakeAws, model: Path) -> None:
    run(route="short")
    before = dict(aws.stacks.stacks)
    # An unreadable model shows that nothing was read before the refusal.
    with pytest.raises(Refused, match=r"deployed by the short route .*: destroy it first"):
        run(preset="packaged", model=str(model / "nowhere"))
    assert aws.stacks.stacks == before


@pytest.mark.parametrize("options", [{"preset": "lean"}, {"route": "long"}, {"preset": "workshop", "route": "short"}])
def test_a_deployment_without_efs_does_not_become_one_with_efs(
    run: Run, aws: FakeAws, model: Path, options: dict[str, str]
) -> None:
    run(preset="packaged", model=str(model))
    before = dict(aws.stacks.stacks)
    with pytest.raises(Refused, match=r"deployed by the packaged route .*: destroy it first"):
        run(**options)
    assert aws.stacks.stacks == before


def test_parameters_of_efs_are_refused_where_there_is_none(run: Run, model: Path) -> None:
    run(preset="packaged", model=str(model))
    with pytest.raises(SettingsError, match="--set ThroughputMode: the packaged route has no such parameter; it has"):
        run(overrides={"ThroughputMode": "elastic"})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"preset": "packaged", "route": "short"}, "--preset packaged: the short route does not have it"),
        ({"preset": "lean", "route": "packaged"}, "--preset lean: the packaged route does not have it"),
        ({"overrides": {"ModelKey": "k"}, "route": "packaged"}, "--set ModelKey: you cannot set it yourself"),
        ({"overrides": {"PythonRuntime": "python3.14"}, "route": "packaged"}, "python3.12 and python3.13"),
        ({"overrides": {"InternetEgress": "ipv6"}, "preset": "packaged"}, "the packaged route has no such parameter"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        wild_rydes(**options)
    assert said in str(error.value)


def test_route_and_preset_mean_the_same() -> None:
    assert wild_rydes(route="packaged").deployment is wild_rydes(preset="packaged").deployment


class Waits(Said):
    """Notices that a command waits for another one."""

    def __init__(self) -> None:
        super().__init__()
        self.noticed = threading.Event()

    def event(self, text: str, **record: Any) -> None:
        if text.startswith("another command prepares"):
            self.noticed.set()
        super().event(text, **record)


def test_a_model_is_not_prepared_where_another_command_still_reads_its_own(
    routes: tuple[Deployment, ...], tmp_path: Path
) -> None:
    place, said, failures = tmp_path / "place", Waits(), list[str]()

    def prepare() -> None:
        try:
            with serving(lambda request: Response(404, b"")) as url:
                packing.named(there(routes[2].packed), f"{url}/model.tar.gz", place, said)
        except WildrydesError as error:
            failures.append(str(error))

    other = threading.Thread(target=prepare)
    with filling.alone(place, Said()):
        other.start()
        assert said.noticed.wait(60)
        assert not (place / "populate.log").exists()
    other.join(60)
    assert "was not filled" in failures[0]
