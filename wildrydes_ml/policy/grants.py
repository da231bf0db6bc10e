"""IAM policies out of the table of rights: for one deployment, as narrow as its names allow.

What a name is not known for stands as `*`. No setting of the templates needs another policy, but for those that name
something: bucket, function, boundary, service role.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product
from string import Formatter
from typing import Any

from ..aws.records import Identity
from ..deploy.desired import PREFIXES, default_bucket
from ..deploy.settings import Settings
from ..deployment import Stack
from ..template.effective import effective
from .rights import TABLE
from .rows import CLASS, CLOUDFORMATION, HANDLERS, KEPT_TYPES, ROLE, VERBS, WIRING, Right
from .scopes import SCOPES

WHO = (*VERBS, CLOUDFORMATION)

# Characters of a managed policy, spaces not counted.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
LIMIT = 6144
# Where the command batch keeps manifests and results.
UPLOADS = "batches/"

Document = dict[str, Any]
Statement = dict[str, Any]

# https://docs.aws.amazon.com/general/latest/gr/rande.html: how a region's name begins, where the partition is another.
_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eusc-": "aws-eusc",
}
# CloudFormation cuts a stack's long name for the names of roles, which have 64 characters at most. It keeps more of it.
_KEPT_OF_STACK = 20

# What people add to an App, by the word for its names in a scope: type, and the property that names it.
_NAMED = {
    "alarm": ("AWS::CloudWatch::Alarm", "AlarmName"),
    "dashboard": ("AWS::CloudWatch::Dashboard", "DashboardName"),
    "queue": ("AWS::SQS::Queue", "QueueName"),
    "topic": ("AWS::SNS::Topic", "TopicName"),
    "table": ("AWS::DynamoDB::Table", "TableName"),
    "machine": ("AWS::StepFunctions::StateMachine", "StateMachineName"),
    "made_bucket": ("AWS::S3::Bucket", "BucketName"),
}


@dataclass(frozen=True)
class Place:
    """Where a policy holds; an empty account or region stands for any. `stacks` may name the stacks there."""

    account: str = ""
    region: str = ""
    stacks: tuple[str, ...] = ()

    @property
    def partition(self) -> str:
        """The partition of the region; `*` without a region."""
        if not self.region:
            return "*"
        return next((name for begin, name in _PARTITIONS.items() if self.region.startswith(begin)), "aws")


def policies(who: str, settings: Settings, region: str = "", stacks: Sequence[str] = ()) -> list[Document]:
    """The policies for a verb, or for the role that CloudFormation takes (`who` is one of WHO), each within LIMIT.

    The account is that of the settings. `stacks` are the names of the stacks, where these are not the settings'.
    """
    place = Place(settings.account, region, tuple(stacks))
    return list(_packed(statements(needed(who, settings), settings, place, who)))


def needed(who: str, settings: Settings) -> list[Right]:
    """The rows of the table that count for a verb or for the role that CloudFormation takes."""
    return [right for right in TABLE if _counts(right, who, settings)]


def statements(rights: Iterable[Right], settings: Settings, place: Place, who: str = CLOUDFORMATION) -> list[Statement]:
    """A statement for each scope of the rights; without those whose names this deployment has not, and without what
    another one allows on more. Those of a class are also for every deployment whose name begins with the class's."""
    names = {**_names(settings, place, who), **(_names_of_class(settings) if who == "class" else {})}
    scopes: dict[str, set[str]] = {name: set() for name in SCOPES}
    for right in rights:
        scopes[right.scope].update(right.actions)
    wider = {name: {action for other in SCOPES if _covers(other, name) for action in scopes[other]} for name in SCOPES}
    found = [_statement(name, actions - wider[name], names) for name, actions in scopes.items()]
    return [one for one in found if one["Action"] and one["Resource"]]


def _covers(scope: str, narrower: str) -> bool:
    """Whether all that is in a scope is in another one, whatever its condition."""
    if scope == narrower or SCOPES[scope].condition:
        return False
    patterns = SCOPES[scope].arns
    return all(any(fnmatchcase(arn, pattern) for pattern in patterns) for arn in SCOPES[narrower].arns)


def size(document: Document) -> int:
    """Its characters as IAM counts them."""
    return sum(not char.isspace() for char in json.dumps(document, separators=(",", ":")))


def _counts(right: Right, who: str, settings: Settings) -> bool:
    if not right.is_made:
        if not _is_wanted(right, settings):
            return False
        has_auth = who in ("deploy", "destroy", "class") or right.auth in (
            "",
            settings.parameter_values().get("ApiAuth", right.auth),
        )
        return bool(right.when & (CLASS if who == "class" else {who})) and has_auth
    if right.source not in _kinds(settings, who):
        return False
    if who == CLOUDFORMATION:
        return True
    if settings.role_arn and who != "status":
        return False
    is_kept = who in ("destroy", "class") and right.source in KEPT_TYPES and "update" in right.when
    # What another verb makes beside the deployment, a class only deletes.
    is_beside = who == "class" and right.source not in _kinds(settings, "deploy")
    return is_kept or bool(right.when & HANDLERS["destroy" if is_beside else who])


def _is_wanted(right: Right, settings: Settings) -> bool:
    """Whether the application has what a row is only for."""
    there = {"": True, WIRING: any(one.wiring for one in settings.deployments), ROLE: bool(settings.role_arn)}
    return there[right.only]


def untold(settings: Settings) -> list[str]:
    """The types of resources of the deployment of which the table does not know what CloudFormation calls for them."""
    known = {right.source for right in TABLE if right.is_made}
    return sorted(
        kind for kind in _kinds(settings, CLOUDFORMATION) - known if not kind.startswith("AWS::CloudFormation::")
    )


