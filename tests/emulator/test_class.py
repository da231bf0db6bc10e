"""A class of twenty on the emulator: its calls, what goes wrong with it, and that nothing of it is left."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.aws.session import connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.classroom import present, removal, run
from wildrydes_ml.classroom.roster import Student, counted
from wildrydes_ml.classroom.run import Order
from wildrydes_ml.classroom.seats import NOT_CONNECTED, Seat
from wildrydes_ml.deploy import deployer
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deployment import Deployment
from wildrydes_ml.local import emulator
from wildrydes_ml.testing import Said

from ..operations import Request
from ..sweep.place import SETTINGS, fill
from ..unit.classroom.hurry import fast, throttled
from ..wire import Call, Fault, Wire
from .classes import application
from .conftest import client

pytestmark = pytest.mark.slow

ROOM = "room"
# Of the calls of as many single deploys.
MOST = 0.6
ROOT = Path(__file__).resolve().parents[2]


class Rough(Wire):
    """A wire on which every so many calls go wrong, each in another way: no call twice in a row."""

    WAYS = (Fault.THROTTLED, Fault.LOST, Fault.RESET, Fault.UNAVAILABLE, Fault.CUT)
    EVERY = 9

    def admit(self, request: Request) -> tuple[Call, Fault | None, Any]:
        call, _, strike = super().admit(request)
        is_bad = call.number % self.EVERY == 0 and call.service != "execute-api"
        return call, self.WAYS[call.number // self.EVERY % len(self.WAYS)] if is_bad else None, strike


@pytest.fixture
def here(place: Target) -> Target:
    """The emulator, for an application without EFS; a call is tried again as on AWS."""
    return replace(place, efs_directory=None, parameters={}, attempts=6)


@pytest.fixture
def app(tmp_path: Path) -> Deployment:
    return application(tmp_path)


def order(app: Deployment, students: Sequence[Student], **overrides: str) -> Order:
    who = tuple(students)
    return Order(Settings((app,), name=ROOM, overrides=overrides), ROOM, who, who, is_wired=True)


def deployed(here: Target, asked: Order, said: Said | None = None) -> list[Seat]:
    return run.deploy(connect(here, sleep=_shortly), asked, here, said or Said())


def removed(here: Target, app: Deployment) -> bool:
    aws, asked = connect(here, sleep=_shortly), Settings((app,), name=ROOM)
    return removal.destroy(aws, asked, ROOM, (), here, Said())


def _shortly(seconds: float) -> None:
    time.sleep(min(seconds, 0.05))


def done(seats: Sequence[Seat]) -> list[str]:
    """Those whose own function answered."""
    return [
        seat.student.id for seat in seats if seat.state == "done" and f"room-{seat.student.id}-hello" in seat.verdict
    ]


def left(here: Target) -> dict[str, list[str]]:
    """What the user's own tools see: all that a class makes."""
    gateway = client(here, "apigateway")
    return {
        "stacks": [one["StackName"] for one in client(here, "cloudformation").describe_stacks()["Stacks"]],
        "functions": [one["FunctionName"] for one in client(here, "lambda").list_functions()["Functions"]],
        "APIs": [one["name"] for one in gateway.get_rest_apis()["items"]],
        "keys": [one["name"] for one in gateway.get_api_keys()["items"]],
        "plans": [one["name"] for one in gateway.get_usage_plans()["items"]],
        "buckets": [one["Name"] for one in client(here, "s3").list_buckets()["Buckets"]],
        "log groups": [one["logGroupName"] for one in client(here, "logs").describe_log_groups()["logGroups"]],
        "roles": [one["RoleName"] for one in client(here, "iam").list_roles()["Roles"] if ROOM in one["RoleName"]],
        "queues": client(here, "sqs").list_queues().get("QueueUrls", []),
    }


def nothing(here: Target) -> bool:
    return not any(left(here).values())


def test_a_class_makes_far_fewer_calls_than_single_deploys(here: Target, app: Deployment) -> None:
    students = counted(20, ROOM)
    with Wire(here.endpoint) as wire:
        seats = deployed(replace(here, endpoint=wire.endpoint), order(app, students))
        of_class = Counter(f"{call.service}:{call.operation}" for call in wire.calls)
    assert len(done(seats)) == 20
    with Wire(here.endpoint) as wire:
        seen = replace(here, endpoint=wire.endpoint)
        deployer.deploy(connect(seen), Settings((app,), name="alone"), seen, Said())
        alone = len(wire.calls)
    assert sum(of_class.values()) <= MOST * 20 * alone, of_class
    assert of_class["cloudformation:CreateStack"] == 21
    assert of_class["s3:PutObject"] == 1
    assert of_class["logs:DescribeLogGroups"] == of_class["lambda:GetAccountSettings"] == 1
    with Wire(here.endpoint) as wire:
        again = deployed(replace(here, endpoint=wire.endpoint), order(app, students))
        calls = Counter(f"{call.service}:{call.operation}" for call in wire.calls)
    assert len(done(again)) == 20
    assert calls["cloudformation:DescribeStacks"] == 3
    assert not [name for name in calls if name.partition(":")[2].startswith(("Create", "Put", "Update", "Delete"))]


