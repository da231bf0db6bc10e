"""What is looked at before a deploy, what is a problem, and how it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.unit.fakes import FILLING, FakeAws, found_as, wanted
from tools.lock_packages import PYTHONS
from wildrydes_ml.aws.facts import QUOTAS, Ask, Concurrency, Facts, Unknown, Usage, Zone
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import Deployer, deploy, preview
from wildrydes_ml.deploy.desired import Desired
from wildrydes_ml.deploy.model import Model, remote
from wildrydes_ml.deploy.planner import FoundStack
from wildrydes_ml.deploy.preflight import Unready, check, look, refuse_other_account
from wildrydes_ml.deploy.preflight.case import Problem
from wildrydes_ml.deploy.preflight.needs import needs as needed
from wildrydes_ml.deploy.preflight.needs import parts
from wildrydes_ml.deploy.preflight.problems import problems
from wildrydes_ml.deploy.steps import ApplyStack, DeleteStack, Fill, MakeBucket, Step, Upload, WarmUp, Wire
from wildrydes_ml.errors import InterruptedWork, Refused
from wildrydes_ml.testing import IDENTITY, Said
from wildrydes_ml.web import Reply
from wildrydes_ml.workshop.account import LOCKED_LOCALLY
from wildrydes_ml.workshop.settings import wild_rydes

NETWORK = ["vpcs", "internet_gateways", "file_systems", "zones"]
NAT, INSTANCE = ["addresses", "nat_gateways"], ["instance_architectures", "instance_zones", "model"]
NAMES = ["function", "log_group"]
NEW = [*NAMES, "concurrency"]
OTHER_STEPS: list[Step] = [
    MakeBucket("b"),
    Upload("b", "k", b""),
    Fill("d", ("model",)),
    Wire(("method",)),
    WarmUp("f"),
]


def create(desired: Desired) -> list[Step]:
    return [ApplyStack(stack, "create") for stack in desired.stacks]


def update(desired: Desired, *numbers: int) -> list[Step]:
    return [ApplyStack(desired.stacks[number], "update") for number in numbers]


LONG, SHORT = wanted(), wanted("short")


def needs(desired: Desired, steps: Sequence[Step], **there: FoundStack) -> list[str]:
    """What is asked before steps that find these stacks: the questions without what they are about."""
    found = {stack.stack.name: stack for stack in there.values()}
    return [ask.name for ask in needed(desired, parts(desired, steps, found), steps)]


def set_to(**values: str) -> Desired:
    assert LONG.wiring
    burst = int(values.get("ThrottleBurst", LONG.wiring.burst))
    stacks = tuple(stack.with_parameters(**values) for stack in LONG.stacks)
    return replace(LONG, stacks=stacks, wiring=replace(LONG.wiring, burst=burst))


def asked(name: str, desired: Desired) -> Ask:
    """A question about the workshop's own thing."""
    parameters = {**desired.stacks[0].parameters, **desired.service.parameters}
    default = "c7g.large" if parameters["Architecture"] == "arm64" else "c5.large"
    type = parameters["BootstrapInstanceType"] or default
    subjects = {
        "instance_architectures": type,
        "instance_zones": type,
        "concurrency": "ml_inferencefunction",
        "function": "ml_inferencefunction",
        "log_group": "/aws/lambda/ml_inferencefunction",
    }
    return Ask(name, subjects.get(name, ""))


