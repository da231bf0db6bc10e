"""The gateway of the account's facts, on boto's own clients: what AWS is asked and what its answers mean."""

from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber

from tests.unit.servers import Response, serving
from tests.unit.stubs import Stub, client_of
from wildrydes_ml.aws.account import Account
from wildrydes_ml.aws.facts import QUOTAS, Concurrency, Place, Reach, Unknown, Usage, Zone
from wildrydes_ml.aws.lazy import Lazy
from wildrydes_ml.errors import InterruptedWork
from wildrydes_ml.testing import IDENTITY

OURS, THEIRS = {"OwnerId": IDENTITY.account}, {"OwnerId": "999999999999"}
FILE_SYSTEM = {
    **OURS, "CreationToken": "t", "FileSystemId": "fs-1", "CreationTime": "2026-01-01", "LifeCycleState": "available",
    "NumberOfMountTargets": 0, "SizeInBytes": {"Value": 0}, "PerformanceMode": "generalPurpose", "Tags": [],
}  # fmt: skip


class Stubs(dict[str, tuple[Any, Stubber]]):
    """Each service's client and what prepares its answers, made when first needed: EC2's takes its time."""

    def __init__(self, stub: Stub) -> None:
        super().__init__()
        self._stub = stub

    def __missing__(self, service: str) -> tuple[Any, Stubber]:
        self[service] = self._stub(service)
        return self[service]

    def client(self, service: str) -> Lazy:
        return Lazy(lambda: self[service][0])


@pytest.fixture
def stubs(stub: Stub) -> Stubs:
    return Stubs(stub)


@pytest.fixture
def account(stubs: Stubs) -> Account:
    services = ("apigateway", "cloudformation", "ec2", "efs", "iam", "lambda", "logs", "service-quotas", "ssm")
    return Account({name: stubs.client(name) for name in services}, IDENTITY)


def quota_is(stubs: Stubs, name: str, value: float) -> None:
    expected = {"ServiceCode": QUOTAS[name].service, "QuotaCode": QUOTAS[name].code}
    stubs["service-quotas"][1].add_response("get_service_quota", {"Quota": {"Value": value}}, expected)


@pytest.mark.parametrize(
    ("name", "service", "operation", "answer", "used"),
    [
        ("vpcs", "ec2", "describe_vpcs", {"Vpcs": [OURS, THEIRS, *[OURS] * 5]}, 6),
        ("internet_gateways", "ec2", "describe_internet_gateways", {"InternetGateways": [*[OURS] * 5, THEIRS]}, 5),
        ("egress_only_gateways", "ec2", "describe_egress_only_internet_gateways",
         {"EgressOnlyInternetGateways": [{}] * 7}, 7),
        ("addresses", "ec2", "describe_addresses",
         {"Addresses": [*[{"PublicIpv4Pool": "amazon"}] * 5, {"PublicIpv4Pool": "ipv4pool-ec2-1"}, {}]}, 6),
        ("file_systems", "efs", "describe_file_systems", {"FileSystems": [FILE_SYSTEM] * 1000}, 1000),
    ],
)  # fmt: skip
def test_what_counts_for_a_quota_and_what_the_account_s_own_limit_is(
    account: Account, stubs: Stubs, name: str, service: str, operation: str, answer: dict[str, Any], used: int
) -> None:
    stubs[service][1].add_response(operation, answer, {})
    quota_is(stubs, name, 7.0)
    assert account.usage(name) == Usage({"": used}, 7)


@pytest.mark.parametrize("name", ["vpcs", "nat_gateways"])
def test_the_account_s_own_limit_is_not_asked_for_where_the_default_leaves_room(
    account: Account, stubs: Stubs, name: str
) -> None:
    answer = {"describe_vpcs": {"Vpcs": [OURS] * 4}, "describe_nat_gateways": {"NatGateways": []}}
    stubs["ec2"][1].add_response(f"describe_{name}", answer[f"describe_{name}"])
    assert account.usage(name) == Usage({"": 4} if name == "vpcs" else {}, 5)


def test_things_are_counted_on_every_page(account: Account, stubs: Stubs) -> None:
    stubs["ec2"][1].add_response("describe_vpcs", {"Vpcs": [OURS], "NextToken": "more"}, {})
    stubs["ec2"][1].add_response("describe_vpcs", {"Vpcs": [OURS]}, {"NextToken": "more"})
    assert account.usage("vpcs") == Usage({"": 2}, 5)