def test_the_calls_keep_to_the_account_s_rates(here: Target, app: Deployment) -> None:
    """A second passes in a thousandth, so that the pace and not the emulator decides when a call comes."""
    pace, aws, students = fast(300), connect(here), counted(6, ROOM)
    asked = replace(order(app, students, ApiAuth="API_KEY"), workers=6)
    assert len(done(run.deploy(aws, asked, here, Said(), pace=pace))) == 6
    assert throttled(pace.went) == []
    turns = [turn for turn, calls in pace.went if "CreateRestApi" in calls]
    assert len(turns) == 6
    assert max(turns) - min(turns) >= 15
    leaving = fast(300)
    assert removal.destroy(aws, Settings((app,), name=ROOM), ROOM, (), here, Said(), pace=leaving)
    assert throttled(leaving.went) == []
    assert nothing(here)


def test_a_rough_network_a_broken_part_and_a_second_run(here: Target, app: Deployment) -> None:
    """Throttles and lost replies while twenty are made; then five parts are broken by hand; then nothing is left."""
    students = counted(20, ROOM)
    with Rough(here.endpoint) as wire:
        seen = replace(here, endpoint=wire.endpoint)
        deployed(seen, order(app, students, ApiAuth="API_KEY"))
        assert len([call for call in wire.calls if call.number % Rough.EVERY == 0]) > 20
    seats = deployed(here, order(app, students, ApiAuth="API_KEY"))
    assert len(done(seats)) == 20, [seat for seat in seats if seat.state != "done"]
    assert len({seat.key for seat in seats}) == 20
    break_by_hand(here, ROOM)
    broken = present.status(connect(here), Settings((app,), name=ROOM), ROOM, students, (), here, Said())
    assert len(done(broken)) < 20
    mended = deployed(here, order(app, students, ApiAuth="API_KEY"))
    assert len(done(mended)) == 20, [seat for seat in mended if seat.state != "done"]
    with Rough(here.endpoint) as wire:
        seen = replace(here, endpoint=wire.endpoint)
        assert removed(seen, app)
    assert nothing(here), left(here)


def break_by_hand(here: Target, name: str) -> None:
    """A function, an API, a stage, a stack and a key go, each of another student."""
    gateway, functions = client(here, "apigateway"), client(here, "lambda")
    apis = {one["name"]: one["id"] for one in gateway.get_rest_apis()["items"]}
    functions.delete_function(FunctionName=f"{name}-student-01-hello")
    gateway.delete_rest_api(restApiId=apis[f"{name}-student-02-hello"])
    gateway.delete_stage(restApiId=apis[f"{name}-student-03-hello"], stageName="prod")
    client(here, "cloudformation").delete_stack(StackName=f"{name}-student-04-own")
    keys = {one["name"]: one["id"] for one in gateway.get_api_keys()["items"]}
    gateway.delete_api_key(apiKey=keys[f"{name}-student-05-hello"])