def _kinds(settings: Settings, who: str) -> set[str]:
    """The types of the resources that a verb has to do with, of all deployments that the name may have."""
    bodies = [stack.source.body for stack in _stacks(settings, who)]
    return {str(entry["Type"]) for body in bodies for entry in body["Resources"].values()}


def _stacks(settings: Settings, who: str) -> list[Stack]:
    """The stacks of the deployments; `batch` makes those beside them, who destroys and CloudFormation have to do with
    both."""
    own = [stack for one in settings.having_preset for stack in one.stacks]
    beside = [stack for one in settings.having_preset for stack in one.beside]
    return {"batch": beside, **dict.fromkeys(("destroy", "class", CLOUDFORMATION), own + beside)}.get(who, own)


def _names(settings: Settings, place: Place, who: str) -> Mapping[str, Sequence[str]]:
    """What the names in a scope stand for."""
    account, region = place.account or "*", place.region or "*"
    bucket = settings.bucket or default_bucket(settings, Identity(account, "", place.partition, region))
    values = settings.parameter_values()
    known = _stacks(settings, CLOUDFORMATION if who == "batch" else who)  # which looks at the others
    stacks = place.stacks or tuple(dict.fromkeys(stack.name(settings.name) for stack in known))
    begins = dict.fromkeys(name[:_KEPT_OF_STACK] for name in stacks)
    roles = tuple(one for one in begins if not any(one != other and one.startswith(other) for other in begins))
    return {
        "partition": (place.partition,),
        "account": (account,),
        "region": (region,),
        "stack": stacks,
        "bucket": (bucket,),
        "own_bucket": () if settings.bucket else (bucket,),
        "prefix": PREFIXES,
        "batches": (UPLOADS,),
        "function": (values.get("FunctionName", f"{(*place.stacks, settings.name)[0]}-*"),),
        "made_group": () if "FunctionName" in values else place.stacks or settings.all_stacks,
        "role": roles,
        "unbounded_role": () if values.get("PermissionsBoundary") else roles,
        "boundary": tuple(filter(None, (values.get("PermissionsBoundary"),))),
        "service_role": tuple(filter(None, (settings.role_arn,))),
        **{name: _physical(settings, known, *kind) for name, kind in _NAMED.items()},
    }


def _names_of_class(settings: Settings) -> Mapping[str, Sequence[str]]:
    """What the names in a scope stand for, where students' deployments are called NAME-ID."""
    every = f"{settings.name}-*"
    roles = (f"{settings.name}-"[:_KEPT_OF_STACK],)
    is_bounded = settings.parameter_values().get("PermissionsBoundary")
    return {
        "stack": (*settings.all_stacks, every),
        "function": (every,),
        "role": roles,
        "unbounded_role": () if is_bounded else roles,
    }


def _physical(settings: Settings, known: Sequence[Stack], kind: str, key: str) -> tuple[str, ...]:
    """The names of the resources of a type, as far as the templates tell them.

    One that CloudFormation makes begins with the stack's, in lower case for a bucket; one that is known later may be
    any.
    """
    found, values = [], settings.parameter_values()
    for stack in known:
        begin = stack.name(settings.name)
        made = f"{begin}-*" if len(begin) <= _KEPT_OF_STACK else f"{begin[:_KEPT_OF_STACK]}*"
        for entry in effective(stack.source.body, values)["Resources"].values():
            if entry["Type"] == kind:
                name = entry.get("Properties", {}).get(key, made.lower() if kind == "AWS::S3::Bucket" else made)
                found.append(name if isinstance(name, str) else _begun(name, begin))
    return tuple(dict.fromkeys(found))


def _begun(name: Any, stack: str) -> str:
    """What is known of a name: a text that begins with the stack's name, or nothing."""
    match name:
        case {"Fn::Sub": str(text)} if text.startswith("${AWS::StackName}"):
            return f"{stack}*"
    return "*"


def _statement(scope: str, actions: Iterable[str], names: Mapping[str, Sequence[str]]) -> Statement:
    resources = [arn for pattern in SCOPES[scope].arns for arn in _filled(pattern, names)]
    condition = {
        operator: {key: found for key, texts in entries.items() if (found := _all_filled(texts, names))}
        for operator, entries in SCOPES[scope].condition.items()
    }
    kept = {operator: entries for operator, entries in condition.items() if entries}
    sid = "".join(filter(str.isalnum, scope.title()))
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}
    return {**statement, "Condition": kept} if kept else statement


def _all_filled(texts: Iterable[str], names: Mapping[str, Sequence[str]]) -> list[str]:
    return [text for pattern in texts for text in _filled(pattern, names)]


def _filled(pattern: str, names: Mapping[str, Sequence[str]]) -> list[str]:
    """The pattern with every combination of the values of its names."""
    fields = list(dict.fromkeys(name for _, name, _, _ in Formatter().parse(pattern) if name))
    return [
        pattern.format(**dict(zip(fields, values, strict=True)))
        for values in product(*(names[name] for name in fields))
    ]


def _packed(found: Sequence[Statement]) -> Iterator[Document]:
    """The statements in as many documents as it takes."""
    held: list[Statement] = []
    for statement in (part for one in found for part in _parts(one)):
        if held and size(_document([*held, statement])) > LIMIT:
            yield _document(held)
            held = []
        held.append(statement)
    yield _document(held)


def _parts(statement: Statement) -> Iterator[Statement]:
    """The statement, or parts of its actions where it is too large for a document of its own."""
    if size(_document([statement])) <= LIMIT:
        yield statement
        return
    actions, half = statement["Action"], len(statement["Action"]) // 2
    for number, part in enumerate((actions[:half], actions[half:]), start=1):
        yield from _parts({**statement, "Sid": f"{statement['Sid']}{number}", "Action": part})


def _document(found: Sequence[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(found)}
