"""Rights for the steps of a workshop that people take by hand: the calls of the AWS CLI and of the console.

What they ask with our commands is among `rights.CALLS`. A participant makes no network and no role: the organizer has
done that, or a role of CloudFormation does it. Actions: as in `rights`; those of API Gateway are methods of HTTP,
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html
"""

from .rows import PARTICIPANT, ROLE, WIRING, Right, calls

STEPS: tuple[Right, ...] = (
    # The API is found in the console's list, or by the stack's output.
    *calls("apigateway", PARTICIPANT, "list of APIs", "GetRestApis", "apigateway:GET", only=WIRING),
    *calls("apigateway", PARTICIPANT, "API", "GetResources GetMethod GetStages", "apigateway:GET", only=WIRING),
    # A method `ANY` with the function behind it. The console writes what both answer, too.
    *calls("apigateway", PARTICIPANT, "API", "PutMethod PutIntegration", "apigateway:PUT", only=WIRING),
    *calls("apigateway", PARTICIPANT, "API", "PutMethodResponse PutIntegrationResponse", "apigateway:PUT", only=WIRING),
    # A stage, and the console's own test of the method.
    *calls("apigateway", PARTICIPANT, "API", "CreateDeployment TestInvokeMethod", "apigateway:POST", only=WIRING),
    # The console offers the functions of the account. The template has given API Gateway the right to call this one.
    *calls("lambda", PARTICIPANT, "all", "ListFunctions", only=WIRING),
    *calls("lambda", PARTICIPANT, "function", "GetFunctionConfiguration"),
    *calls("lambda", PARTICIPANT, "function", "Invoke", "lambda:InvokeFunction"),
    # The stacks by hand: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
    *calls("s3", PARTICIPANT, "objects", "PutObject", only=ROLE),
    *calls("cloudformation", PARTICIPANT, "stacks", "CreateStack DeleteStack DescribeStackEvents", only=ROLE),
    *calls("cloudformation", PARTICIPANT, "service role", "CreateStack DeleteStack", "iam:PassRole", only=ROLE),
)
