"""What an instance does while it fills EFS, told beside its stack's events: without it, minutes pass without a word.

Where it comes from: the instance's console, which EC2 shows as it is now for instances of today's types
(ec2:GetConsoleOutput with Latest). It is looked at while the stack waits for the instance's word, and not otherwise.
"""

from collections.abc import Callable, Sequence

from ..aws.facts import Unknown
from ..aws.records import Stack, StackEvent
from ..aws.session import Aws
from ..errors import WildrydesError
from ..local.progress import Filling
from ..reporting import Reporter
from .loglines import INSTANCE, Source, console_lines, fresh, sources

_WAIT = "AWS::CloudFormation::WaitCondition"
_WAITS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
# Between two looks: a console is text of up to 64 KB.
PAUSE_SECONDS = 10.0
SOURCE = "console of the instance (ec2:GetConsoleOutput)"


class Boot:
    """The fillings of one stack's operation; a console that cannot be read is said once, and ends nothing."""

    def __init__(self, aws: Aws, reporter: Reporter, stack: Stack, clock: Callable[[], float]) -> None:
        self._aws = aws
        self._reporter = reporter
        self._stack = stack
        self._clock = clock
        self._waiting: set[str] = set()
        self._instances: list[Source] = []
        self._next = 0.0
        self._seen: dict[str, Sequence[str]] = {}
        self._fillings: dict[str, Filling] = {}
        self._denied: set[str] = set()

    def look(self, news: Sequence[StackEvent]) -> None:
        """Takes note of the stack's new events, and tells what the instances have said since the last look."""
        for event in news:
            if event.type == _WAIT:
                change = self._waiting.add if event.status in _WAITS else self._waiting.discard
                change(event.resource)
        if not self._waiting or self._clock() < self._next:
            return
        self._next = self._clock() + PAUSE_SECONDS
        try:
            self._look_at_consoles()
        except WildrydesError:
            return  # the stack's own events tell what goes wrong

    def _look_at_consoles(self) -> None:
        if not self._instances:
            found = sources(self._aws.stacks.resources(self._stack.id))
            self._instances = [source for source in found if source.type == INSTANCE]
        for source in self._instances:
            if source.id not in self._denied:
                self._read(source)

    def _read(self, source: Source) -> None:
        console = self._aws.logs.console(source.id)
        if isinstance(console, Unknown):
            self._denied.add(source.id)
            self._reporter.event(f"no permission to read the console of {source.name}: allow {console.detail}")
            return
        if console is None or not console.text:
            return
        lines = [text for _, text in console_lines(console)]
        new = fresh(self._seen.get(source.id, ()), lines)
        self._seen[source.id] = lines
        expected = ("download", "unpack", "venv", "packages", "bytecode", "check", "prepare", "copy")
        filling = self._fillings.setdefault(source.id, Filling(SOURCE, expected))
        for line in new:
            if told := filling.take(line):
                self._reporter.event(f"{source.name}: {told[0]}", stack=self._stack.name, **told[1])