@pytest.mark.parametrize(
    ("desired", "steps", "expected"),
    [
        (LONG, [], []),
        (LONG, OTHER_STEPS, []),
        (LONG, create(LONG), [*NETWORK, *NAT, *INSTANCE, "runtimes", *NEW, "exports"]),
        (SHORT, create(SHORT), [*NETWORK, *NAT, *INSTANCE, "runtimes", *NEW]),
        (LONG, create(LONG)[1:], ["runtimes", *NEW]),
        (LONG, [DeleteStack(LONG.stacks[0].name, "id", "it failed"), *create(LONG)],
         ["zones", *INSTANCE, "runtimes", *NEW, "exports"]),
        (LONG, [DeleteStack(LONG.service.name, "id", "it failed"), *create(LONG)[1:]], ["runtimes", *NEW]),
        (LONG, update(LONG, 0, 1), ["runtimes"]),
        (SHORT, update(SHORT, 0), ["runtimes"]),
        (lean := set_to(InternetEgress="ipv6", BootstrapInstance="none"), create(lean),
         [*NETWORK, "egress_only_gateways", "runtimes", *NEW, "exports"]),
        (empty := set_to(BootstrapInstance="none"), create(empty)[:1],
         [*NETWORK, *NAT, "instance_zones", "runtimes", "exports"]),
        (alone := set_to(InternetEgress="none"), create(alone)[:1], [*NETWORK, *INSTANCE, "runtimes", "exports"]),
        (reserved := set_to(ReservedConcurrency="5"), update(reserved, 1), ["runtimes", "concurrency"]),
        (ready := set_to(ProvisionedConcurrency="1"), update(ready, 1), ["runtimes", "concurrency"]),
        (ready, update(ready, 0), ["runtimes"]),
        (replace(reserved, fill=Path("efs")), update(reserved, 1), ["runtimes"]),
        (replace(LONG, fill=Path("efs")), create(LONG)[1:], ["runtimes", *NAMES]),
        (stopped := set_to(ReservedConcurrency="0"), update(stopped, 1), ["runtimes"]),
    ],
)  # fmt: skip
def test_only_what_the_steps_depend_on_is_looked_at(desired: Desired, steps: list[Step], expected: list[str]) -> None:
    assert sorted(needs(desired, steps)) == sorted(expected)


@pytest.mark.parametrize("desired", [LONG, SHORT], ids=["long", "short"])
def test_an_instance_that_is_made_again_has_its_type_looked_at(desired: Desired) -> None:
    first = desired.stacks[0]
    steps = [ApplyStack(first.with_parameters(BootstrapInstance="none"), "update"), ApplyStack(first, "update")]
    assert set(needs(desired, steps)) == {"zones", *INSTANCE, "runtimes"}


@pytest.mark.parametrize("desired", [LONG, SHORT], ids=["long", "short"])
def test_a_new_name_of_the_function_is_looked_at_in_an_update_too(desired: Desired) -> None:
    there = desired.service.with_parameters(FunctionName="before")
    steps = update(desired, len(desired.stacks) - 1)
    assert set(needs(desired, steps, there=found_as(there))) == {"runtimes", *NAMES}
    assert set(needs(desired, steps, there=found_as(desired.service))) == {"runtimes"}


@pytest.mark.parametrize("taken", ["function", "log_group"])
def test_a_taken_name_stops_an_update_before_anything_is_uploaded(aws: FakeAws, taken: str) -> None:
    """On the short route any other name is refused."""
    deployer = Deployer.planned(aws.gateways, wild_rydes(), Target(), Said())
    for step in deployer.plan.steps:
        deployer.run(step)
    aws.journal.clear()
    aws.account.answers = {taken: ""}
    renamed = wild_rydes(overrides={"FunctionName": "prod_fn"})
    with pytest.raises(Unready, match="prod_fn: it already exists, and no stack created it"):
        deploy(aws.gateways, renamed, Target(), Said())
    with pytest.raises(Unready, match="prod_fn"):
        preview(aws.gateways, renamed, Target(), Said())
    assert aws.journal == []
    aws.account.asked.clear()
    preview(aws.gateways, wild_rydes(overrides={"MemorySize": "2000"}), Target(), Said())
    assert not {"function", "log_group"} & set(aws.account.asked), "the stack has that name already"


def zones(*names: str, **more: Any) -> tuple[Zone, ...]:
    return tuple(Zone(name, **more) for name in names)


THREE = zones("z1", "z2", "z3")
ZONES = {"AvailabilityZoneOne": "z3", "AvailabilityZoneTwo": "z1"}
X86, ARM = frozenset({"i386", "x86_64"}), frozenset({"arm64"})
EXPORT, ANOTHER_EXPORT = "wildrydes-ml-mod5-FileSystemID", "wildrydes-ml-mod5-AccessPointID"


def used_up(name: str, *said: str, **given: str) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    good, bad = ({name: Usage({"": used}, 5), **given} for used in (4, 5))
    return good, bad, [QUOTAS[name].name, "is 5", *said]


