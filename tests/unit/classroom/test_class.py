"""A class of the workshop in an AWS in memory: made once for all, a part for each, finished by the same command."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

import pytest

from wildrydes_ml.aws.facts import Concurrency, Unknown, Usage
from wildrydes_ml.aws.records import Billable, Stack, StackResource
from wildrydes_ml.aws.target import Target
from wildrydes_ml.classroom import present, removal, run
from wildrydes_ml.classroom.pacing import Over
from wildrydes_ml.classroom.roster import Student, counted
from wildrydes_ml.classroom.run import Order
from wildrydes_ml.classroom.seats import NOT_CONNECTED, Seat
from wildrydes_ml.cli.parser import build_parser
from wildrydes_ml.deploy import survey
from wildrydes_ml.deploy.preflight import Unready
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deploy.survey import Standing
from wildrydes_ml.deployment import Deployment
from wildrydes_ml.deployment import Stack as StackOf
from wildrydes_ml.destroy import expired
from wildrydes_ml.destroy import public as destroying
from wildrydes_ml.destroy.remains import STACK_TAG
from wildrydes_ml.errors import Refused, SettingsError, WildrydesError
from wildrydes_ml.tags import BESIDE_TAG, CLASS_TAG, EXPIRES_TAG, STUDENT_TAG, TAG
from wildrydes_ml.template.decode import decode
from wildrydes_ml.testing import IDENTITY, Response, Said, serving
from wildrydes_ml.workshop.settings import wild_rydes

from ..fakes import HORSE_ANSWER, FakeAws
from .hurry import fast, throttled

THUMBS = Path(__file__).parents[1] / "thumbs.yml"
ROOM, HERE = "room", Target()
STUDENTS = counted(3, ROOM)


class FakeRoom(FakeAws):
    """An account in which each stack has an API of its own."""

    def outputs(self, stack: Stack) -> Mapping[str, str]:
        found = super().outputs(stack)
        return found if "ModelInferenceApiId" not in found else {**found, "ModelInferenceApiId": f"api-{stack.name}"}


@pytest.fixture
def aws() -> Iterator[FakeRoom]:
    with serving(lambda request: Response(200, HORSE_ANSWER.encode(), {"Content-Type": "application/json"})) as url:
        yield FakeRoom(url)


def order(students: tuple[Student, ...] = STUDENTS, only: tuple[Student, ...] = (), **options: Any) -> Order:
    is_wired, hours = options.pop("is_wired", True), options.pop("hours", 2.0)
    asked = wild_rydes(name=ROOM, **options)
    return Order(asked, ROOM, students, only or students, is_wired=is_wired, hours=hours, workers=4)


def deployed(aws: FakeRoom, asked: Order, said: Said | None = None, **more: Any) -> list[Seat]:
    return run.deploy(aws.gateways, asked, HERE, said or Said(), pace=fast(10_000), **more)


def removed(aws: FakeRoom, *ids: str, said: Said | None = None, asked: Settings | None = None, **more: Any) -> bool:
    return removal.destroy(
        aws.gateways, asked or wild_rydes(name=ROOM), ROOM, ids, HERE, said or Said(), pace=fast(10_000), **more
    )


def created(aws: FakeRoom) -> list[str]:
    return [line.removeprefix("create ") for line in aws.journal if line.startswith("create ")]


def test_a_class_shares_network_files_and_bucket(aws: FakeRoom) -> None:
    seats = deployed(aws, order())
    assert created(aws)[0] == "room-mod5"
    assert sorted(created(aws)[1:]) == [f"room-student-0{number}-mod5-inf" for number in (1, 2, 3)]
    assert [line for line in aws.journal if "bucket" in line] == ["make bucket room-123456789012-eu-west-1"]
    assert len([line for line in aws.journal if line.startswith("upload")]) == 1
    assert [(seat.state, "Unicorn is validated" in seat.verdict) for seat in seats] == [("done", True)] * 3


def test_a_student_s_stack_gets_what_all_share(aws: FakeRoom) -> None:
    deployed(aws, order(overrides={"MinScore": "0.5", "PythonRuntime": "python3.12"}))
    base, one = aws.stacks.stacks["room-mod5"], aws.stacks.stacks["room-student-01-mod5-inf"]
    assert base.parameters["PythonRuntime"] == one.parameters["PythonRuntime"] == "python3.12"
    assert one.parameters["SubnetIDs"] == "subnet-a,subnet-b"
    assert one.parameters["SecurityGroupIds"] == "sg-1"
    assert one.parameters["MinScore"] == "0.5"
    assert one.parameters["FunctionName"] == "room-student-01-ml_inferencefunction"
    assert one.parameters["DataBucket"] == "room-123456789012-eu-west-1"
    assert one.parameters["CodeKey"] in aws.buckets.keys("room-123456789012-eu-west-1")
    assert (base.tags[TAG], base.tags[CLASS_TAG], STUDENT_TAG in base.tags) == (ROOM, ROOM, False)
    assert (one.tags[TAG], one.tags[CLASS_TAG], one.tags[STUDENT_TAG]) == ("room-student-01", ROOM, "student-01")


def test_what_follows_from_the_network_follows_in_each_part(aws: FakeRoom) -> None:
    deployed(aws, order(overrides={"InternetEgress": "ipv6"}))
    assert aws.stacks.stacks["room-student-02-mod5-inf"].parameters["Ipv6AllowedForDualStack"] == "true"


def test_the_same_command_changes_nothing_when_all_is_done(aws: FakeRoom) -> None:
    deployed(aws, order(overrides={"MinScore": "0.5"}))
    before = list(aws.journal)
    assert [seat.state for seat in deployed(aws, order())] == ["done"] * 3
    assert aws.journal == before


def test_another_filling_of_efs_starts_every_function_anew(aws: FakeRoom) -> None:
    deployed(aws, order())
    before = aws.stacks.stacks["room-student-01-mod5-inf"].parameters["Revision"]
    base = aws.stacks.stacks["room-mod5"]
    aws.stacks.stacks["room-mod5"] = replace(base, outputs={**base.outputs, "EFSContents": "another model"})
    deployed(aws, order())
    assert aws.stacks.stacks["room-student-01-mod5-inf"].parameters["Revision"] != before


def test_one_who_fails_keeps_nobody_else_back_and_the_same_command_finishes(aws: FakeRoom) -> None:
    aws.stacks.fail(
        "room-student-02-mod5-inf", "ModelInferenceFunction", "no room in the subnet", "AWS::Lambda::Function"
    )
    seats = deployed(aws, order())
    assert [seat.state for seat in seats] == ["done", "failed", "done"]
    assert "no room in the subnet" in seats[1].verdict
    assert run.exit_code(seats) == 1
    again = deployed(aws, order())
    assert [seat.state for seat in again] == ["done"] * 3
    assert created(aws).count("room-student-02-mod5-inf") == 2
    assert created(aws).count("room-student-01-mod5-inf") == 1


def test_one_more_student_comes_to_a_class_that_stands(aws: FakeRoom) -> None:
    deployed(aws, order())
    before = len(aws.journal)
    deployed(aws, order(counted(4, ROOM)))
    assert [line for line in aws.journal[before:] if line.startswith("create")] == ["create room-student-04-mod5-inf"]


def test_who_joins_later_gets_what_the_others_have(aws: FakeRoom) -> None:
    """A key, an expiry and a tag that the class has are not missing where nobody names them again."""
    expires, values = "2096-01-01T18:00:00Z", {"ApiAuth": "API_KEY", "MinScore": "0.5"}
    deployed(aws, order(overrides=values, expires=expires, tags={"team": "rides"}))
    deployed(aws, order(only=STUDENTS[:1], overrides={"Timeout": "60"}))
    before = list(aws.journal)
    deployed(aws, order(counted(4, ROOM)))
    late = aws.stacks.stacks["room-student-04-mod5-inf"]
    assert {name: late.parameters[name] for name in values} == values
    assert late.parameters["Timeout"] == aws.stacks.stacks["room-student-02-mod5-inf"].parameters["Timeout"]
    assert late.parameters["FunctionName"] == "room-student-04-ml_inferencefunction"
    assert (late.tags[EXPIRES_TAG], late.tags["team"]) == (expires, "rides")
    assert not [line for line in aws.journal[len(before) :] if "student-01" in line or "update" in line]
    del aws.stacks.stacks["room-student-02-mod5-inf"]
    with pytest.raises(SettingsError, match="add --wired"):
        deployed(aws, order(only=STUDENTS[1:2], is_wired=False))
    deployed(aws, order(only=STUDENTS[1:2], overrides={"MinScore": "0.9"}))
    again = aws.stacks.stacks["room-student-02-mod5-inf"]
    assert (again.parameters["MinScore"], again.parameters["ApiAuth"]) == ("0.9", "API_KEY")


def test_a_class_of_which_nobody_s_part_was_made_has_its_settings_all_the_same(aws: FakeRoom) -> None:
    expires = "2096-01-01T18:00:00Z"
    aws.stacks.fail("room-student-01-mod5-inf", "ModelInferenceFunction", "no", "AWS::Lambda::Function")
    deployed(aws, order(STUDENTS[:1], expires=expires, tags={"team": "rides"}, overrides={"ApiAuth": "API_KEY"}))
    deployed(aws, order())
    parts = [aws.stacks.stacks[f"room-student-0{number}-mod5-inf"] for number in (1, 2, 3)]
    told = {(one.tags[EXPIRES_TAG], one.tags["team"], one.parameters["ApiAuth"]) for one in parts}
    assert told == {(expires, "rides", "API_KEY")}


def test_before_the_first_student_what_all_share_tells_the_expiry(aws: FakeRoom) -> None:
    expires = "2096-01-01T18:00:00Z"
    deployed(aws, order(STUDENTS[:1], expires=expires))
    del aws.stacks.stacks["room-student-01-mod5-inf"]
    deployed(aws, order(STUDENTS[1:]))
    assert aws.stacks.stacks["room-student-02-mod5-inf"].tags[EXPIRES_TAG] == expires


def test_only_one_student_is_done_again(aws: FakeRoom) -> None:
    deployed(aws, order())
    del aws.stacks.stacks["room-student-02-mod5-inf"]
    seats = deployed(aws, order(only=STUDENTS[1:2]))
    assert [(seat.student.id, seat.state) for seat in seats] == [("student-02", "done")]
    assert created(aws)[-1] == "room-student-02-mod5-inf"


def test_connecting_the_api_is_left_to_the_students(aws: FakeRoom) -> None:
    aws.apis.loss = "AWS::ApiGateway::Stage"
    seats = deployed(aws, order(is_wired=False))
    assert [seat.verdict for seat in seats] == [NOT_CONNECTED] * 3
    assert not [line for line in aws.journal if line.startswith("wire")]
    assert sorted(aws.functions.invoked) == [
        f"room-student-0{number}-ml_inferencefunction:live" for number in (1, 2, 3)
    ]


def test_an_api_that_nobody_has_connected_yet_is_nothing_to_mend(aws: FakeRoom) -> None:
    aws.apis.loss = "AWS::ApiGateway::Stage"
    deployed(aws, order(is_wired=False))
    before = list(aws.journal)
    assert [seat.verdict for seat in deployed(aws, order(is_wired=False))] == [NOT_CONNECTED] * 3
    assert aws.journal == before


def test_status_tells_who_has_connected_the_api(aws: FakeRoom) -> None:
    aws.apis.loss = "AWS::ApiGateway::Stage"
    deployed(aws, order(is_wired=False))
    aws.apis.loss = ""
    del aws.stacks.stacks["room-student-03-mod5-inf"]
    seats = present.status(aws.gateways, wild_rydes(name=ROOM), ROOM, STUDENTS, (), HERE, Said())
    assert "Unicorn is validated" in seats[0].verdict
    assert (seats[2].state, seats[2].verdict) == ("failed", present.NOT_DEPLOYED)


def test_status_finds_the_students_without_a_list(aws: FakeRoom) -> None:
    deployed(aws, order())
    seats = present.status(aws.gateways, wild_rydes(name=ROOM), ROOM, (), (), HERE, Said())
    assert [seat.student.id for seat in seats] == ["student-01", "student-02", "student-03"]
    with pytest.raises(WildrydesError, match="there is no class empty here"):
        present.status(aws.gateways, wild_rydes(name="empty"), "empty", (), (), HERE, Said())


def test_a_person_agrees_once_to_time_and_cost_before_anything_is_made(aws: FakeRoom) -> None:
    asked: list[list[str]] = []

    def no(lines: list[str]) -> None:
        asked.append(lines)
        raise SettingsError(["nothing was changed"])

    with pytest.raises(SettingsError):
        deployed(aws, order(counted(20, ROOM), hours=3), confirm=no)
    assert aws.journal == []
    (lines,) = asked
    told = "\n".join(lines)
    assert "class room in account 123456789012, region eu-west-1" in told
    assert "20 students, 20 of them new" in told
    assert "for 3 hours" in told
    assert "class destroy will take about 10 min or more" in told


def test_a_person_is_asked_about_new_students_of_a_class_that_stands_and_not_about_nothing(aws: FakeRoom) -> None:
    asked: list[list[str]] = []
    deployed(aws, order())
    deployed(aws, order(), confirm=asked.append)
    assert asked == []
    deployed(aws, order(counted(4, ROOM)), confirm=asked.append)
    assert len(asked) == 1
    assert "4 students, 1 of them new" in "\n".join(asked[0])


def test_an_account_without_room_is_told_before_anything_is_made(aws: FakeRoom) -> None:
    aws.account.answers |= {"apis": Usage({"": 598}, 600), "roles": Usage({"": 999}, 1000)}
    with pytest.raises(Unready) as refused:
        deployed(aws, order())
    assert "598 are in use, 3 more are needed" in str(refused.value)
    assert "999 are in use, 3 more are needed" in str(refused.value)
    assert aws.journal == []


def test_no_room_is_needed_for_who_is_there(aws: FakeRoom) -> None:
    deployed(aws, order())
    aws.account.answers |= {"apis": Usage({"": 600}, 600)}
    assert [seat.state for seat in deployed(aws, order())] == ["done"] * 3


def test_what_cannot_be_checked_is_said_and_does_not_block(aws: FakeRoom) -> None:
    aws.account.answers |= {"roles": Unknown("denied", "iam:GetAccountSummary")}
    said = Said()
    deployed(aws, order(), said)
    assert "not checked whether the account has room for more IAM roles: iam:GetAccountSummary" in said.texts("warning")


def test_a_new_account_that_runs_ten_functions_at_once_is_told(aws: FakeRoom) -> None:
    aws.account.answers["concurrency"] = Concurrency(10, 10, 0)
    said = Said()
    run.preview(aws.gateways, order(counted(20, ROOM)), HERE, said)
    assert any("at most 10 functions at once, and the class has 20 students" in text for text in said.texts("warning"))
    assert aws.journal == []


def test_a_preview_changes_nothing_and_says_what_would_be_made(aws: FakeRoom) -> None:
    said = Said()
    assert run.preview(aws.gateways, order(), HERE, said)
    assert aws.journal == []
    assert any("create stack room-mod5" in text for text in said.texts("plan"))
    assert any(text.startswith("time: about") for text in said.texts("output"))
    deployed(aws, order())
    again = Said()
    assert not run.preview(aws.gateways, order(), HERE, again)
    told = [text for kind, text, _ in again.lines if kind in ("plan", "output")]
    assert told[0] == "what all share:", "what does not change is not the whole class"


def test_a_preview_names_whose_parts_would_change(aws: FakeRoom) -> None:
    deployed(aws, order())
    deployed(aws, order(only=STUDENTS[:1], overrides={"MinScore": "0.5"}))
    before, said = list(aws.journal), Said()
    assert run.preview(aws.gateways, order(overrides={"MinScore": "0.5"}), HERE, said)
    assert "the stacks of these students change: student-02, student-03" in said.texts("output")
    assert aws.journal == before


def test_twenty_copies_take_minutes_at_the_rates_of_the_account(aws: FakeRoom) -> None:
    """One deployment in 5 s: 95 s between the first and the last; one deletion in 30 s: 570 s."""
    said = Said()
    asked = replace(order(counted(20, ROOM), overrides={"ApiAuth": "API_KEY"}), workers=10)
    run.preview(aws.gateways, asked, HERE, said)
    told = "\n".join(said.texts("output"))
    assert "then about 4 min for the new students" in told
    assert "class destroy will take about 10 min or more: AWS deletes one API in 30 s" in told


def test_each_seat_tells_its_own_api(aws: FakeRoom) -> None:
    seats = deployed(aws, order())
    assert [seat.api for seat in seats] == [f"api-room-student-0{number}-mod5-inf" for number in (1, 2, 3)]


def test_a_key_for_each_comes_with_the_connected_api() -> None:
    order(overrides={"ApiAuth": "API_KEY"}).check()
    with pytest.raises(SettingsError, match="add --wired"):
        order(is_wired=False, overrides={"ApiAuth": "API_KEY"}).check()


def test_who_is_in_aws_and_not_in_the_list_is_told_and_stays(aws: FakeRoom) -> None:
    deployed(aws, order())
    said = Said()
    run.preview(aws.gateways, order(STUDENTS[:1]), HERE, said)
    assert any(text.startswith("3 students, 0 of them new") for text in said.texts("output"))
    said = Said()
    deployed(aws, replace(order(STUDENTS[:1]), removing="class.py destroy --name room --local"), said)
    (told,) = said.texts("warning")
    assert told.startswith("in AWS, but not in the list: student-02, student-03.")
    assert told.endswith(": class.py destroy --name room --local --only student-02 --only student-03")
    assert "stack room-student-03-mod5-inf" in aws.left


@pytest.mark.parametrize("stack", ["room-student-02-mod5-inf", "room-student-02-mod5-complete"])
def test_no_student_takes_over_a_deployment_that_is_not_of_the_class(aws: FakeRoom, stack: str) -> None:
    aws.stacks.put(stack, "CREATE_COMPLETE", tags={TAG: "room-student-02"})
    for act in (deployed, lambda aws, asked: run.preview(aws.gateways, asked, HERE, Said())):
        with pytest.raises(Refused, match=f"id student-02: stack {stack} is of a deployment room-student-02, which"):
            act(aws, order())
    assert aws.journal == []
    assert [seat.state for seat in deployed(aws, order(only=STUDENTS[:1]))] == ["done"]


def test_two_classes_do_not_share_a_name_by_an_id(aws: FakeRoom) -> None:
    """The student 2 of `room` and what the class `room-2` shares would be one deployment, and go together."""
    two = (Student("2", "Two"),)
    other = replace(order(), name="room-2", asked=wild_rydes(name="room-2"))
    deployed(aws, order(two))
    with pytest.raises(
        Refused, match="--name room-2: stack room-2-mod5-inf is of a deployment room-2, which is not of"
    ):
        deployed(aws, other)
    removed(aws)
    assert [seat.state for seat in deployed(aws, other)] == ["done"] * 3
    with pytest.raises(Refused, match="id 2: stack room-2-mod5 is of a deployment room-2, which is not of this class"):
        deployed(aws, order(two))


def test_an_id_that_gives_a_stack_the_name_of_one_for_all_is_refused() -> None:
    stacks = (StackOf.of(THUMBS, "base"), StackOf.of(THUMBS))
    taken = (Student("base", "Base"),)
    with pytest.raises(SettingsError, match="id base: a stack that all share has this name"):
        Order(Settings((Deployment("hello", stacks),)), "hello-class", taken, taken).check()


def test_what_may_be_replaced_is_warned_of_only_where_no_part_has_it(aws: FakeRoom) -> None:
    """One part has the API, the other one the network, and an older stack what this version has no more."""
    asked = order(allow_replace=("ModelInferenceApi", "LambdaEFSMLVPC", "Queue"))
    deployed(aws, asked)
    name = "room-student-02-mod5-inf"
    body = decode(aws.stacks.templates[name])
    aws.stacks.templates[name] = json.dumps({"Resources": body["Resources"] | {"Queue": {"Type": "AWS::SQS::Queue"}}})
    seen, planned = Said(), Said()
    run.preview(aws.gateways, asked, HERE, planned)
    deployed(aws, asked, seen)
    assert [text for said in (planned, seen) for text in said.texts("warning") if "--allow-replace" in text] == []
    slip = Said()
    deployed(aws, order(allow_replace=("ModelInferenceApi", "Qeue")), slip)
    (told,) = slip.texts("warning")
    assert told.startswith("--allow-replace Qeue has no effect: this deployment has no such resource")
    assert "ModelInferenceApi" in told.partition("its protected resources are")[2]


def test_a_warning_that_all_get_is_told_once(aws: FakeRoom) -> None:
    said = Said()
    local = replace(HERE, parameters={"MinScore": "0.1"})
    run.deploy(aws.gateways, order(overrides={"MinScore": "0.5"}), local, said, pace=fast(10_000))
    assert len([text for text in said.texts("warning") if "MinScore" in text]) == 1


def test_no_call_comes_earlier_than_the_account_s_rates_allow(aws: FakeRoom) -> None:
    pace = fast(2_000)
    run.deploy(aws.gateways, replace(order(counted(6, ROOM)), workers=6), HERE, Said(), pace=pace)
    assert throttled(pace.went) == []
    assert sum(calls.get("CreateRestApi", 0) for _, calls in pace.went) == 6
    assert sum(calls.get("CreateDeployment", 0) for _, calls in pace.went) == 6
    deleting = fast(2_000)
    removal.destroy(aws.gateways, wild_rydes(name=ROOM), ROOM, (), HERE, Said(), pace=deleting)
    assert throttled(deleting.went) == []


# Removal


def test_the_students_go_first_then_what_all_share_and_nothing_is_left(aws: FakeRoom) -> None:
    deployed(aws, order())
    before, said, agreed = len(aws.journal), Said(), list[list[str]]()
    assert removed(aws, said=said, confirm=agreed.append)
    gone = [line for line in aws.journal[before:] if line.startswith("delete room")]
    assert sorted(gone[:3]) == [f"delete room-student-0{number}-mod5-inf" for number in (1, 2, 3)]
    assert gone[3:] == ["delete room-mod5"]
    assert aws.left == []
    assert len(agreed) == 1
    assert "verified: no billable resource of class room remains" in " ".join(said.texts("event"))
    assert not removed(aws)


@pytest.mark.parametrize(
    ("stack", "name", "student"),
    [
        ("theirs", "room-Big Name", "Big Name"),  # no deployment may be called so
        ("theirs", "room-eve", "eve"),  # somebody copied the tags
        ("room-eve-mod5-inf", "eve", "eve"),  # it is another deployment's
    ],
)
def test_a_stack_with_tags_like_a_student_s_stops_nobody(aws: FakeRoom, stack: str, name: str, student: str) -> None:
    deployed(aws, order())
    aws.stacks.put(stack, "CREATE_COMPLETE", tags={TAG: name, CLASS_TAG: ROOM, STUDENT_TAG: student})
    seats = present.status(aws.gateways, wild_rydes(name=ROOM), ROOM, (), (), HERE, Said())
    assert [seat.student.id for seat in seats] == [one.id for one in STUDENTS]
    assert removed(aws)
    assert aws.left == [f"stack {stack}"]


def test_what_a_student_s_stack_nests_is_no_stack_of_theirs(aws: FakeRoom) -> None:
    deployed(aws, order())
    tags = {TAG: "room-student-01", CLASS_TAG: ROOM, STUDENT_TAG: "student-01"}
    inner = "room-student-01-mod5-inf-Inner-1A2B"
    aws.stacks.put(inner, "ROLLBACK_COMPLETE", tags=tags, parent="id:room-student-01-mod5-inf")
    seats = present.status(aws.gateways, wild_rydes(name=ROOM), ROOM, (), (), HERE, Said())
    assert [seat.state for seat in seats] == ["done"] * 3


def test_a_student_s_stack_that_was_changed_by_hand_fails_alone_and_deploy_mends_it(aws: FakeRoom) -> None:
    deployed(aws, order())
    name = "room-student-01-mod5-inf"
    aws.stacks.stacks[name] = replace(aws.stacks.stacks[name], status="UPDATE_COMPLETE", outputs={}, parameters={})
    aws.stacks.templates[name] = '{"Resources": {"Own": {"Type": "AWS::SQS::Queue"}}}'
    seats = present.status(aws.gateways, wild_rydes(name=ROOM), ROOM, (), (), HERE, Said())
    assert [seat.state for seat in seats] == ["failed", "done", "done"]
    assert "its stack has no output ModelInferenceApiId" in seats[0].verdict
    assert [seat.state for seat in deployed(aws, order())] == ["done"] * 3


def test_what_a_deploy_tells_people_to_add_a_class_takes(aws: FakeRoom) -> None:
    """The words of its refusals: --allow-replace, --continue-rollback."""
    deployed(aws, order())
    name = "room-student-01-mod5-inf"
    aws.stacks.stacks[name] = replace(aws.stacks.stacks[name], status="UPDATE_ROLLBACK_FAILED")
    (failed, *_) = deployed(aws, order(overrides={"MinScore": "0.5"}))
    assert "--continue-rollback" in failed.verdict
    line = ["class", "deploy", "--count", "3", "--continue-rollback", "--allow-replace", "Q"]
    options = build_parser().parse_args(line)
    asked = order(overrides={"MinScore": "0.5"}, continue_rollback=options.continue_rollback)
    assert [seat.state for seat in deployed(aws, asked)] == ["done"] * 3
    assert options.allow_replace == ["Q"]


def test_a_proof_that_raises_anything_keeps_nobody_else_back(aws: FakeRoom) -> None:
    def surprised(api: str, stage: str = "") -> str:
        if "student-02" in api:
            raise ZeroDivisionError("of the application")
        return ""

    deployed(aws, order())
    gateways = replace(aws.gateways, apis=cast(Any, Over(aws.apis, lost=surprised)))
    seats = present.status(gateways, wild_rydes(name=ROOM), ROOM, (), (), HERE, Said())
    assert [seat.state for seat in seats] == ["done", "failed", "done"]
    assert (seats[1].verdict, run.exit_code(seats)) == ("ZeroDivisionError: of the application", 1)


def test_one_student_s_part_is_deleted_alone(aws: FakeRoom) -> None:
    deployed(aws, order())

    def files(tags: Mapping[str, Collection[str]]) -> list[Billable]:
        """The file system of all, by the tags of its stack."""
        known = {TAG: ROOM, CLASS_TAG: ROOM, STACK_TAG: "room-mod5"}
        return [Billable("file system", "fs-1")] if any(known.get(key) in tags[key] for key in tags) else []

    networks: Any = Over(aws.networks, file_systems=files)
    gateways = replace(aws.gateways, networks=networks)
    asked = wild_rydes(name=ROOM)
    assert removal.destroy(gateways, asked, ROOM, ("student-02",), HERE, Said(), pace=fast(10_000))
    assert sorted(aws.left) == [
        "bucket room-123456789012-eu-west-1",
        "stack room-mod5",
        "stack room-student-01-mod5-inf",
        "stack room-student-03-mod5-inf",
    ]
    before, said = list(aws.journal), Said()
    assert not removed(aws, "student-02", said=said)
    assert said.texts("warning") == [
        "--only student-02: nobody in the class has this id; there are student-01, student-03. Nothing of this "
        "id is left to delete"
    ]
    assert aws.journal == before
    assert not [text for text in said.texts("event") if "student-02  " in text], "it has no row"
    with pytest.raises(SettingsError, match="--only Eve!: nobody in the class has this id; there are student-01, "):
        removed(aws, "Eve!")


def test_what_is_left_of_a_student_whose_stack_is_gone_goes_by_the_same_command(aws: FakeRoom) -> None:
    """A kill came between the stack and what it leaves."""
    deployed(aws, order())
    del aws.stacks.stacks["room-student-02-mod5-inf"]
    tags = {TAG: "room-student-02", CLASS_TAG: ROOM, STUDENT_TAG: "student-02"}
    group, other = (f"/aws/lambda/room-student-0{number}-ml_inferencefunction" for number in (2, 3))
    aws.account.answers["log_groups"] = frozenset({group, other})
    aws.functions.log_groups = {group: tags, other: {**tags, TAG: "room-student-03", STUDENT_TAG: "student-03"}}
    aws.apis.keys["k-2"], aws.apis.keys["k-3"] = tags, {**tags, TAG: "room-student-03", STUDENT_TAG: "student-03"}
    told: list[list[str]] = []
    assert removed(aws, "student-02", confirm=told.append)
    assert told == [[f"log group {group}", "API key k-2"]]
    assert (list(aws.functions.log_groups), list(aws.apis.keys)) == ([other], ["k-3"])
    assert not removed(aws, "student-02")


def test_the_machine_of_a_student_s_batches_is_no_part_and_goes_also_without_one(aws: FakeRoom) -> None:
    deployed(aws, order(overrides={"MinScore": "0.5"}))
    tags = {TAG: "room-student-02", CLASS_TAG: ROOM, STUDENT_TAG: "student-02", BESIDE_TAG: "batch"}
    aws.stacks.put("room-student-02-batch", "CREATE_COMPLETE", tags=tags, parameters={"Concurrency": "2"})
    seats = present.status(aws.gateways, wild_rydes(name=ROOM), ROOM, (), (), HERE, Said())
    assert [seat.state for seat in seats] == ["done"] * 3
    assert seats[1].dollars == seats[0].dollars
    deployed(aws, order(counted(4, ROOM)))
    assert aws.stacks.stacks["room-student-04-mod5-inf"].parameters["MinScore"] == "0.5"
    del aws.stacks.stacks["room-student-02-mod5-inf"]
    (_, lone, *_) = present.status(aws.gateways, wild_rydes(name=ROOM), ROOM, (), (), HERE, Said())
    assert (lone.state, lone.verdict) == ("failed", present.NOT_DEPLOYED)
    assert removed(aws)
    assert aws.left == []


@pytest.mark.parametrize("left", ["a stack", "a stack of another application", "a bucket"])
def test_another_deployment_with_the_name_of_a_student_s_is_no_student(aws: FakeRoom, left: str) -> None:
    deployed(aws, order())
    if left == "a bucket":
        aws.buckets.put("room-eve-123456789012-eu-west-1", {TAG: "room-eve"})
    else:
        stack = "room-eve-mod5-inf" if left == "a stack" else "room-eve-own"
        aws.stacks.put(stack, "CREATE_COMPLETE", tags={TAG: "room-eve"})
    before = list(aws.journal)
    with pytest.raises(SettingsError, match="--only eve: nobody in the class has this id"):
        removed(aws, "eve")
    assert aws.journal == before


def test_what_all_share_stays_while_a_student_s_part_cannot_be_deleted(aws: FakeRoom) -> None:
    deployed(aws, order())

    def delete(name: str, retain: Sequence[str] = ()) -> None:
        if "student-02" in name:
            raise WildrydesError("not authorized to delete it")
        aws.stacks.delete(name, retain)

    stuck: Any = Over(aws.stacks, delete=delete)
    gateways = replace(aws.gateways, stacks=stuck)
    with pytest.raises(
        WildrydesError, match="1 of 3 students' stacks were not deleted, so what all share stays"
    ) as error:
        removal.destroy(gateways, wild_rydes(name=ROOM), ROOM, (), HERE, Said(), pace=fast(10_000))
    assert "student-02: not authorized to delete it" in str(error.value)
    assert {"stack room-mod5", "stack room-student-02-mod5-inf"} <= {*aws.left}
    assert "stack room-student-01-mod5-inf" not in aws.left
    assert removed(aws)
    assert aws.left == []


def test_nothing_is_deleted_while_one_stack_is_protected(aws: FakeRoom) -> None:
    deployed(aws, order())
    name = "room-student-03-mod5-inf"
    aws.stacks.stacks[name] = replace(aws.stacks.stacks[name], is_protected=True)
    before = list(aws.journal)
    with pytest.raises(Refused, match=name):
        removed(aws)
    assert aws.journal == before


def test_what_is_retained_must_be_in_a_part_of_the_class(aws: FakeRoom) -> None:
    deployed(aws, order())
    aws.stacks.held["room-mod5"] = [StackResource("Files", "AWS::EFS::FileSystem", "fs-1")]
    aws.stacks.held["room-student-01-mod5-inf"] = [StackResource("Own", "AWS::SQS::Queue", "q-1")]
    before = list(aws.journal)
    with pytest.raises(SettingsError, match="--retain Fils: no stack of class room has such a resource; there are "):
        removed(aws, asked=wild_rydes(name=ROOM, retain=("Own", "Fils")))
    assert aws.journal == before
    assert removed(aws, asked=wild_rydes(name=ROOM, retain=("Own", "Files")))


def test_a_plain_destroy_takes_the_network_only_when_no_student_is_left(aws: FakeRoom) -> None:
    deployed(aws, order())
    before = list(aws.journal)
    with pytest.raises(Refused, match=r"wildrydes-ml class destroy --name room --region eu-west-1$") as refused:
        destroying.destroy(wild_rydes(name=ROOM), aws=aws.gateways, reporter=Said())
    assert "room-student-01-mod5-inf" in str(refused.value)
    assert aws.journal == before
    said = Said()
    for student in STUDENTS:
        assert destroying.destroy(wild_rydes(name=f"room-{student.id}"), aws=aws.gateways, reporter=said)
    assert destroying.destroy(wild_rydes(name=ROOM), aws=aws.gateways, reporter=said)
    assert aws.left == []
    assert options_told(said) == [], "deploy alone makes no part of a class"


def test_keys_of_students_whose_stacks_are_gone_go_too(aws: FakeRoom) -> None:
    deployed(aws, order())
    tags = {TAG: "room-bob", CLASS_TAG: ROOM, STUDENT_TAG: "bob"}
    aws.apis.keys["stray"] = aws.apis.plans["stray"] = tags
    aws.apis.keys["of others"] = {TAG: "others", CLASS_TAG: "others"}
    removed(aws)
    assert list(aws.apis.keys) == ["of others"]
    assert not aws.apis.plans


def options_told(said: Said) -> list[list[str]]:
    return [record["options"] for _, _, record in said.lines if "options" in record]


def test_a_class_that_goes_tells_how_it_was_made(aws: FakeRoom) -> None:
    deployed(aws, order(preset="lean", overrides={"ApiAuth": "API_KEY", "MinScore": "0.5"}, tags={"team": "rides"}))
    deployed(aws, order(only=STUDENTS[:1], overrides={"MinScore": "0.7"}))
    alone, whole = Said(), Said()
    assert removed(aws, "student-01", said=alone)
    assert options_told(alone) == [["--wired"]], "the others tell the rest"
    assert removed(aws, said=whole)
    told = "--wired --preset lean --set ApiAuth=API_KEY --set MinScore=0.5 --tag team=rides"
    assert options_told(whole) == [told.split()]
    assert any(text.startswith("deleted: stack room-student-02-mod5-inf") for text in whole.texts("event"))
    nothing = Said()
    assert not removed(aws, said=nothing)
    assert options_told(nothing) == []


def test_the_data_stay_for_the_next_class(aws: FakeRoom) -> None:
    deployed(aws, order())
    removed(aws, asked=wild_rydes(name=ROOM, keep_data=True))
    assert sorted(aws.left) == ["bucket room-123456789012-eu-west-1", "stack room-mod5"]
    assert [seat.state for seat in deployed(aws, order())] == ["done"] * 3


def test_an_application_of_one_stack_is_no_class() -> None:
    one = Settings((Deployment("thumbs", (StackOf.of(THUMBS),)),))
    with pytest.raises(SettingsError, match="thumbs has only one stack; a class needs a deployment of two or more"):
        Order(one, ROOM, STUDENTS, STUDENTS).check()


def test_a_class_that_has_expired_goes_students_first(aws: FakeRoom) -> None:
    deployed(aws, order(expires="2026-11-27T18:00:00Z"))
    later = datetime(2026, 11, 27, 19, tzinfo=timezone.utc)
    found = list(survey.expired(aws.gateways, later))

    def remove(standing: Standing) -> bool:
        asked = expired.settings_for(standing, wild_rydes(), IDENTITY)
        return destroying.destroy(asked, HERE, reporter=Said(), aws=aws.gateways, confirm=lambda lines: None)

    gone = expired.remove_each(aws.gateways, found, remove, lambda: later, Said())
    assert gone == [*(f"{ROOM}-{one.id}" for one in STUDENTS), ROOM]
    assert not [name for name in aws.stacks.stacks if aws.stacks.describe(name)]
