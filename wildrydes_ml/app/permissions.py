"""What a function may do in addition to mounting and logging: IAM statements, and the ARNs of their resources."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from awacs.aws import Action, Allow, PolicyDocument, Statement
from troposphere import AWSHelperFn, AWSObject, GetAtt, Ref, Sub, iam

from ..blocks.choices import Value, reference
from .functions import Function

_ACTION = r"([a-z0-9-]+):([A-Za-z0-9*]+)"
_ARN = r"\*|arn:[^:]*:[a-z0-9-]+:[^:]*:[^:]*:\S+"
_SERVICE_ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"

# Types whose `Ref` is the ARN, most of them without an attribute `Arn`
# (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/: "Return values" of each).
_REF_IS_ARN = frozenset(
    {
        "AWS::SNS::Topic", "AWS::SecretsManager::Secret", "AWS::StepFunctions::StateMachine",
        "AWS::StepFunctions::Activity", "AWS::IAM::ManagedPolicy", "AWS::Lambda::Alias", "AWS::Lambda::Version",
        "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::Batch::JobDefinition", "AWS::Batch::JobQueue",
    }
)  # fmt: skip


def _parameter_arn(resource: AWSObject) -> Any:
    """`Ref` is the name, and the ARN has one slash before it, whether the name begins with one or not."""
    name = resource.properties.get("Name")
    slash = "" if isinstance(name, str) and name.startswith("/") else "/"
    return Sub(_SERVICE_ARN % ("ssm", f"parameter{slash}${{{resource.title}}}"))


# Types whose ARN is neither.
_MADE: Mapping[str, Callable[[AWSObject], Any]] = {
    "AWS::SSM::Parameter": _parameter_arn,
    "AWS::Logs::LogGroup": lambda one: Sub(_SERVICE_ARN % ("logs", f"log-group:${{{one.title}}}:*")),
    "AWS::EFS::AccessPoint": lambda one: Sub(_SERVICE_ARN % ("elasticfilesystem", f"access-point/${{{one.title}}}")),
}


def allow(actions: str | Sequence[str], *resources: Value | Function) -> Statement:
    """A permission for `may`: the actions, such as "sqs:SendMessage", on the resources.

    A resource is a troposphere resource or a function of the App (which stands for its ARN), an ARN, or a value that
    CloudFormation knows later; "*" means any resource. A bucket stands for itself or for its objects, as the action
    needs. Raises ValueError for an action without a service, for no resource, and for text that is not an ARN;
    TypeError for other values.
    """
    named = (actions,) if isinstance(actions, str) else actions
    if not isinstance(named, (list, tuple)) or not named:
        raise TypeError(f"allow() has actions {actions!r}: pass an action such as 'sqs:SendMessage', or a list of them")
    split = [_split(action) for action in named]
    if not resources:
        raise ValueError(f"allow({named[0]!r}) names no resource: add the resource, or '*' for any")
    on = [arn for resource in resources for arn in _arns(resource, named)]
    return Statement(Effect=Allow, Action=[Action(*parts) for parts in split], Resource=on)


def policy(where: str, may: object, resources: Mapping[str, AWSObject]) -> list[iam.Policy]:
    """The statements as the policies of a role. `resources` are those of the template.

    Raises TypeError for anything but results of `allow`, ValueError for a reference that is not the ARN of what the
    action is on.
    """
    if not isinstance(may, (list, tuple)):
        raise TypeError(f"{where} is {may!r}: pass a list of allow(...), such as [allow('sqs:SendMessage', queue)]")
    for statement in may:
        if not isinstance(statement, Statement):
            raise TypeError(f"{where} has {statement!r}: pass allow(...), such as allow('sqs:SendMessage', queue)")
        _refuse_other_arn(where, statement, resources)
    if not may:
        return []
    return [iam.Policy(PolicyName="May", PolicyDocument=PolicyDocument(Version="2012-10-17", Statement=list(may)))]


def _refuse_other_arn(where: str, statement: Statement, resources: Mapping[str, AWSObject]) -> None:
    actions = [action.JSONrepr() for action in statement.properties.get("Action", [])]
    for value in statement.properties.get("Resource", []):
        match value.to_dict() if isinstance(value, (Ref, GetAtt)) else None:
            case {"Ref": title} if title in resources and resources[title].resource_type not in _REF_IS_ARN:
                raise ValueError(f"{where} has Ref({title!r}), which is not an ARN: pass the resource itself")
            case {"Fn::GetAtt": [title, "Arn"]} if _is_bucket(resources.get(title)):
                if all(map(_is_on_objects, actions)):
                    raise ValueError(
                        f"{where} has the ARN of {title}, but {actions[0]} is on objects: pass the bucket itself"
                    )


def _is_bucket(resource: object) -> bool:
    return getattr(resource, "resource_type", "") == "AWS::S3::Bucket"


def arn(resource: AWSObject) -> Any:
    """The ARN of a resource of the template."""
    if resource.resource_type in _MADE:
        return _MADE[resource.resource_type](resource)
    return Ref(resource) if resource.resource_type in _REF_IS_ARN else GetAtt(resource, "Arn")


def _split(action: object) -> tuple[str, str]:
    match = re.fullmatch(_ACTION, action, re.ASCII) if isinstance(action, str) else None
    if match is None:
        raise ValueError(
            f"allow() has the action {action!r}: write the service and the action, such as 'sqs:SendMessage'"
        )
    return match[1], match[2]


def _arns(resource: object, actions: Sequence[str]) -> list[Any]:
    if isinstance(resource, Function):
        return [resource.arn]
    if isinstance(resource, AWSObject):
        return _of_bucket(resource, actions) if _is_bucket(resource) else [arn(resource)]
    if isinstance(resource, str):
        if not re.fullmatch(_ARN, resource, re.ASCII):
            raise ValueError(f"allow() has the resource {resource!r}: pass the resource itself, its ARN, or '*'")
        _refuse_other_part(resource, actions)
        return [resource]
    if isinstance(resource, AWSHelperFn) or hasattr(resource, "to_dict"):
        return [reference(resource)]
    raise TypeError(f"allow() has the resource {resource!r}: pass a resource, a parameter, Ref, GetAtt, Sub or an ARN")


def _refuse_other_part(resource: str, actions: Sequence[str]) -> None:
    """Raises ValueError for the ARN of a bucket where all actions are on objects, and the other way round."""
    match = re.fullmatch(r"(arn:[^:]*:s3:::[^/*]+)(/.*)?", resource)
    if match is None:
        return
    bucket, objects = match.groups()
    if not objects and all(map(_is_on_objects, actions)):
        raise ValueError(f"allow() has {resource!r}, but {actions[0]} is on objects: write {bucket + '/*'!r}")
    if objects and all("Bucket" in action for action in actions):
        raise ValueError(f"allow() has {resource!r}, but {actions[0]} is on the bucket: write {bucket!r}")


def _of_bucket(bucket: AWSObject, actions: Sequence[str]) -> list[Any]:
    """The bucket, its objects or both, as the actions need
    (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html)."""
    on_objects = {_is_on_objects(action) for action in actions}
    objects = Sub(f"${{{bucket.title}.Arn}}/*")
    return [*([GetAtt(bucket, "Arn")] if on_objects != {True} else []), *([objects] if on_objects != {False} else [])]


def _is_on_objects(action: str) -> bool:
    name = action.partition(":")[2]
    return "Bucket" not in name and ("Object" in name or "MultipartUpload" in name)