# Facts (small letters) and parameters that are in order, the same that are not, and what is said of those.
@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        used_up("vpcs", "--service-code vpc --quota-code L-F678F1CE --desired-value 6"),
        used_up("internet_gateways", "--service-code vpc --quota-code L-F678F1CE"),
        used_up("egress_only_gateways", "--set InternetEgress=none", InternetEgress="ipv6"),
        used_up("addresses", "--service-code ec2 --quota-code L-0263D0A3", "--set InternetEgress=ipv6 or none"),
        used_up("file_systems", "--service-code elasticfilesystem --quota-code L-848C634D"),
        ({"nat_gateways": Usage({"z1": 4, "z2": 5}, 5), "zones": THREE},
         {"nat_gateways": Usage({"z1": 5, "z2": 4}, 5), "zones": THREE},
         ["NAT gateways: 5", "InternetEgress"]),
        ({"nat_gateways": Usage({"z1": 5}, 5), **ZONES}, {"nat_gateways": Usage({"z3": 5}, 5), **ZONES}, ["NAT"]),
        ({"zones": THREE[:2]}, {"zones": THREE[:1]},
         ["two zones are needed, and this account can use only z1", "--region"]),
        ({"zones": THREE[:2]}, {"zones": ()}, ["two zones are needed, and this account can use none"]),
        ({"zones": zones("z1", "z2", has_default_subnet=False)},
         {"zones": (*zones("z1", "z2", has_default_subnet=False), Zone("z3"))},
         ["only z3 has one", "--set AvailabilityZoneOne=z1 --set AvailabilityZoneTwo=z2"]),
        ({"zones": THREE}, {"zones": (*THREE[1:], Zone("z1", "impaired"))},
         ["Availability Zone z1: it is impaired", "--set AvailabilityZoneOne=z2 --set AvailabilityZoneTwo=z3"]),
        ({"zones": (Zone("z0", "impaired", "local-zone"), *THREE)}, {"zones": (Zone("z0", "impaired"), *THREE)},
         ["z0: it is impaired"]),
        ({"zones": THREE, **ZONES}, {"zones": THREE[:2], **ZONES}, ["Zone z3: the account has no such zone"]),
        ({"zones": THREE, **ZONES}, {"zones": (*THREE[:2], Zone("z3", type="local-zone")), **ZONES},
         ["type local-zone"]),
        ({"instance_architectures": X86}, {"instance_architectures": frozenset()},
         ["instance type c5.large: the region does not offer it", "--set BootstrapInstanceType=TYPE"]),
        ({"instance_zones": frozenset({"z1"})}, {"instance_zones": frozenset()}, ["does not offer it"]),
        ({"instance_architectures": ARM, "Architecture": "arm64"},
         {"instance_architectures": X86, "Architecture": "arm64"},
         ["c7g.large: its processor is i386 or x86_64, and Architecture is arm64"]),
        ({"instance_architectures": X86, "BootstrapInstanceType": "t3.large"},
         {"instance_architectures": ARM, "BootstrapInstanceType": "t4g.large"},
         ["t4g.large: its processor is arm64, and Architecture is x86_64", "Leave BootstrapInstanceType out"]),
        ({"instance_zones": frozenset({"z1"}), "zones": THREE}, {"instance_zones": frozenset({"z2"}), "zones": THREE},
         ["zone z1 of PublicSubnetOne does not offer it",
          "--set AvailabilityZoneOne=z2 --set AvailabilityZoneTwo=z1, or"]),
        ({"instance_zones": frozenset({"z1"}), "zones": THREE}, {"instance_zones": frozenset({"z9"}), "zones": THREE},
         ["zone z1 of PublicSubnetOne does not offer it", "Add --set BootstrapInstanceType"]),
        ({"instance_zones": frozenset({"z3"}), **ZONES}, {"instance_zones": frozenset({"z1"}), **ZONES},
         ["zone z3 of PublicSubnetOne does not offer it", "Add --set BootstrapInstanceType"]),
        ({"runtimes": frozenset({"python3.13"})}, {"runtimes": frozenset({"python3.12"})},
         ["runtime python3.13: the installed boto3 does not know", "pip install --upgrade boto3"]),
        ({"runtimes": frozenset({"python3.14"}), "PythonRuntime": "python3.14", "Packages": "numpy==2.4.6"},
         {"runtimes": frozenset({"python3.14"}), "PythonRuntime": "python3.14"},
         ["locked for python3.12, python3.13", "--set PythonRuntime=python3.13"]),
        ({"ProvisionedConcurrency": "5", "ReservedConcurrency": "5"},
         {"ProvisionedConcurrency": "6", "ReservedConcurrency": "5"},
         ["ProvisionedConcurrency=6: it is more than ReservedConcurrency=5"]),
        ({"ProvisionedConcurrency": "0", "ReservedConcurrency": "0"},
         {"ProvisionedConcurrency": "1", "ReservedConcurrency": "0"},
         ["ProvisionedConcurrency=1: it is more than ReservedConcurrency=0"]),
        ({"concurrency": Concurrency(1000, 105, 0), "ReservedConcurrency": "5"},
         {"concurrency": Concurrency(1000, 104, 0), "ReservedConcurrency": "5"},
         ["ReservedConcurrency=5: other functions leave 104 unreserved",
          "Set it to 4 at most", "L-B99A9384 --desired-value 1001"]),
        ({"concurrency": Concurrency(1000, 100, 7), "ReservedConcurrency": "7"},
         {"concurrency": Concurrency(1000, 100, 7), "ReservedConcurrency": "8"}, ["Set it to 7 at most"]),
        ({"concurrency": Concurrency(10, 10, 0), "ReservedConcurrency": "0"},
         {"concurrency": Concurrency(10, 10, 0), "ReservedConcurrency": "1"},
         ["Leave ReservedConcurrency out", "--desired-value 101"]),
        ({"concurrency": Concurrency(1000, 102, 0), "ProvisionedConcurrency": "2"},
         {"concurrency": Concurrency(1000, 101, 0), "ProvisionedConcurrency": "2"},
         ["ProvisionedConcurrency=2: other functions leave 101 unreserved"]),
        ({"function": None}, {"function": ""},
         ["no stack created it",
          "`aws lambda delete-function --function-name ml_inferencefunction --region eu-west-1`"]),
        ({"function": "wildrydes-ml-mod5-inf"}, {"function": "workshop"},
         ["stack workshop already has one with this name", "--name"]),
        ({"log_group": None}, {"log_group": ""},
         ["log group /aws/lambda/ml_inferencefunction: it already exists",
          "`aws logs delete-log-group --log-group-name /aws/lambda/ml_inferencefunction --region eu-west-1`"]),
        ({"log_group": "wildrydes-ml-mod5-inf"}, {"log_group": "workshop"},
         ["stack workshop already has one with this name", "--name"]),
        ({"exports": {"wildrydes-ml-mod5-AccesspointARN": "arn:stack/theirs/1"}},
         {"exports": {EXPORT: "arn:stack/theirs/1"}}, ["stack theirs already uses"]),
        ({"exports": {EXPORT: "arn:stack/wildrydes-ml-mod5/1", f"{EXPORT}s": "arn:stack/theirs/1"}},
         {"exports": {EXPORT: "arn:stack/theirs/1", ANOTHER_EXPORT: "arn:stack/theirs/1"}},
         [f"stack theirs already uses the names {ANOTHER_EXPORT}, {EXPORT}", "--name"]),
    ],
)  # fmt: skip
def test_each_problem_has_its_reason_and_its_remedy(good: dict[str, Any], bad: dict[str, Any], said: list[str]) -> None:
    assert found_in(good) == []
    (problem,) = found_in(bad)
    assert problem.is_certain
    assert problem.where == "account 123456789012, eu-west-1"
    for words in said:
        assert words in problem.describe()


