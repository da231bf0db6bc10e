"""What user data and `bootstrap.sh` do on the instance and what the wait condition hears of it, exactly once."""

import json
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.machine import curl
from wildrydes_ml.workshop import templates

from .conftest import FILLING, Populate, Server, make_archive

# Stand-ins for what needs root and AWS; they write down how they were called. That of curl does what it is asked.
FAKES = {
    "dnf": r'''echo "dnf $*" >>"$CALLS"; printf 'No "package"\\path \033[31mred\n'; exit "${DNF_STATUS:-0}"''',
    "mount": 'echo "mount $*" >>"$CALLS"; ((MOUNT_STATUS)) || touch "$CALLS.mounted"; exit "$MOUNT_STATUS"',
    "mountpoint": "[[ -e $CALLS.mounted ]]",
    "aws": 'echo "aws $*" >>"$CALLS"; cp "$CODE_ZIP" "${@: -1}"',
    "sleep": "command -p sleep 0.1",
    "cfn-init": r'''echo 'no such "stack"' >"$CALLS.cfn-init"; exit "${CFN_STATUS:-0}"''',
    "shutdown": 'echo "shutdown $*" >>"$CALLS"',
    "curl": f'{curl.command()} "$@"',
}


TEMPLATE = templates.TEMPLATES["efs_99.yml"]().to_dict()
USER_DATA = TEMPLATE["Resources"]["EfsMountEC2Instance"]["Properties"]["UserData"]["Fn::Base64"]["Fn::Sub"]


@dataclass
class Bootstrap:
    """User data, and in a directory of their own what cfn-init writes, as on the instance; `root` is filled already."""

    directory: Path
    root: Path
    settings: dict[str, str]
    environment: dict[str, str]
    server: Server

    def command(self, **settings: str) -> list[str]:
        lines = [f'{name}="{value}"\n' for name, value in {**self.settings, **settings}.items()]
        (self.directory / "settings.env").write_text("".join(lines))
        changes = {
            "${AWS::StackName}": "our-stack",
            "${AWS::Region}": "eu-west-1",
            "${EFSFilledHandle}": self.settings["SIGNAL_URL"],
            "/opt/wildrydes": str(self.directory),
            "/opt/aws/bin/cfn-init": str(self.directory.parent / "bin" / "cfn-init"),
            "/var/log/cfn-init.log": self.environment["CALLS"] + ".cfn-init",
        }
        text = USER_DATA
        for one, other in changes.items():
            text = text.replace(one, other)
        (self.directory / "user-data").write_text(text)
        return ["bash", str(self.directory / "user-data")]

    def __call__(self, **settings: str) -> dict[str, Any]:
        """Runs it; returns the only signal. Upper-case settings that are the script's own go by environment."""
        done = subprocess.run(
            self.command(**settings),
            env={**self.environment, **settings},
            capture_output=True,
            text=True,
            timeout=600,
        )
        heard = self.only_signal()
        assert (done.returncode == 0) == (heard["Status"] == "SUCCESS")
        assert "bootstrap: " in done.stdout or heard["UniqueId"] == "user-data", "the console shows the log"
        return heard

    def only_signal(self) -> dict[str, Any]:
        (content_type, body), *more = self.server.puts
        assert not more
        assert not content_type
        heard = json.loads(body)
        assert set(heard) == {"Status", "UniqueId", "Data", "Reason"}
        assert heard["UniqueId"]
        assert max(len(heard["Data"]), len(heard["Reason"])) <= 1000
        assert (heard["Data"] + heard["Reason"]).isprintable()
        return dict(heard)

    def calls(self) -> str:
        path = Path(self.environment["CALLS"])
        return path.read_text() if path.exists() else ""


