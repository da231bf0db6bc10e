"""Large ML models behind an HTTP endpoint, with AWS Lambda and EFS."""

from .rendering import render
from .workshop import complete, efs_99, lambda_function

__all__ = ["complete", "efs_99", "lambda_function", "render"]
