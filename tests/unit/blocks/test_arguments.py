"""Wrong use of a block fails at the line that is wrong, and the message says what to do."""

import inspect
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from troposphere import GetAtt, Parameter, Ref, Select, Sub, Template, iam

from tests.unit.blocks.existing import ARN, MOUNT, NETWORK, STORAGE
from wildrydes_ml import complete, efs_99, lambda_function
from wildrydes_ml.blocks import (
    Access,
    FileSystemMount,
    FunctionSettings,
    Network,
    PopulateSettings,
    Route,
    Storage,
    Watched,
    add_dashboard,
    add_function_security_group,
    add_inference_function,
    add_instance_security_group,
    add_network,
    add_populate,
    add_proxy_stage,
    add_rest_api,
    add_storage,
)
from wildrydes_ml.workshop import parameters

SETTINGS = FunctionSettings(name="answers", bucket="pictures", key="code.zip")
CLOSED = Access("API_KEY")
FILLING = PopulateSettings(packages="numpy==2.4.6", model="https://example.com/model.tar")


def changed(value: Any, **changes: Any) -> Any:
    """As `replace`, past the type checker, which would find the fault first."""
    return replace(value, **changes)


def one(template: Template, **more: Any) -> Route:
    return Route(add_inference_function(template, MOUNT, SETTINGS), **more)


def filled(template: Template, network: Network = NETWORK, settings: PopulateSettings = FILLING) -> object:
    group = add_instance_security_group(template, network, settings)
    return add_populate(template, network, STORAGE, group, settings)


# Values that a block cannot do anything with, as plain values


