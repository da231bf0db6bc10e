#!/usr/bin/env bash
set -euo pipefail
DIGEST=$(sha256sum "$CODE" | cut -c1-16)
export DIGEST
"$PYTHON" ../around.py before
cdk deploy --all --require-approval never --app "node app.js" --progress events --no-notices
"$PYTHON" ../around.py after
