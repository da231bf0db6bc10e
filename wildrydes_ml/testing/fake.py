"""AWS in memory: all gateways to one account, and a journal of all changes."""

from collections.abc import Callable, Mapping

from ..aws.records import Identity, Stack
from ..aws.session import Aws
from .account import FakeAccount, FakeLogs, FakeNetworks, FakeTagging
from .apis import FakeApis
from .buckets import FakeBuckets
from .functions import FakeFunctions
from .outputs import made_up
from .stacks import FakeStacks

IDENTITY = Identity("123456789012", "arn:aws:iam::123456789012:user/rider", "aws", "eu-west-1")


class FakeAws:
    """An account in memory. Pass its `gateways` to `plan`, `deploy`, `status` and `destroy` as `aws=`.

    `journal` lists the changes in order, in words such as `create thumbs`. A test prepares the account through the
    fakes: `stacks`, `buckets`, `functions`, `apis`, `tagging`, `networks`, `account` and `logs`.
    """

    def __init__(self, outputs: Callable[[Stack], Mapping[str, str]] = lambda stack: {}) -> None:
        """`outputs` returns values of a stack's outputs; all other outputs get invented values."""
        self._told = outputs
        self.journal: list[str] = []
        self.stacks = FakeStacks(self.journal, self.outputs)
        self.buckets = FakeBuckets(self.journal)
        self.stacks.read = self.buckets.at
        self.functions = FakeFunctions(self.journal)
        self.apis = FakeApis(self.journal)
        self.tagging = FakeTagging()
        self.networks = FakeNetworks(self.journal)
        self.account = FakeAccount()
        self.logs = FakeLogs()

    def outputs(self, stack: Stack) -> Mapping[str, str]:
        """The outputs of a stack that was created or updated."""
        return {**made_up(stack, self.stacks.template(stack.name), IDENTITY), **self._told(stack)}

    @property
    def left(self) -> list[str]:
        """The existing stacks and buckets: none after a destroy."""
        stacks = [stack.name for stack in self.stacks.stacks.values() if stack.status != "DELETE_COMPLETE"]
        return [*(f"stack {name}" for name in stacks), *(f"bucket {name}" for name in self.buckets.labels)]

    @property
    def gateways(self) -> Aws:
        """The fakes as the gateways that the package uses."""
        return Aws(
            IDENTITY,
            self.stacks,
            self.buckets,
            self.functions,
            self.apis,
            self.tagging,
            self.networks,
            self.account,
            self.logs,
        )
