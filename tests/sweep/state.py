"""All that an emulator holds, as data that is the same whenever the same things are there.

Whatever a stack made goes by stack and logical id instead of its generated id, everything else generated is a "?",
times are left out. What belongs to nobody stays in the lists, so that a duplicate or an orphan is a difference.
"""

import contextlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

State = Mapping[str, list[str]]
Client = Callable[[str], Any]

# Client, operation, member of its answer; what is listed in one call.
_LISTS = (
    ("iam", "list_roles", "Roles"),
    ("iam", "list_instance_profiles", "InstanceProfiles"),
    ("logs", "describe_log_groups", "logGroups"),
    ("ec2", "describe_vpcs", "Vpcs"),
    ("ec2", "describe_subnets", "Subnets"),
    ("ec2", "describe_security_groups", "SecurityGroups"),
    ("ec2", "describe_route_tables", "RouteTables"),
    ("ec2", "describe_internet_gateways", "InternetGateways"),
    ("ec2", "describe_network_interfaces", "NetworkInterfaces"),
    ("ec2", "describe_addresses", "Addresses"),
    ("ec2", "describe_nat_gateways", "NatGateways"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints"),
    ("cloudwatch", "describe_alarms", "MetricAlarms"),
    ("efs", "describe_file_systems", "FileSystems"),
    ("efs", "describe_access_points", "AccessPoints"),
    ("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList"),
)
_BUCKET_DETAILS = (
    ("get_bucket_tagging", "TagSet"),
    ("get_bucket_encryption", "ServerSideEncryptionConfiguration"),
    ("get_public_access_block", "PublicAccessBlockConfiguration"),
    ("get_bucket_policy", "Policy"),
)
# Times, sizes of logs, secrets, and what is numbered anew without being a thing of its own.
_VOLATILE = {
    "CreateDate", "CreationDate", "CreationTime", "creationTime", "createdDate", "lastUpdatedDate", "LastModified",
    "LastUpdatedTime", "LastUpdatedTimestamp", "DeletionTime", "DriftInformation", "storedBytes", "SizeInBytes",
    "value", "RevisionId", "RoleId", "InstanceProfileId", "IpAddress", "ETag", "StackStatusReason",
    "AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "StateTransitionedTimestamp", "StateReason",
    "StateReasonData", "StateValue",
}  # fmt: skip
_GENERATED = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # UUID
    r"|\b[a-z]+(?:-[a-z]+)*-[0-9a-f]{17}\b"  # EC2, EFS
    r"|\b[0-9a-f]{8}\b"  # API Gateway
)


def state(client: Client) -> State:
    """Kind of thing → each of its things as a line of JSON, sorted."""
    found = {kind: list(things) for kind, things in _sections(client)}
    names = _names(found)
    return {kind: sorted(_line(thing, names) for thing in things) for kind, things in found.items()}


def difference(wanted: State, found: State) -> str:
    """What is there and should not be (+), what should be and is not (-); empty when they are the same."""
    lines = []
    for kind in sorted(wanted.keys() | found.keys()):
        lost = list((Counter(wanted.get(kind, [])) - Counter(found.get(kind, []))).elements())
        more = list((Counter(found.get(kind, [])) - Counter(wanted.get(kind, []))).elements())
        if len(lost) == len(more) == 1:  # what differs in the one thing is enough
            lost, more = [_apart(lost[0], more[0])], [_apart(more[0], lost[0])]
        lines += [f"- {kind}: {one[:400]}" for one in lost] + [f"+ {kind}: {one[:400]}" for one in more]
    return "\n".join(lines)


def _apart(one: str, other: str) -> str:
    return ", ".join(part for part in one.split(", ") if part not in other.split(", "))


def _sections(client: Client) -> Iterator[tuple[str, Any]]:
    for service, operation, member in _LISTS:
        yield f"{service}:{member}", getattr(client(service), operation)()[member]
    yield from _stacks(client("cloudformation"))
    yield from _buckets(client("s3"))
    yield from _functions(client("lambda"))
    yield from _apis(client("apigateway"))
    yield "sqs:Queues", client("sqs").list_queues().get("QueueUrls", [])
    efs = client("efs")
    ids = [one["FileSystemId"] for one in efs.describe_file_systems()["FileSystems"]]
    yield "efs:MountTargets", [t for one in ids for t in efs.describe_mount_targets(FileSystemId=one)["MountTargets"]]