def test_a_command_for_an_emulator_does_not_go_to_aws() -> None:
    facts = {asked("log_group", SHORT): ""}
    (problem,) = problems(facts, SHORT, endpoint="http://127.0.0.1:4566")
    assert "ml_inferencefunction --region eu-west-1 --endpoint-url http://127.0.0.1:4566`" in problem.remedy


@pytest.mark.parametrize(
    ("offering", "usable", "parameters", "advice"),
    [
        ({"z2"}, THREE, {}, "Add --set AvailabilityZoneOne=z2 --set AvailabilityZoneTwo=z1"),
        ({"z9"}, THREE, {}, "Add --set AvailabilityZoneOne=ZONE --set AvailabilityZoneTwo=ZONE with other zones"),
        ({"z1"}, THREE, ZONES, "Add --set AvailabilityZoneOne=z1 --set AvailabilityZoneTwo=z2"),
        ({"z1", "z2"}, THREE, {}, ""),
        ({"z2"}, THREE, {"InternetEgress": "ipv6"}, ""),
        ({"z2"}, (), {}, ""),
    ],
)
def test_a_zone_that_may_lack_nat_gateways_is_warned_of(
    offering: set[str], usable: tuple[Zone, ...], parameters: dict[str, str], advice: str
) -> None:
    facts: Facts = {
        Ask("instance_zones", "c5.large"): frozenset(offering),
        **({Ask("zones"): usable} if usable else {}),
    }
    found = problems(facts, set_to(BootstrapInstance="none", **parameters))
    assert [problem.is_certain for problem in found] == [False] * bool(advice)
    for problem in found:
        assert "it does not offer c5.large: perhaps AWS no longer extends it" in problem.describe()
        assert advice in problem.describe()


