"""The Resource Groups Tagging API: whatever carries a tag, of any service."""

from typing import Any

from .faults import translated


class Tagging:
    """The region's tagged resources. CloudFormation gives a stack's tags to what the stack makes."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def arns(self, key: str, value: str) -> list[str]:
        """The ARNs of what carries the tag; AWS may list for an hour what is gone already."""
        with translated(f"resources with tag {key}={value}"):
            pages = self._client.get_paginator("get_resources").paginate(TagFilters=[{"Key": key, "Values": [value]}])
            return [item["ResourceARN"] for page in pages for item in page["ResourceTagMappingList"]]
