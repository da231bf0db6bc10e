"""The permissions that a caller needs, as IAM policies."""
