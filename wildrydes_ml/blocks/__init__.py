"""The building blocks: each adds resources to a `troposphere.Template` and returns what other blocks need."""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "Access",
    "Alarms",
    "Api",
    "BatchSettings",
    "Batches",
    "FileSystemMount",
    "FunctionSettings",
    "Inference",
    "Network",
    "Populate",
    "PopulateSettings",
    "Route",
    "Storage",
    "Watched",
    "access_point_arn",
    "add_batch",
    "add_dashboard",
    "add_function_security_group",
    "add_inference_function",
    "add_instance_security_group",
    "add_network",
    "add_populate",
    "add_proxy_stage",
    "add_rest_api",
    "add_s3_endpoint",
    "add_storage",
    "invoke_url",
]

if TYPE_CHECKING:
    from .access import Access
    from .agreement import Populate
    from .api import Api, add_proxy_stage, add_rest_api, invoke_url
    from .batch import Batches, BatchSettings, add_batch, add_s3_endpoint
    from .dashboard import Alarms, Watched, add_dashboard
    from .filling import PopulateSettings, add_instance_security_group, add_populate
    from .function import FunctionSettings, Inference, add_inference_function
    from .mount import FileSystemMount
    from .network import Network, add_function_security_group, add_network
    from .routes import Route
    from .storage import Storage, access_point_arn, add_storage
else:
    _MODULES = {
        "Access": ".access",
        "Alarms": ".dashboard",
        "Api": ".api",
        "BatchSettings": ".batch",
        "Batches": ".batch",
        "FileSystemMount": ".mount",
        "FunctionSettings": ".function",
        "Inference": ".function",
        "Network": ".network",
        "Populate": ".agreement",
        "PopulateSettings": ".filling",
        "Route": ".routes",
        "Storage": ".storage",
        "Watched": ".dashboard",
        "access_point_arn": ".storage",
        "add_batch": ".batch",
        "add_dashboard": ".dashboard",
        "add_function_security_group": ".network",
        "add_inference_function": ".function",
        "add_instance_security_group": ".filling",
        "add_network": ".network",
        "add_populate": ".filling",
        "add_proxy_stage": ".api",
        "add_rest_api": ".api",
        "add_s3_endpoint": ".batch",
        "add_storage": ".storage",
        "invoke_url": ".api",
    }

    def __getattr__(name: str) -> object:
        """One of `__all__`, imported on first use (PEP 562): an application rarely needs all blocks."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES[name], __name__), name)
