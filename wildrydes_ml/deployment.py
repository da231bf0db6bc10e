"""A deployment as plain data: all that plan, deploy, status and destroy need to know of an application.

Nothing in it names an account, a region or what a person sets: `Settings` have that. The Wild Rydes workshop is one
deployment (`wildrydes_ml.workshop.deployments`), an `App` makes another, and anybody can write one by hand.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .aws.records import Identity
from .aws.wiring import Wiring
from .naming import NAME
from .template.source import Given, Source, source_of

if TYPE_CHECKING:
    from .web import Reply

Values = Mapping[str, str]

# The parameter that gets the bucket where none is named.
BUCKET = "DataBucket"


@dataclass(frozen=True)
class StackOutput:
    """An output of another stack of the deployment."""

    stack: str
    """The id of the stack."""
    key: str
    """The output's name."""


@dataclass(frozen=True)
class Stack:
    """A CloudFormation stack of a deployment."""

    source: Source
    """Its template."""
    id: str = ""
    """What follows the deployment's name in the stack's: NAME-ID, or NAME alone."""
    parameters: Values = field(default_factory=dict)
    """Parameters that the deployment decides, whatever a person sets."""
    inputs: Mapping[str, tuple[StackOutput, ...]] = field(default_factory=dict)
    """Parameters that get outputs of stacks before it; several are joined with commas."""

    @classmethod
    def of(
        cls,
        template: Given,
        id: str = "",
        *,
        parameters: Values | None = None,
        inputs: Mapping[str, StackOutput | tuple[StackOutput, ...]] | None = None,
        name: str = "",
    ) -> "Stack":
        """A stack of a YAML or JSON file, or of a troposphere template.

        A path that is not absolute is looked for from the working directory. `name` is the file's name for a template
        that code has built, ID.yml without one. Raises SettingsError with file, line and column for what CloudFormation
        or the deployer does not take.
        """
        source = source_of(template, name or f"{id or 'template'}.yml")
        fed = {key: one if isinstance(one, tuple) else (one,) for key, one in (inputs or {}).items()}
        return cls(source, id, parameters or {}, fed)

    def name(self, prefix: str) -> str:
        """The stack's name in a deployment of that name."""
        return f"{prefix}-{self.id}" if self.id else prefix

    @property
    def rows(self) -> Mapping[str, Mapping[str, Any]]:
        """The template's parameters with their properties."""
        rows: Mapping[str, Mapping[str, Any]] = self.source.body.get("Parameters", {})
        return rows


@dataclass(frozen=True)
class Code:
    """A directory that goes into the bucket as a zip; new content has a new key, so that CloudFormation sees it."""

    directory: Path
    """The directory; a `requirements.txt` in it is installed into the zip."""
    parameters: tuple[str, ...] = ("CodeKey",)
    """The parameters that get the zip's key."""
    runtime: str = "PythonRuntime"
    """The parameter, or the value, that says for which Python requirements are installed."""
    architecture: str = "Architecture"
    """The parameter, or the value, that says for which processor."""


@dataclass(frozen=True)
class Filling:
    """What fills EFS: an instance on AWS, a script here. The parameters have the names of the block `filling`."""

    stack: str = ""
    """The id of the stack whose instance fills EFS."""
    refills: Collection[str] = ()
    """Parameters whose change makes a new instance necessary: user data runs once."""
    resources: Collection[str] = ()
    """Logical ids of what comes and goes with the instance."""
    uploads: Collection[str] = ()
    """Parameters that tell where an instance found its code: they stay while it stays."""
    switch: str = "BootstrapInstance"
    """The parameter that is `none` for no instance, `stop` for one that ends itself."""
    contents: str = "EFSContents"
    """The output that tells what is on EFS."""
    model: Path | str = ""
    """The model, a directory, an archive or a URL, if the application has one of its own and `--model` has no use."""
    local_model: Path | None = None
    """The model that is used here when none is named."""
    refuse: Callable[[Path], str] = lambda path: ""
    """What is wrong with a directory or an archive as the model; empty when nothing is."""
    packages: str = ""
    """What is installed here, where the stacks have no parameter Packages."""


