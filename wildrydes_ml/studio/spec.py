"""`contentspec.yaml`: what Workshop Studio deploys into each account, with which values, and what participants may do.

Its schema is not public. Each field here is one that public workshops have, and the comments in theirs say what it is:

- fields, magic variables, `static/`, at least one of required, recommended and optional regions, one region to deploy
  to: https://github.com/aws-samples/sample-oneCx/blob/main/contentspec.yaml
- a template with the assets' bucket and prefix, a policy, regions of which the operator chooses one:
  https://github.com/awslabs/multi-az-workshop/blob/main/contentspec.yaml
- outputs that participants see:
  https://github.com/elizabethfuentes12/graphrag-with-neo4j-workshop/blob/main/contentspec.yaml
"""

from collections.abc import Mapping, Sequence
from typing import Any

# What Workshop Studio puts in their place; the prefix ends in a slash.
BUCKET, PREFIX = "{{.AssetsBucketName}}", "{{.AssetsBucketPrefix}}"
VERSION = 2.0
LOCALE = "en-US"
# Workshop Studio takes no more: https://github.com/aws-samples/sample-oneCx has the other limits.
MOST_OUTPUTS = 50


def content_spec(
    template: str, label: str, parameters: Mapping[str, str], outputs: Sequence[str], policies: Sequence[str],
    regions: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    """The content as data. Paths are relative to the directory; `regions` are those among which an operator chooses."""
    return {
        "version": VERSION,
        "defaultLocaleCode": LOCALE,
        "localeCodes": [LOCALE],
        "awsAccountConfig": {
            "accountSources": ["WorkshopStudio"],
            "participantRole": {"iamPolicies": list(policies)},
            "regionConfiguration": {
                "minAccessibleRegions": 1,
                "maxAccessibleRegions": 1,
                "deployableRegions": {"recommended": list(regions)},
            },
        },
        "infrastructure": {
            "cloudformationTemplates": [
                {
                    "templateLocation": template,
                    "label": label,
                    "participantVisibleStackOutputs": list(outputs),
                    "parameters": [
                        {"templateParameter": name, "defaultValue": value} for name, value in parameters.items()
                    ],
                }
            ]
        },
    }
