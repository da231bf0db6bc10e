#!/usr/bin/env bash
set -euo pipefail

# deploy OPTION...
deploy() {
  sam deploy --capabilities CAPABILITY_IAM --no-confirm-changeset --no-fail-on-empty-changeset \
    --tags "wildrydes-ml=$NAME" "$@"
}

digest=$(sha256sum "$CODE" | cut -c1-16)
"$PYTHON" ../around.py before
# As sam rewrites it, this template is longer than a request to CloudFormation may hold: it goes by way of the bucket.
deploy --stack-name "$NAME-mod5" --template-file "$TEMPLATES/efs_99.yml" --s3-bucket "$BUCKET" --s3-prefix templates \
  --parameter-overrides BootstrapInstance=none InternetEgress=none "PythonRuntime=$RUNTIME" \
  "Architecture=$ARCHITECTURE"
read -r -a inputs < <("$PYTHON" ../around.py inputs)
deploy --stack-name "$NAME-mod5-inf" --template-file "$TEMPLATES/5_lambda_function.yml" \
  --parameter-overrides "${inputs[@]}" "DataBucket=$BUCKET" "CodeKey=code/$FUNCTION-$digest.zip" \
  "FunctionName=$FUNCTION" "EFSpath=$EFS" "PythonRuntime=$RUNTIME" "Architecture=$ARCHITECTURE" "Revision=$digest"
"$PYTHON" ../around.py after
