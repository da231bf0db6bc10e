"""CloudFormation: stacks, change sets and events."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from ..errors import WildrydesError
from ..records import ChangeSet, ResourceChange, Stack, StackEvent, StackResource
from .faults import code_of, translated


class Stacks:
    """CloudFormation."""

    def __init__(self, client: Any, sleep: Callable[[float], None], poll_seconds: float) -> None:
        self._client = client
        self._sleep = sleep
        self._poll_seconds = poll_seconds

    def describe(self, name: str) -> Stack | None:
        """The stack of that name or id, or None."""
        with translated(f"stack {name}"):
            try:
                found = self._client.describe_stacks(StackName=name)["Stacks"][0]
            except ClientError as error:
                if code_of(error) == "ValidationError" and "does not exist" in str(error):
                    return None
                raise
        return _stack(found)

    def tagged(self, key: str) -> list[Stack]:
        """The stacks that carry a tag of that key."""
        with translated("stacks"):
            pages = self._client.get_paginator("describe_stacks").paginate()
            found = [_stack(item) for page in pages for item in page["Stacks"]]
        return [stack for stack in found if key in stack.tags]

    def template(self, name: str) -> str:
        """The template's text as it was submitted; empty when there is none yet."""
        with translated(f"template of stack {name}"):
            try:
                body = self._client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
            except ClientError as error:
                if code_of(error) == "ValidationError":
                    return ""
                raise
        return body if isinstance(body, str) else ""

    def resources(self, name: str) -> list[StackResource]:
        """The stack's resources, also those that a failed creation has taken back."""
        with translated(f"resources of stack {name}"):
            pages = self._client.get_paginator("list_stack_resources").paginate(StackName=name)
            return [
                StackResource(item["LogicalResourceId"], item["ResourceType"], item.get("PhysicalResourceId", ""))
                for page in pages
                for item in page["StackResourceSummaries"]
            ]

    def prepare(
        self, name: str, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]
    ) -> ChangeSet | None:
        """A change set to create or update the stack; None when there is nothing to change."""
        existing = self.describe(name)
        kind = "CREATE" if existing is None or existing.status == "REVIEW_IN_PROGRESS" else "UPDATE"
        with translated(f"change set for stack {name}"):
            made = self._client.create_change_set(
                StackName=name,
                ChangeSetName=f"wildrydes-{uuid.uuid4().hex}",
                ChangeSetType=kind,
                TemplateBody=template,
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
                Capabilities=["CAPABILITY_IAM"],
            )
            changes = self._ready_changes(name, made["Id"])
        if changes is None:
            self.discard(made["Id"])
            return None
        stack = self.describe(made["StackId"])
        assert stack is not None
        return ChangeSet(made["Id"], stack, changes)

    def _ready_changes(self, name: str, change_set: str) -> tuple[ResourceChange, ...] | None:
        while True:
            found = self._client.describe_change_set(ChangeSetName=change_set)
            if found["Status"] == "CREATE_COMPLETE":
                return tuple(self._changes(found, change_set))
            if found["Status"] == "FAILED":
                reason = found.get("StatusReason", "")
                if "didn't contain changes" in reason or "No updates are to be performed" in reason:
                    return None
                self.discard(change_set)
                raise WildrydesError(f"stack {name}: CloudFormation refuses the change: {reason}")
            self._sleep(min(self._poll_seconds, 1))

    def _changes(self, page: dict[str, Any], change_set: str) -> Iterator[ResourceChange]:
        while True:
            for entry in page.get("Changes", []):
                change = entry["ResourceChange"]
                yield ResourceChange(
                    change["LogicalResourceId"],
                    change["ResourceType"],
                    change["Action"],
                    change.get("Replacement", "False"),
                )
            if "NextToken" not in page:
                return
            page = self._client.describe_change_set(ChangeSetName=change_set, NextToken=page["NextToken"])

    def discard(self, change_set: str) -> None:
        """Deletes a change set that is not executed."""
        with translated("change set"):
            self._client.delete_change_set(ChangeSetName=change_set)

    def execute(self, change_set: ChangeSet) -> None:
        """Starts a change set."""
        with translated(f"stack {change_set.stack.name}"):
            self._client.execute_change_set(ChangeSetName=change_set.id)

    def delete(self, name: str) -> None:
        """Starts the deletion of a stack."""
        with translated(f"stack {name}"):
            self._client.delete_stack(StackName=name)

    def events(self, stack: str) -> list[StackEvent]:
        """The stack's events, oldest first."""
        with translated(f"events of stack {stack}"):
            pages = self._client.get_paginator("describe_stack_events").paginate(StackName=stack)
            found = [item for page in pages for item in page["StackEvents"]]
        return [
            StackEvent(
                item["EventId"],
                item["Timestamp"],
                item["LogicalResourceId"],
                item["ResourceType"],
                item["ResourceStatus"],
                item.get("ResourceStatusReason", ""),
            )
            for item in reversed(found)
        ]

    def pause(self) -> None:
        """Waits until it is time for another look."""
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
    )
