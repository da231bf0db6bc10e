"""CloudFormation templates as text and as data: rendered, read, and worked out for given parameters."""
