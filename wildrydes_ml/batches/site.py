"""What answers batches in a deployment: the function, its state machine, and the stack that has the machine.

The workshop's machine has a stack of its own, `templates/batch.yml`, which is deployed with the first batch. An App
declares its machine with `app.batch(...)`, and its own stack has it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..aws.facts import Concurrency, Unknown
from ..aws.machines import Machines
from ..aws.records import FunctionFacts, Stack
from ..aws.session import Aws
from ..aws.target import Target
from ..costs import bursts
from ..deploy import public as deploying
from ..deploy.health import find_stacks, outputs, parameters
from ..deploy.remedies import Remedies
from ..deploy.settings import Settings
from ..deployment import Deployment
from ..errors import InterruptedWork, SettingsError, WildrydesError
from ..reporting import Quiet, Reporter
from ..tags import BESIDE_TAG, CLASS_TAG, STUDENT_TAG, TAG
from .places import Run, location

_MACHINE, _FUNCTION, _INPUT, _OUTPUT, _CONCURRENCY = (
    "BatchMachine",
    "BatchFunction",
    "BatchInput",
    "BatchOutput",
    "BatchConcurrency",
)
_PUBLIC = "PublicRouteTable"
_ENDPOINT = "BatchesS3Endpoint"
_OF_A_CLASS = {CLASS_TAG, STUDENT_TAG}
_CONCURRENT, _CONCURRENT_HERE = 100, 2


@dataclass(frozen=True)
class Site:
    """A deployment that is there: its stacks, the function that answers, and what is known of it."""

    settings: Settings
    stacks: tuple[Stack, ...]
    outputs: Mapping[str, str]
    function: str
    facts: FunctionFacts

    @property
    def own_machine(self) -> bool:
        """Whether the application's own stack has the machine."""
        return _MACHINE in self.outputs

    @property
    def parameters(self) -> Mapping[str, str]:
        """The parameters of all stacks."""
        return parameters(self.stacks)

    @property
    def throughput(self) -> tuple[float, bool]:
        """EFS's throughput for all readers in MiB/s, infinite where it is not known, and whether reading is billed."""
        mode = self.parameters.get("ThroughputMode", "")
        if mode not in bursts.MODES or not self.facts.mounts:
            return math.inf, False
        # Without a region this is the usual limit. Some regions give more.
        return bursts.throughput(self.parameters, region="").together, mode == "elastic"

    @property
    def start_mib(self) -> float:
        """The MiB that a cold start reads from EFS, at most; 0 where that is not known."""
        size, _ = bursts.cold_start(self.settings.deployment.contents(self.outputs))
        return size / bursts.MIB


def find(aws: Aws, settings: Settings) -> Site:
    """The deployment with its function. Raises WildrydesError when it is not there, or has no function for batches."""
    stacks = tuple(find_stacks(aws, settings))
    if not stacks:
        raise WildrydesError(f"nothing is deployed under the name {settings.name} here: run deploy first")
    found = outputs(settings, list(stacks))
    function = found.get(_FUNCTION) or _of_proof(aws, settings, stacks, found)
    facts = aws.functions.facts(function)
    if facts is None:
        raise WildrydesError(f"function {function} does not exist: run deploy first")
    return Site(settings, stacks, found, function, facts)


def _of_proof(aws: Aws, settings: Settings, stacks: Sequence[Stack], found: Mapping[str, str]) -> str:
    """The ARN of the alias that the deployment's proof asks."""
    proof = settings.deployment.proof
    if not settings.deployment.beside or proof is None:
        raise SettingsError(
            [f"{settings.name} answers no batches: declare it with app.batch(function, ...), and deploy again"]
        )
    try:
        function = proof.function(parameters(stacks), found)
    except KeyError:
        raise WildrydesError(f"deployment {settings.name} is incomplete: run deploy to complete it") from None
    here = aws.identity
    return f"arn:{here.partition}:lambda:{here.region}:{here.account}:function:{function}"