def test_nat_gateways_are_counted_by_zone(account: Account, stubs: Stubs) -> None:
    gateways = [*[{"SubnetId": "s-1"}] * 5, {"SubnetId": "s-2"}, {"AvailabilityMode": "regional"}]
    places = [{"SubnetId": f"s-{number}", "AvailabilityZone": f"z{number}"} for number in (1, 2)]
    states = {"Filters": [{"Name": "state", "Values": ["pending", "available", "deleting"]}]}
    stubs["ec2"][1].add_response("describe_nat_gateways", {"NatGateways": gateways}, states)
    stubs["ec2"][1].add_response("describe_subnets", {"Subnets": places}, {"SubnetIds": ["s-1", "s-2"]})
    quota_is(stubs, "nat_gateways", 6.0)
    assert account.usage("nat_gateways") == Usage({"z1": 5, "z2": 1}, 6)


@pytest.mark.parametrize(
    ("code", "unread"),
    [
        ("NoSuchResourceException", None),
        ("AccessDeniedException", Unknown("denied", "servicequotas:GetServiceQuota")),
    ],
)
def test_without_an_applied_quota_aws_s_default_holds(
    account: Account, stubs: Stubs, code: str, unread: Unknown | None
) -> None:
    stubs["ec2"][1].add_response("describe_addresses", {"Addresses": [{}] * 5})
    stubs["service-quotas"][1].add_client_error("get_service_quota", code)
    assert account.usage("addresses") == Usage({"": 5}, 5, unread)


def test_zones_have_their_state_their_type_and_whether_there_is_a_default_subnet(
    account: Account, stubs: Stubs
) -> None:
    zones = [
        {"ZoneName": "z1", "State": "available", "ZoneType": "availability-zone"},
        {"ZoneName": "z2", "State": "impaired"},
        {"ZoneName": "z-lax-1", "State": "available", "ZoneType": "local-zone"},
    ]
    default = {"Filters": [{"Name": "default-for-az", "Values": ["true"]}]}
    stubs["ec2"][1].add_response("describe_availability_zones", {"AvailabilityZones": zones}, {})
    stubs["ec2"][1].add_response("describe_subnets", {"Subnets": [{"AvailabilityZone": "z2"}]}, default)
    assert account.zones() == (
        Zone("z1", has_default_subnet=False),
        Zone("z2", "impaired"),
        Zone("z-lax-1", type="local-zone", has_default_subnet=False),
    )


def test_an_instance_type_has_architectures_and_zones(account: Account, stubs: Stubs) -> None:
    info = {"InstanceTypes": [{"ProcessorInfo": {"SupportedArchitectures": ["i386", "x86_64"]}}]}
    offerings = {"InstanceTypeOfferings": [{"Location": "z1"}, {"Location": "z3"}]}
    filters = [{"Name": "instance-type", "Values": ["c5.large"]}]
    stubs["ec2"][1].add_response("describe_instance_types", info, {"InstanceTypes": ["c5.large"]})
    stubs["ec2"][1].add_client_error("describe_instance_types", "InvalidInstanceType")
    stubs["ec2"][1].add_response(
        "describe_instance_type_offerings", offerings, {"LocationType": "availability-zone", "Filters": filters}
    )
    assert account.instance_architectures("c5.large") == frozenset({"i386", "x86_64"})
    assert account.instance_architectures("c5.tiny") == frozenset()
    assert account.instance_zones("c5.large") == frozenset({"z1", "z3"})


def test_runtimes_are_those_of_the_sdk(account: Account) -> None:
    assert {"python3.12", "python3.13"} <= account.runtimes()
    assert "python2.0" not in account.runtimes()


@pytest.mark.parametrize(
    ("reserved", "own"), [({"ReservedConcurrentExecutions": 3}, 3), ({}, 0), ("ResourceNotFoundException", 0)]
)
def test_concurrency_is_the_account_s_and_the_function_s_own(
    account: Account, stubs: Stubs, reserved: Any, own: int
) -> None:
    functions = stubs["lambda"][1]
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
    functions.add_response("get_account_settings", {"AccountLimit": limit}, {})
    if isinstance(reserved, str):
        functions.add_client_error("get_function_concurrency", reserved)
    else:
        functions.add_response("get_function_concurrency", reserved, {"FunctionName": "f"})
    assert account.concurrency("f") == Concurrency(1000, 900, own)


