"""AWS: small gateways over boto3 and the records that they return. Nothing outside imports boto3."""
