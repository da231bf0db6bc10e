#!/usr/bin/env bash
# What a careful person scripts around `aws cloudformation deploy`: it looks before it acts, and may be run again.
set -euo pipefail

make_bucket() {
  aws s3api head-bucket --bucket "$BUCKET" 2>/dev/null && return
  aws s3api create-bucket --bucket "$BUCKET" >/dev/null
  aws s3api put-public-access-block --bucket "$BUCKET" --public-access-block-configuration \
    BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
  aws s3api put-bucket-encryption --bucket "$BUCKET" --server-side-encryption-configuration \
    '{"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}'
  aws s3api put-bucket-policy --bucket "$BUCKET" --policy "$BUCKET_POLICY"
  aws s3api put-bucket-tagging --bucket "$BUCKET" --tagging "TagSet=[{Key=wildrydes-ml,Value=$NAME}]"
}

upload() {
  digest=$(sha256sum "$CODE" | cut -c1-16)
  key=code/$FUNCTION-$digest.zip
  aws s3api head-object --bucket "$BUCKET" --key "$key" >/dev/null 2>&1 && return
  aws s3api put-object --bucket "$BUCKET" --key "$key" --body "$CODE" >/dev/null
}

# deploy STACK TEMPLATE PARAMETER=VALUE...
deploy() {
  local stack=$1 template=$2
  shift 2
  aws cloudformation deploy --stack-name "$stack" --template-file "$template" --capabilities CAPABILITY_IAM \
    --no-fail-on-empty-changeset --tags "wildrydes-ml=$NAME" --parameter-overrides "$@"
}

# outputs STACK KEY...: the values on one line, from one call
outputs() {
  local stack=$1 keys
  shift
  keys=$(printf "Outputs[?OutputKey=='%s'].OutputValue | [0]," "$@")
  aws cloudformation describe-stacks --stack-name "$stack" --query "Stacks[0].[${keys%,}]" --output text
}

wire() {
  local root method stage
  read -r root method < <(aws apigateway get-resources --rest-api-id "$api" --embed methods \
    --query "items[?path=='/'] | [0].[id, resourceMethods.ANY.methodIntegration.uri]" --output text)
  stage=$(aws apigateway get-stages --rest-api-id "$api" --query "item[?stageName=='prod'] | [0].stageName" --output text)
  local uri=arn:aws:apigateway:$AWS_REGION:lambda:path/2015-03-31/functions/$arn:live/invocations
  [ "$method" = "$uri" ] && [ "$stage" = prod ] && return
  aws apigateway put-method --rest-api-id "$api" --resource-id "$root" --http-method ANY --authorization-type NONE \
    --no-api-key-required >/dev/null
  aws apigateway put-integration --rest-api-id "$api" --resource-id "$root" --http-method ANY --type AWS_PROXY \
    --integration-http-method POST --uri "$uri" >/dev/null
  aws apigateway create-deployment --rest-api-id "$api" --stage-name prod >/dev/null
  aws apigateway update-stage --rest-api-id "$api" --stage-name prod --patch-operations \
    'op=replace,path=/*/*/throttling/rateLimit,value=5' 'op=replace,path=/*/*/throttling/burstLimit,value=10' >/dev/null
}

make_bucket
upload
deploy "$NAME-mod5" "$TEMPLATES/efs_99.yml" BootstrapInstance=none InternetEgress=none "PythonRuntime=$RUNTIME" \
  "Architecture=$ARCHITECTURE"
read -r group one two access_point < <(
  outputs "$NAME-mod5" DefaultSecurityGroup PrivateSubnetOne PrivateSubnetTwo AccesspointARN
)
deployed=$(deploy "$NAME-mod5-inf" "$TEMPLATES/5_lambda_function.yml" "SecurityGroupIds=$group" "SubnetIDs=$one,$two" \
  "AccessPointARN=$access_point" "DataBucket=$BUCKET" "CodeKey=$key" "FunctionName=$FUNCTION" "EFSpath=$EFS" \
  "PythonRuntime=$RUNTIME" "Architecture=$ARCHITECTURE" "Revision=$digest")
echo "$deployed"
read -r api arn < <(outputs "$NAME-mod5-inf" ModelInferenceApiId MLInferenceFunction)
wire
if [[ $deployed != *"No changes"* ]]; then
  aws lambda invoke --function-name "$FUNCTION:live" --payload "{\"image\": \"$(base64 -w0 "$PICTURE")\"}" warm.json
fi
curl --fail --silent --show-error --noproxy '*' -H 'Content-Type: image/png' --data-binary "@$PICTURE" \
  "$AWS_ENDPOINT_URL/_aws/execute-api/$api/prod/"