@pytest.mark.parametrize(
    ("has", "burst", "reserved", "advice"),
    [
        (
            Concurrency(10, 10, 0),
            "10",
            "",
            "--desired-value 1000 --region eu-west-1`, or use --set ThrottleBurst=5 and",
        ),
        (Concurrency(10, 10, 0), "9", "", ""),
        (
            Concurrency(1000, 100, 0),
            "100",
            "",
            "--desired-value 1100 --region eu-west-1`, or use --set ThrottleBurst=50 and",
        ),
        (Concurrency(1000, 100, 1), "100", "", ""),
        (Concurrency(1000, 1, 0), "10", "", "--set ThrottleBurst=1 and a lower ThrottleRate"),
        (Concurrency(10, 10, 0), "10", "0", ""),
    ],
    ids=str,
)
def test_an_account_that_runs_less_than_the_stage_admits_is_warned_of(
    has: Concurrency, burst: str, reserved: str, advice: str
) -> None:
    found = found_in({"concurrency": has, "ThrottleBurst": burst, "ReservedConcurrency": reserved})
    assert len(found) == bool(advice)
    for problem in found:
        assert not problem.is_certain
        assert f"runs at most {has.unreserved} functions at once" in problem.describe()
        assert advice in problem.describe()


def test_a_new_account_is_warned_and_served(aws: FakeAws) -> None:
    aws.account.answers = {"concurrency": Concurrency(10, 10, 0)}
    (warning,) = checked(aws).texts("warning")
    assert warning.startswith("burst of the stage=10: the stage accepts that many requests at once")


def test_where_the_template_has_the_stage_its_parameter_is_named() -> None:
    facts: Facts = {asked("concurrency", SHORT): Concurrency(10, 10, 0)}
    (problem,) = problems(facts, SHORT)
    assert problem.what == "ThrottleBurst=10"
    assert "or use --set ThrottleBurst=5 and a lower ThrottleRate" in problem.remedy


def test_a_zone_alone_is_not_advised() -> None:
    found = found_in({"zones": THREE[:1], "instance_zones": frozenset({"z1"}), **ZONES})
    assert [problem.what for problem in found] == ["Availability Zones", "instance type c5.large"]
    assert "AvailabilityZoneOne" not in found[1].remedy


def found_in(case: Mapping[str, Any]) -> list[Problem]:
    parameters = {name: value for name, value in case.items() if name[0].isupper()}
    desired = set_to(**parameters)
    return problems({asked(name, desired): case[name] for name in case if name not in parameters}, desired)


def test_nothing_known_is_no_problem_and_the_short_route_exports_nothing() -> None:
    assert problems({}, LONG) == []
    assert problems({Ask("exports"): {EXPORT: "arn:stack/theirs/1"}}, SHORT) == []


def test_the_runtimes_are_those_of_the_lock() -> None:
    assert {f"python{version}" for version in PYTHONS} == set(LOCKED_LOCALLY)