@pytest.fixture
def bootstrap(populate: Populate, server: Server, fakes: Callable[..., str], tmp_path: Path) -> Bootstrap:
    directory = tmp_path / "opt"
    shutil.copytree(populate.script.parent, directory)
    shutil.copy(FILLING / "bootstrap.sh", directory)
    (tmp_path / "fstab").touch()
    inputs = populate.settings
    settings = {
        "FILE_SYSTEM_ID": "fs-0123",
        "ACCESS_POINT_ID": "fsap-4567",
        "REGION": "eu-west-1",
        "PYTHON_RUNTIME": inputs["PYTHON"],
        "PACKAGES": inputs["PACKAGES"],
        "MODEL": inputs["MODEL"],
        "MODEL_SHA256": "",
        "BOOTSTRAP_INSTANCE": "keep",
        "SIGNAL_URL": server.answer("/signal?AWSAccessKeyId=AKI&Signature=a%2Fb%3D&Expires=1", b""),
    }
    environment = {
        **populate.environment(),
        "PATH": fakes(**FAKES),
        "CALLS": str(tmp_path / "calls"),
        "MOUNT_POINT": str(populate.root),
        "MOUNT_STATUS": "0",
        "FSTAB": str(tmp_path / "fstab"),
        "LOG": str(tmp_path / "populate.log"),
        "BUILD_DIR": str(tmp_path / "build"),
        "PAUSE": "0.1",
    }
    return Bootstrap(directory, populate.root, settings, environment, server)


def test_success_tells_sizes_and_versions(bootstrap: Bootstrap, tmp_path: Path) -> None:
    heard = bootstrap(PACKAGES="six==1.17.0 idna==3.10")
    assert heard["Status"] == "SUCCESS"
    assert heard["Data"].startswith("packages 0.")
    assert "MB (idna 3.10, six 1.17.0, python 3." in heard["Data"]
    assert heard["Data"].endswith(" s")
    options = "tls,iam,accesspoint=fsap-4567,region=eu-west-1"
    assert f"mount -t efs -o {options} fs-0123:/ {bootstrap.root}\n" in bootstrap.calls()
    assert "dnf install -y -q amazon-efs-utils" in bootstrap.calls()
    assert "shutdown" not in bootstrap.calls()
    assert (tmp_path / "fstab").read_text() == f"fs-0123:/ {bootstrap.root} efs _netdev,nofail,{options} 0 0\n"
    assert not list((tmp_path / "build").iterdir())


def test_filled_already_is_success_and_the_instance_may_leave(bootstrap: Bootstrap, tmp_path: Path) -> None:
    heard = bootstrap(BOOTSTRAP_INSTANCE="stop")
    assert heard["Status"] == "SUCCESS"
    assert "(six 1.17.0, TensorFlow 1.0, python 3." in heard["Data"]
    assert bootstrap.calls().splitlines()[-1] == "shutdown -h now"


@pytest.fixture
def code_zip(tmp_path: Path) -> str:
    """A zip in the bucket, whose preparation says what it sees."""
    path = tmp_path / "in_the_bucket.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("bootstrap.sh", "populate.sh", "more.sh", "fill.py", "trial.py", "accepted.py"):
            archive.write(FILLING / name, f"filling/{name}")
        archive.writestr(
            "filling/prepare.py",
            "import json, os, sys\n"
            "with open(sys.argv[3] + '/prepared.json', 'w') as file:\n"
            "    json.dump({'exact_record': os.environ['EXACT_RECORD']}, file)\n",
        )
    return str(path)


def test_the_model_is_prepared_with_the_code_in_the_bucket(bootstrap: Bootstrap, code_zip: str) -> None:
    """It records what a cold start touches, and no more: the instance does nothing else."""
    assert bootstrap(CODE_BUCKET="pictures", CODE_KEY="code/my.zip", CODE_ZIP=code_zip)["Status"] == "SUCCESS"
    assert "--region eu-west-1 s3://pictures/code/my.zip " in bootstrap.calls()
    assert json.loads((bootstrap.root / "manifest.json").read_text())["prepared"] == {"exact_record": "1"}


def test_the_code_in_the_bucket_is_asked_for_again(
    bootstrap: Bootstrap, fakes: Callable[..., str], code_zip: str
) -> None:
    """As long as the instance's role is not known everywhere, for one."""
    fakes(aws='echo "aws $*" >>"$CALLS"; (($(grep -c aws "$CALLS") < 3)) || cp "$CODE_ZIP" "${@: -1}"')
    assert bootstrap(CODE_BUCKET="pictures", CODE_KEY="a.zip", CODE_ZIP=code_zip)["Status"] == "SUCCESS"
    assert bootstrap.calls().count("aws ") == 3


@pytest.fixture
def seeing_zip(code_zip: str) -> str:
    """The same, but its preparation says which pictures it sees."""
    text = (
        "import json, os, sys\n"
        "with open(sys.argv[3] + '/prepared.json', 'w') as file:\n"
        "    json.dump({'seen': sorted(os.listdir(os.environ['SAMPLES']))}, file)\n"
    )
    path = f"{code_zip}.seeing"
    with zipfile.ZipFile(code_zip) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, text if name.endswith("prepare.py") else old.read(name))
    return path


