"""Large ML models behind an HTTP endpoint, with AWS Lambda and EFS.

Its public names, of all three levels: what an App's file needs, the Deployment, and the workshop's own templates.
Below `wildrydes_ml.blocks` are the building blocks. `plan`, `deploy` and `status` are in `wildrydes_ml.deploy`,
`destroy` is in `wildrydes_ml.destroy`, this machine as a target in `wildrydes_ml.local`, an AWS for tests in
`wildrydes_ml.testing`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "Access",
    "App",
    "Code",
    "Deployment",
    "ExistingNetwork",
    "Filling",
    "Kept",
    "NewNetwork",
    "Packed",
    "Proof",
    "Stack",
    "StackOutput",
    "Storage",
    "Target",
    "allow",
    "complete",
    "efs_99",
    "lambda_function",
    "packaged",
    "render",
]

if TYPE_CHECKING:
    from .app import App, ExistingNetwork, Filling, NewNetwork, Storage, allow
    from .aws.target import Target
    from .blocks.access import Access
    from .deployment import Code, Deployment, Kept, Packed, Proof, Stack, StackOutput
    from .template.render import render
    from .workshop.templates import complete, efs_99, lambda_function, packaged
else:
    _MODULES = {
        "Access": ".blocks.access",
        **dict.fromkeys(("Code", "Deployment", "Kept", "Packed", "Proof", "Stack", "StackOutput"), ".deployment"),
        "Target": ".aws.target",
        "complete": ".workshop.templates",
        "efs_99": ".workshop.templates",
        "lambda_function": ".workshop.templates",
        "packaged": ".workshop.templates",
        "render": ".template.render",
    }

    def __getattr__(name: str) -> object:
        """One of `__all__`, imported on first use (PEP 562): what needs no template need not wait for troposphere."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES.get(name, ".app"), __name__), name)
