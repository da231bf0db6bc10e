// The two rendered templates as CDK stacks; what the second gets from the first are references between the two.
const { App, CliCredentialsStackSynthesizer, Stack } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");

const env = process.env;
const made = { PythonRuntime: env.RUNTIME, Architecture: env.ARCHITECTURE };
const app = new App({ analyticsReporting: false });

function stack(name, template, parameters) {
  const options = {
    stackName: name,
    env: { account: env.ACCOUNT, region: env.AWS_REGION },
    tags: { "wildrydes-ml": env.NAME },
    // No roles are assumed, so fewer calls than with the default.
    synthesizer: new CliCredentialsStackSynthesizer(),
  };
  return new CfnInclude(new Stack(app, name, options), "Template", {
    templateFile: `${env.TEMPLATES}/${template}`,
    parameters,
  });
}

const efs = stack(`${env.NAME}-mod5`, "efs_99.yml", { BootstrapInstance: "none", InternetEgress: "none", ...made });
const output = (name) => efs.getOutput(name).value;
stack(`${env.NAME}-mod5-inf`, "5_lambda_function.yml", {
  SecurityGroupIds: [output("DefaultSecurityGroup")],
  SubnetIDs: [output("PrivateSubnetOne"), output("PrivateSubnetTwo")],
  AccessPointARN: output("AccesspointARN"),
  DataBucket: env.BUCKET,
  CodeKey: `code/${env.FUNCTION}-${env.DIGEST}.zip`,
  FunctionName: env.FUNCTION,
  EFSpath: env.EFS,
  Revision: env.DIGEST,
  ...made,
});
