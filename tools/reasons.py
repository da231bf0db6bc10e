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


_ROUTE = "Tells the subnet's packets where to go."
_PROBLEM = "The API's own errors are `application/problem+json`, too, and carry no internals."
_NEW_PROBLEM = f"{NEW} The API's own answers had another shape than the function's."
_TARGET = "In the two private subnets, one in each zone, which is all that EFS allows."
_KEY = "With `ApiAuth` API_KEY: "
_CLOSED = f"{NEW} Nothing in the workshop could close the API."

REASONS: dict[str, Reason] = {
    # The network
    "LambdaEFSMLVPC": Reason("EFS mounts are NFS inside a VPC; a function must join it to mount."),
    "InternetGateway": Reason("The public subnet's way to the internet."),
    "InternetGatewayAttachment": Reason("Joins the gateway to the VPC."),
    "VPCIpv6Cidr": Reason(
        "With `InternetEgress` ipv6: addresses for the free way out.", f"{NEW} It replaces the NAT gateway's cost."
    ),
    "PublicSubnetOne": Reason(
        "Holds the NAT gateway and the instance that fills EFS.",
        "In the same zone as the first private subnet: a TLS mount needs a mount target in the client's zone.",
    ),
    "PrivateSubnetOne": Reason(
        "The function and a mount target, without an address on the internet.",
        "The zone may be chosen by `AvailabilityZoneOne`: not every zone has every instance type.",
    ),
    "PrivateSubnetTwo": Reason(
        "The same in a second zone, so that one zone may fail.",
        "The zone may be chosen by `AvailabilityZoneTwo`; two zones are all that an account needs.",
    ),
    "PublicRouteTable": Reason(_ROUTE),
    "PublicSubnet1RouteTableAssociation": Reason(_ROUTE),
    "DefaultPublicRoute": Reason(
        "The public subnet's route to the internet.",
        "The instance waits for it: one that boots without a way out installs nothing.",
    ),
    "PrivateRouteTable": Reason(_ROUTE),
    "PrivateSubnet1RouteTableAssociation": Reason(_ROUTE),
    "PrivateSubnet2RouteTableAssociation": Reason(_ROUTE),
    "NatPublicIP": Reason(
        "The NAT gateway's address.",
        "Made after the internet gateway is attached, as AWS asks for. Not made with `InternetEgress` ipv6 or none.",
        _dollars(PRICES["public IPv4 address"]),
    ),
    "NatGateway": Reason(
        "Lets the function fetch pictures by URL; nothing comes in through it.",
        "A superfluous `DependsOn` is gone. Not made with `InternetEgress` ipv6 or none, as it bills by the hour.",
        _dollars(PRICES["NAT gateway"]),
    ),
    "PrivateRoute": Reason("The private subnets' route to the NAT gateway.", "Made only when there is a NAT gateway."),
    "EgressOnlyInternetGateway": Reason(
        "With `InternetEgress` ipv6: the free way out, to hosts with an IPv6 address.", f"{NEW} Saves the NAT gateway."
    ),
    "PrivateIpv6Route": Reason("With `InternetEgress` ipv6: the route to it.", NEW),
    # Security groups
    "FunctionSecurityGroup": Reason(
        "Nothing in; out to NFS inside the VPC and to ports 80 and 443.",
        f"{NEW} The function joined the VPC's default group, which lets in all of its members and everything out. "
        "Output `DefaultSecurityGroup` is now this one.",
    ),
    "InstanceSecurityGroup": Reason(
        "Nothing in, unless `SshCidr` opens port 22; out to NFS and the web.",
        "SSH was open to the world, without a key that could log in. Session Manager needs no open port.",
    ),
    "MountTargetSecurityGroup": Reason(
        "NFS from the function's and the instance's groups alone; nothing out.",
        "NFS was open to the world; now to two groups, by reference.",
    ),
    # The file system
    "FileSystemResource": Reason(
        "Holds what is too large for a Lambda package: TensorFlow and the model.",
        "A policy denies clients without TLS or beside an access point: before, any NFS client in the VPC could mount "
        "as root. The throughput's mode may be chosen.",
        f"{_dollars(STORED_GB * PRICES['EFS storage, GB'])} for {STORED_GB} GB; "
        f"{_dollars(15 * PRICES['EFS provisioned throughput, MiB/s'])} for 15 MiB/s provisioned",
    ),
    "MountTargetResource1": Reason("EFS's address in the first zone.", _TARGET),
    "MountTargetResource2": Reason("EFS's address in the second zone.", _TARGET),
    "AccessPointResource": Reason("All that mount see `/ml` as user 1001, whoever they are on their side."),
    # What fills it
    "EFSFilledHandle": Reason("The URL at which the instance says how the filling went.", NEW),
    "EfsMountInstanceRole": Reason(
        "The instance may mount and write this access point, read one zip, and be reached by Session Manager.",
        f"{NEW} The instance had no role, so that EFS could not ask for one.",
    ),
    "EfsMountInstanceProfile": Reason("Gives the instance that role.", NEW),
    "EfsMountEC2Instance": Reason(
        "Installs the packages and the model on EFS at boot.",
        "Amazon's newest image instead of a list of seven regions of 2021; instance metadata only with a token; "
        "pinned packages with digests instead of the newest `tensorflow`; a mount that fails ends it. "
        "It may end itself (`BootstrapInstance` stop).",
        f"c5.large {_dollars(PRICES['c5.large'])}, address {PRICES['public IPv4 address']:.2f}, "
        f"disk {DISK_GB * PRICES['EBS gp3, GB']:.2f}; nothing after `BootstrapInstance` stop",
    ),
    "EFSFilled": Reason(
        "The stack is complete only when EFS is filled and checked.",
        f"{NEW} The stack was complete 5 to 15 minutes before TensorFlow was there, and never told of a failure.",
    ),
    # The function
    "ModelInferenceFunctionLogGroup": Reason(
        "The function's log, for 14 days.",
        f"{NEW} Lambda made one that never ends and outlives the stack.",
        "nothing; 0.50 US$ for each GB that is written, 0.30 US$ a month for each metric in it (list prices)",
    ),
    "LambdaEFSMLExecuteInferenceServiceRole": Reason(
        "The function may mount this access point and read, and write to its log group. Lambda makes its network "
        "interfaces; its code may not.",
        "`ClientMount` on one access point instead of AWS's policy with write and root access. Statements of its own "
        "instead of AWS's policies for logs and VPC, which let the code make interfaces and write to every log group.",
    ),
    "ModelInferenceFunction": Reason(
        "Answers: fetches, decodes, detects.",
        "Was `MLInferenceFunction`. Python 3.13, since AWS makes no function with 3.7 any more; the path of the "
        "packages follows `PythonRuntime`; `EFS_PATH` follows `EFSpath`, which was ignored.",
        "nothing; 0.17 US$ for each hour in which it works (3008 MiB, list price)",
    ),
    "ModelInferenceFunctionVersion": Reason(
        "With `ProvisionedConcurrency`: what is kept started, since AWS refuses that on $LATEST.", NEW
    ),
    "ModelInferenceFunctionLive": Reason(
        "The alias that the API calls, so that provisioned concurrency needs no other wiring.",
        NEW,
        "nothing; with `ProvisionedConcurrency` "
        f"{_dollars(PRICES['provisioned concurrency, GB'] * 3008 / 1024)} for each instance",
    ),
    # The API
    "ModelInferenceApi": Reason(
        "The HTTP endpoint.",
        "Was `ApiGateway`. Posted pictures arrive as bytes (`BinaryMediaTypes`).",
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
        "The API may invoke the function: any stage and method, so that the console's test button works.",
        "`arn:${AWS::Partition}` instead of `arn:aws`.",
    ),
    "lambdaApiGatewayInvokeLive": Reason("The same for the alias.", NEW),
    "AnyRootMethod": Reason(
        "Each request on `/` goes to the function.",
        f"{NEW} In the workshop a person makes it in the console; in the long route the deployer does.",
    ),
    "GetRootMethod": Reason(
        "With `ApiAuth` other than NONE: the page stays open, since a browser sends no key with it.", _CLOSED
    ),
    "OpenDeployment": Reason("`ApiAuth` NONE: a snapshot of the API, which the stage shows.", NEW),
    "KeyDeployment": Reason("The same with `ApiAuth` API_KEY: a snapshot cannot be changed.", _CLOSED),
    "IamDeployment": Reason("The same with `ApiAuth` AWS_IAM.", _CLOSED),
    "ProdStage": Reason("Publishes the API as `/prod`, throttled.", f"{NEW} Nothing bounded the number of requests."),
    "RiderApiKey": Reason(_KEY + "the key that callers send.", _CLOSED),
    "RiderUsagePlan": Reason(_KEY + "a key counts only in a plan.", _CLOSED),
    "RiderUsagePlanKey": Reason(_KEY + "joins the two.", _CLOSED),
}

# What the workshop's templates had and these have not.
GONE = {
    "LambdaExecutionRole": "Nothing referred to it, and it allowed `logs:*`.",
    "MountTargetResource3": "A third zone is not needed, and an account with two made the stack fail.",
    "RegionMap": "A mapping of seven regions to images of 2021. The image is now looked up by AWS's public parameter.",
}
