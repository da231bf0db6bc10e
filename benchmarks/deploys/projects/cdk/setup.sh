#!/usr/bin/env bash
# Once for an account and region, and not counted: the CDK uploads templates of this size to a bucket of its own.
set -euo pipefail
cdk bootstrap "aws://$ACCOUNT/$AWS_REGION" --no-notices