FETCHING = 'echo "aws $*" >>"$CALLS"; [[ ${@: -1} == *.tar ]] && CODE_ZIP=$SAMPLES_TAR; cp "$CODE_ZIP" "${@: -1}"'


def test_the_users_own_pictures_are_fetched_from_the_bucket(
    bootstrap: Bootstrap, fakes: Callable[..., str], seeing_zip: str, tmp_path: Path
) -> None:
    fakes(aws=FETCHING)
    (tmp_path / "s.tar").write_bytes(make_archive(("001.jpg", "a picture"), ("002.png", "another")))
    given = {"CODE_BUCKET": "b", "CODE_KEY": "a.zip", "CODE_ZIP": seeing_zip, "SAMPLES_TAR": str(tmp_path / "s.tar")}
    assert bootstrap(**given, SAMPLES_KEY="model/mine.tar", MODEL_WEIGHTS="auto")["Status"] == "SUCCESS"
    assert "s3://b/model/mine.tar " in bootstrap.calls()
    found = json.loads((bootstrap.root / "manifest.json").read_text())
    assert found["prepared"] == {"seen": ["001.jpg", "002.png"]}
    assert found["inputs"]["preparation"] == "auto - s3://b/model/mine.tar"


def test_pictures_that_cannot_be_fetched_are_a_failure_that_says_so(
    bootstrap: Bootstrap, fakes: Callable[..., str], seeing_zip: str
) -> None:
    fakes(aws=FETCHING)
    given = {"CODE_BUCKET": "b", "CODE_KEY": "a.zip", "CODE_ZIP": seeing_zip, "SAMPLES_TAR": "/not/there"}
    heard = bootstrap(**given, SAMPLES_KEY="model/mine.tar")
    assert heard["Status"] == "FAILURE"
    assert "is ModelSamples the key of a tar in the bucket?" in heard["Reason"]


def test_the_scripts_that_the_template_carries_fill_efs_alone(bootstrap: Bootstrap) -> None:
    shutil.rmtree(bootstrap.directory)
    bootstrap.directory.mkdir()
    for name, script in TEMPLATE["Mappings"]["Scripts"].items():
        (bootstrap.directory / name).write_text(script["Text"])
    body = make_archive(("saved_model.pb", "default"), ("variables/variables.index", "weights from afar"))
    heard = bootstrap(MODEL=bootstrap.server.answer("/model.tar.gz", body), PACKAGES="six==1.17.0")
    assert heard["Status"] == "SUCCESS"
    assert "MB (six 1.17.0, python 3." in heard["Data"]
    assert (bootstrap.root / "model" / "variables" / "variables.index").read_text() == "weights from afar"


def test_without_a_bucket_nothing_is_fetched(bootstrap: Bootstrap) -> None:
    assert bootstrap(CODE_BUCKET="")["Status"] == "SUCCESS"
    assert "aws " not in bootstrap.calls()


def test_signal_is_tried_again(bootstrap: Bootstrap) -> None:
    path = bootstrap.settings["SIGNAL_URL"].removeprefix(bootstrap.server.url)
    bootstrap.server.answer(path, 503, b"")
    subprocess.run(bootstrap.command(), env=bootstrap.environment, check=True, capture_output=True, timeout=600)
    first, second = bootstrap.server.puts
    assert first == second


@pytest.mark.parametrize("status", [403, 404])
def test_a_wait_condition_that_is_over_is_no_fault_and_not_asked_again(bootstrap: Bootstrap, status: int) -> None:
    """As for an instance that CloudFormation made anew: EFS is filled, and the URL has expired."""
    path = bootstrap.settings["SIGNAL_URL"].removeprefix(bootstrap.server.url)
    bootstrap.server.answer(path, status, b"<Error><Code>AccessDenied</Code></Error>")
    command = bootstrap.command(BOOTSTRAP_INSTANCE="stop")
    done = subprocess.run(command, env=bootstrap.environment, capture_output=True, text=True, timeout=600, check=True)
    assert len(bootstrap.server.puts) == 1
    assert f"bootstrap: the wait condition has ended (HTTP {status})" in done.stdout
    assert "error" not in done.stdout
    assert bootstrap.calls().splitlines()[-1] == "shutdown -h now"


