"""CloudFormation: stacks, change sets and events."""

import json
import re
import uuid
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from itertools import takewhile
from typing import Any

from botocore.exceptions import ClientError

from ..errors import InterruptedWork, WildrydesError
from ..template.change import ResourceChange
from ..template.parameters import HIDDEN
from . import causes, drifts, validation
from .facts import Unknown
from .faults import DENIED, code_of, is_taken, translated
from .records import ChangeSet, Drift, Fault, Stack, StackEvent, StackResource
from .repeating import optional

# At one look a second: CloudFormation works out a change set in seconds.
_CHANGE_SET_LOOKS = 600
_GONE = {"ChangeSetNotFound", "ChangeSetNotFoundException"}
_REFUSED = "stack {}: CloudFormation refuses the change: {}"
_OVERTAKEN = "stack {}: another deployer is changing it; run again when that has ended. AWS: {}"
_TAKEN = "stack {}: another deployer is creating it; run again to wait for it"

_NAME_OF_ROLE = re.compile(r"\b(RoleName|UserName|GroupName|ManagedPolicyName|InstanceProfileName)\"?\s*:")


class Stacks:
    """CloudFormation. `role` is the ARN of the role that it assumes; by default the stack's role or the caller's own.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
    """

    def __init__(self, client: Any, sleep: Callable[[float], None], poll_seconds: float, role: str = "") -> None:
        self._client = client
        self._sleep = sleep
        self._poll_seconds = poll_seconds
        self._role = {"RoleARN": role} if role else {}

    def describe(self, name: str) -> Stack | None:
        """The stack with that name or id, or None."""
        with translated(f"stack {name}"):
            try:
                found = self._client.describe_stacks(StackName=name)["Stacks"][0]
            except ClientError as error:
                if code_of(error) == "ValidationError" and "does not exist" in str(error):
                    return None
                raise
        return _stack(found)

    def find(self, names: Sequence[str]) -> dict[str, Stack]:
        """The existing stacks among the names; it takes one call if the account has no more than a page of stacks."""
        with translated("stacks"):
            try:
                page = self._client.describe_stacks()
                stacks = [_stack(item) for item in page["Stacks"]]
            except ClientError as error:
                if code_of(error) not in DENIED:
                    raise
                page, stacks = {"NextToken": "denied"}, []  # to credentials for stacks of our names alone
        if "NextToken" not in page:
            return {stack.name: stack for stack in stacks if stack.name in names}
        return {name: stack for name in names if (stack := self.describe(name))}

    def listed(self) -> dict[str, Stack]:
        """All stacks that there are, by name."""
        with translated("stacks"):
            pages = self._client.get_paginator("describe_stacks").paginate()
            return {item["StackName"]: _stack(item) for page in pages for item in page["Stacks"]}

    def tagged(self, key: str) -> list[Stack]:
        """The stacks that have a tag with that key."""
        return [stack for stack in self.listed().values() if key in stack.tags]

    def template(self, name: str) -> str:
        """The template's text as it was submitted; empty when there is none yet."""
        with translated(f"template of stack {name}"):
            try:
                body = self._client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
            except ClientError as error:
                if code_of(error) == "ValidationError":
                    return ""
                raise
        # What is JSON comes as data.
        return body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))

    def policy(self, name: str) -> str:
        """The stack policy as JSON; empty when the stack has none."""
        with translated(f"policy of stack {name}"):
            return str(self._client.get_stack_policy(StackName=name).get("StackPolicyBody") or "")

    def resources(self, name: str) -> list[StackResource]:
        """The stack's resources, including those that a rollback has deleted."""
        with translated(f"resources of stack {name}"):
            pages = self._client.get_paginator("list_stack_resources").paginate(StackName=name)
            return [
                StackResource(item["LogicalResourceId"], item["ResourceType"], item.get("PhysicalResourceId", ""))
                for page in pages
                for item in page["StackResourceSummaries"]
            ]

    def drift(self, stack: Stack) -> Drift | Unknown:
        """The differences from the template, as far as CloudFormation can detect them.

        Unknown if the permissions or an emulator do not allow it; raises InterruptedWork when AWS does not answer.
        """
        return drifts.read(self._client, stack, lambda: self._sleep(min(self._poll_seconds, 2)))

    def create(self, name: str, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]) -> Stack:
        """Starts the creation of a stack from a template's text or its address in a bucket.

        Raises InterruptedWork when another deployer was faster.
        """
        token = _token()
        with translated(f"stack {name}"):
            try:
                made = self._client.create_stack(
                    StackName=name, ClientRequestToken=token, **_body(template, parameters, tags), **self._role
                )["StackId"]
            except ClientError as error:
                if code_of(error) != "AlreadyExistsException":
                    raise
                # The reply to the first attempt was lost, or somebody else has made it.
                made = self._begun(name, token)
                if made is None:
                    raise InterruptedWork(_TAKEN.format(name)) from error
        return Stack(name, made, "CREATE_IN_PROGRESS", parameters=parameters, tags=tags)

    def prepare(
        self, stack: Stack, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]
    ) -> ChangeSet | None:
        """A change set that updates the stack; None when there is nothing to change.

        `template` is a text, its address in a bucket, or empty for the stack's own.
        """
        token = _token()
        name = f"wildrydes-{token}"
        with translated(f"stack {stack.name}"):
            try:
                change_set = self._client.create_change_set(
                    StackName=stack.id,
                    ChangeSetName=name,
                    ChangeSetType="UPDATE",
                    ClientToken=token,
                    **_body(template, parameters, tags),
                    **self._role,
                )["Id"]
            except ClientError as error:
                if "can not be updated" in str(error):  # though it could a moment ago
                    raise InterruptedWork(_OVERTAKEN.format(stack.name, error)) from error
                if code_of(error) != "AlreadyExistsException":
                    raise
                # Nobody else has that name: the reply to the first attempt was lost.
                change_set = self._client.describe_change_set(StackName=stack.id, ChangeSetName=name)["ChangeSetId"]
            changes = self._ready_changes(stack.name, change_set)
        if changes is None:
            self.discard(change_set)
            return None
        return ChangeSet(change_set, stack, changes)

    def _ready_changes(self, name: str, change_set: str) -> tuple[ResourceChange, ...] | None:
        pause = min(self._poll_seconds, 1)
        for _ in range(_CHANGE_SET_LOOKS):
            found = self._client.describe_change_set(ChangeSetName=change_set)
            if found["Status"] == "CREATE_COMPLETE":
                return tuple(self._changes(found, change_set))
            if found["Status"] == "FAILED":
                reason = found.get("StatusReason", "")
                if "didn't contain changes" in reason or "No updates are to be performed" in reason:
                    return None
                raise self._refusal(name, change_set, reason)
            if found["Status"].startswith("DELETE"):
                raise InterruptedWork(f"stack {name}: another deployer deleted the change set; run again")
            self._sleep(pause)
        raise InterruptedWork(f"stack {name}: CloudFormation still prepares the change set: run again later")

    def _refusal(self, name: str, change_set: str, reason: str) -> WildrydesError:
        """Why a change set failed: its faults, which go with it, or its reason."""
        faults = validation.faults(self._client, ChangeSetName=change_set)
        with suppress(WildrydesError):  # the refusal counts
            self.discard(change_set)
        if not faults or isinstance(faults, Unknown):
            told = reason if causes.is_cause(reason) else causes.without_faults(reason, faults)
            return WildrydesError(_REFUSED.format(name, told))
        error = WildrydesError(_REFUSED.format(name, causes.describe(faults)))
        error.record = {"causes": [asdict(fault) for fault in faults]}
        return error

    def faults(self, stack: str, since: datetime) -> tuple[Fault, ...] | Unknown:
        """What CloudFormation's validation found in the operation that began at `since`, or why it is not known."""
        return validation.faults(self._client, since, StackName=stack)

    def _changes(self, page: dict[str, Any], change_set: str) -> Iterator[ResourceChange]:
        while True:
            for entry in page.get("Changes", []):
                change = entry["ResourceChange"]
                yield ResourceChange(
                    change["LogicalResourceId"],
                    change["ResourceType"],
                    change["Action"],
                    change.get("Replacement", "False"),
                    _causes(change),
                )
            if "NextToken" not in page:
                return
            page = self._client.describe_change_set(ChangeSetName=change_set, NextToken=page["NextToken"])

    def discard(self, change_set: str) -> None:
        """Deletes a change set that was not executed; a missing one is fine."""
        with translated("change set"):
            optional(self._client.delete_change_set, _GONE, ChangeSetName=change_set)

    def execute(self, change_set: ChangeSet) -> str:
        """Starts a change set and returns the token of its events.

        Raises InterruptedWork when another deployer was faster.
        """
        token, stack = _token(), change_set.stack
        with translated(f"stack {stack.name}"):
            try:
                self._client.execute_change_set(ChangeSetName=change_set.id, ClientRequestToken=token)
            except ClientError as error:
                # The reply to the first attempt was lost, and the change set is under way or done.
                if not (is_taken(error) and self._begun(stack.id, token)):
                    raise
        return token

    def delete(self, name: str, retain: Sequence[str] = ()) -> None:
        """Starts the deletion of a stack; `retain` names resources to keep, for a stack in DELETE_FAILED."""
        kept = {"RetainResources": list(retain)} if retain else {}
        with translated(f"stack {name}"):
            self._client.delete_stack(StackName=name, ClientRequestToken=_token(), **kept, **self._role)

    def undo(self, stack: Stack) -> None:
        """Starts the rollback of a failed update, after none or a failed one."""
        call = self._client.rollback_stack if stack.status == "UPDATE_FAILED" else self._client.continue_update_rollback
        with translated(f"stack {stack.name}"):
            call(StackName=stack.id, ClientRequestToken=_token(), **self._role)

    def events(self, stack: str, seen: Container[str] = (), token: str = "") -> list[StackEvent]:
        """The stack's events, oldest first, beginning with the first whose id is not in `seen`.

        With a token, only those of the operation that was started with it.
        """
        with translated(f"events of stack {stack}"):
            pages = self._client.get_paginator("describe_stack_events").paginate(StackName=stack)
            items = (item for page in pages for item in page["StackEvents"])
            fresh = takewhile(lambda item: item["EventId"] not in seen and _is_of(item, token), items)
            found = [_event(item) for item in fresh]
        return found[::-1]

    def newest_event(self, stack: str) -> str:
        """The id of the stack's last event; what comes later is new."""
        with translated(f"events of stack {stack}"):
            return str(self._client.describe_stack_events(StackName=stack)["StackEvents"][0]["EventId"])

    def _begun(self, stack: str, token: str) -> str | None:
        """The id of the stack when its last operation was begun with the token."""
        found = self._client.describe_stack_events(StackName=stack)["StackEvents"]
        return next((str(item["StackId"]) for item in found if item.get("ClientRequestToken") == token), None)

    def pause(self) -> None:
        """Waits until it is time to check again."""
        self._sleep(self._poll_seconds)