@pytest.mark.parametrize(
    ("make", "arguments", "says"),
    [
        (Access, {"auth": "API-KEY"}, "Access.auth is 'API-KEY': use one of 'NONE', 'API_KEY', 'AWS_IAM'"),
        (Access, {"rate": -1}, "Access.rate is -1: use 1 to 10000 (requests a second)"),
        (Access, {"burst": "many"}, "Access.burst is 'many': use 1 to 5000 (requests at once)"),
        (FunctionSettings, {"bucket": ""}, "FunctionSettings.bucket is '': name the S3 bucket"),
        (FunctionSettings, {"name": "my function"}, "use 1 to 64 letters, digits, _ and -"),
        (FunctionSettings, {"memory": -3008}, "FunctionSettings.memory is -3008: use 128 to 10240 (MiB)"),
        (FunctionSettings, {"timeout": 901}, "FunctionSettings.timeout is 901: use 1 to 900 (seconds)"),
        (FunctionSettings, {"log_retention": 8}, "FunctionSettings.log_retention is '8': use one of '1', '3'"),
        (FunctionSettings, {"runtime": "python3"}, "use a Lambda runtime such as python3.13"),
        (FunctionSettings, {"architecture": "arm"}, "use one of 'x86_64', 'arm64'"),
        (FunctionSettings, {"handler": "lambda_handler"}, "use module.function"),
        (FunctionSettings, {"key": ""}, "name the zip's key in the bucket"),
        (FunctionSettings, {"reserved_concurrency": "-1"}, "use a whole number, or '' for off"),
        (FunctionSettings, {"provisioned_concurrency": ""}, "use a whole number, 0 for off"),
        (FunctionSettings, {"environment": {"MIN-SCORE": "1"}}, "is 'MIN-SCORE': use letters, digits and _"),
        (PopulateSettings, {"instance": "stopped"}, "use one of 'keep', 'stop', 'none'"),
        (PopulateSettings, {"architecture": "x86"}, "use one of 'x86_64', 'arm64'"),
        (PopulateSettings, {"runtime": "3.13"}, "use a Lambda runtime"),
        (PopulateSettings, {"model": "s3://bucket/model.tar"}, "use the http(s) URL of a tar archive"),
        (PopulateSettings, {"model_sha256": "abc"}, "use 64 hexadecimal digits"),
        (PopulateSettings, {"packages": 'numpy; python_version > "3"'}, "a shell reads it"),
        (FileSystemMount, {"path": "/tmp/python"}, "use /mnt/ and one name, such as /mnt/python"),
        (FileSystemMount, {"path": "/mnt/a/b"}, "use /mnt/ and one name, such as /mnt/python"),
        (FileSystemMount, {"access_point_arn": "fsap-0123"}, "use the ARN of an access point"),
        (FileSystemMount, {"subnets": []}, "FileSystemMount.subnets is []: name one or more ids"),
        (Network, {"private_subnets": ["subnet-1"]}, "name two or more subnets in different Availability Zones"),
        (Network, {"private_subnets": ["subnet-1", "subnet-1"]}, "name two or more subnets"),
        (Network, {"private_subnets": [Ref("One"), Ref("One")]}, "name two or more subnets"),
        (Network, {"vpc_cidr": "10.0.0.0"}, "use a block of IPv4 addresses such as 10.0.0.0/16"),
    ],
)
def test_a_wrong_value_is_refused_by_name(make: Any, arguments: dict[str, Any], says: str) -> None:
    right: dict[Any, dict[str, Any]] = {
        FileSystemMount: {"subnets": ["subnet-1"], "security_groups": ["sg-1"], "access_point_arn": ARN},
        Access: {"auth": "API_KEY"},
        Network: {"vpc": "vpc-0", "vpc_cidr": "10.0.0.0/16", "private_subnets": ["subnet-1", "subnet-2"]},
        FunctionSettings: {"name": "answers", "bucket": "pictures", "key": "code.zip"},
    }
    with pytest.raises(ValueError, match=r"\w") as raised:
        make(**{**right.get(make, {}), **arguments})
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: changed(NETWORK, private_subnets="subnet-1"), "Network.private_subnets is 'subnet-1': pass a list"),
        (lambda: changed(NETWORK, private_subnets=Ref("Subnets")), "for a list parameter, Select(0, Ref(it))"),
        (lambda: changed(NETWORK, vpc=None), "Network.vpc is None: pass text, a number, a parameter"),
        (lambda: changed(MOUNT, subnets="subnet-1"), "FileSystemMount.subnets is 'subnet-1': pass a list"),
        (lambda: changed(MOUNT, mount_targets="MountTargetResource1"), "pass Storage.mount_targets"),
        (lambda: changed(SETTINGS, environment={"MODEL": None}), "FunctionSettings.environment['MODEL'] is None"),
        (lambda: changed(SETTINGS, policies=iam.Policy()), "FunctionSettings.policies is <"),
        (lambda: changed(SETTINGS, memory=[1]), "FunctionSettings.memory is [1]: pass text, a number"),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused_by_name(make: Callable[[], object], says: str) -> None:
    with pytest.raises(TypeError) as raised:
        make()
    assert says in str(raised.value)


@pytest.mark.parametrize("value", [Parameter("P", Type="String"), Ref("P"), GetAtt("P", "Q"), Sub("${P}")])
def test_what_is_known_later_is_not_judged(value: Any) -> None:
    Access("API_KEY", rate=value, burst=value)
    texts = ("name", "bucket", "key", "runtime", "architecture", "memory", "timeout", "log_retention")
    FunctionSettings(**dict.fromkeys(texts, value), environment={"MIN_SCORE": value, "HALF": 0.5})
    FileSystemMount(subnets=value, security_groups=value, access_point_arn=value, path=value)
    Network(vpc=value, vpc_cidr=value, private_subnets=[Select(0, value), Select(1, value)])
    Storage(file_system=value, access_point=value, access_point_arn=value)
    PopulateSettings(**{field.name: value for field in fields(PopulateSettings)})


