"""Why each resource of the templates is there, what it costs while idle, and what changed against the workshop.

The one table behind `docs/reviewers.md` and `docs/differences.md`. A resource without a row fails a test, and so does
a row without a resource. The digest at the end of a deployment's name is left out.
"""

from dataclasses import dataclass

from wildrydes_ml.costs import PRICES
from wildrydes_ml.costs.bills import DISK_GB, STORED_GB

FREE = "nothing"
NEW = "New."
SAME = "Unchanged."


@dataclass(frozen=True)
class Reason:
    """A row: `change` begins with what changed and goes on with why."""

    why: str
    change: str = SAME
    cost: str = FREE


def _dollars(amount: float) -> str:
    return f"{amount:.2f} US$ a month"


_ROUTE = "Says where the traffic of a subnet goes."
_PROBLEM = "Makes the API's own errors `application/problem+json`, too. They show nothing internal."
_NEW_PROBLEM = f"{NEW} The API's own errors had another form than the function's."
_TARGET = "It is in a private subnet. EFS allows one mount target in each zone."
_KEY = "With `ApiAuth` API_KEY: "
_CLOSED = f"{NEW} You could not close the workshop's API."

REASONS: dict[str, Reason] = {
    # The network
    "LambdaEFSMLVPC": Reason("The function mounts EFS by NFS, which works only inside a VPC."),
    "InternetGateway": Reason("The route of the public subnet to the internet."),
    "InternetGatewayAttachment": Reason("Joins the gateway to the VPC."),
    "VPCIpv6Cidr": Reason(
        "With `InternetEgress` ipv6: addresses for the free route out.", f"{NEW} It saves the cost of the NAT gateway."
    ),
    "PublicSubnetOne": Reason(
        "Holds the NAT gateway and the instance that fills EFS.",
        "It is in the zone of the first private subnet: a TLS mount needs a mount target in the client's zone.",
    ),
    "PrivateSubnetOne": Reason(
        "Holds the function and a mount target. They have no address on the internet.",
        "You can choose the zone with `AvailabilityZoneOne`: not every zone has every instance type.",
    ),
    "PrivateSubnetTwo": Reason(
        "The same in a second zone, in case one zone fails.",
        "You can choose the zone with `AvailabilityZoneTwo`. Two zones are enough.",
    ),
    "PublicRouteTable": Reason(_ROUTE),
    "PublicSubnet1RouteTableAssociation": Reason(_ROUTE),
    "DefaultPublicRoute": Reason(
        "The public subnet's route to the internet.",
        "The instance waits for it: without a route to the internet, it cannot install anything.",
    ),
    "PrivateRouteTable": Reason(_ROUTE),
    "PrivateSubnet1RouteTableAssociation": Reason(_ROUTE),
    "PrivateSubnet2RouteTableAssociation": Reason(_ROUTE),
    "NatPublicIP": Reason(
        "The NAT gateway's address.",
        "It is created after the internet gateway is attached, as AWS requires. It does not exist with "
        "`InternetEgress` ipv6 or none.",
        _dollars(PRICES["public IPv4 address"]),
    ),
    "NatGateway": Reason(
        "Lets the function fetch pictures by URL; nothing comes in through it.",
        "A `DependsOn` that was not needed was removed. It does not exist with `InternetEgress` ipv6 or none, "
        "because it costs money by the hour.",
        _dollars(PRICES["NAT gateway"]),
    ),
    "PrivateRoute": Reason(
        "The private subnets' route to the NAT gateway.", "It exists only if there is a NAT gateway."
    ),
    "EgressOnlyInternetGateway": Reason(
        "With `InternetEgress` ipv6: the free route out, to hosts with an IPv6 address.",
        f"{NEW} It replaces the NAT gateway.",
    ),
    "PrivateIpv6Route": Reason("With `InternetEgress` ipv6: the route to it.", NEW),
    # Many pictures
    "Batches": Reason("Gives batches of pictures to the function, many at a time.", NEW),
    "BatchesLogGroup": Reason("Keeps the errors of the state machine, 14 days by default.", NEW),
    "BatchesRole": Reason(
        "Lets the state machine invoke the function, read its manifests and start its children.", NEW
    ),
    "BatchesAccess": Reason("Lets the function read the pictures and write the results.", NEW),
    "BatchesS3Endpoint": Reason(
        "A free way from the function to S3, also without a NAT gateway. It exists only if a VPC is named.", NEW
    ),
    # Security groups
    "FunctionSecurityGroup": Reason(
        "Lets nothing in. Lets out NFS inside the VPC, and ports 80 and 443.",
        f"{NEW} The function was in the VPC's default group, which lets all members in and everything out. "
        "The output `DefaultSecurityGroup` is now this group.",
    ),
    "InstanceSecurityGroup": Reason(
        "Lets nothing in, unless `SshCidr` opens port 22. Lets out NFS and the web.",
        "SSH was open to the world, without a key that could log in. Session Manager needs no open port.",
    ),
    "MountTargetSecurityGroup": Reason(
        "Lets in NFS from the groups of the function and the instance only. Lets nothing out.",
        "NFS was open to the world. Now it is open to two groups.",
    ),
    # The file system
    "FileSystemResource": Reason(
        "Holds what is too large for a Lambda package: TensorFlow and the model.",
        "A policy denies clients without TLS or without an access point. Before, any NFS client in the VPC could mount "
        "it as root. You can choose the throughput mode.",
        f"{_dollars(STORED_GB * PRICES['EFS storage, GB'])} for {STORED_GB} GB; "
        f"{_dollars(15 * PRICES['EFS provisioned throughput, MiB/s'])} for 15 MiB/s provisioned",
    ),
    "MountTargetResource1": Reason("EFS's address in the first zone.", _TARGET),
    "MountTargetResource2": Reason("EFS's address in the second zone.", _TARGET),
    "AccessPointResource": Reason("Every client sees the folder `/ml` as user 1001."),
    # What fills it
    "EFSFilledHandle": Reason("The URL to which the instance reports its result.", NEW),
    "EfsMountInstanceRole": Reason(
        "The instance may mount and write this access point, read one zip, and be reached by Session Manager.",
        f"{NEW} The instance had no role, so EFS could not check one.",
    ),
    "EfsMountInstanceProfile": Reason("Gives the instance that role.", NEW),
    "EfsMountEC2Instance": Reason(
        "Installs the packages and the model on EFS at boot.",
        "It uses Amazon's newest image, not a list of 2021 for seven regions. Instance metadata needs a token. "
        "It installs packages with fixed versions and digests, not the newest `tensorflow`. It stops if "
        "the mount fails. "
        "It can end itself (`BootstrapInstance` stop).",
        f"c5.large {_dollars(PRICES['c5.large'])}, address {PRICES['public IPv4 address']:.2f}, "
        f"disk {DISK_GB * PRICES['EBS gp3, GB']:.2f}; nothing after `BootstrapInstance` stop",
    ),
    "EFSFilled": Reason(
        "The stack waits here until EFS is filled and checked.",
        f"{NEW} The stack was complete 5 to 15 minutes before TensorFlow was installed, and did not report a failure.",
    ),
    # The function
    "ModelInferenceFunctionLogGroup": Reason(
        "The function's log, for 14 days.",
        f"{NEW} Lambda created a group that keeps everything for ever and stays after the stack.",
        "nothing; 0.50 US$ for each GB that is written, 0.30 US$ a month for each metric in it (list prices)",
    ),
    "LambdaEFSMLExecuteInferenceServiceRole": Reason(
        "The function may mount this access point, read from it, and write to its log group. Lambda uses "
        "the role to create network "
        "interfaces. The function's code may not do that.",
        "It allows `ClientMount` on one access point. AWS's policy allows write and root access. It has "
        "its own statements for "
        "logs and VPC. AWS's policies let the code create interfaces and write to every log group.",
    ),
    "ModelInferenceFunction": Reason(
        "Answers: fetches, decodes, detects.",
        "Its name was `MLInferenceFunction`. It has Python 3.13, because AWS does not accept 3.7 any more."
        " The path of the "
        "packages follows `PythonRuntime`. `EFS_PATH` follows `EFSpath`, which had no effect before.",
        "nothing; 0.17 US$ for each hour in which it works (3008 MiB, list price)",
    ),
    "ModelInferenceFunctionVersion": Reason(
        "With `ProvisionedConcurrency`: the version that is kept ready. AWS does not allow that for $LATEST.", NEW
    ),
    "ModelInferenceFunctionLive": Reason(
        "The alias that the API calls. Provisioned concurrency needs it.",
        NEW,
        "nothing; with `ProvisionedConcurrency` "
        f"{_dollars(PRICES['provisioned concurrency, GB'] * 3008 / 1024)} for each instance",
    ),
    # The API
    "ModelInferenceApi": Reason(
        "The HTTP endpoint.",
        "Its name was `ApiGateway`. Pictures in a request arrive as bytes (`BinaryMediaTypes`).",
        "nothing; 3.50 US$ for a million requests (list price)",
    ),
    "ThrottledResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "QuotaExceededResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "InvalidApiKeyResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "AccessDeniedResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "MissingAuthenticationTokenResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "UnauthorizedResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "ExpiredTokenResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "InvalidSignatureResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "RequestTooLargeResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "BadRequestBodyResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "UnsupportedMediaTypeResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "IntegrationTimeoutResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "IntegrationFailureResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "Default4xxResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "Default5xxResponse": Reason(_PROBLEM, _NEW_PROBLEM),
    "lambdaApiGatewayInvoke": Reason(
        "The API may call the function, from any stage and method. So the test button of the console works.",
        "`arn:${AWS::Partition}` instead of `arn:aws`.",
    ),
    "lambdaApiGatewayInvokeLive": Reason("The same for the alias.", NEW),
    "AnyRootMethod": Reason(
        "Sends each request on `/` to the function.",
        f"{NEW} In the workshop you create it in the console. On the long route the deployer creates it.",
    ),
    "GetRootMethod": Reason(
        "With `ApiAuth` other than NONE: keeps the page open, because a browser sends no key for it.", _CLOSED
    ),
    "OpenDeployment": Reason("With `ApiAuth` NONE: the snapshot of the API that the stage shows.", NEW),
    "KeyDeployment": Reason("The same with `ApiAuth` API_KEY, because a snapshot cannot be changed.", _CLOSED),
    "IamDeployment": Reason("The same with `ApiAuth` AWS_IAM.", _CLOSED),
    "ProdStage": Reason(
        "Publishes the API as `/prod`, and limits the rate.", f"{NEW} Nothing limited the number of requests."
    ),
    "RiderApiKey": Reason(_KEY + "the key that callers send.", _CLOSED),
    "RiderUsagePlan": Reason(_KEY + "a key works only in a usage plan.", _CLOSED),
    "RiderUsagePlanKey": Reason(_KEY + "adds the key to the plan.", _CLOSED),
}

# What the workshop's templates had and these have not.
GONE = {
    "LambdaExecutionRole": "Nothing used it, and it allowed `logs:*`.",
    "MountTargetResource3": "A third zone is not needed, and the stack failed in accounts with two zones.",
    "RegionMap": (
        "It listed images of 2021 for seven regions. The template now finds the image with a public parameter of AWS."
    ),
}