def test_signal_gets_through_while_the_instance_is_stopped(bootstrap: Bootstrap, fakes: Callable[..., str]) -> None:
    fakes(curl=f'kill -TERM "$PPID"; {curl.command()} "$@"')
    assert bootstrap()["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        (
            {"PACKAGES": "six==0.0.1"},
            ["error: packages failed", "No matching distribution", "Collecting|versions:"],
        ),
        ({"MODEL_SHA256": "0" * 64}, ["not the one given"]),
        (
            {"SIGNATURE": "other"},
            ["the model/s signatures are default, none is `other`: choose one with --signature NAME |"],
        ),
        ({"MODEL": "/no 'such' \tmodel"}, ["/no 'such'  model does not exist"]),
        ({"DNF_STATUS": "1", "INSTALL_SECONDS": "1"}, ["dnf cannot install", "No 'package'/path [31mred"]),
        ({"MOUNT_STATUS": "32", "MOUNT_SECONDS": "1"}, ["cannot mount fs-0123"]),
        (
            {"PYTHON_RUNTIME": sys.executable, "PACKAGES": "idna==3.10", "POPULATE_SECONDS": "1"},
            ["did not finish within 1 s"],
        ),
    ],
    ids=["pip", "digest", "signature", "quotes", "dnf", "mount", "timeout"],
)
def test_failure_tells_reason_and_last_lines(bootstrap: Bootstrap, changes: dict[str, str], reasons: list[str]) -> None:
    heard = bootstrap(BOOTSTRAP_INSTANCE="stop", **changes)
    assert heard["Status"] == "FAILURE"
    for reason in reasons:
        assert any(part in heard["Reason"] for part in reason.split("|")), heard["Reason"]
    assert " | last lines: " in heard["Reason"]
    assert not heard["Reason"].startswith(("populate: ", "bootstrap: ", " |")), "the reason comes first, as a sentence"
    assert "shutdown" not in bootstrap.calls()
    assert (bootstrap.root / "manifest.json").exists(), "the old content is whole"


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"CFN_STATUS": "1"}, ["cfn-init failed: no such 'stack'"]),
        (
            {"CODE_BUCKET": "pictures", "CODE_KEY": "a.zip", "CODE_ZIP": "/none"},
            ["cannot read s3://pictures/a.zip: the function's zip must be there", "/none"],
        ),
        (
            {"CODE_BUCKET": "pictures", "CODE_KEY": "a.zip", "CODE_ZIP": "another"},
            ["cannot read s3://pictures/a.zip: the function's zip must be there", "code/filling/bootstrap.sh"],
        ),
    ],
    ids=["cfn-init", "no code", "other code"],
)
def test_what_fails_before_the_scripts_is_told_too(
    bootstrap: Bootstrap, tmp_path: Path, changes: dict[str, str], reasons: list[str]
) -> None:
    with zipfile.ZipFile(tmp_path / "another", "w") as archive:
        archive.writestr("lambda_function.py", "")
    given = {key: str(tmp_path / one) if one == "another" else one for key, one in changes.items()}
    heard = bootstrap(BOOTSTRAP_INSTANCE="stop", **given)
    assert heard["Status"] == "FAILURE"
    assert all(reason in heard["Reason"] for reason in reasons), heard["Reason"]
    assert "shutdown" not in bootstrap.calls()


def test_mount_is_tried_until_it_is_one(bootstrap: Bootstrap, fakes: Callable[..., str]) -> None:
    fakes(mount='echo mount >>"$CALLS"; (($(grep -c mount "$CALLS") < 3)) || touch "$CALLS.mounted"')
    assert bootstrap()["Status"] == "SUCCESS"
    assert bootstrap.calls().count("mount\n") == 3


def test_interrupted_instance_tells_so(bootstrap: Bootstrap) -> None:
    command = bootstrap.command(PYTHON_RUNTIME=sys.executable, PACKAGES="idna==3.10")
    with subprocess.Popen(command, env=bootstrap.environment, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        while "venv" not in run.stdout.readline():
            pass
        run.send_signal(signal.SIGTERM)
        assert run.wait(timeout=300) == 1
        run.stdout.read()
    assert "stopped by a signal" in bootstrap.only_signal()["Reason"]