def concurrency(aws: Aws, site: Site, asked: int, is_local: bool) -> int:
    """How many batches at a time: what is asked, and no more than Lambda allows. Raises SettingsError for more than
    the application's own machine takes."""
    if site.own_machine:
        fixed = int(site.outputs[_CONCURRENCY])
        if asked and asked != fixed:
            raise SettingsError(
                [f"--concurrency {asked}: this application's state machine takes {fixed} batches at a time; change it "
                 f"with deploy --set BatchConcurrency={asked}"]
            )  # fmt: skip
        return fixed
    found = aws.account.concurrency(site.facts.name)
    wanted = asked or (_CONCURRENT_HERE if is_local else _CONCURRENT)
    return max(1, min(wanted, found.own or found.unreserved)) if isinstance(found, Concurrency) else wanted


def refuse_elsewhere(site: Site, run: Run) -> None:
    """Raises SettingsError for places that the application's own machine may not use."""
    if not site.own_machine:
        return
    bucket, root = site.outputs[_INPUT], location(site.outputs[_OUTPUT])
    if run.input.bucket != bucket:
        raise SettingsError([f"{run.input}: this application's function may read pictures of bucket {bucket} only"])
    if not root.holds(run.output):
        raise SettingsError([f"{run.output}: this application's function may write below {root} only: use --to"])


def refuse_cut_off(aws: Aws, site: Site) -> None:
    """Raises SettingsError for a student's function in a class's network without a way to S3.

    Elsewhere the stack of the machine adds an endpoint. A class's network has one route table for all students, and
    S3 has room for one endpoint in it: https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
    """
    name = next((one.tags[CLASS_TAG] for one in site.stacks if one.tags.keys() >= _OF_A_CLASS), "")
    if not name or not site.facts.subnets:
        return
    found = aws.account.reach(site.facts.subnets[0])
    if not isinstance(found, Unknown) and not found.serves("s3"):
        raise SettingsError(
            [f"the network of class {name} has no NAT gateway, so the function of {site.settings.name} cannot reach "
             "S3, and batch would have no answer. Deploy the class with --set InternetEgress=nat, or make a "
             "deployment of its own for batch, with deploy"]
        )  # fmt: skip


def machine(
    aws: Aws,
    machines: Machines,
    site: Site,
    target: Target,
    run: Run,
    reporter: Reporter,
    *,
    concurrency: int,
    tolerated: int,
) -> tuple[str, bool]:
    """The ARN of the machine, and whether its stack was deployed or changed now.

    Raises InterruptedWork when it would have to change while it runs, WildrydesError when somebody has deleted it.
    """
    if site.own_machine:
        arn = site.outputs[_MACHINE]
        _refuse_lost(machines, arn, f"run destroy, then deploy, for {site.settings.name}")
        return arn, False
    wanted = _wanted(aws, site, run, concurrency, tolerated)
    if arn := _kept(aws, machines, site, target, wanted):
        return arn, False
    options = Settings(
        (wanted,),
        name=site.settings.name,
        bucket=run.output.bucket,
        role_arn=site.settings.role_arn,
        allow_replace=(_ENDPOINT,),  # a route to S3 holds no data
        tags={**_tags_of_all(site), BESIDE_TAG: "batch"},
    )
    done = deploying.deploy(options, target, reporter=_Building(reporter), aws=aws)
    return done.outputs[_MACHINE], True


def refuse_changed(aws: Aws, site: Site, run: Run) -> None:
    """Raises InterruptedWork when another command has turned the machine to other pictures since it was made ready:
    the function could no longer read these, and each would count as denied."""
    if site.own_machine:
        return
    (beside,) = site.settings.deployment.beside
    stack = aws.stacks.describe(beside.name(site.settings.name))
    wanted = {"InputBucket": run.input.bucket, "OutputBucket": run.output.bucket, "OutputPrefix": run.root.prefix}
    if stack is None or any(stack.parameters.get(name) != value for name, value in wanted.items()):
        name = beside.name(site.settings.name)
        raise InterruptedWork(f"stack {name}: another command has changed it for other pictures meanwhile; run again")


