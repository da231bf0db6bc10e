"""The gateway of this service, on boto's own client: what AWS is asked and what its answers mean."""

from typing import Any

import pytest

from tests.unit.stubs import Stub
from wildrydes_ml.aws.networks import Networks
from wildrydes_ml.aws.records import Billable, NetworkInterface
from wildrydes_ml.errors import OutOfReach, WildrydesError

STACK_TAG = "aws:cloudformation:stack-name"
TAGS = {"wildrydes-ml": ("rider",), STACK_TAG: ("rider-mod5", "rider-mod5-inf")}
ASKED = {
    "Filters": [
        {"Name": "key", "Values": ["wildrydes-ml", STACK_TAG]},
        {"Name": "value", "Values": ["rider", "rider-mod5", "rider-mod5-inf"]},
    ]
}


def tag(id: str, key: str = "wildrydes-ml", value: str = "rider") -> dict[str, str]:
    return {"ResourceId": id, "Key": key, "Value": value}


def interface(id: str, *groups: str, subnet: str = "subnet-theirs", **more: str) -> dict[str, Any]:
    found = [{"GroupId": group} for group in groups]
    return {"NetworkInterfaceId": id, "SubnetId": subnet, "Status": "available", "Groups": found, **more}


def test_the_interfaces_with_our_groups_whosever_the_subnets_are(stub: Stub) -> None:
    client, stubber = stub("ec2")
    wanted = {"Filters": [{"Name": "group-id", "Values": ["sg-a", "sg-b"]}]}
    one = interface("eni-1", "sg-a", Description="AWS Lambda VPC ENI-f")
    stubber.add_response("describe_network_interfaces", {"NetworkInterfaces": [one], "NextToken": "more"}, wanted)
    last = {"NetworkInterfaces": [interface("eni-2", "sg-b", "sg-theirs", Status="in-use")]}
    stubber.add_response("describe_network_interfaces", last, {**wanted, "NextToken": "more"})
    assert Networks(client, None).interfaces(["sg-a", "sg-b"]) == [
        NetworkInterface("eni-1", "available", "AWS Lambda VPC ENI-f", ("sg-a",)),
        NetworkInterface("eni-2", "in-use", "", ("sg-b", "sg-theirs")),
    ]


def test_what_is_in_our_subnets_with_others_groups_is_found_when_asked_for(stub: Stub) -> None:
    client, stubber = stub("ec2")
    both, theirs = interface("eni-1", "sg-a", subnet="subnet-a"), interface("eni-2", "sg-theirs", subnet="subnet-a")
    stubber.add_response("describe_network_interfaces", {"NetworkInterfaces": [both]})
    wanted = {"Filters": [{"Name": "subnet-id", "Values": ["subnet-a"]}]}
    stubber.add_response("describe_network_interfaces", {"NetworkInterfaces": [both, theirs]}, wanted)
    found = Networks(client, None).interfaces(["sg-a"], ["subnet-a"])
    assert [item.id for item in found] == ["eni-1", "eni-2"]