@pytest.mark.parametrize(
    ("answer", "maker"),
    [
        ({"Tags": {"aws:cloudformation:stack-name": "theirs"}}, "theirs"),
        ({"Tags": {"made": "by hand"}}, ""),
        ({}, ""),
        (
            {"TagsError": {"ErrorCode": "AccessDenied", "Message": "no right" * 20}},
            Unknown("denied", "lambda:ListTags"),
        ),
    ],
    ids=["stack", "hand", "no tags", "denied"],
)
def test_a_function_s_tag_tells_the_stack_that_made_it(
    account: Account, stubs: Stubs, answer: dict[str, Any], maker: Any
) -> None:
    stubs["lambda"][1].add_response("get_function", answer, {"FunctionName": "f"})
    assert account.function("f") == maker


def test_a_function_may_be_missing(account: Account, stubs: Stubs) -> None:
    stubs["lambda"][1].add_client_error("get_function", "ResourceNotFoundException")
    assert account.function("f") is None


@pytest.mark.parametrize(
    ("tags", "maker"), [({"aws:cloudformation:stack-name": "theirs"}, "theirs"), ({"made": "by hand"}, "")]
)
def test_a_log_group_s_tag_tells_the_stack_that_made_it(
    account: Account, stubs: Stubs, tags: dict[str, str], maker: str
) -> None:
    logs, groups = stubs["logs"][1], [{"logGroupName": f"/g{end}", "arn": f"arn:g{end}:*"} for end in ("", "-other")]
    logs.add_response("describe_log_groups", {"logGroups": groups}, {"logGroupNamePrefix": "/g"})
    logs.add_response("list_tags_for_resource", {"tags": tags}, {"resourceArn": "arn:g"})
    assert account.log_group("/g") == maker


def test_a_log_group_is_known_by_its_whole_name(account: Account, stubs: Stubs) -> None:
    groups = [{"logGroupName": "/g-other", "arn": "arn:g-other:*"}]
    stubs["logs"][1].add_response("describe_log_groups", {"logGroups": groups}, {"logGroupNamePrefix": "/g"})
    assert account.log_group("/g") is None


def test_the_log_groups_with_a_beginning_are_told_in_one_look(account: Account, stubs: Stubs) -> None:
    groups = [{"logGroupName": f"/aws/lambda/room-{name}", "arn": "arn"} for name in ("a", "b")]
    asked = {"logGroupNamePrefix": "/aws/lambda/room-"}
    stubs["logs"][1].add_response("describe_log_groups", {"logGroups": groups}, asked)
    assert account.log_groups("/aws/lambda/room-") == frozenset({"/aws/lambda/room-a", "/aws/lambda/room-b"})


def test_apis_and_roles_are_counted_for_a_class(account: Account, stubs: Stubs) -> None:
    stubs["apigateway"][1].add_response("get_rest_apis", {"items": [{"id": "a"}], "position": "p"}, {})
    stubs["apigateway"][1].add_response("get_rest_apis", {"items": [{"id": "b"}]}, {"position": "p"})
    assert account.apis() == Usage({"": 2}, 600)
    stubs["iam"][1].add_response("get_account_summary", {"SummaryMap": {"Roles": 990, "RolesQuota": 1000}}, {})
    assert account.roles() == Usage({"": 990}, 1000)
    stubs["iam"][1].add_client_error("get_account_summary", "AccessDenied")
    assert account.roles() == Unknown("denied", "iam:GetAccountSummary")


def test_exports_name_their_stacks_on_every_page(account: Account, stubs: Stubs) -> None:
    pages = [{"Exports": [{"Name": name, "ExportingStackId": f"arn/{name}/1"}]} for name in ("a", "b")]
    stubs["cloudformation"][1].add_response("list_exports", {**pages[0], "NextToken": "more"}, {})
    stubs["cloudformation"][1].add_response("list_exports", pages[1], {"NextToken": "more"})
    assert account.exports() == {"a": "arn/a/1", "b": "arn/b/1"}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UnauthorizedOperation", "denied"),
        ("InvalidAction", "unknown"),
        ("OptInRequired", "unknown"),
        ("RequestLimitExceeded", "unanswered"),
        ("ServiceUnavailable", "unanswered"),
    ],
)
def test_what_aws_does_not_tell_is_unknown(account: Account, stubs: Stubs, code: str, kind: str) -> None:
    stubs["ec2"][1].add_client_error("describe_vpcs", code, "some words")
    answer = account.usage("vpcs")
    assert isinstance(answer, Unknown)
    assert answer.kind == kind
    assert answer.detail == "ec2:DescribeVpcs" if kind == "denied" else "some words" in answer.detail


