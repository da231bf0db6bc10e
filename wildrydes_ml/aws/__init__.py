"""AWS: small gateways over boto3, and the records that they return. Only this package imports boto3."""
