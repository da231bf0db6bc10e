"""An application as a directory for AWS Workshop Studio, which gives each participant an account with its stack.

AWS documents the format for authors of workshops alone. What is written here is what public workshops write: `spec`
has each field with a source.
"""
