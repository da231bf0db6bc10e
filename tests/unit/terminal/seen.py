"""A terminal in memory: what a person sees of what is written to it, and deploys as the deployer tells them."""

import io
from collections.abc import Mapping
from typing import Any

import pyte
from rich.console import Console

from wildrydes_ml.reporting import Reporter
from wildrydes_ml.terminal.course import Course
from wildrydes_ml.terminal.ending import Next
from wildrydes_ml.terminal.several import Several
from wildrydes_ml.terminal.view import View
from wildrydes_ml.testing import Clock

ARN = "arn:aws:cloudformation:eu-west-1:123456789012:stack/wildrydes-ml-mod5/1"
NEXT = Next("bin/deploy.py --name a", "bin/classify.py PICTURE", "bin/destroy.py", "bin/deploy.py")
VPC, NAT = "AWS::EC2::VPC", "AWS::EC2::NatGateway"
STACK = "wildrydes-ml-mod5"
PLAN: list[dict[str, Any]] = [
    {"step": "MakeBucket", "text": "make bucket wildrydes-ml-1 (private, encrypted, TLS only)"},
    {
        "step": "ApplyStack", "text": f"create stack {STACK} from efs_99.yml\n  Add Vpc (AWS::EC2::VPC)\n  Add Nat (x)",
        "stack": STACK, "kind": "create", "changes": [{}, {}], "parameters": [],
    },
    {
        "step": "ApplyStack", "text": f"create stack {STACK}-inf from 5_lambda_function.yml\n  Add A (x)",
        "stack": f"{STACK}-inf", "kind": "create", "changes": [{}], "parameters": [],
    },
]  # fmt: skip


class Terminal(io.StringIO):
    """What is written is shown; `raw` is all of it, escapes included."""

    encoding = "utf-8"

    def __init__(self, columns: int = 100, rows: int = 30) -> None:
        super().__init__()
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self.screen)
        self.raw = ""

    def write(self, text: str) -> int:
        self.raw += text
        self._stream.feed(text.replace("\n", "\r\n"))
        return len(text)

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """The lines that are not empty."""
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def colours(self, text: str) -> set[str]:
        """The colours of the last such text on the screen, but for its blanks."""
        for number, line in reversed(list(enumerate(self.screen.display))):
            if (at := line.find(text)) >= 0:
                cells = [self.screen.buffer[number][column] for column in range(at, at + len(text))]
                return {cell.fg for cell in cells if cell.data != " "}
        raise AssertionError(f"{text!r} is not on the screen")


class Watched:
    """A view on a terminal in memory, whose time passes by its clock."""

    def __init__(self, columns: int = 100, environment: Mapping[str, str] | None = None, **more: Any) -> None:
        self.terminal = Terminal(columns)
        self.clock = Clock()
        self.course = Course(self.clock)
        colourless = bool((environment or {}).get("NO_COLOR"))
        self.console = Console(
            file=self.terminal, force_terminal=True, width=columns, height=30, color_system="standard",
            no_color=colourless, highlight=False, markup=False, emoji=False, legacy_windows=False,
        )  # fmt: skip
        settings = {
            "verb": "deploy",
            "following": NEXT,
            "err": self.terminal,
            "log": lambda: "/logs/deploy.log",
            **more,
        }
        self.view = View(self.course, console=self.console, environment=environment or {}, **settings)
        self.said: Reporter = Several(self.course, self.view)

    def frame(self, seconds: float = 0) -> list[str]:
        """What is seen after so many seconds."""
        self.clock.sleep(seconds)
        self.view.draw()
        return self.terminal.lines


def begin(said: Reporter) -> None:
    """A deploy until CloudFormation begins with its first stack, of four resources."""
    said.event("account 123456789012, region eu-west-1")
    said.plan(PLAN)
    said.event("make bucket wildrydes-ml-1", step=1, steps=3, doing="create the bucket")
    said.event("create stack", step=2, steps=3, doing=f"create stack {STACK}", on=STACK)
    resources = {"Vpc": VPC, "Nat": NAT, "A": VPC, "B": VPC}
    said.event(
        f"{STACK}  CloudFormation starts to create it", stack=STACK, operation="create", stack_id=ARN,
        resources=resources, about_seconds=150,
    )  # fmt: skip


def happens(said: Reporter, resource: str, status: str, kind: str = VPC, reason: str = "") -> None:
    """One event of the stack."""
    said.event(
        f"{STACK}  {status}  {resource}", stack=STACK, resource=resource, status=status, reason=reason,
        resource_type=kind,
    )  # fmt: skip


def filling(said: Reporter) -> None:
    """An instance fills EFS."""
    facts = {
        "part": "packages",
        "words": "installing the packages",
        "percent": 45,
        "line": "Downloading tensorflow.whl",
    }
    said.event(
        "EfsMountEC2Instance: installing the packages", stack=STACK,
        filling={**facts, "source": "console of the instance (ec2:GetConsoleOutput)"},
    )  # fmt: skip


def end_well(said: Reporter) -> None:
    """The deploy answers."""
    happens(said, STACK, "CREATE_COMPLETE", "AWS::CloudFormation::Stack")
    said.event("create stack", step=3, steps=3, doing=f"create stack {STACK}-inf", on=f"{STACK}-inf")
    said.output("Unicorn is validated: Horse 0.93", validated=True, about="verdict")
    said.output("URL: https://a.example/prod", api_url="https://a.example/prod", about="URL")
    said.output(f"Try: curl -d '{'x' * 120}' https://a.example/prod", curl="curl", about="command")
    said.output("idle cost: about 193 US$ a month", about="idle cost")
    said.result(True, changed=True, api_url="https://a.example/prod", outputs={})