@pytest.mark.parametrize("path", ["digits", "/digits/", "//", "/a//b", "/a b", "/{a", "/{a+}/b", "/a/{b}c"])
def test_a_wrong_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"Route\.path is .*: use /, /name, /name/\{id\} or /\{rest\+\}"):
        one(Template(), path=path)


@pytest.mark.parametrize("path", ["/", "/digits", "/v1/digits-2", "/digits/{id}", "/a/{b}/c.d", "/{rest+}", "/a/{b+}"])
def test_a_right_path_is_taken(path: str) -> None:
    assert one(Template(), path=path).path == path


def test_a_wrong_method_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Route\.method is 'post': use one of 'ANY', "):
        one(Template(), method="post")
    with pytest.raises(ValueError, match=r"Route\.page needs method ANY: add another route for GET /a"):
        one(Template(), path="/a", method="POST", page=True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"egress": "NAT"}, "egress is 'NAT': use one of 'nat', 'ipv6', 'none'"),
        ({"zone_one": "eu-west-1a", "zone_two": "eu-west-1a"}, "use two zones"),
    ],
)
def test_a_wrong_network_is_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        add_network(Template(), **arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"clients": []}, "clients is []: name the security groups of all clients"),
        ({"clients": ["sg-1"], "throughput_mode": "burst"}, "use one of 'provisioned', 'elastic', 'bursting'"),
        ({"clients": ["sg-1"], "provisioned_mibps": 0}, "provisioned_mibps is 0: use 1 to 3414 (MiB/s)"),
    ],
)
def test_a_wrong_storage_is_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as raised:
        add_storage(Template(), NETWORK, **arguments)
    assert says in str(raised.value)


# Things that do not go together


def dashboard(template: Template) -> object:
    return add_dashboard(template, Watched(function="digits"))


@pytest.mark.parametrize(
    ("add", "says"),
    [
        (add_network, "already has a resource 'VPC': a template needs one network"),
        (lambda template: add_function_security_group(template, NETWORK), "use this group for all functions"),
        (lambda template: add_storage(template, NETWORK, ["sg-1"]), "a template needs one file system"),
        (lambda template: add_instance_security_group(template, NETWORK, FILLING), "has one filling instance; use the"),
        (filled, "a file system has one filling instance"),
        (lambda template: add_inference_function(template, MOUNT, SETTINGS), "use a different title for each function"),
        (dashboard, "use a different title for each dashboard"),
    ],
)
def test_a_block_that_is_there_already_is_refused(add: Callable[[Template], object], says: str) -> None:
    template = Template()
    add(template)
    with pytest.raises(ValueError, match=r"^the template already has a resource") as raised:
        add(template)
    assert says in str(raised.value)


def test_an_api_of_the_same_title_is_refused() -> None:
    template = Template()
    route = one(template)
    add_rest_api(template, [route], CLOSED)
    with pytest.raises(ValueError, match="has a resource 'ModelInferenceApi': use a different title for each API"):
        add_rest_api(template, [route], CLOSED)


def test_functions_of_the_same_name_are_refused() -> None:
    template = Template()
    add_inference_function(template, MOUNT, SETTINGS)
    with pytest.raises(ValueError, match=r"'answers', which ModelInferenceFunction already uses: use another name"):
        add_inference_function(template, MOUNT, SETTINGS, title="Second")


def test_a_version_has_no_room_for_long_texts() -> None:
    wordy = replace(SETTINGS, environment={"LABELS": "horse," * 50})
    add_inference_function(Template(), MOUNT, wordy)
    with pytest.raises(ValueError, match=r"texts of 3\d\d characters, .* has room for 256: shorten them"):
        add_inference_function(Template(), MOUNT, replace(wordy, provisioned_concurrency=1))