APP = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.emulator.classes import application
app = application(Path(__file__).parent)
"""


class Room:
    """`bin/class.py` as a teacher runs it, in one home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        (folder / "app.py").write_text(APP.format(root=str(ROOT)))

    def line(self, *arguments: str) -> list[str]:
        place = ["--app", "app.py", "--local", "--home", str(self.home), "--name", ROOM, "--output", "json"]
        return [sys.executable, str(ROOT / "bin" / "class.py"), *arguments, *place]

    def __call__(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        found = subprocess.run(
            self.line(*arguments), capture_output=True, text=True, cwd=self.folder, timeout=600, check=False
        )
        assert found.returncode == code, found.stdout + found.stderr
        return [json.loads(line) for line in found.stdout.splitlines()]


def rows_of(told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The students' rows at the end."""
    return [one for one in told if one["type"] == "output" and "student" in one]


@pytest.fixture
def room(tmp_path: Path, home: Path) -> Room:
    return Room(tmp_path)


def test_a_teacher_s_class_is_killed_in_the_middle_and_finished_by_the_same_command(room: Room) -> None:
    (room.folder / "students.csv").write_text("name\nAnna Müller\nBob\n=cmd()\nZoë\n", encoding="utf-8")
    command = ("deploy", "students.csv", "--wired", "--set", "ApiAuth=API_KEY")
    with subprocess.Popen(room.line(*command), stdout=subprocess.PIPE, text=True, cwd=room.folder) as killed:
        assert killed.stdout
        for line in killed.stdout:
            if '"stage": "connect the API"' in line:
                killed.send_signal(signal.SIGKILL)
                break
    told = room(*command)
    rows = rows_of(told)
    assert [(row["student"], row["state"]) for row in rows] == [
        ("anna-muller", "done"),
        ("bob", "done"),
        ("cmd", "done"),
        ("zoe", "done"),
    ]
    sheet, cards = (room.folder / ROOM / f"{ROOM}.{end}" for end in ("csv", "html"))
    assert sheet.stat().st_mode & 0o077 == 0
    assert "anna-muller,Anna Müller,done,http://127.0.0.1:" in sheet.read_text(encoding="utf-8")
    assert "'=cmd()" in sheet.read_text(encoding="utf-8")
    assert rows[0]["url"] in cards.read_text(encoding="utf-8")
    assert all("api_key" not in row for row in rows)
    assert room("status")[-1]["failed"] == []
    assert room("destroy", "--only", "bob")[-1]["changed"]
    assert [row["state"] for row in rows_of(room("status", "students.csv", code=1))] == [
        "done",
        "failed",
        "done",
        "done",
    ]
    whole = sheet.read_text(encoding="utf-8")
    assert room(*command, "--only", "bob")[-1]["students"] == 1
    assert sheet.read_text(encoding="utf-8") == whole
    assert "bob" in sheet.with_name(f"{ROOM}-bob.csv").read_text(encoding="utf-8")
    gone = room("destroy")
    assert gone[-1]["changed"]
    options = [one["options"] for one in gone if "options" in one]
    assert options == [["--wired", "--set", "ApiAuth=API_KEY"]], (
        "what all share and a student's part are told as they were"
    )
    assert not room.home.exists()


def test_the_students_connect_their_apis_and_status_tells_who_has(room: Room) -> None:
    rows = rows_of(room("deploy", "--count", "2"))
    assert [row["verdict"] for row in rows] == [NOT_CONNECTED] * 2
    running = emulator.find(room.home)
    assert running
    connect_by_hand(emulator.target(room.home, running, ROOM), f"{ROOM}-student-02-hello")
    rows = rows_of(room("status"))
    assert rows[0]["verdict"] == NOT_CONNECTED
    assert "room-student-02-hello" in rows[1]["verdict"]
    room("destroy")


def connect_by_hand(here: Target, function: str) -> None:
    """What a participant does in the console."""
    gateway = client(here, "apigateway")
    api = next(one["id"] for one in gateway.get_rest_apis()["items"] if one["name"] == function)
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    place = {"restApiId": api, "resourceId": root, "httpMethod": "ANY"}
    gateway.put_method(**place, authorizationType="NONE")
    arn = f"arn:aws:lambda:{here.region}:000000000000:function:{function}"
    uri = f"arn:aws:apigateway:{here.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    gateway.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api, stageName="prod")


def test_a_roster_with_faults_makes_nothing(room: Room) -> None:
    rows = ["name,id", "Anna,", "anna,", "王小明,", ",", "Bob,Bob!", *(f"Rider {number}," for number in range(200))]
    (room.folder / "students.csv").write_text("\n".join(rows), encoding="utf-8")
    *_, ended = room("deploy", "students.csv", code=2)
    for told in ("lines 2, 3: they have the same id anna", "line 4: no id", "line 6: id 'Bob!'", "at most 200"):
        assert told in ended["error"]
    assert not room.home.exists()


def test_twenty_copies_of_the_workshop_make_six_tenths_of_the_calls_of_twenty_deploys(
    home: Path, place: Target, tmp_path: Path
) -> None:
    """With its own templates, a light function, and a key for each."""
    efs = fill(tmp_path / "efs")
    place = replace(place, efs_directory=efs, parameters={**place.parameters, "EFSpath": str(efs)})
    asked, students = replace(SETTINGS, name=ROOM), counted(20, ROOM)
    with Wire(place.endpoint) as wire:
        seen = replace(place, endpoint=wire.endpoint)
        seats = run.deploy(connect(seen), Order(asked, ROOM, students, students, is_wired=True), seen, Said())
        of_class = len(wire.calls)
    assert [seat.state for seat in seats] == ["done"] * 20, seats
    with Wire(place.endpoint) as wire:
        seen = replace(place, endpoint=wire.endpoint)
        deployer.deploy(connect(seen), replace(asked, name="alone"), seen, Said())
        alone = len(wire.calls)
    assert of_class <= MOST * 20 * alone, f"{of_class} calls, and {alone} for one"
