"""What Sceptre, SAM and the CDK leave to their user: bucket and code before them; wiring, warm-up and picture after.

`before` looks for bucket and code and makes what is missing, `inputs` prints what the second stack gets from the
first, `after` wires the API, invokes the function when its code is new, and posts a picture.
"""

import base64
import hashlib
import json
import os
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

NAME, BUCKET, FUNCTION = (os.environ[name] for name in ("NAME", "BUCKET", "FUNCTION"))
CODE = Path(os.environ["CODE"]).read_bytes()
KEY = f"code/{FUNCTION}-{hashlib.sha256(CODE).hexdigest()[:16]}.zip"
# Tells `after` that `before` found new code.
NEW = Path("code-is-new")

INPUTS = {
    "SecurityGroupIds": ("DefaultSecurityGroup",),
    "SubnetIDs": ("PrivateSubnetOne", "PrivateSubnetTwo"),
    "AccessPointARN": ("AccesspointARN",),
}


def before() -> None:
    """Bucket and code."""
    s3 = boto3.client("s3")
    if not _answers(s3.head_bucket, Bucket=BUCKET):
        _make_bucket(s3)
    if not _answers(s3.head_object, Bucket=BUCKET, Key=KEY):
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=CODE)
        NEW.touch()


def inputs() -> None:
    """The second stack's parameters that are the first one's outputs, as Name=Value."""
    found = _outputs(f"{NAME}-mod5")
    print(" ".join(f"{name}={','.join(found[key] for key in keys)}" for name, keys in INPUTS.items()))


def after() -> None:
    """Wiring, warm-up, picture."""
    found = _outputs(f"{NAME}-mod5-inf")
    api = found["ModelInferenceApiId"]
    _wire(api, f"{found['MLInferenceFunction']}:live")
    picture = Path(os.environ["PICTURE"]).read_bytes()
    if NEW.exists():
        event = {"image": base64.b64encode(picture).decode()}
        boto3.client("lambda").invoke(FunctionName=f"{FUNCTION}:live", Payload=json.dumps(event))
        NEW.unlink()
    url = f"{os.environ['AWS_ENDPOINT_URL']}/_aws/execute-api/{api}/prod/"
    request = urllib.request.Request(url, picture, {"Content-Type": "image/png"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as reply:
        print(reply.read().decode())


def _answers(call: Any, **arguments: str) -> bool:
    with suppress(ClientError):
        call(**arguments)
        return True
    return False


def _make_bucket(s3: Any) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True))
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=os.environ["BUCKET_POLICY"])
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "wildrydes-ml", "Value": NAME}]})


def _outputs(stack: str) -> dict[str, str]:
    found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {item["OutputKey"]: item["OutputValue"] for item in found["Outputs"]}


def _wire(api: str, function: str) -> None:
    gateway = boto3.client("apigateway")
    uri = f"arn:aws:apigateway:{os.environ['AWS_REGION']}:lambda:path/2015-03-31/functions/{function}/invocations"
    resources = gateway.get_resources(restApiId=api, embed=["methods"])["items"]
    root = next(item for item in resources if item["path"] == "/")
    method = root.get("resourceMethods", {}).get("ANY", {})
    stages = [stage["stageName"] for stage in gateway.get_stages(restApiId=api)["item"]]
    if method.get("methodIntegration", {}).get("uri") == uri and "prod" in stages:
        return
    place = {"restApiId": api, "resourceId": root["id"], "httpMethod": "ANY"}
    gateway.put_method(**place, authorizationType="NONE", apiKeyRequired=False)
    gateway.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api, stageName="prod")
    limits = {"rateLimit": "5", "burstLimit": "10"}
    patch = [{"op": "replace", "path": f"/*/*/throttling/{key}", "value": value} for key, value in limits.items()]
    gateway.update_stage(restApiId=api, stageName="prod", patchOperations=patch)


if __name__ == "__main__":
    {"before": before, "inputs": inputs, "after": after}[sys.argv[1]]()