def _stack(found: dict[str, Any]) -> Stack:
    return Stack(
        found["StackName"],
        found["StackId"],
        found["StackStatus"],
        found.get("StackStatusReason", ""),
        {item["ParameterKey"]: item["ParameterValue"] for item in found.get("Parameters", [])},
        {item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", [])},
        {item["Key"]: item["Value"] for item in found.get("Tags", [])},
        found.get("EnableTerminationProtection", False),
        found.get("LastUpdatedTime") or found.get("CreationTime"),
        found.get("CreationTime"),
        found.get("Description", ""),
        found.get("ParentId", ""),
        found.get("RoleARN", ""),
    )


def _token() -> str:
    """Tells CloudFormation a repeated call from a second one, and us our own operation from another deployer's."""
    return uuid.uuid4().hex


def _body(template: str, parameters: Mapping[str, str], tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        **_source(template),
        "Parameters": [_parameter(key, value) for key, value in parameters.items()],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM" if _names_roles(template) else "CAPABILITY_IAM"],
    }


def _names_roles(template: str) -> bool:
    """Whether it may give IAM's resources names of their own; what is not here is not read.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html: Capabilities
    """
    is_elsewhere = not template or template.startswith(("https://", "http://"))
    return is_elsewhere or bool(_NAME_OF_ROLE.search(template))


def _parameter(key: str, value: str) -> dict[str, Any]:
    """A secret that a stack has, of which it tells only this, stays as it is."""
    if value == HIDDEN:
        return {"ParameterKey": key, "UsePreviousValue": True}
    return {"ParameterKey": key, "ParameterValue": value}


def _source(template: str) -> dict[str, Any]:
    if not template:
        return {"UsePreviousTemplate": True}
    return {"TemplateURL" if template.startswith(("https://", "http://")) else "TemplateBody": template}


def _causes(change: dict[str, Any]) -> tuple[str, ...]:
    """The properties that make CloudFormation replace a resource, or perhaps do."""
    targets = [detail.get("Target", {}) for detail in change.get("Details", [])]
    found = {one["Name"] for one in targets if "Name" in one and one.get("RequiresRecreation", "Never") != "Never"}
    return tuple(sorted(found))


def _is_of(item: dict[str, Any], token: str) -> bool:
    return token in ("", item.get("ClientRequestToken"))


def _event(item: dict[str, Any]) -> StackEvent:
    return StackEvent(
        item["EventId"],
        item["Timestamp"],
        item["LogicalResourceId"],
        item["ResourceType"],
        item["ResourceStatus"],
        item.get("ResourceStatusReason", ""),
    )