@pytest.mark.parametrize("title", ["", "my-function", "Zwölf"])
def test_a_title_must_be_a_logical_id(title: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be a logical id: use letters and digits only"):
        add_inference_function(Template(), MOUNT, SETTINGS, title=title)


def test_a_condition_is_not_taken_for_another_parameters() -> None:
    template = Template()
    first, second = (template.add_parameter(Parameter(name, Type="String")) for name in ("First", "Second"))
    add_network(template, egress=first)
    with pytest.raises(ValueError, match=r"already has another condition 'UseIpv6'"):
        add_network(with_conditions(template), egress=second)


def with_conditions(other: Template) -> Template:
    template = Template()
    template.conditions = other.conditions
    return template


def test_routes_are_a_list_of_routes() -> None:
    template = Template()
    added = add_inference_function(template, MOUNT, SETTINGS)
    wrong: list[Any] = [[], [added]]
    for routes in wrong:
        with pytest.raises(TypeError, match=r"such as \[Route\(inference\)\]"):
            add_rest_api(template, routes, CLOSED)


@pytest.mark.parametrize("second", [{"path": "/"}, {"path": "/", "method": "GET"}])
def test_one_function_answers_a_route(second: dict[str, Any]) -> None:
    template = Template()
    route = one(template, page=True)
    with pytest.raises(ValueError, match=r"route \w+ / is there twice: only one function can answer it"):
        add_rest_api(template, [route, Route(route.inference, **second)], CLOSED)


def test_a_route_needs_its_function_in_the_template() -> None:
    with pytest.raises(ValueError, match=r"function ModelInferenceFunction of route / is not in this template"):
        add_rest_api(Template(), [one(Template())], CLOSED)


def test_a_stage_has_the_routes_and_the_access_of_its_api_and_no_others() -> None:
    template = Template()
    api = add_rest_api(template, [one(template)], CLOSED)
    stage: Any = add_proxy_stage
    with pytest.raises(TypeError, match="positional argument"):
        stage(template, api, [Route(api.routes[0].inference, "/new", "POST")])
    with pytest.raises(TypeError, match="unexpected keyword argument 'access'"):
        stage(template, api, access=Access("AWS_IAM"))
    assert set(inspect.signature(add_proxy_stage).parameters) == {"template", "api"}


def test_a_stage_is_for_an_api_of_its_template() -> None:
    template = Template()
    api = add_rest_api(template, [one(template)], CLOSED)
    with pytest.raises(ValueError, match=r"API ModelInferenceApi is not in this template: pass this template's own"):
        add_proxy_stage(Template(), api)
    with pytest.raises(TypeError, match=r"api is .*: pass the result of add_rest_api"):
        add_proxy_stage(template, api.rest_api)


def test_a_route_is_for_a_function_that_was_added() -> None:
    added: Any = one(Template()).inference.function
    with pytest.raises(TypeError, match=r"Route\.inference is .*: pass the result of add_inference_function"):
        Route(added)


# What is open is said, with a reason


def auth_parameter(*allowed: str) -> Any:
    return Parameter("Auth", Type="String", **({"AllowedValues": list(allowed)} if allowed else {}))


def test_nothing_says_by_default_who_may_call() -> None:
    make: Any = Access
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'auth'"):
        make()
    template = Template()
    make = add_rest_api
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'access'"):
        make(template, [one(template)])


@pytest.mark.parametrize(
    ("auth", "because", "says"),
    [
        ("NONE", "", "Access.auth 'NONE' lets anyone call: say why in open_because, or use 'API_KEY' or 'AWS_IAM'"),
        ("NONE", "  ", "say why in open_because"),
        (auth_parameter("NONE", "API_KEY"), "", "Access.auth parameter Auth lets anyone call: say why"),
        ("API_KEY", "Riders have no key.", "open_because is given, but auth 'API_KEY' opens nothing: remove it"),
        (auth_parameter("AWS_IAM"), "Riders have no key.", "but auth parameter Auth opens nothing"),
        (auth_parameter(), "", "parameter Auth, which allows anything: use AllowedValues from 'NONE', 'API_KEY', "),
        (auth_parameter("NONE", "COGNITO"), "Riders.", "which allows ['NONE', 'COGNITO']: use AllowedValues"),
    ],
)
def test_an_open_api_needs_a_reason_and_a_closed_one_has_none(auth: Any, because: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"Access\.") as raised:
        Access(auth, open_because=because)
    assert says in str(raised.value)


@pytest.mark.parametrize("auth", [Ref("Auth"), Sub("${Auth}"), GetAtt("A", "B"), None, 1, ["NONE"]])
def test_what_no_condition_can_be_made_of_is_no_way_of_calling(auth: Any) -> None:
    with pytest.raises(TypeError, match=r"Access\.auth is .*: pass one of 'NONE', .*, or a template parameter"):
        Access(auth, open_because="Riders call without credentials.")


def test_a_reason_is_text() -> None:
    flag: Any = True
    with pytest.raises(TypeError, match=r"Access\.open_because is True: write a sentence that says why anyone"):
        Access("NONE", open_because=flag)
    with pytest.raises(TypeError, match=r"Route\.open_because is True: write a sentence that says why anyone may call"):
        one(Template(), open_because=flag)


def test_a_page_of_an_open_route_is_open_anyway() -> None:
    with pytest.raises(ValueError, match=r"Route\.page opens only GET /a, open_because all methods: use one"):
        one(Template(), path="/a", page=True, open_because="Anyone may look.")


@pytest.mark.parametrize("access", [CLOSED, Access(auth_parameter("API_KEY", "NONE"), open_because="Riders call.")])
def test_an_api_that_is_open_on_every_route_says_so_once(access: Access) -> None:
    template = Template()
    with pytest.raises(ValueError, match=r"every route is open: use Access\('NONE', open_because="):
        add_rest_api(template, [one(template, open_because="Anyone may look.")], access)


@pytest.mark.parametrize("name", ["packages", "model"])
def test_an_instance_needs_something_to_fill_in(name: str) -> None:
    with pytest.raises(ValueError, match=rf"PopulateSettings\.{name} is empty: .* or use instance='none'"):
        filled(Template(), settings=changed(FILLING, **{name: ""}))


def test_an_instance_needs_a_public_subnet() -> None:
    with pytest.raises(ValueError, match="Network has neither public_subnet nor filling_subnet"):
        filled(Template(), changed(NETWORK, public_subnet=None))


# The table of parameters


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(ValueError, match=r"parameter Memory: there is none of that name, but .*MemorySize"):
        parameters.add_parameters(Template(), ["MemorySize", "Memory"])


def test_a_default_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"default of parameter MemorySize is 1: it must be a number from 128 to 10240"
    ):
        parameters.add_parameters(Template(), ["MemorySize"], {"MemorySize": {"Default": 1}})


@pytest.mark.parametrize("build", [efs_99, lambda_function, complete])
def test_defaults_of_a_whole_template_can_be_others(build: Callable[..., Template]) -> None:
    described = build(defaults={"PythonRuntime": "python3.12"}).to_dict()["Parameters"]
    usual = build().to_dict()["Parameters"]
    assert described["PythonRuntime"] == {**usual.pop("PythonRuntime"), "Default": "python3.12"}
    assert {name: described[name] for name in usual} == usual


def test_a_default_of_no_parameter_of_the_template_is_refused() -> None:
    with pytest.raises(ValueError, match=r"default MemorySize: there is none of that name, but Architecture, "):
        efs_99(defaults={"MemorySize": 1024})
    with pytest.raises(
        ValueError, match=r"default of parameter Architecture is 'arm': it must be one of x86_64, arm64"
    ):
        lambda_function(defaults={"Architecture": "arm"})


def test_a_parameter_becomes_required_without_its_default() -> None:
    template = Template()
    parameters.add_parameters(template, ["ModelUrl"], {"ModelUrl": {"Default": None}})
    assert "Default" not in template.to_dict()["Parameters"]["ModelUrl"]
