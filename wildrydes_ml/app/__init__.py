"""The short way: an App declares an application once; from it come the template and the Deployment.

The App adds what the author does not declare: security groups, mounts, waits, permissions, stage and key. It adds a
parameter for each value that comes from outside. For another structure, use `wildrydes_ml.blocks`.
"""

from .app import App
from .declarations import ExistingNetwork, Filling, NewNetwork, Storage
from .functions import Function
from .permissions import allow

__all__ = ["App", "ExistingNetwork", "Filling", "Function", "NewNetwork", "Storage", "allow"]