def test_a_permission_has_iam_s_prefix(account: Account, stubs: Stubs) -> None:
    stubs["efs"][1].add_client_error("describe_file_systems", "AccessDeniedException")
    assert account.usage("file_systems") == Unknown("denied", "elasticfilesystem:DescribeFileSystems")


def test_a_service_out_of_reach_is_no_answer() -> None:
    class Silent:
        def get_paginator(self, operation: str) -> Any:
            raise ConnectTimeoutError(endpoint_url="https://elasticfilesystem")

    answer = Account({"efs": Silent(), "service-quotas": client_of("service-quotas")}, IDENTITY).usage("file_systems")
    assert isinstance(answer, Unknown)
    assert answer.kind == "unanswered"
    assert "https://elasticfilesystem" in answer.detail


def test_expired_credentials_are_an_error(account: Account, stubs: Stubs) -> None:
    stubs["ec2"][1].add_client_error("describe_availability_zones", "RequestExpired")
    with pytest.raises(InterruptedWork, match="renew"):
        account.zones()


def test_the_model_s_server_is_asked_over_the_web() -> None:
    with serving(lambda request: Response(403 if request.path == "/gone" else 200, b"")) as url:
        account = Account({}, IDENTITY)
        assert [account.answer(url + path).status for path in ("/there", "/gone")] == [200, 403]


# A network that is given.


@pytest.mark.parametrize(
    ("ask", "operation", "key", "answer", "place"),
    [
        ("subnet", "describe_subnets", "subnet-id",
         {"Subnets": [{"SubnetId": "x", "VpcId": "vpc-1", "AvailabilityZone": "z1"}]}, Place("vpc-1", "z1")),
        ("subnet", "describe_subnets", "subnet-id", {"Subnets": []}, None),
        ("security_group", "describe_security_groups", "group-id",
         {"SecurityGroups": [{"GroupId": "x", "VpcId": "vpc-1"}]}, Place("vpc-1")),
        ("vpc", "describe_vpcs", "vpc-id", {"Vpcs": [{"VpcId": "x"}]}, Place("x")),
        ("vpc", "describe_vpcs", "vpc-id", {"Vpcs": []}, None),
    ],
)  # fmt: skip
def test_what_is_given_is_looked_up_by_its_id(
    account: Account, stubs: Stubs, ask: str, operation: str, key: str, answer: dict[str, Any], place: Place | None
) -> None:
    stubs["ec2"][1].add_response(operation, answer, {"Filters": [{"Name": key, "Values": ["x"]}]})
    assert getattr(account, ask)("x") == place


LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}
EVERYWHERE = {"DestinationCidrBlock": "0.0.0.0/0"}
NAT = {**EVERYWHERE, "NatGatewayId": "nat-1"}
EIGW = {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}
SQS = {"ServiceName": "com.amazonaws.eu-west-1.sqs", "VpcEndpointType": "Interface", "State": "available"}
S3 = {"ServiceName": "com.amazonaws.eu-west-1.s3", "VpcEndpointType": "Gateway", "RouteTableIds": ["rtb-1"]}


def reached(stubs: Stubs, routes: list[dict[str, Any]], *endpoints: dict[str, Any]) -> None:
    """Answers about a subnet with a route table of its own."""
    ec2 = stubs["ec2"][1]
    table = {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": routes}
    own = {"Filters": [{"Name": "association.subnet-id", "Values": ["subnet-a"]}]}
    ec2.add_response("describe_route_tables", {"RouteTables": [table]}, own)
    of_vpc = {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}]}
    ec2.add_response("describe_vpc_endpoints", {"VpcEndpoints": [*endpoints]}, of_vpc)


