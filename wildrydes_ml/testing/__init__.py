"""AWS in memory for the tests of an application: without account, network and waiting.

The fakes have the same methods as the gateways, and store plain dictionaries. Anything else fails, since a fake has no
client. No other part of the library imports this package.
"""

from ..aws.records import Invocation
from .account import FakeAccount, FakeLogs, FakeNetworks, FakeTagging
from .apis import REST_API, FakeApis
from .buckets import FakeBuckets
from .evaluation import Evaluation
from .fake import IDENTITY, FakeAws
from .functions import FakeFunctions
from .saying import Clock, Said
from .servers import Request, Response, serving
from .stacks import STACK_TYPE, FakeStacks, event

__all__ = [
    "IDENTITY",
    "REST_API",
    "STACK_TYPE",
    "Clock",
    "Evaluation",
    "FakeAccount",
    "FakeApis",
    "FakeAws",
    "FakeBuckets",
    "FakeFunctions",
    "FakeLogs",
    "FakeNetworks",
    "FakeStacks",
    "FakeTagging",
    "Invocation",
    "Request",
    "Response",
    "Said",
    "event",
    "serving",
]
