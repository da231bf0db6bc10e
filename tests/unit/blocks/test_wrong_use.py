"""Mistakes that once rendered a wrong template without a word: each fails at its line, with what to do."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from troposphere import (
    FindInMap,
    GetAtt,
    If,
    ImportValue,
    Parameter,
    Ref,
    Select,
    Sub,
    Template,
    apigateway,
    ec2,
    efs,
    iam,
)

from tests.unit.blocks.existing import ARN, MOUNT, NETWORK, STORAGE
from wildrydes_ml.blocks import (
    Access,
    Alarms,
    FileSystemMount,
    FunctionSettings,
    Network,
    Populate,
    PopulateSettings,
    Route,
    Storage,
    Watched,
    access_point_arn,
    add_dashboard,
    add_function_security_group,
    add_inference_function,
    add_instance_security_group,
    add_network,
    add_populate,
    add_proxy_stage,
    add_rest_api,
    add_storage,
    invoke_url,
)
from wildrydes_ml.checks import check

MODEL = "https://example.com/model.tar"


def settings(**changes: Any) -> FunctionSettings:
    return FunctionSettings(**{"name": "answers", "bucket": "answers", "key": "code.zip", **changes})


def filling(**changes: Any) -> PopulateSettings:
    return PopulateSettings(**{"packages": "numpy==2.4.6", "model": MODEL, **changes})


def populate(template: Template, wanted: PopulateSettings | None = None, storage: Storage = STORAGE) -> Populate:
    wanted = wanted or filling()
    return add_populate(template, NETWORK, storage, add_instance_security_group(template, NETWORK, wanted), wanted)


def properties(template: Template, title: str) -> dict[str, Any]:
    found: dict[str, Any] = template.to_dict()["Resources"][title]["Properties"]
    return found


# Positions that can be swapped


@pytest.mark.parametrize(
    "make",
    [Alarms, FileSystemMount, FunctionSettings, Network, PopulateSettings, Storage, Watched],
    ids=lambda one: one.__name__,
)
def test_what_can_be_swapped_has_names(make: Any) -> None:
    assert all(field.kw_only for field in fields(make))
    with pytest.raises(TypeError, match="positional argument"):
        make("x", "app.answer", "b")


def test_rate_and_burst_have_names() -> None:
    make: Any = Access
    with pytest.raises(TypeError, match="positional argument"):
        make("API_KEY", 2, 4)


T = Template()


@pytest.mark.parametrize(
    ("add", "swapped", "says"),
    [
        (add_network, [NETWORK], "template is Network.*: pass the troposphere.Template first"),
        (add_function_security_group, [NETWORK, T], "template is Network"),
        (add_storage, [NETWORK, T, ["sg-1"]], "template is Network"),
        (add_storage, [T, ["sg-1"], NETWORK], r"network is \['sg-1'\]: pass the result of add_network"),
        (add_instance_security_group, [T, filling(), NETWORK], "network is PopulateSettings"),
        (add_populate, [T, STORAGE, NETWORK, None, filling()], "network is Storage"),
        (add_populate, [T, NETWORK, NETWORK, None, filling()], "storage is Network.*: pass the result of add_storage"),
        (
            add_populate,
            [T, NETWORK, STORAGE, "sg-1", filling()],
            "group is 'sg-1': pass the result of add_instance_security",
        ),
        (
            add_inference_function,
            [T, settings(), MOUNT],
            "(mount is Fun|settings is File).*: pass a FileSystemMount, then FunctionSettings",
        ),
        (add_inference_function, [T, MOUNT, filling()], "settings is PopulateSettings.*: pass a FileSystemMount"),
        (
            add_instance_security_group,
            [T, NETWORK, settings()],
            "settings is FunctionSettings.*: pass PopulateSettings",
        ),
        (add_populate, [T, NETWORK, STORAGE, ec2.SecurityGroup("Group"), settings()], "settings is FunctionSettings"),
        (add_rest_api, [T, [], "API_KEY"], "access is 'API_KEY': pass an Access"),
        (add_rest_api, [T, iter([]), Access("API_KEY")], r"such as \[Route\(inference\)\]"),
        (invoke_url, [apigateway.RestApi("Api")], "api is .*: pass the result of add_rest_api"),
        (add_dashboard, [T, Watched(function="digits"), 5], "alarms is 5: pass Alarms"),
        (add_proxy_stage, [NETWORK, T], "template is Network.*: pass the troposphere.Template first"),
        (add_dashboard, [T, "digits"], "watched is 'digits': pass a Watched"),
        (add_dashboard, [Watched(function="digits"), T], "template is Watched"),
    ],
)
def test_swapped_arguments_are_told_by_name(add: Any, swapped: list[Any], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        add(*swapped)
    assert not T.resources


# The function


@pytest.mark.parametrize("handler", ["handler/app.py", "app.py", "/app.answer.py"])
def test_a_file_is_no_handler(handler: str) -> None:
    with pytest.raises(ValueError, match=r"FunctionSettings\.handler is .*: use module\.function, such as app\.answer"):
        settings(handler=handler)


@pytest.mark.parametrize("handler", ["app.answer", "package.app.answer", "handler/app.answer", "app.pyramid"])
def test_a_module_s_function_is_one(handler: str) -> None:
    assert settings(handler=handler).handler == handler


@pytest.mark.parametrize("bucket", ["My_Bucket", "ab", "-data", "s3://data"])
def test_a_wrong_bucket_is_told_what_a_name_is_made_of(bucket: str) -> None:
    for make in (settings, filling):
        with pytest.raises(ValueError, match=r"bucket is .*: name the S3 bucket .*: 3 to 63 lower-case letters,"):
            make(bucket=bucket, key="code.zip")


def test_a_bucket_goes_with_a_key() -> None:
    with pytest.raises(ValueError, match=r"PopulateSettings\.key is '': name the zip's key in the bucket"):
        filling(bucket="pictures")


@pytest.mark.parametrize("wrong", [iam.Policy, [iam.Policy], ["AmazonS3ReadOnlyAccess"], [iam.Role("Role")]])
def test_policies_are_a_list_of_policies(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"FunctionSettings\.policies.* is .*: pass a list of troposphere\.iam\.Policy"):
        settings(policies=wrong)


def behind_an_api(**changes: Any) -> list[str]:
    """The rules that a function with an API breaks."""
    template = Template()
    added = add_inference_function(template, MOUNT, settings(**changes))
    add_proxy_stage(template, add_rest_api(template, [Route(added)], Access("API_KEY")))
    return [finding.rule for finding in check(template.to_dict())]


def test_a_function_that_outlasts_the_api_needs_the_author_s_word() -> None:
    assert behind_an_api() == []
    assert behind_an_api(timeout=900) == ["W9907"]
    assert behind_an_api(timeout=900, long_because="The first call loads a model of 5 GB") == []


def test_the_author_s_word_stands_in_the_template() -> None:
    template = Template()
    add_inference_function(template, MOUNT, settings(timeout=60, long_because="The first call loads a model of 5 GB"))
    metadata = template.to_dict()["Resources"]["ModelInferenceFunction"]["Metadata"]["cfn-lint"]
    assert metadata["reasons"] == {"W9907": "The first call loads a model of 5 GB."}


def test_a_word_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"long_because is given, but timeout 29 is not over .*: remove long_because"):
        settings(long_because="It loads a model.")
    with pytest.raises(TypeError, match=r"FunctionSettings\.long_because is True: write a sentence that says why"):
        settings(timeout=60, long_because=True)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"environment": ["MODEL=digits"]}, "environment is .*: pass a dict of names and values"),
        ({"revision": None}, "revision is None: pass text, a number"),
        ({"description": ["It reads."]}, r"description is \['It reads.'\]: pass text"),
    ],
)
def test_a_setting_of_another_kind_is_told_by_name(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(TypeError, match=rf"FunctionSettings\.{says}"):
        settings(**wrong)


def test_a_title_is_text() -> None:
    title: Any = None
    with pytest.raises(TypeError, match="title None: pass its name as text"):
        add_inference_function(Template(), MOUNT, settings(), title=title)


# The access point


def test_an_access_point_is_mounted_by_its_arn() -> None:
    template = Template()
    point = template.add_resource(efs.AccessPoint("Point", FileSystemId="fs-0"))
    for wrong in (point,):
        with pytest.raises(
            TypeError, match=r"FileSystemMount\.access_point_arn is the access point Point: use the ARN"
        ):
            FileSystemMount(subnets=["subnet-1"], security_groups=["sg-1"], access_point_arn=wrong)
        with pytest.raises(
            TypeError, match=r"Storage\.access_point_arn is the access point Point: .*access_point_arn\(\)"
        ):
            Storage(file_system="fs-0", access_point=point, access_point_arn=wrong)
    by_id = FileSystemMount(subnets=["subnet-1"], security_groups=["sg-1"], access_point_arn=Ref(point))
    with pytest.raises(ValueError, match=r"access_point_arn is Ref\('Point'\), which is the access point's id: use"):
        add_inference_function(template, by_id, settings())
    with pytest.raises(ValueError, match=r"Storage\.access_point_arn is Ref\('Point'\)"):
        populate(template, storage=Storage(file_system="fs-0", access_point=point, access_point_arn=Ref(point)))


def test_an_arn_that_is_one_is_taken() -> None:
    template = Template()
    point = template.add_resource(efs.AccessPoint("Point", FileSystemId="fs-0"))
    chosen = template.add_parameter(Parameter("PointArn", Type="String"))
    for number, arn in enumerate([access_point_arn(point), GetAtt(point, "Arn"), Ref(chosen), chosen]):
        mount = FileSystemMount(subnets=["subnet-1"], security_groups=["sg-1"], access_point_arn=arn)
        add_inference_function(template, mount, settings(name=f"f{number}"), title=f"F{number}")
    assert len([title for title in template.resources if title.endswith("Live")]) == 4


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"file_system": "fsap-0", "access_point": "fs-0"},
            "Storage.file_system is 'fsap-0': use the file system's id",
        ),
        ({"access_point": ARN}, "Storage.access_point is 'arn:.*: use the access point's id"),
        ({"access_point_arn": "fsap-0"}, "Storage.access_point_arn is 'fsap-0': use the ARN of an access point"),
    ],
)
def test_ids_of_a_storage_are_told_apart(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Storage(**{"file_system": "fs-0", "access_point": "fsap-0", "access_point_arn": ARN, **changes})


# The network


def subnet(title: str, zone: Any) -> ec2.Subnet:
    return ec2.Subnet(title, VpcId="vpc-0", AvailabilityZone=zone)


@pytest.mark.parametrize("zone", ["eu-west-1a", Ref("Zone"), Select(0, ["a", "b"])])
def test_subnets_of_one_zone_are_refused(zone: Any) -> None:
    with pytest.raises(ValueError, match=r"private_subnets are in one Availability Zone, .*: name two or more subnets"):
        Network(vpc="vpc-0", vpc_cidr="10.0.0.0/16", private_subnets=[subnet("One", zone), subnet("Two", zone)])


def test_subnets_of_two_zones_are_taken() -> None:
    pairs = [("eu-west-1a", "eu-west-1b"), (Ref("One"), Ref("Two")), ("eu-west-1a", Ref("Two"))]
    for one, two in pairs:
        private: Any = [subnet("One", one), subnet("Two", two)]
        assert Network(vpc="vpc-0", vpc_cidr="10.0.0.0/16", private_subnets=private).private_subnets == private


def test_one_parameter_for_both_zones_is_refused() -> None:
    template = Template()
    zone = template.add_parameter(Parameter("Zone", Type="String"))
    with pytest.raises(ValueError, match="use two zones"):
        add_network(template, zone_one=zone, zone_two=zone)


def test_an_instance_in_a_private_subnet_has_no_public_address() -> None:
    template, public = Template(), Template()
    private = Network(
        vpc="vpc-0", vpc_cidr="10.0.0.0/16", private_subnets=["subnet-1", "subnet-2"], filling_subnet="subnet-9"
    )
    group = add_instance_security_group(template, private, filling())
    add_populate(template, private, STORAGE, group, filling())
    populate(public)
    (interface,) = properties(template, "EfsMountEC2Instance")["NetworkInterfaces"]
    (open_one,) = properties(public, "EfsMountEC2Instance")["NetworkInterfaces"]
    assert (interface["SubnetId"], interface["AssociatePublicIpAddress"]) == ("subnet-9", False)
    assert (open_one["SubnetId"], open_one["AssociatePublicIpAddress"]) == ("subnet-0", True)
    metadata = template.to_dict()["Resources"]["EfsMountEC2Instance"]["Metadata"]
    assert "checkov" not in metadata
    assert "EC2_INSTANCE_NO_PUBLIC_IP" not in metadata["guard"]["SuppressedRules"]


def test_an_instance_is_in_one_subnet() -> None:
    with pytest.raises(ValueError, match="Network has both public_subnet and filling_subnet: name only"):
        Network(
            vpc="vpc-0", vpc_cidr="10.0.0.0/16", private_subnets=["subnet-1", "subnet-2"],
            public_subnet="subnet-0", filling_subnet="subnet-9",
        )  # fmt: skip


# The filling


@pytest.mark.parametrize(
    "packages", ["numpy", "numpy>=2", "numpy==2.4.6 pillow", "numpy==2.4.6,pillow==13.0.0", "-r all"]
)
def test_packages_are_pinned(packages: str) -> None:
    with pytest.raises(ValueError, match=r"PopulateSettings\.packages is .*: use exact versions.* numpy==2\.4\.6"):
        filling(packages=packages)


def test_pins_are_taken() -> None:
    packages = "numpy==2.4.6 onnxruntime[cuda]==1.20.0  torch==2.8.0+cpu;platform_machine=='x86_64'"
    assert filling(packages=packages).packages == packages


@pytest.mark.parametrize("refer", [lambda group: group, Ref, lambda group: GetAtt(group, "GroupId")])
def test_the_storage_must_admit_the_instance(refer: Callable[[ec2.SecurityGroup], Any]) -> None:
    template = Template()
    function = add_function_security_group(template, NETWORK)
    instance = add_instance_security_group(template, NETWORK, filling())
    closed = add_storage(template, NETWORK, [function])
    with pytest.raises(ValueError, match=r"does not allow InstanceSecurityGroup, .*: add the group to the clients"):
        add_populate(template, NETWORK, closed, instance, filling())
    template = Template()
    instance = add_instance_security_group(template, NETWORK, filling())
    admitting = add_storage(template, NETWORK, ["sg-1", refer(instance)])
    assert add_populate(template, NETWORK, admitting, instance, filling()).exists is True


def test_a_storage_without_an_instance_admits_none() -> None:
    template, none = Template(), PopulateSettings(instance="none")
    group = add_instance_security_group(template, NETWORK, none)
    storage = add_storage(template, NETWORK, [add_function_security_group(template, NETWORK)])
    assert add_populate(template, NETWORK, storage, group, none).exists is False
    rules = properties(template, "MountTargetSecurityGroup")["SecurityGroupIngress"]
    assert [rule["SourceSecurityGroupId"] for rule in rules] == [{"Ref": "FunctionSecurityGroup"}]


@pytest.mark.parametrize(
    ("installs", "runs", "says"),
    [
        ({"runtime": "python3.12"}, {}, "runtime is 'python3.13', but add_populate installs for 'python3.12'"),
        ({"architecture": "arm64"}, {}, "architecture is 'x86_64', but add_populate installs for 'arm64'"),
        (
            {"runtime": Parameter("P", Type="String")},
            {},
            r"installs for \{'Ref': 'P'\}: pass the same value, or the same parameter",
        ),
        ({}, {"runtime": Ref("P")}, r"runtime is \{'Ref': 'P'\}, but add_populate installs for 'python3.13'"),
    ],
)
def test_one_runtime_and_processor_for_filler_and_function(
    installs: dict[str, Any], runs: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        settings(contents=populate(Template(), filling(**installs)), **runs)


def test_one_parameter_for_both_is_one_value() -> None:
    python = Parameter("Python", Type="String")
    wanted = settings(contents=populate(Template(), filling(runtime=python)), runtime=Ref(python))
    assert wanted.contents is not None


def test_without_an_instance_nothing_is_installed_for_another() -> None:
    none = PopulateSettings(instance="none", runtime="python3.12")
    assert settings(contents=populate(Template(), none)).runtime == "python3.13"


def test_a_filling_is_passed_whole() -> None:
    filled = populate(Template())
    for part in (filled.contents, filled.reported, "tensorflow"):
        with pytest.raises(TypeError, match=r"FunctionSettings\.contents is .*: pass the result of add_populate"):
            settings(contents=part)


def test_who_may_log_in_is_a_block() -> None:
    with pytest.raises(
        ValueError, match=r"PopulateSettings\.ssh_cidr is '203\.0\.113\.7': use a block of IPv4 addresses"
    ):
        filling(ssh_cidr="203.0.113.7")
    assert filling(ssh_cidr="203.0.113.7/32").ssh_cidr == "203.0.113.7/32"


# The API and its alarms


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        (["/a/{b}", "/a/b"], r"paths /a/b and /a/\{b\} would have the same logical id, AB: rename one"),
        (["/letters", "/Letters"], "paths /Letters and /letters would have the same logical id, Letters"),
        (["/a-b/c", "/aB"], "paths /a-b and /aB would have the same logical id, AB"),
        (["/a/{b}", "/a/{c}/d"], r"\{c\} and \{b\} are both below /a: use"),
        (["/{a}", "/{b+}"], r"\{b\+\} and \{a\} are both below /: use"),
    ],
)
def test_paths_that_would_be_one_resource_are_refused(paths: list[str], says: str) -> None:
    template = Template()
    added = add_inference_function(template, MOUNT, settings())
    methods: list[Any] = ["GET", "POST"]
    routes = [Route(added, path, method) for path, method in zip(paths, methods, strict=True)]
    with pytest.raises(ValueError, match=says):
        add_rest_api(template, routes, Access("API_KEY"))


def test_paths_may_share_what_is_above_them() -> None:
    template = Template()
    added = add_inference_function(template, MOUNT, settings())
    routes = [
        Route(added, "/a/{id}", "GET"),
        Route(added, "/a/{id}/b", "GET"),
        Route(added, "/a", "POST"),
        Route(added),
    ]
    add_proxy_stage(template, add_rest_api(template, routes, Access("API_KEY")))
    made = [entry for entry in template.to_dict()["Resources"].values() if entry["Type"] == "AWS::ApiGateway::Resource"]
    assert sorted(entry["Properties"]["PathPart"] for entry in made) == ["a", "b", "{id}"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"topic": "riders"}, r"Alarms\.topic is 'riders': use the ARN of an SNS topic"),
        ({"errors": -1}, r"Alarms\.errors is -1: use 0 to"),
        ({"io_percent": 150}, r"Alarms\.io_percent is 150: use 0 to 100"),
    ],
)
def test_a_wrong_alarm_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Alarms(**wrong)


# What no condition can be made of


@pytest.mark.parametrize(
    "choose",
    [
        lambda t: add_network(t, egress=Ref("P")),
        lambda t: add_network(t, egress=GetAtt("P", "Q")),
        lambda t: add_network(t, zone_one=Ref("P")),
        lambda t: add_network(t, zone_one=If("C", "eu-west-1a", "")),
        lambda t: add_storage(t, NETWORK, ["sg-1"], throughput_mode=Ref("P")),
        lambda t: populate(t, filling(architecture=Ref("P"))),
        lambda t: populate(t, filling(architecture=FindInMap("A", "B", "C"))),
        lambda t: populate(t, filling(instance=Ref("P"))),
        lambda t: add_inference_function(t, MOUNT, settings(reserved_concurrency=Ref("P"))),
        lambda t: add_inference_function(t, MOUNT, settings(provisioned_concurrency=Sub("${P}"))),
        lambda t: add_inference_function(t, MOUNT, settings(permissions_boundary=Ref("P"))),
    ],
)
def test_a_reference_is_not_judged_as_text(choose: Callable[[Template], object]) -> None:
    template = Template()
    template.add_parameter(Parameter("P", Type="String"))
    with pytest.raises(TypeError, match=r"^condition \w+ cannot use \{.*\}: pass the Parameter itself"):
        choose(template)


@pytest.mark.parametrize("boundary", [ImportValue("Boundary"), Ref("Boundary"), GetAtt("Boundary", "PolicyArn")])
def test_a_resource_or_an_import_is_something(boundary: Any) -> None:
    template = Template()
    template.add_resource(iam.ManagedPolicy("Boundary", PolicyDocument={}))
    add_inference_function(template, MOUNT, settings(permissions_boundary=boundary))
    role = properties(template, "ModelInferenceFunctionRole")
    assert role["PermissionsBoundary"] == boundary.to_dict()
    assert "Conditions" not in template.to_dict()


@pytest.mark.parametrize(
    ("rules", "always"),
    [
        ({}, False),
        ({"AllowedPattern": "^$|.+"}, False),
        ({"AllowedPattern": ".+"}, True),
        ({"AllowedValues": ["eu-west-1a", "eu-west-1b"]}, True),
        ({"AllowedValues": ["", "eu-west-1b"]}, False),
    ],
)
def test_a_parameter_that_cannot_be_empty_needs_no_condition(rules: dict[str, Any], always: bool) -> None:
    template = Template()
    add_network(template, zone_one=template.add_parameter(Parameter("Zone", Type="String", **rules)))
    assert ("ZoneOneGiven" not in template.conditions) is always


# Whose stack it is


def strangers_stack() -> str:
    """All blocks with nothing said that need not be, and a key."""
    template = Template(Description="Sentiments")
    network = add_network(template)
    group = add_function_security_group(template, network)
    instance = add_instance_security_group(template, network, filling())
    storage = add_storage(template, network, [group, instance])
    filled = add_populate(template, network, storage, instance, filling())
    mount = FileSystemMount(
        subnets=network.private_subnets, security_groups=[group], access_point_arn=storage.access_point_arn
    )
    added = add_inference_function(template, mount, settings(contents=filled), title="Answer")
    api = add_rest_api(template, [Route(added, page=True)], Access("API_KEY"), title="Sentiment")
    add_proxy_stage(template, api)
    add_dashboard(template, Watched(function=added, api=api, storage=storage))
    body = template.to_dict()
    body["Mappings"] = {}  # the scripts' own texts
    return str(body)


@pytest.mark.parametrize(
    "name",
    [
        "Rider", "rider", "unicorn", "LambdaEFSML", "MLInference", "ml_inferencefunction", "Anyone may call",
        "tensorflow-for-serverless", "icture", "JPEG", "Wild",
    ],
)  # fmt: skip
def test_no_workshop_s_name_is_in_a_stranger_s_stack(name: str) -> None:
    assert name not in strangers_stack()


def test_a_stranger_s_whole_stack_has_no_findings() -> None:
    template = Template()
    network = add_network(template)
    group = add_function_security_group(template, network)
    instance = add_instance_security_group(template, network, filling())
    storage = add_storage(template, network, [group, instance])
    filled = add_populate(template, network, storage, instance, filling())
    mount = FileSystemMount(
        subnets=network.private_subnets, security_groups=[group], access_point_arn=storage.access_point_arn,
        mount_targets=storage.mount_targets,
    )  # fmt: skip
    added = add_inference_function(template, mount, settings(contents=filled), title="Answer")
    add_proxy_stage(template, add_rest_api(template, [Route(added)], Access("API_KEY"), title="Sentiment"))
    assert check(template.to_dict()) == []


MOUNTED: dict[str, Any] = {
    "subnets": ["subnet-1"],
    "security_groups": ["sg-1"],
    "access_point_arn": "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-1",
}
EXISTING: dict[str, Any] = {"vpc": "vpc-1", "vpc_cidr": "10.0.0.0/16", "private_subnets": ["subnet-1", "subnet-2"]}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: FileSystemMount(**MOUNTED | {"subnets": ["sg-1"]}),
            "^FileSystemMount.subnets is 'sg-1': use an id such",
        ),
        (
            lambda: FileSystemMount(**MOUNTED | {"security_groups": ["subnet-1"]}),
            "security_groups is 'subnet-1': use an",
        ),
        (lambda: Network(**EXISTING | {"vpc": "my vpc"}), "^Network.vpc is 'my vpc': use an id such as vpc-"),
        (
            lambda: Network(**EXISTING | {"private_subnets": ["a", "b"]}),
            "^Network.private_subnets is 'a': use an id such",
        ),
        (lambda: Network(**EXISTING | {"vpc_cidr": "10.0.0.0/33"}), "^Network.vpc_cidr is '10.0.0.0/33': use a block"),
        (lambda: access_point_arn("fs-0123"), "^the access point is 'fs-0123': use an id such as fsap-0123"),
        (
            lambda: add_network(Template(), egress="none", zone_one="use1-az1", zone_two="use1-az2"),
            "^zone_one is 'use1",
        ),
    ],
)
def test_ids_of_another_kind_are_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_an_api_has_one_stage_and_paths_begin_with_a_slash() -> None:
    template = Template()
    function = add_inference_function(template, None, FunctionSettings(name="", bucket="my-bucket", key="k.zip"))
    api = add_rest_api(template, [Route(function)], Access("API_KEY"))
    add_proxy_stage(template, api)
    with pytest.raises(ValueError, match="API ModelInferenceApi has its stage already: call add_proxy_stage once"):
        add_proxy_stage(template, api)
    with pytest.raises(ValueError, match="the path is 'digits': begin with a slash"):
        invoke_url(api, "digits")