def _kept(aws: Aws, machines: Machines, site: Site, target: Target, wanted: Deployment) -> str:
    """The ARN of the machine that an earlier run made, if it is as wanted; empty when its stack must be deployed."""
    stack = aws.stacks.describe(wanted.stacks[0].name(site.settings.name))
    if stack is None or not (arn := stack.outputs.get(_MACHINE, "")):
        return ""
    remedies = Remedies(aws.identity.region, target.endpoint)
    _refuse_lost(machines, arn, f"its stack holds no data, so delete it with: {remedies.deletion(stack.name)}")
    if _is_there(aws, stack, wanted):
        return arn
    if machines.executions(arn, status="RUNNING"):
        raise InterruptedWork(
            f"stack {stack.name}: its state machine still works on other pictures, or with other options; wait "
            "until it has ended, and run again"
        )
    return ""


def _refuse_lost(machines: Machines, arn: str, remedy: str) -> None:
    """Raises WildrydesError for a machine that its stack names and that is gone: CloudFormation does not notice."""
    if not machines.exists(arn):
        raise WildrydesError(f"state machine {arn} was deleted: {remedy}. Then run the same command again")


def _tags_of_all(site: Site) -> dict[str, str]:
    """Those of the deployment's stacks: an account may demand them of each stack. Those of a class find the machine of
    a student whose other stack is gone."""
    found = {key: value for stack in site.stacks for key, value in stack.tags.items()}
    return {key: value for key, value in found.items() if key in _OF_A_CLASS or not key.startswith((TAG, "aws:"))}


class _Building(Quiet):
    """Tells what is built, and nothing of what only a whole application has, such as a URL and a proof."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def event(self, text: str, **record: Any) -> None:
        """Tells it."""
        if not text.startswith("output "):
            self._reporter.event(text, **record)


def _wanted(aws: Aws, site: Site, run: Run, concurrency: int, tolerated: int) -> Deployment:
    (stack,) = site.settings.deployment.beside
    vpc, tables = _network(aws, site)
    wanted = {
        "FunctionAlias": site.function,
        "FunctionRole": site.facts.role,
        "InputBucket": run.input.bucket,
        "OutputBucket": run.output.bucket,
        "OutputPrefix": run.root.prefix,
        "Concurrency": str(concurrency),
        "ToleratedFailures": str(tolerated),
        "EndpointVpc": vpc,
        "EndpointRouteTables": ",".join(tables),
        "PermissionsBoundary": site.parameters.get("PermissionsBoundary", ""),
    }
    return Deployment(name=site.settings.deployment.name, stacks=(replace(stack, parameters=wanted),))


def _is_there(aws: Aws, stack: Stack, wanted: Deployment) -> bool:
    """Whether the stack is as it should be, so that nothing has to be deployed."""
    (one,) = wanted.stacks
    is_set = all(stack.parameters.get(name) == value for name, value in one.parameters.items())
    is_made = stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    return is_set and is_made and aws.stacks.template(stack.name) == one.source.text


def _network(aws: Aws, site: Site) -> tuple[str, tuple[str, ...]]:
    """The VPC and the route tables of the function's subnets, where they are ours; a given VPC is its owner's."""
    resources = [one for stack in site.stacks for one in aws.stacks.resources(stack.name)]
    vpcs = [one.physical_id for one in resources if one.type == "AWS::EC2::VPC"]
    tables = [one.physical_id for one in resources if one.type == "AWS::EC2::RouteTable" and one.logical_id != _PUBLIC]
    return (vpcs[0], tuple(sorted(tables))) if len(vpcs) == 1 and tables else ("", ())
