"""Why findings on a resource are suppressed, as checkov and Guard read it."""

from typing import Any


def reasons(resource: dict[str, Any]) -> dict[str, str]:
    """The reason of each rule that is suppressed."""
    metadata = resource.get("Metadata", {})
    skips = {one["id"]: one["comment"] for one in metadata.get("checkov", {"skip": []})["skip"]}
    guard = metadata.get("guard", {"SuppressedRules": [], "reasons": []})
    return skips | dict(zip(guard["SuppressedRules"], guard["reasons"], strict=True))
