"""`app.batch`: the machine for an App's own function, its parameters, and the modules in its zip."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from troposphere.ec2 import VPCEndpoint

from wildrydes_ml import Access, App, NewNetwork, Storage
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import public
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.reporting import Quiet
from wildrydes_ml.testing import FakeAws

HANDLER = "def answer(event, context):\n    return {}\n"


def declared(directory: Path, **more: Any) -> App:
    (directory / "code").mkdir(exist_ok=True)
    (directory / "code" / "app.py").write_text(HANDLER)
    app = App("lengths", access=Access("API_KEY"), directory=directory, **more)
    app.route("POST /", app.function("Answer", code="code", handler="app.answer"))
    return app


def resources(app: App) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(app.template().to_dict()))["Resources"]
    return found


def test_the_machine_asks_the_functions_alias_and_its_role_gets_the_rights(tmp_path: Path) -> None:
    app = declared(tmp_path)
    app.batch(app.functions["Answer"], read="pictures", write="results", concurrency=7)
    made = resources(app)
    assert made["Batches"]["Properties"]["DefinitionSubstitutions"]["Function"] == {"Ref": "AnswerLive"}
    assert made["BatchesAccess"]["Properties"]["Roles"] == [{"Ref": "AnswerRole"}]
    assert "arn:${AWS::Partition}:s3:::pictures/*" in str(made["BatchesAccess"])
    body = json.loads(json.dumps(app.template().to_dict()))
    assert body["Parameters"]["BatchConcurrency"]["Default"] == 7
    assert {"BatchMachine", "BatchFunction", "BatchInput", "BatchOutput", "BatchConcurrency"} <= set(body["Outputs"])


def test_the_data_bucket_is_the_default_for_both(tmp_path: Path) -> None:
    app = declared(tmp_path)
    app.batch(app.functions["Answer"])
    outputs = json.loads(json.dumps(app.template().to_dict()))["Outputs"]
    assert outputs["BatchInput"]["Value"] == {"Ref": "DataBucket"}
    assert outputs["BatchOutput"]["Value"] == {"Fn::Sub": "s3://${DataBucket}/batches/"}


def test_on_an_emulator_few_batches_run_at_a_time(tmp_path: Path) -> None:
    app = declared(tmp_path)
    assert app.deployment().local == {}
    app.batch(app.functions["Answer"])
    assert app.deployment().local == {"BatchConcurrency": "2"}


def test_the_zip_has_the_modules_that_answer_batches_and_the_authors_own_win(tmp_path: Path) -> None:
    app = declared(tmp_path)
    app.batch(app.functions["Answer"])
    (tmp_path / "code" / "objects.py").write_text("OWN = True\n")
    aws = FakeAws()
    public.deploy(app, Target(), reporter=Quiet(), aws=aws.gateways)
    (objects,) = aws.buckets.objects.values()
    (body,) = [body for key, body in objects.items() if key.endswith(".zip")]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert {"app.py", "batch.py", "ahead.py", "objects.py"} <= set(archive.namelist())
        assert archive.read("objects.py") == b"OWN = True\n"


def test_a_new_network_gets_a_way_to_s3(tmp_path: Path) -> None:
    app = declared(tmp_path, network=NewNetwork("ipv6"), storage=Storage())
    app.batch(app.functions["Answer"])
    endpoint = resources(app)["BatchesS3Endpoint"]["Properties"]
    assert endpoint["RouteTableIds"] == [{"Ref": "PrivateRouteTable"}]
    own = declared(tmp_path, network=NewNetwork(), storage=Storage())
    own.add(VPCEndpoint("ToS3", VpcId="vpc-1", ServiceName="com.amazonaws.eu-west-1.s3"))
    own.batch(own.functions["Answer"])
    assert "BatchesS3Endpoint" not in resources(own)
    closed = declared(tmp_path, network=NewNetwork(), storage=Storage())
    with pytest.raises(ValueError, match=r"S3 is outside: use NewNetwork\(egress='ipv6'\)"):
        closed.batch(closed.functions["Answer"])


def test_wrong_use_is_refused_at_its_line(tmp_path: Path) -> None:
    app = declared(tmp_path)
    with pytest.raises(TypeError, match=r"^batch has 'Answer'"):
        app.batch("Answer")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^batch: .*another App"):
        app.batch(declared(tmp_path).functions["Answer"])
    app.batch(app.functions["Answer"])
    with pytest.raises(ValueError, match=r"batch|Batch"):
        app.batch(app.functions["Answer"])


def test_settings_know_the_parameter(tmp_path: Path) -> None:
    app = declared(tmp_path)
    app.batch(app.functions["Answer"])
    chosen = Settings((app.deployment(),), overrides={"BatchConcurrency": "500"})
    assert chosen.parameter_values()["BatchConcurrency"] == "500"
