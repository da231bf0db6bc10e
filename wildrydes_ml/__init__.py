"""Large ML models behind an HTTP endpoint, with AWS Lambda and EFS."""

from typing import TYPE_CHECKING

__all__ = ["complete", "efs_99", "lambda_function", "render"]

if TYPE_CHECKING:
    from .template.render import render
    from .workshop.templates import complete, efs_99, lambda_function
else:

    def __getattr__(name: str) -> object:
        """One of `__all__`, imported on first use (PEP 562): what needs no template need not wait for troposphere."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from .template import render
        from .workshop import templates

        return getattr(render if name == "render" else templates, name)