@pytest.mark.parametrize(
    ("routes", "outside"),
    [
        ([LOCAL], False),
        ([LOCAL, NAT], True),
        ([{**EVERYWHERE, "TransitGatewayId": "tgw-1"}], True),
        ([{**EVERYWHERE, "GatewayId": "igw-1"}], False),
        ([{**EVERYWHERE, "NatGatewayId": "nat-1", "State": "blackhole"}], False),
        ([EIGW], True),
        ([{"DestinationCidrBlock": "10.9.0.0/16", "TransitGatewayId": "tgw-1"}], False),
    ],
    ids=str,
)
def test_routes_tell_whether_a_function_gets_out(
    account: Account, stubs: Stubs, routes: list[dict[str, Any]], outside: bool
) -> None:
    reached(stubs, routes)
    assert account.reach("subnet-a") == Reach(outside, only_ipv6="DestinationIpv6CidrBlock" in routes[0])


@pytest.mark.parametrize(
    ("routes", "endpoints", "serves"),
    [
        ([LOCAL], [], False),
        ([LOCAL], [S3], True),
        ([LOCAL, EIGW], [], False),
        ([LOCAL, EIGW], [S3], True),
        ([LOCAL, NAT], [], True),
        ([EIGW, NAT], [], True),
    ],
)
def test_s3_is_reached_by_ipv4_or_by_an_endpoint(
    account: Account, stubs: Stubs, routes: list[dict[str, Any]], endpoints: list[dict[str, Any]], serves: bool
) -> None:
    reached(stubs, routes, *endpoints)
    found = account.reach("subnet-a")
    assert isinstance(found, Reach)
    assert found.serves("s3") is serves


@pytest.mark.parametrize(
    ("endpoint", "services"),
    [
        (SQS, {"sqs"}),
        ({**SQS, "State": "deleting"}, set()),
        (S3, {"s3"}),
        ({**S3, "RouteTableIds": ["rtb-2"]}, set()),
    ],
    ids=str,
)
def test_endpoints_serve_the_vpc_or_a_route_table(
    account: Account, stubs: Stubs, endpoint: dict[str, Any], services: set[str]
) -> None:
    reached(stubs, [LOCAL], endpoint)
    assert account.reach("subnet-a") == Reach(False, frozenset(services))


def test_a_subnet_without_a_route_table_has_the_main_one(account: Account, stubs: Stubs) -> None:
    ec2 = stubs["ec2"][1]
    main = [{"Name": "vpc-id", "Values": ["vpc-1"]}, {"Name": "association.main", "Values": ["true"]}]
    table = {"RouteTableId": "rtb-0", "VpcId": "vpc-1", "Routes": [{**EVERYWHERE, "NatGatewayId": "nat-1"}]}
    ec2.add_response("describe_route_tables", {"RouteTables": []})
    ec2.add_response("describe_subnets", {"Subnets": [{"SubnetId": "subnet-a", "VpcId": "vpc-1"}]})
    ec2.add_response("describe_route_tables", {"RouteTables": [table]}, {"Filters": main})
    ec2.add_response("describe_vpc_endpoints", {"VpcEndpoints": []})
    assert account.reach("subnet-a") == Reach(outside=True)


def test_a_subnet_that_is_not_there_has_nothing_held_against_its_routes(account: Account, stubs: Stubs) -> None:
    stubs["ec2"][1].add_response("describe_route_tables", {"RouteTables": []})
    stubs["ec2"][1].add_response("describe_subnets", {"Subnets": []})
    assert account.reach("subnet-a") == Reach(outside=True)


@pytest.mark.parametrize("there", [True, False])
def test_a_stored_parameter_is_there_or_not(account: Account, stubs: Stubs, there: bool) -> None:
    filters = {"ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": ["/app/table"]}]}
    ssm = stubs["ssm"][1]
    ssm.add_response("describe_parameters", {"Parameters": [], "NextToken": "more"}, filters)
    pages = {"Parameters": [{"Name": "/app/table"}] if there else []}
    ssm.add_response("describe_parameters", pages, {**filters, "NextToken": "more"})
    assert account.stored("/app/table") is there


def test_a_stored_parameter_that_may_not_be_read_is_unknown(account: Account, stubs: Stubs) -> None:
    stubs["ssm"][1].add_client_error("describe_parameters", "AccessDeniedException")
    assert account.stored("/app/table") == Unknown("denied", "ssm:DescribeParameters")


def test_a_function_without_a_name_has_nothing_reserved_yet(account: Account, stubs: Stubs) -> None:
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
    stubs["lambda"][1].add_response("get_account_settings", {"AccountLimit": limit}, {})
    assert account.concurrency("") == Concurrency(1000, 900, 0)
