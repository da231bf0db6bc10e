"""The short way: an App declares an application once, and is its template and its Deployment.

What an author does not say is inferred: security groups, mounts, waits, permissions, stage and key; and there is a
parameter for what is given from outside. Whoever wants another shape goes down to `wildrydes_ml.blocks`.
"""

from .app import App
from .declarations import ExistingNetwork, Filling, NewNetwork, Storage
from .functions import Function
from .permissions import allow

__all__ = ["App", "ExistingNetwork", "Filling", "Function", "NewNetwork", "Storage", "allow"]