def test_python_3_11_is_for_local_runs() -> None:
    facts: Facts = {Ask("runtimes"): frozenset({"python3.11"})}
    assert problems(facts, set_to(PythonRuntime="python3.11"))
    assert not problems(facts, replace(set_to(PythonRuntime="python3.11"), fill=Path("efs")))


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


def checked(aws: FakeAws, desired: Desired = LONG, target: Target | None = None) -> Said:
    said = Said()
    check(aws.gateways, desired, create(desired), target or Target(), said)
    return said


def test_an_account_in_order_is_asked_for_all_and_nothing_is_said(aws: FakeAws) -> None:
    assert checked(aws).lines == []
    assert sorted(aws.account.asked) == sorted(needs(LONG, create(LONG)))
    assert aws.journal == []


def test_a_plan_without_stacks_asks_for_nothing(aws: FakeAws) -> None:
    check(aws.gateways, LONG, OTHER_STEPS, Target(), Said())
    assert aws.account.asked == []


def test_all_problems_are_told_at_once_and_as_data(aws: FakeAws) -> None:
    aws.account.answers = {"vpcs": Usage({"": 5}, 5), "function": "", "zones": zones("eu-west-1a")}
    with pytest.raises(Unready) as caught:
        checked(aws)
    assert caught.value.exit_code == 1
    head, *lines = str(caught.value).splitlines()
    assert head == "3 problems in account 123456789012, eu-west-1; nothing was changed:"
    assert [line.partition(":")[0] for line in lines] == [
        "  - VPCs", "  - Availability Zones", "  - function ml_inferencefunction",
    ]  # fmt: skip
    first = caught.value.record["problems"][0]
    assert (first["what"], first["where"]) == ("VPCs", "account 123456789012, eu-west-1")
    assert {"why", "remedy"} <= first.keys()


def test_one_problem_is_one(aws: FakeAws) -> None:
    aws.account.answers = {"function": ""}
    with pytest.raises(Unready, match="1 problem in account"):
        checked(aws)


DENIED = Unknown("denied", "servicequotas:GetServiceQuota")


def test_a_quota_that_cannot_be_read_is_a_warning_only(aws: FakeAws) -> None:
    aws.account.answers = {"vpcs": Usage({"": 8}, 5, DENIED), "addresses": Usage({"": 1}, 5, DENIED)}
    skipped, doubt = checked(aws).texts("warning")
    assert skipped == (
        "not checked because permissions are missing: the quota of VPCs (servicequotas:GetServiceQuota), "
        "the quota of Elastic IP addresses (servicequotas:GetServiceQuota)"
    )
    assert "8 are in use, AWS's default" in doubt


def test_what_is_not_known_holds_nothing_up_and_is_said_in_a_line_for_each_reason(aws: FakeAws) -> None:
    aws.account.answers = {
        "vpcs": Unknown("denied", "ec2:DescribeVpcs"),
        "zones": Unknown("denied", "ec2:DescribeAvailabilityZones"),
        "function": Unknown("unanswered", "timeout"),
        "instance_zones": Unknown("unknown", "no such action"),
    }
    assert checked(aws).texts("warning") == [
        "not checked because permissions are missing: free VPCs (ec2:DescribeVpcs), Availability Zones "
        "(ec2:DescribeAvailabilityZones)",
        "not checked because there was no answer: whether the function's name is free (timeout)",
        "not checked here: the instance type's zones (no such action)",
    ]


def test_on_an_emulator_what_it_does_not_know_is_an_event(aws: FakeAws) -> None:
    aws.account.answers = {
        "instance_zones": Unknown("unknown", "InvalidAction"),
        "vpcs": Usage({"": 1}, 5, Unknown("unknown", "400")),
    }
    said = checked(aws, target=Target(endpoint="http://127.0.0.1"))
    assert [line[:2] for line in said.lines] == [
        ("event", "not checked here: the instance type's zones, the quota of VPCs")
    ]


def test_what_does_not_answer_is_not_waited_for(aws: FakeAws) -> None:
    answered = Event()
    aws.account.answers = {"function": ""}
    aws.account.zones = lambda: (answered.wait(), ())[1]  # type: ignore[method-assign]
    facts, unknown = look(aws.account, [Ask("zones"), Ask("function", "f")], threads=2, patience=1)
    answered.set()
    assert facts == {Ask("function", "f"): ""}
    assert unknown == {Ask("zones"): Unknown("unanswered", "no answer in 1 s")}