def test_an_interface_with_others_groups_is_not_ours_whatever_the_answer(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_response("describe_network_interfaces", {"NetworkInterfaces": [interface("eni-1", "sg-theirs")]})
    assert Networks(client, None).interfaces(["sg-a"]) == []


def test_without_groups_nothing_is_asked() -> None:
    assert Networks(None, None).interfaces([]) == []


@pytest.mark.parametrize(
    "code",
    [
        "InvalidNetworkInterfaceID.NotFound",
        "InvalidNetworkInterface.InUse",
        "InvalidParameterValue",
        "OperationNotPermitted",
    ],
)
def test_an_interface_that_is_gone_or_used_again_is_left(stub: Stub, code: str) -> None:
    client, stubber = stub("ec2")
    stubber.add_client_error("delete_network_interface", code, expected_params={"NetworkInterfaceId": "eni-1"})
    Networks(client, None).delete_interface("eni-1")


def test_a_right_that_is_missing_is_told(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_client_error("delete_network_interface", "UnauthorizedOperation", "ask the admin")
    with pytest.raises(WildrydesError, match="network interface eni-1: AWS denies access: ask the admin"):
        Networks(client, None).delete_interface("eni-1")


def test_nothing_tagged_is_one_call(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_response("describe_tags", {"Tags": []}, ASKED)
    assert Networks(client, None).billing(TAGS) == []


def test_each_kind_that_bills_is_looked_at_itself(stub: Stub) -> None:
    client, stubber = stub("ec2")
    tags = [tag("i-1"), tag("nat-1"), tag("eipalloc-1", STACK_TAG, "rider-mod5"), tag("vpc-1"), tag("i-2")]
    stubber.add_response("describe_tags", {"Tags": tags, "NextToken": "more"}, ASKED)
    stubber.add_response("describe_tags", {"Tags": [tag("vol-1")]}, {**ASKED, "NextToken": "more"})

    def asked(name: str, *ids: str) -> dict[str, Any]:
        return {"Filters": [{"Name": name, "Values": list(ids)}]}

    nat = {"NatGateways": [{"NatGatewayId": "nat-1", "State": "available"}]}
    stubber.add_response("describe_nat_gateways", nat, asked("nat-gateway-id", "nat-1"))
    address = {"Addresses": [{"AllocationId": "eipalloc-1"}]}
    stubber.add_response("describe_addresses", address, asked("allocation-id", "eipalloc-1"))
    instances = [
        {"InstanceId": "i-1", "InstanceType": "c5.large", "State": {"Name": "stopped"}},
        {"InstanceId": "i-2", "InstanceType": "c5.large", "State": {"Name": "running"}},
    ]
    reserved = {"Reservations": [{"Instances": [item]} for item in instances]}
    stubber.add_response("describe_instances", reserved, asked("instance-id", "i-1", "i-2"))
    volume = {"Volumes": [{"VolumeId": "vol-1", "State": "in-use", "Size": 8}]}
    stubber.add_response("describe_volumes", volume, asked("volume-id", "vol-1"))
    assert Networks(client, None).billing(TAGS) == [
        Billable("NAT gateway", "nat-1", {"NAT gateway": 1}),
        Billable("public IPv4 address", "eipalloc-1", {"public IPv4 address": 1}),
        Billable("instance", "i-1", {"c5.large": 1}),
        Billable("instance", "i-2", {"c5.large": 1}),
        Billable("volume", "vol-1", {"EBS gp3, GB": 8}),
    ]


@pytest.mark.parametrize(
    ("id", "operation", "answer"),
    [
        ("nat-1", "describe_nat_gateways", {"NatGateways": [{"NatGatewayId": "nat-1", "State": "deleted"}]}),
        ("nat-1", "describe_nat_gateways", {"NatGateways": [{"NatGatewayId": "nat-1", "State": "deleting"}]}),
        ("nat-1", "describe_nat_gateways", {"NatGateways": [{"NatGatewayId": "nat-2", "State": "available"}]}),
        ("eipalloc-1", "describe_addresses", {"Addresses": []}),
        (
            "i-1",
            "describe_instances",
            {"Reservations": [{"Instances": [{"InstanceId": "i-1", "InstanceType": "t", "State": {"Name": state}}]}
                              for state in ("terminated", "shutting-down")]},
        ),
        ("vol-1", "describe_volumes", {"Volumes": [{"VolumeId": "vol-1", "State": "deleting", "Size": 8}]}),
    ],
)  # fmt: skip
def test_what_is_on_its_way_out_or_not_ours_bills_no_more(
    stub: Stub, id: str, operation: str, answer: dict[str, Any]
) -> None:
    client, stubber = stub("ec2")
    stubber.add_response("describe_tags", {"Tags": [tag(id)]})
    stubber.add_response(operation, answer)
    assert Networks(client, None).billing(TAGS) == []


@pytest.mark.parametrize(("key", "value"), [(STACK_TAG, "rider"), ("wildrydes-ml", "rider-mod5"), ("Name", "rider")])
def test_a_stranger_s_tag_that_looks_like_ours_counts_for_nothing(stub: Stub, key: str, value: str) -> None:
    client, stubber = stub("ec2")
    stubber.add_response("describe_tags", {"Tags": [tag("nat-1", key, value)]})
    assert Networks(client, None).billing(TAGS) == []


def file_system(id: str, state: str = "available", tags: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "FileSystemId": id,
        "LifeCycleState": state,
        "Tags": [{"Key": key, "Value": value} for key, value in (tags or {}).items()],
        "SizeInBytes": {"Value": 2**30},
        "OwnerId": "1",
        "CreationToken": id,
        "CreationTime": 0,
        "NumberOfMountTargets": 0,
        "PerformanceMode": "generalPurpose",
        **more,
    }


MOUNT = "fsmt-0123456"


def test_our_file_systems_with_what_they_hold_and_provision(stub: Stub) -> None:
    client, stubber = stub("efs")
    found = [
        file_system("fs-1", tags={"wildrydes-ml": "rider"}, ProvisionedThroughputInMibps=15.0),
        file_system("fs-2", tags={STACK_TAG: "rider-mod5"}),
        file_system("fs-3", "deleting", tags={"wildrydes-ml": "rider"}),
        file_system("fs-4", tags={"wildrydes-ml": "another"}),
        file_system("fs-5"),
    ]
    stubber.add_response("describe_file_systems", {"FileSystems": found})
    states = {f"{MOUNT}1": "available", f"{MOUNT}2": "error", f"{MOUNT}3": "deleting"}
    targets = [
        {"MountTargetId": id, "FileSystemId": "fs-1", "SubnetId": "subnet-01234567", "LifeCycleState": state}
        for id, state in states.items()
    ]
    stubber.add_response("describe_mount_targets", {"MountTargets": targets}, {"FileSystemId": "fs-1"})
    stubber.add_client_error(
        "describe_mount_targets", "AccessDeniedException", expected_params={"FileSystemId": "fs-2"}
    )
    storage, throughput = "EFS storage, GB", "EFS provisioned throughput, MiB/s"
    assert Networks(None, client).file_systems(TAGS) == [
        Billable("file system", "fs-1", {storage: 1, throughput: 15}, (f"{MOUNT}1", f"{MOUNT}2")),
        Billable("file system", "fs-2", {storage: 1, throughput: 0}),
    ]


@pytest.mark.parametrize("look", ["interfaces", "billing"])
def test_a_throttled_look_is_out_of_reach(stub: Stub, look: str) -> None:
    client, stubber = stub("ec2")
    operation = {"interfaces": "describe_network_interfaces", "billing": "describe_tags"}[look]
    stubber.add_client_error(operation, "RequestLimitExceeded")
    networks = Networks(client, None)
    with pytest.raises(OutOfReach):
        networks.interfaces(["sg-a"]) if look == "interfaces" else networks.billing(TAGS)
