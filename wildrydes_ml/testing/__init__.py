"""An AWS in memory for the tests of an application: no account, no network, no pause.

The fakes have the gateways' own methods on plain dictionaries. What a test does not prepare and a fake does not know
fails, since no fake has a client. Nothing of the library imports this package.
"""

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
    "Request",
    "Response",
    "Said",
    "event",
    "serving",
]