# The model's URL.


@pytest.mark.parametrize(
    ("reply", "why"),
    [(Reply(403), "it answers 403"), (Reply(404), "it answers 404"), (Reply(0, fault="timed out"), "(timed out)")],
    ids=str,
)
def test_a_model_that_does_not_answer_is_a_warning_with_another_way(aws: FakeAws, reply: Reply, why: str) -> None:
    aws.account.answers = {"model": reply}
    (told,) = checked(aws).texts("warning")
    assert told.startswith("model https://storage.googleapis.com/tfhub-modules/google/openimages_v4/ssd/mobilenet_v2/1")
    assert why in told
    assert "--model" in told
    assert "docs/how-to/model.md" in told


@pytest.mark.parametrize("reply", [Reply(200), Reply(206)], ids=str)
def test_a_model_that_answers_is_not_spoken_of(aws: FakeAws, reply: Reply) -> None:
    aws.account.answers = {"model": reply}
    assert checked(aws).lines == []


def test_a_plan_warns_of_the_model_too(aws: FakeAws) -> None:
    aws.account.answers = {"model": Reply(403)}
    said = Said()
    preview(aws.gateways, wild_rydes(), Target(), said)
    assert any("answers 403" in text for text in said.texts("warning"))
    assert aws.journal == []


UPLOADED = Model("there", {"ModelSha256": "0" * 64}, b"tar", "0" * 64)
LINK = "https://b.s3.eu-west-1.amazonaws.com/model/f-0000000000000000.tar?X-Amz-Signature=1"


@pytest.mark.parametrize(
    ("desired", "is_asked"),
    [
        (LONG, True),
        (wanted(model=remote("https://example.org/model.tar.gz", FILLING)), True),
        (wanted(model=UPLOADED, overrides={"ModelUrl": LINK}), False),
        (set_to(BootstrapInstance="none"), False),
        (set_to(ModelUrl=""), False),
    ],
    ids=["default", "URL", "our link", "no instance", "none"],
)
def test_only_what_an_instance_will_fetch_from_elsewhere_is_asked(desired: Desired, is_asked: bool) -> None:
    assert ("model" in needs(desired, create(desired))) == is_asked


@pytest.mark.parametrize(
    ("location", "parts", "is_asked"),
    [
        ("https://example.org/m.tar", ("tensorflow", "model"), True),
        ("https://example.org/m.tar", ("tensorflow",), False),
        ("/m", ("model",), False),
    ],
)
def test_locally_it_is_what_the_directory_is_filled_with(location: str, parts: tuple[str, ...], is_asked: bool) -> None:
    desired = replace(LONG, fill=Path("efs"), model=Model(location))
    assert ("model" in needs(desired, [Fill("efs", parts), *create(desired)])) == is_asked


def test_an_emulator_starts_no_instance_that_would_fetch_it(aws: FakeAws) -> None:
    checked(aws, target=Target(endpoint="http://127.0.0.1"))
    assert set(aws.account.asked) == {*needs(LONG, create(LONG))} - {"model", "reach"}


def test_a_first_instance_is_a_new_one() -> None:
    there = found_as(LONG.stacks[0].with_parameters(BootstrapInstance="none"))
    assert set(needs(LONG, update(LONG, 0), there=there)) == {"zones", *INSTANCE, "runtimes"}


def test_expired_credentials_end_the_checks(aws: FakeAws) -> None:
    def expired() -> Any:
        raise InterruptedWork("renew them")

    aws.account.zones = expired  # type: ignore[method-assign]
    with pytest.raises(InterruptedWork, match="renew them"):
        checked(aws)


@pytest.mark.parametrize("account", ["", IDENTITY.account])
def test_the_right_account_passes(account: str) -> None:
    refuse_other_account(wild_rydes(account=account), IDENTITY)


def test_another_account_is_refused_before_anything() -> None:
    with pytest.raises(
        Refused, match=r"account 123456789012 .*rider.*, but --account says 999999999999.*--profile"
    ) as caught:
        refuse_other_account(wild_rydes(account="999999999999"), IDENTITY)
    assert caught.value.exit_code == 4
