"""Deploy: read the state, plan, look at the account, take the steps, prove that it answers.

`plan`, `deploy` and `status` are for programs, with what they return.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["Deployed", "Health", "Options", "Plan", "Settings", "Target", "deploy", "plan", "status"]

if TYPE_CHECKING:
    from ..aws.target import Target
    from .deployer import Deployed
    from .health import Health
    from .plans import Plan
    from .public import Options, deploy, plan, status
    from .settings import Settings
else:
    _MODULES = {
        "Deployed": ".deployer",
        "Health": ".health",
        "Plan": ".plans",
        "Settings": ".settings",
        "Target": "..aws.target",
    }

    def __getattr__(name: str) -> object:
        """One of `__all__`, imported on first use (PEP 562): who imports a module below needs none of it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES.get(name, ".public"), __name__), name)
