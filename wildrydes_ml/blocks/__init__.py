"""The building blocks: each adds resources to a `troposphere.Template` and returns what its neighbors need."""

from .access import Access
from .agreement import Populate
from .api import Api, Route, add_proxy_stage, add_rest_api, invoke_url
from .dashboard import Alarms, Watched, add_dashboard
from .filling import PopulateSettings, add_instance_security_group, add_populate
from .function import FileSystemMount, FunctionSettings, Inference, add_inference_function
from .network import Network, add_function_security_group, add_network
from .storage import Storage, access_point_arn, add_storage

__all__ = [
    "Access",
    "Alarms",
    "Api",
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
    "add_dashboard",
    "add_function_security_group",
    "add_inference_function",
    "add_instance_security_group",
    "add_network",
    "add_populate",
    "add_proxy_stage",
    "add_rest_api",
    "add_storage",
    "invoke_url",
]
