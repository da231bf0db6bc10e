"""Settings: every fault at once, by the parameters' own rules, before anything is called."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.settings import parse_overrides
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.workshop import parameters
from wildrydes_ml.workshop.deployments import PRESETS
from wildrydes_ml.workshop.settings import wild_rydes

DERIVED = {
    "SecurityGroupIds",
    "SubnetIDs",
    "AccessPointARN",
    "DataBucket",
    "CodeKey",
    "ModelKey",
    "PreparationKey",
    "Ipv6AllowedForDualStack",
    "Revision",
    "DataProcessingExecutionRoleName",
    "TrainedModelPath",
}


def override_faults(overrides: dict[str, str]) -> list[str]:
    """What is wrong with `--set` pairs."""
    try:
        wild_rydes(overrides=overrides)
    except SettingsError as error:
        return list(error.faults)
    return []


@pytest.mark.parametrize(
    ("name", "stacks", "function"),
    [
        (
            "wildrydes-ml",
            ("wildrydes-ml-mod5", "wildrydes-ml-mod5-inf", "wildrydes-ml-mod5-complete", "wildrydes-ml-packaged"),
            "ml_inferencefunction",
        ),
        ("mine", ("mine-mod5", "mine-mod5-inf", "mine-mod5-complete", "mine-packaged"), "mine-ml_inferencefunction"),
    ],
)
def test_names_follow_the_prefix(name: str, stacks: tuple[str, ...], function: str) -> None:
    settings = wild_rydes(name=name)
    assert settings.all_stacks == stacks
    by_route = [wild_rydes(name=name, route=route).stacks for route in ("long", "short", "packaged")]
    assert by_route == [stacks[:2], stacks[2:3], stacks[3:]]
    assert settings.parameter_values()["FunctionName"] == function


def test_a_given_function_name_wins() -> None:
    settings = wild_rydes(name="mine", overrides={"FunctionName": "other"})
    assert settings.parameter_values()["FunctionName"] == "other"


def test_without_a_name_it_is_the_deployment_s_own() -> None:
    assert wild_rydes().name == "wildrydes-ml"


@pytest.mark.parametrize("name", ["ab", "a1", "my-rydes", "a" * 31])
def test_good_names(name: str) -> None:
    settings = wild_rydes(name=name)
    assert all(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]{0,127}", stack) for stack in settings.all_stacks)
    function = settings.parameter_values()["FunctionName"]
    assert re.fullmatch(parameters.TABLE["FunctionName"]["AllowedPattern"], function)
    # The bucket that a deploy makes is NAME-ACCOUNT-REGION.
    assert len(f"{name}-123456789012-ap-southeast-1") <= 63


@pytest.mark.parametrize("name", ["", "a", "A-b", "1ab", "-ab", "ab-", "a_b", "a.b", "a" * 32, "ab\n", "ä1"])
def test_bad_names(name: str) -> None:
    with pytest.raises(SettingsError, match="--name"):
        wild_rydes(name=name)


def test_overrides_are_split_at_the_first_equals_sign() -> None:
    assert parse_overrides([]) == {}
    pairs = ["Packages=a==1 b==2", "SshCidr=", "MinScore=0.3", "MinScore=0.5"]
    assert parse_overrides(pairs) == {"Packages": "a==1 b==2", "SshCidr": "", "MinScore": "0.5"}


def test_pairs_without_equals_sign_are_named_together() -> None:
    with pytest.raises(SettingsError) as error:
        parse_overrides(["MinScore", "Timeout=3", "SshCidr"])
    assert error.value.faults == ("--set MinScore: write Parameter=Value", "--set SshCidr: write Parameter=Value")
    assert error.value.exit_code == 2


def test_all_faults_come_together() -> None:
    overrides = {"MinScore": "2", "Tymeout": "3", "CodeKey": "x", "ApiAuth": "none", "Timeout": "30"}
    with pytest.raises(SettingsError) as error:
        wild_rydes(name="No", overrides=overrides)
    assert [fault.split(":")[0] for fault in error.value.faults] == [
        "--name 'No'",
        "--set MinScore=2",
        "--set Tymeout",
        "--set CodeKey",
        "--set ApiAuth=none",
    ]
    assert str(error.value).splitlines() == list(error.value.faults)
    assert error.value.exit_code == 2


def test_an_unknown_preset_is_a_fault() -> None:
    with pytest.raises(SettingsError, match="preset"):
        wild_rydes(preset="cheap")


@pytest.mark.parametrize("name", sorted(DERIVED))
def test_what_the_deployer_fills_in_is_not_to_be_set(name: str) -> None:
    (fault,) = override_faults({name: "x"})
    assert "you cannot set it yourself" in fault


def test_an_unknown_parameter_names_those_there_are() -> None:
    (fault,) = override_faults({"Nope": "x"})
    settings = wild_rydes()
    names = sorted({*settings.rows} - {*settings.given})
    assert fault == f"--set Nope: no such parameter; there are {', '.join(names)}"
    assert {"MinScore", "ThroughputMode"} < {*names}
    assert "DataBucket" not in names


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ThroughputMode", "fast", "one of provisioned, elastic, bursting"),
        ("ThroughputMode", "", "one of provisioned, elastic, bursting"),
        ("MemorySize", "127", "from 128 to 10240"),
        ("MemorySize", "10241", "from 128 to 10240"),
        ("MemorySize", "much", "from 128 to 10240"),
        ("MemorySize", "nan", "from 128 to 10240"),
        ("MemorySize", "", "from 128 to 10240"),
        ("LogRetentionDays", "15", "one of 1, 3, 5, 7, 14"),
        ("PythonRuntime", "python2.7", "such as python3.13"),
        ("Packages", 'a"b', "must be packages"),
        ("PrivateImageHosts", "a" * 129, "host:port"),
        ("ModelSha256", "12", "64 hexadecimal digits"),
    ],
)
def test_a_value_that_cloudformation_would_refuse(name: str, value: str, says: str) -> None:
    (fault,) = override_faults({name: value})
    assert fault.startswith(f"--set {name}={value}: must be ")
    assert says in fault


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MemorySize", "128"),
        ("MemorySize", "10240"),
        ("MinScore", "0"),
        ("MinScore", "1"),
        ("MinScore", "0.05"),
        ("LogRetentionDays", "3653"),
        ("SshCidr", ""),
        ("ReservedConcurrency", "0"),
        ("PrivateImageHosts", "localhost:8080,10.0.0.1:80"),
    ],
)
def test_a_value_that_cloudformation_takes(name: str, value: str) -> None:
    assert override_faults({name: value}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PythonRuntime", "python3.13\n"),
        ("SshCidr", "192.0.2.0/24\n"),
        ("ReservedConcurrency", "٣"),
        ("MemorySize", "1_024"),
        ("MemorySize", " 1024"),
    ],
)
def test_a_value_that_only_python_would_take(name: str, value: str) -> None:
    assert len(override_faults({name: value})) == 1


SETTABLE = sorted(set(wild_rydes().rows) - DERIVED)


@given(st.dictionaries(st.sampled_from(SETTABLE), st.text(max_size=20)))
def test_any_text_is_a_value_or_a_fault(overrides: dict[str, str]) -> None:
    alone = {name: value for name, value in overrides.items() if not name.startswith("AvailabilityZone")}
    faults = override_faults(alone)
    wrong = {re.match(r"--set (\w+)=", fault)[1] for fault in faults}  # type: ignore[index]
    assert len(wrong) == len(faults)
    kept = {name: value for name, value in alone.items() if name not in wrong}
    assert wild_rydes(overrides=kept).parameter_values() == {**wild_rydes().parameter_values(), **kept}


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_valid_and_whole(preset: str) -> None:
    assert override_faults(PRESETS[preset]) == []
    values = wild_rydes(preset=preset).parameter_values()
    assert sorted(values) == SETTABLE
    assert override_faults(values) == []
    assert PRESETS[preset].items() <= values.items()


def test_the_workshop_preset_is_the_templates_own_defaults() -> None:
    values = wild_rydes().parameter_values()
    assert values == {name: str(parameters.TABLE[name]["Default"]) for name in SETTABLE}


def test_the_lean_preset_reserves_and_keeps_nothing() -> None:
    values = wild_rydes(preset="lean").parameter_values()
    assert values["ThroughputMode"] == "elastic"
    assert values["InternetEgress"] == "ipv6"
    assert values["BootstrapInstance"] == "stop"
    assert values["Architecture"] == "x86_64"


def test_a_set_value_wins_over_the_preset() -> None:
    settings = wild_rydes(preset="lean", overrides={"InternetEgress": "nat"})
    assert settings.parameter_values()["InternetEgress"] == "nat"


@pytest.mark.parametrize(("target", "local"), [(Target(), False), (Target(endpoint="http://127.0.0.1:1"), True)])
def test_an_endpoint_makes_a_target_local(target: Target, local: bool) -> None:
    assert target.is_local is local


@pytest.mark.parametrize(
    ("one", "two", "fits"),
    [("a-1a", "a-1b", True), ("", "", True), ("a-1a", "", False), ("", "a-1a", False), ("a-1a", "a-1a", False)],
)
def test_zones_are_two_or_left_to_the_region(one: str, two: str, fits: bool) -> None:
    assert (override_faults({"AvailabilityZoneOne": one, "AvailabilityZoneTwo": two}) == []) is fits