@dataclass(frozen=True)
class Kept:
    """What `destroy --keep-data` keeps: a stack, without what bills by the hour in it."""

    stack: str
    """The id of the stack."""
    aside: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Parameter → the value that bills, and for what; it is set to `none`."""
    resources: Collection[str] = ()
    """Logical ids of what may go for that."""


class Verdict(Protocol):
    """What an answer says. `error` is empty when it is one."""

    @property
    def error(self) -> str:
        """Why it proves nothing."""

    def describe(self) -> str:
        """The answer in words."""

    def record(self) -> dict[str, Any]:
        """The answer for a program."""


@dataclass(frozen=True)
class Proof:
    """What the deployed API is asked, and what it has to answer, before a deploy calls itself done."""

    body: bytes
    """What is posted."""
    headers: Values
    """The headers that go with it."""
    read: "Callable[[Reply], Verdict]"
    """What an answer says."""
    event: Mapping[str, Any]
    """What the function is invoked with until it answers, without API Gateway's 29 seconds."""
    function: Callable[[Values, Values], str]
    """The function with its alias, from the parameters' values and the outputs."""
    method: str = "POST"
    """The route's method."""
    path: str = ""
    """The route's path below the stage, without a slash at its beginning."""
    auth: Callable[[Values], str] = lambda values: "NONE"
    """How callers prove who they are: NONE, API_KEY or AWS_IAM."""
    api: str = "ApiId"
    """The output with the API's id."""
    url: str = "Url"
    """The output with the stage's URL."""
    command: Callable[[Values, str], str] = lambda outputs, url: ""
    """A line that asks the same from a shell, from the outputs and the reachable URL; the deployer adds the key."""
    warnings: "Callable[[Reply], Iterator[str]]" = lambda reply: iter(())
    """What the first answer of the function itself warns of."""
    about: str = "ask the API"
    """What is done, in words for the plan."""


@dataclass(frozen=True)
class Deployment:
    """What the deployer needs to know of an application."""

    name: str
    """The name that it has unless `--name` gives another: 2 to 31 lower-case letters, digits and dashes."""
    stacks: tuple[Stack, ...]
    """The stacks in the order in which they are made."""
    proof: Proof | None = None
    """How it is proven to answer; without one, complete stacks are enough."""
    code: tuple[Code, ...] = ()
    """What goes into the bucket as zips."""
    filling: Filling | None = None
    """What fills EFS."""
    kept: Kept | None = None
    """What `destroy --keep-data` can keep."""
    wiring: Callable[[Values, Identity, Values], Wiring] | None = None
    """What of the API is wired by calls in place of a template: from values, identity and tags."""
    route: str = ""
    """How people name this one among several deployments of one name."""
    bucket: str = BUCKET
    """The parameter that gets the bucket."""
    named_by: str = ""
    """The parameter whose value begins the keys of uploads, such as a function's name; empty: the deployment's name."""
    presets: Mapping[str, Values] = field(default_factory=dict)
    """Parameters that are set together, by the name of `--preset`."""
    defaults: Callable[[str], Values] = lambda name: {}
    """Parameters that have other defaults in a deployment of another name."""
    derived: Values = field(default_factory=dict)
    """Parameters that the deployer decides: why nobody sets them."""
    derive: Callable[[Values], Values] = lambda values: {}
    """The values of derived parameters that follow others."""
    check: Callable[[Values], list[str]] = lambda values: []
    """What is wrong with values that people set, beyond what the parameters' rows tell."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Parameters that must stay as they are in a stack that stands: what would break."""
    local: Values = field(default_factory=dict)
    """Parameters that an emulator needs set so."""
    mount: str = "EFSpath"
    """The parameter that says where functions find EFS."""
    opens: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    """To whom a parameter's value opens something; empty when it opens nothing."""
    unheeded: Callable[[Values, str], str] = lambda values, name: ""
    """What switches a parameter off, in words."""
    window: Callable[[Values, Values], str] = lambda old, new: ""
    """What callers of a live API must know of a change before it is made; empty when nothing."""
    instead: Values = field(default_factory=dict)
    """What to do in place of what an account lacks: name of the fact → sentence."""
    locked: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    """Value of a parameter with packages → the runtimes that these are locked for, on AWS and here."""

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be deployed: names, inputs that no stack before has, parameters that no
        stack has."""
        if not NAME.fullmatch(self.name):
            raise ValueError(
                f"Deployment.name is {self.name!r}: use 2 to 31 lower-case letters, digits and dashes, a letter first"
            )
        if not self.stacks:
            raise ValueError("Deployment.stacks is empty: name at least one stack")
        for index, stack in enumerate(self.stacks):
            _refuse_wrong_parameters(stack)
            _refuse_wrong_inputs(stack, self.stacks[:index])
        for code in self.code:
            if missing := [name for name in code.parameters if name not in self.rows]:
                raise ValueError(
                    f"Code.parameters: no template has a parameter {', '.join(missing)}; they have {_names(self.rows)}"
                )
        if self.bucket != BUCKET and self.bucket not in self.rows:
            raise ValueError(
                f"Deployment.bucket: no template has a parameter {self.bucket}; they have {_names(self.rows)}"
            )
        if self.proof:
            _refuse_wrong_proof(self.proof, self)

    @property
    def rows(self) -> dict[str, Mapping[str, Any]]:
        """Every parameter of the stacks with its properties."""
        return {name: row for stack in self.stacks for name, row in stack.rows.items()}

    @property
    def given(self) -> dict[str, str]:
        """Parameters that nobody sets: why not, or what to use instead."""
        inputs = {name: f"it comes from stack {outputs[0].stack}" for stack in self.stacks
                  for name, outputs in stack.inputs.items()}  # fmt: skip
        decided = {name: "the deployment decides it" for stack in self.stacks for name in stack.parameters}
        keys = {name: "it holds the digest of the code" for code in self.code for name in code.parameters}
        own = {self.bucket: "use --bucket", "Revision": "it follows the settings and what is on EFS"}
        found = {**own, **inputs, **decided, **keys, **self.derived}
        return {name: why for name, why in found.items() if name in self.rows}

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs of all stacks."""
        return tuple(key for stack in self.stacks for key in stack.source.body.get("Outputs", {}))

    def stack_names(self, name: str) -> tuple[str, ...]:
        """The names of the stacks in a deployment of that name."""
        return tuple(stack.name(name) for stack in self.stacks)