def _stacks(cloudformation: Any) -> Iterator[tuple[str, Any]]:
    stacks = cloudformation.describe_stacks()["Stacks"]
    names = [stack["StackName"] for stack in stacks]
    yield "cloudformation:Stacks", stacks
    yield "cloudformation:Templates", [cloudformation.get_template(StackName=name)["TemplateBody"] for name in names]
    yield (
        "cloudformation:Resources",
        [
            {"stack": name, **item}
            for name in names
            for item in cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
        ],
    )
    # An executed one is history: AWS forgets it, the emulator does not.
    yield (
        "cloudformation:ChangeSets",
        [
            item["StackName"]
            for name in names
            for item in cloudformation.list_change_sets(StackName=name)["Summaries"]
            if item["ExecutionStatus"] == "AVAILABLE"
        ],
    )


def _buckets(s3: Any) -> Iterator[tuple[str, Any]]:
    names = [one["Name"] for one in s3.list_buckets()["Buckets"]]
    yield "s3:Buckets", names
    for operation, member in _BUCKET_DETAILS:
        told = []
        for name in names:
            with contextlib.suppress(ClientError):  # which says that there is none
                told.append({name: getattr(s3, operation)(Bucket=name)[member]})
        yield f"s3:{member}", told
    yield "s3:Versions", [v for name in names for v in s3.list_object_versions(Bucket=name).get("Versions", [])]


def _functions(functions: Any) -> Iterator[tuple[str, Any]]:
    found = functions.list_functions()["Functions"]
    names = [one["FunctionName"] for one in found]
    yield "lambda:Functions", found
    yield "lambda:Versions", [v for n in names for v in functions.list_versions_by_function(FunctionName=n)["Versions"]]
    yield "lambda:Aliases", [a for n in names for a in functions.list_aliases(FunctionName=n)["Aliases"]]


def _apis(gateway: Any) -> Iterator[tuple[str, Any]]:
    apis = gateway.get_rest_apis()["items"]
    ids = [api["id"] for api in apis]
    yield "apigateway:Apis", apis
    yield (
        "apigateway:Resources",
        [r for i in ids for r in gateway.get_resources(restApiId=i, embed=["methods"])["items"]],
    )
    yield "apigateway:Deployments", [d for i in ids for d in gateway.get_deployments(restApiId=i)["items"]]
    yield "apigateway:Stages", [s for i in ids for s in gateway.get_stages(restApiId=i)["item"]]
    yield "apigateway:GatewayResponses", [r for i in ids for r in gateway.get_gateway_responses(restApiId=i)["items"]]
    yield "apigateway:ApiKeys", gateway.get_api_keys()["items"]
    plans = gateway.get_usage_plans()["items"]
    yield "apigateway:UsagePlans", plans
    yield (
        "apigateway:UsagePlanKeys",
        [
            {plan["name"]: key["name"]}
            for plan in plans
            for key in gateway.get_usage_plan_keys(usagePlanId=plan["id"]).get("items", [])
        ],
    )


def _names(found: Mapping[str, list[Any]]) -> dict[str, str]:
    """Generated id → what it stands for."""
    names = {one["id"]: f"<deployment {one.get('description')}>" for one in found["apigateway:Deployments"]}
    for item in found["cloudformation:Resources"]:
        physical = item.get("PhysicalResourceId", "")
        if physical:
            names[physical] = f"<{item['stack']}.{item['LogicalResourceId']}>"
    for stack in found["cloudformation:Stacks"]:  # a digest of generated ids, among others
        revision = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}.get("Revision")
        names |= {revision: "<revision>"} if revision else {}
    return names


def _line(thing: Any, names: Mapping[str, str]) -> str:
    text = json.dumps(thing, default=str)
    for physical in sorted(names, key=len, reverse=True):
        text = text.replace(physical, names[physical])
    return json.dumps(_lasting(json.loads(_GENERATED.sub("?", text))), sort_keys=True)


def _lasting(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _lasting(value) for key, value in thing.items() if key not in _VOLATILE}
    if isinstance(thing, list):
        return sorted((_lasting(one) for one in thing), key=lambda one: json.dumps(one, sort_keys=True))
    return thing
