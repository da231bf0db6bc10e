"""How far a deploy is, as its own events tell it; and what is true at a Ctrl-C, whenever it comes."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import FakeAws
from wildrydes_ml.aws.target import Target
from wildrydes_ml.cli.parser import build_parser
from wildrydes_ml.cli.pasting import as_typed, following, python_here
from wildrydes_ml.deploy.deployer import deploy
from wildrydes_ml.destroy.destroyer import destroy
from wildrydes_ml.reporting import Reporter
from wildrydes_ml.terminal.course import Course
from wildrydes_ml.terminal.several import Several
from wildrydes_ml.terminal.stopping import words
from wildrydes_ml.testing import Clock, Said
from wildrydes_ml.workshop.settings import wild_rydes

ROOT = Path(__file__).parents[3]
LINE = "bin/deploy.py --name a"


class Stopping(Said):
    """A reporter at whose event somebody presses Ctrl-C: the first that a question says yes to."""

    def __init__(self, when: Callable[[str, dict[str, Any]], bool]) -> None:
        super().__init__()
        self._when = when

    def event(self, text: str, **record: Any) -> None:
        super().event(text, **record)
        if self._when(text, record):
            raise KeyboardInterrupt


def deployed(reporter: Reporter, aws: FakeAws | None = None) -> None:
    deploy((aws or FakeAws()).gateways, wild_rydes(route="short"), Target(), reporter)


def at_the_warm_up(text: str, record: dict[str, Any]) -> bool:
    """All is made then, and nothing is asked yet."""
    return record.get("doing") == "warm up the function"


def of_a_deploy(aws: FakeAws | None = None) -> tuple[Course, Said]:
    course, said = Course(Clock()), Stopping(at_the_warm_up)
    with pytest.raises(KeyboardInterrupt):
        deployed(Several(course, said), aws)
    return course, said


def test_a_deploy_tells_which_of_its_steps_begins() -> None:
    _, said = of_a_deploy()
    steps = [record for _, _, record in said.lines if "doing" in record]
    assert [(one["step"], one["steps"]) for one in steps] == [
        (number, len(steps)) for number in range(1, len(steps) + 1)
    ]
    assert [one["doing"] for one in steps][-2:] == ["create stack wildrydes-ml-mod5-complete", "warm up the function"]


def test_a_stack_is_known_with_its_resources_and_about_its_time() -> None:
    course, said = of_a_deploy()
    begun = next(record for _, _, record in said.lines if record.get("operation") == "create")
    assert begun["resources"]["NatGateway"] == "AWS::EC2::NatGateway"
    assert 500 < begun["about_seconds"] < 1300, "the workshop's own stack takes ten to twenty minutes"
    work = course.works["wildrydes-ml-mod5-complete"]
    assert work.total == len(begun["resources"])
    assert work.state == "done"


def test_a_removal_tells_its_steps_and_what_each_stack_has() -> None:
    aws, said = FakeAws(), Said()
    of_a_deploy(aws)
    destroy(aws.gateways, wild_rydes(), Target(), said, lambda lines: None)
    steps = [record["doing"] for _, _, record in said.lines if "doing" in record]
    assert steps[0] == "delete stack wildrydes-ml-mod5-complete"
    assert steps[-1].startswith("delete bucket ")
    assert [record["operation"] for _, _, record in said.lines if "operation" in record] == ["delete"]


def stopped(when: Callable[[str, dict[str, Any]], bool]) -> str:
    course = Course(Clock())
    with pytest.raises(KeyboardInterrupt):
        deployed(Several(course, Stopping(when)))
    return words(course, "deploy", LINE, is_local=False)


NOTHING = "stopped: nothing had started, and nothing was changed"


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (lambda text, record: text.startswith("checking what is already deployed"), NOTHING),
        (
            lambda text, record: record.get("step") == 2,
            "stopped in step 2 of 4, upload {}. Done so far: create the bucket. "
            "To continue from there, run: " + LINE,
        ),
        (
            lambda text, record: record.get("operation") == "create",
            "stopped watching: AWS carries on with stack wildrydes-ml-mod5-complete. "
            "To continue from there, run: " + LINE,
        ),
        (
            lambda text, record: record.get("on") == "wildrydes-ml-mod5-complete",
            "stopped watching: AWS carries on with stack wildrydes-ml-mod5-complete. "
            "To continue from there, run: " + LINE,
        ),
    ],
    ids=["while it looks", "in an upload", "while CloudFormation works", "while CloudFormation is asked"],
)  # fmt: skip
def test_a_ctrl_c_is_told_what_is_true_then(when: Callable[[str, dict[str, Any]], bool], text: str) -> None:
    before, _, after = text.partition("{}")
    told = stopped(when)
    assert told.startswith(before)
    assert told.endswith(after)


def test_after_a_stack_is_done_the_next_step_is_what_was_stopped() -> None:
    told = stopped(lambda text, record: record.get("step") == 4)
    assert told.startswith("stopped in step 4 of 4, warm up the function. Done so far: create the bucket, upload ")


def test_a_ctrl_c_while_somebody_elses_work_is_followed() -> None:
    course = Course(Clock())
    record = {"stack": "a", "operation": "create", "stack_id": "", "began_before": True}
    course.event("stack a is CREATE_IN_PROGRESS: following it", **record)
    assert words(course, "deploy", LINE, is_local=False) == (
        "stopped watching: AWS carries on with stack a, which was already changing before you ran this command. "
        f"To continue from there, run: {LINE}"
    )


def test_a_ctrl_c_here_names_what_was_ended_here() -> None:
    course = Course(Clock())
    course.event("fill", step=1, steps=3, doing="fill EFS")
    assert words(course, "deploy", LINE, is_local=True) == (
        f"stopped in step 1 of 3, fill EFS. The filling was stopped. To continue from there, run: {LINE}"
    )
    course.event("create", step=2, steps=3, doing="create stack a", on="a")
    assert words(course, "deploy", LINE, is_local=True).startswith("stopped watching: the emulator carries on with")


def test_a_ctrl_c_before_a_removal() -> None:
    assert words(Course(Clock()), "destroy", LINE, is_local=False) == (
        "stopped: nothing had started, and nothing was deleted"
    )


def test_a_demo_that_was_stopped_has_gone() -> None:
    course = Course(Clock())
    course.event("fill", step=1, steps=3, doing="fill EFS")
    course.result(True, changed=True)
    assert words(course, "demo", "", is_local=True) == "stopped: the demo and everything that it created were deleted"


def test_a_removal_after_a_deploy_that_was_stopped_is_a_course_of_its_own() -> None:
    clock = Clock()
    course = Course(clock)
    course.event("", step=4, steps=7, doing="fill EFS")
    clock.sleep(60)
    course.event("", step=1, steps=2, doing="remove stack a")
    clock.sleep(5)
    course.event("", step=2, steps=2, doing="remove bucket b")
    course.result(True, changed=True)
    assert (course.done, course.elapsed) == (["remove stack a", "remove bucket b"], 5)


def test_what_a_demo_shows_after_its_deploy_does_not_count_for_its_removal() -> None:
    clock = Clock()
    course = Course(clock)
    course.event("", step=1, steps=1, doing="create stack a")
    course.result(True, changed=True)
    course.output("picture  validated", validated=True)
    course.result(True, failed=0)
    clock.sleep(600)
    course.event("remove stack a", step=1, steps=1, doing="remove stack a")
    clock.sleep(3)
    course.result(True, changed=True)
    assert (course.done, course.elapsed) == (["remove stack a"], 3)


def test_a_second_plan_of_the_same_deploy_keeps_what_was_done() -> None:
    course = Course(Clock())
    course.plan([])
    course.event("", step=1, steps=2, doing="roll back the failed update of stack a")
    course.plan([])
    course.event("", step=1, steps=1, doing="update stack a")
    course.result(True, changed=True)
    assert course.done == ["roll back the failed update of stack a", "update stack a"]


def test_a_rollback_is_no_success_and_its_first_failure_is_the_cause() -> None:
    clock = Clock()
    course = Course(clock)
    course.event("", stack="a", operation="create", stack_id="", resources={"V": "x", "W": "x"})
    for resource, status, reason in [
        ("V", "CREATE_IN_PROGRESS", ""), ("V", "CREATE_COMPLETE", ""), ("W", "CREATE_FAILED", "no room"),
        ("a", "ROLLBACK_IN_PROGRESS", ""), ("V", "DELETE_IN_PROGRESS", ""),
    ]:  # fmt: skip
        clock.sleep(1)
        course.event("", stack="a", resource=resource, status=status, reason=reason, resource_type="")
    work = course.works["a"]
    assert (work.state, work.done, work.longest) == ("undoes", set(), ("V", "", 5.0))
    course.event("", stack="a", resource="a", status="ROLLBACK_COMPLETE", reason="", resource_type="")
    assert work.state == "failed"
    assert course.failure is not None
    assert (course.failure.resource, course.failure.reason) == ("W", "no room")


def test_the_next_commands_are_for_the_same_place() -> None:
    given = ["--local", "--home", "my home", "--set", "MinScore=0.4"]
    found = following(build_parser("deploy").parse_args(given), given, "deploy")
    python = python_here()
    assert found.again == f"{python} bin/deploy.py --local --home 'my home' --set MinScore=0.4"
    assert found.use == f"{python} bin/classify.py --local --home 'my home' PICTURE"
    assert found.remove == f"{python} bin/destroy.py --local --home 'my home'"
    found = following(build_parser("demo").parse_args([]), [], "demo")
    assert (found.use, found.remove) == (f"{python} bin/classify.py --local --home .wildrydes-demo PICTURE", "")
    given = ["deploy", "--app", "a.py", "--region=eu-west-1"]
    found = following(build_parser().parse_args(given), given, "")
    assert found.use == "wildrydes-ml ask --app a.py --region eu-west-1"
    assert found.deploy_with(["--preset", "lean"]) == "wildrydes-ml deploy --app a.py --region eu-west-1 --preset lean"
    assert found.deploy_with([]) == "wildrydes-ml deploy --app a.py --region eu-west-1"
    assert found.deploy_with(None) == "", "a command without the settings would make another deployment"


def test_a_demo_that_is_over_is_begun_again_as_it_was_begun() -> None:
    found = following(build_parser("demo").parse_args(["--port", "8000"]), ["--port", "8000"], "demo")
    assert found.deploy_with(["--set", "MinScore=0.5"]) == f"{python_here()} bin/demo.py --port 8000"


@pytest.mark.parametrize(
    ("given", "use", "remove", "deploy"),
    [
        (
            ["deploy", "s.csv", "--name", "room", "--wired", "--only", "anna"],
            "class.py status --name room",
            "class.py destroy --name room",
            "",
        ),
        (["status", "s.csv", "--local"], "", "", ""),
        (["destroy", "--local"], "", "", "class.py deploy STUDENTS.csv --local --preset lean"),
        (
            ["destroy", "--only", "anna", "--only", "bob", "--yes"],
            "",
            "",
            "class.py deploy STUDENTS.csv --only anna --only bob --preset lean",
        ),
    ],
)
def test_what_comes_after_a_command_of_a_class(given: list[str], use: str, remove: str, deploy: str) -> None:
    found = following(build_parser("class").parse_args(given), given, "class")
    again = "" if given[0] == "status" else f"class.py {' '.join(given)}"
    lines = [f"{python_here()} bin/{line}" if line else "" for line in (use, remove, deploy, again)]
    assert [found.use, found.remove, found.deploy_with(["--preset", "lean"]), found.again] == lines


def test_a_stop_after_the_last_step_says_that_it_is_done() -> None:
    course = Course(Clock())
    for number, text in enumerate(("delete stack a", "delete bucket b"), start=1):
        course.event(text, step=number, steps=2, doing=text)
    course.event("checking that nothing billable is left", steps=0)
    assert words(course, "destroy", LINE, is_local=False) == (
        f"stopped. Done so far: delete stack a, delete bucket b. To continue from there, run: {LINE}"
    )


def test_a_script_is_run_by_the_python_that_has_its_packages(tmp_path: Path) -> None:
    here, its = tmp_path / "checkout", tmp_path / "checkout" / ".venv" / "bin" / "python"
    assert as_typed(str(its), str(its), here) == "python", "as with an active environment"
    assert as_typed(str(its), "/usr/bin/python", here) == ".venv/bin/python", "as make demo runs it"
    assert as_typed(str(its), None, here) == ".venv/bin/python"
    assert as_typed("/opt/my python/bin/python3", None, here) == "'/opt/my python/bin/python3'"
    line = following(build_parser("demo").parse_args([]), [], "demo").again
    shown = subprocess.run(f"{line} --help", shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("usage: bin/demo.py")


def test_after_the_last_step_what_is_said_is_what_goes_on() -> None:
    course = Course(Clock())
    course.event("create stack a", step=2, steps=2, doing="create stack a", on="a")
    course.event("asking about 20 of 1,000 pictures first", steps=0)
    assert course.words() == "asking about 20 of 1,000 pictures first"
    assert course.done == ["create stack a"]
    assert course.has_begun
    assert not course.on