def _names(known: Collection[str]) -> str:
    return ", ".join(sorted(known)) or "none"


def _refuse_wrong_proof(proof: Proof, deployment: Deployment) -> None:
    for what, key in (("api", proof.api), ("url", proof.url)):
        if key not in deployment.outputs:
            raise ValueError(f"Proof.{what}: no stack has an output {key}; they have {_names(deployment.outputs)}")
    if missing := _missing(proof.function, deployment):
        known = _names({*deployment.rows, *deployment.outputs})
        raise ValueError(f"Proof.function: no stack has a parameter or an output {missing}; they have {known}")


def _missing(function: Callable[[Values, Values], str], deployment: Deployment) -> str:
    """The name that the function asks for and nobody has; what else made-up values do to it is no fault."""
    values = {name: str(row.get("Default", "")) for name, row in deployment.rows.items()}
    outputs = dict.fromkeys(deployment.outputs, "")
    try:
        function(values, outputs)
    except KeyError as error:
        asked = error.args[0] if error.args else ""
        return asked if isinstance(asked, str) and asked not in {*values, *outputs, *values.values(), ""} else ""
    except Exception:
        return ""
    return ""


def _refuse_wrong_parameters(stack: Stack) -> None:
    for name in (*stack.parameters, *stack.inputs):
        if name not in stack.rows:
            known = ", ".join(sorted(stack.rows)) or "none"
            raise ValueError(f"stack {stack.id!r}: {stack.source.name} has no parameter {name}; it has {known}")


def _refuse_wrong_inputs(stack: Stack, before: tuple[Stack, ...]) -> None:
    made = {one.id: tuple(one.source.body.get("Outputs", {})) for one in before}
    for name, outputs in stack.inputs.items():
        for output in outputs:
            if output.stack not in made:
                raise ValueError(f"input {name} of stack {stack.id!r}: no stack {output.stack!r} comes before it")
            if output.key not in made[output.stack]:
                known = ", ".join(made[output.stack]) or "none"
                raise ValueError(
                    f"input {name} of stack {stack.id!r}: stack {output.stack!r} has no output {output.key}; "
                    f"it has {known}"
                )
