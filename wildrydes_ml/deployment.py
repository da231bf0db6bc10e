"""A deployment as plain data: all that plan, deploy, status and destroy need to know of an application.

Nothing in it names an account, a region or what a person sets: `Settings` have that. The Wild Rydes workshop is one
deployment (`wildrydes_ml.workshop.deployments`), an `App` makes another, and anybody can write one by hand.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .aws.records import Identity
from .aws.wiring import Wiring
from .naming import NAME
from .proofs import Called, Values
from .proofs import Proof as Proof
from .proofs import Verdict as Verdict
from .stacks import Stack as Stack
from .stacks import StackOutput as StackOutput
from .stacks import names

# The parameter that gets the bucket where none is named.
BUCKET = "DataBucket"


@dataclass(frozen=True)
class Code:
    """A directory that goes into the bucket as a zip; new content has a new key, so that CloudFormation sees it."""

    directory: Path
    """The directory. If it has a `requirements.txt`, these packages are installed into the zip."""
    parameters: tuple[str, ...] = ("CodeKey",)
    """The parameters that get the zip's key."""
    runtime: str = "PythonRuntime"
    """The Python version for which the requirements are installed: the name of a parameter, or a value."""
    architecture: str = "Architecture"
    """The processor for which they are installed: the name of a parameter, or a value."""
    packed: bool = False
    """Whether the zip also holds what `Deployment.packed` says."""
    also: tuple[Path, ...] = ()
    """Files that are added to the zip, such as those that answer batches; the directory's own win over them."""

    def __post_init__(self) -> None:
        """Raises TypeError for text in place of a path, or of several names."""
        if not isinstance(self.directory, Path):
            raise TypeError(f"Code.directory is {self.directory!r}: pass a Path, such as Path({str(self.directory)!r})")
        if isinstance(self.parameters, str):
            raise TypeError(f"Code.parameters is {self.parameters!r}: pass a tuple, such as ({self.parameters!r},)")


@dataclass(frozen=True)
class Filling:
    """What fills EFS: an instance on AWS, a script with `--local`. Parameters are called as in the block `filling`."""

    stack: str = ""
    """The id of the stack whose instance fills EFS."""
    refills: Collection[str] = ()
    """Parameters whose change needs a new instance, because an instance runs its user data only once."""
    resources: Collection[str] = ()
    """Logical ids of the resources that are created and deleted together with the instance."""
    uploads: Collection[str] = ()
    """Parameters that say where the instance found its code. They keep their values while the instance exists."""
    switch: str = "BootstrapInstance"
    """The parameter that is `none` for no instance, and `stop` for an instance that ends itself."""
    contents: str = "EFSContents"
    """The output that says what is on EFS."""
    model: Path | str = ""
    """The application's own model, if it has one: a directory, an archive or a URL. `--model` is then refused."""
    samples: str = ""
    """The parameter that gets the key of the user's own pictures, if the model is compared on any. Without it
    `--samples` is refused."""
    local_model: Path | None = None
    """The model for `--local`, if nobody names another one."""
    refuse: Callable[[Path], str] = lambda path: ""
    """Returns what is wrong with a directory or an archive as the model, or an empty text."""
    packages: str = ""
    """The packages for `--local`, if the stacks have no parameter Packages."""


@dataclass(frozen=True)
class Packed:
    """What the zips of functions hold besides their code, in place of EFS: packages, and a model.

    The model is the application's own, or one that `--model` names: then a parameter remembers it.
    """

    packages: str
    """The packages as the lines of a requirements file, with exact versions."""
    is_whole: bool = False
    """Whether these lines name all that the packages need."""
    unneeded: str = ""
    """A regular expression for names of files in the packages that the functions never read."""
    model: Path | None = None
    """The application's own model, if it has one: a directory or an archive. `--model` is then refused."""
    key: str = ""
    """The parameter that gets the key of the prepared model in the bucket."""
    prepares_with: str = ""
    """The packages, separated by spaces, that prepare a model on this machine."""
    default: str = ""
    """The model on AWS, if nobody names another one: a URL."""
    local_default: Path | None = None
    """The model for `--local`, if nobody names another one."""
    refuse: Callable[[Path], str] = lambda path: ""
    """Returns what is wrong with a directory or an archive as the model, or an empty text."""


@dataclass(frozen=True)
class Kept:
    """What `destroy --keep-data` keeps: a stack, without its resources that are billed by the hour."""

    stack: str
    """The id of the stack."""
    aside: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Parameter → the value that costs money, and the resource that it pays for. The parameter is set to `none`."""
    resources: Collection[str] = ()
    """Logical ids of the resources that may be deleted for this."""


@dataclass(frozen=True)
class Deployment:
    """What the deployer needs to know about an application."""

    name: str
    """Its name, unless `--name` gives another one: 2 to 31 lower-case letters, digits and dashes."""
    stacks: tuple[Stack, ...]
    """The stacks, in the order in which they are created."""
    proof: Proof | None = None
    """The question that proves that it answers. Without a proof, complete stacks are enough."""
    code: tuple[Code, ...] = ()
    """The directories that are uploaded to the bucket as zips."""
    filling: Filling | None = None
    """What fills EFS."""
    packed: Packed | None = None
    """What zips of the code hold in place of EFS."""
    filled: str = ""
    """What another deployment has put on EFS. When it changes, the functions start again."""
    kept: Kept | None = None
    """What `destroy --keep-data` can keep."""
    wiring: Callable[[Values, Identity, Values], Wiring] | None = None
    """Returns how the API is connected by calls instead of by a template, from values, identity and tags."""
    route: str = ""
    """The value of `--route` that chooses this deployment, if one name has several."""
    bucket: str = BUCKET
    """The parameter that gets the name of the bucket."""
    named_by: str = ""
    """The parameter whose value begins the keys of uploads, such as a function's name. Empty: the deployment's name."""
    presets: Mapping[str, Values] = field(default_factory=dict)
    """The presets: the name for `--preset` → the parameters that it sets."""
    defaults: Callable[[str], Values] = lambda name: {}
    """Returns the defaults that differ in a deployment with another name."""
    derived: Values = field(default_factory=dict)
    """Parameters that only the deployer sets → the reason."""
    derive: Callable[[Values], Values] = lambda values: {}
    """Returns the values of the parameters that depend on others."""
    check: Callable[[Values], list[str]] = lambda values: []
    """Returns what is wrong with the values, beyond the rules in the template's parameters."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Parameters that must not change in an existing stack → what would break."""
    local: Values = field(default_factory=dict)
    """Values that parameters must have on an emulator."""
    mount: str = "EFSpath"
    """The parameter with the directory in which functions see EFS."""
    opens: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    """Parameter → a function that says who gets access with a value. It returns an empty text when nobody does."""
    unheeded: Callable[[Values, str], str] = lambda values, name: ""
    """Returns, in words, why a parameter has no effect at present."""
    window: Callable[[Values, Values], str] = lambda old, new: ""
    """Returns what a change does to the callers of a live API, or an empty text."""
    instead: Values = field(default_factory=dict)
    """What to do when the account lacks something: name of the fact → sentence."""
    locked: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    """Value of a parameter with packages → the runtimes for which these are locked, on AWS and with `--local`."""
    beside: tuple[Stack, ...] = ()
    """Stacks that another command deploys beside these, such as `batch`. They use the others, so destroy deletes them
    first."""

    def __post_init__(self) -> None:
        """Raises TypeError for a value of the wrong kind. Raises ValueError for a wrong name or id, an input that no
        earlier stack has, and a parameter that no stack has."""
        if not NAME.fullmatch(self.name):
            raise ValueError(
                f"Deployment.name is {self.name!r}: use 2 to 31 lower-case letters, digits and dashes, a letter first"
            )
        if not self.stacks:
            raise ValueError("Deployment.stacks is empty: name at least one stack")
        _refuse_wrong_kinds(self)
        _refuse_equal_ids([stack.id for stack in self.stacks])
        for index, stack in enumerate(self.stacks):
            _refuse_wrong_inputs(stack, self.stacks[:index])
        for code in self.code:
            if missing := [name for name in code.parameters if name not in self.rows]:
                raise ValueError(
                    f"Code.parameters: no template has a parameter {', '.join(missing)}; they have {names(self.rows)}"
                )
        for name, values in self.presets.items():
            if missing := [key for key in values if key not in self.rows]:
                raise ValueError(
                    f"preset {name!r}: no template has a parameter {', '.join(missing)}; they have {names(self.rows)}"
                )
        if self.bucket != BUCKET and self.bucket not in self.rows:
            raise ValueError(
                f"Deployment.bucket: no template has a parameter {self.bucket}; they have {names(self.rows)}"
            )
        _refuse_unknown_names(self)
        if self.proof:
            _refuse_wrong_proof(self.proof, self)

    @cached_property
    def rows(self) -> dict[str, Mapping[str, Any]]:
        """Every parameter of the stacks with its properties."""
        return {name: row for stack in self.stacks for name, row in stack.rows.items()}

    @cached_property
    def given(self) -> dict[str, str]:
        """Parameters that nobody can set → the reason, or what to use instead."""
        inputs = {name: f"it comes from stack {outputs[0].stack}" for stack in self.stacks
                  for name, outputs in stack.inputs.items()}  # fmt: skip
        decided = {name: "the deployment decides it" for stack in self.stacks for name in stack.parameters}
        keys = {name: "it holds the digest of the code" for code in self.code for name in code.parameters}
        own = {self.bucket: "use --bucket", "Revision": "it follows the settings and what is on EFS"}
        if self.packed and self.packed.key:
            own[self.packed.key] = "it follows --model"
        found = {**own, **inputs, **decided, **keys, **self.derived}
        return {name: why for name, why in found.items() if name in self.rows}

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs of all stacks; ID.OUTPUT for one that several stacks have."""
        return tuple(self.merged(self.name, {stack.name(self.name): stack.told for stack in self.stacks}))

    def merged(self, name: str, outputs: Mapping[str, Values]) -> dict[str, str]:
        """The outputs of the stacks of a deployment of that name, which are given by the stack, in one table.

        An output that several stacks have is called ID.OUTPUT there, with the id of its stack, so that none hides
        another.
        """
        declared = Counter(key for stack in self.stacks for key in stack.told)
        found = Counter(key for one in outputs.values() for key in one)
        known = {stack.name(name): stack for stack in self.stacks}

        def called(stack: str, key: str) -> str:
            is_its_own = declared[key] == 1 and stack in known and key in known[stack].told
            if is_its_own or max(declared[key], found[key]) < 2:
                return key
            return f"{(known[stack].id or self.name) if stack in known else stack}.{key}"

        return {called(stack, key): value for stack, one in outputs.items() for key, value in one.items()}

    def contents(self, outputs: Values) -> str:
        """What is on EFS, by the outputs in one table; empty where that is not known."""
        return outputs.get(self.filling.contents, "") if self.filling else ""

    def stack_names(self, name: str) -> tuple[str, ...]:
        """The names of the stacks in a deployment of that name."""
        return tuple(stack.name(name) for stack in self.stacks)


def _refuse_wrong_kinds(deployment: Deployment) -> None:
    """A kind is named, not shown: a stack would show its whole template."""
    lists: tuple[tuple[str, type, str], ...] = (
        ("stacks", Stack, "Stack.of('a.yml')"),
        ("code", Code, "Code(Path('handler'))"),
    )
    for name, kind, such in lists:
        given = getattr(deployment, name)
        if not isinstance(given, (tuple, list)):
            raise TypeError(f"Deployment.{name} is a {type(given).__name__}: pass a tuple, such as ({such},)")
        for one in given:
            if not isinstance(one, kind):
                raise TypeError(f"Deployment.{name} has a {type(one).__name__}: pass a tuple, such as ({such},)")
    parts: tuple[tuple[str, type, str], ...] = (
        ("proof", Proof, "Proof.of(...)"),
        ("filling", Filling, "a Filling of wildrydes_ml.deployment; wildrydes_ml.Filling is for an App"),
        ("packed", Packed, "Packed(...)"),
        ("kept", Kept, "Kept(...)"),
    )
    for name, kind, such in parts:
        given = getattr(deployment, name)
        if given is not None and not isinstance(given, kind):
            raise TypeError(f"Deployment.{name} is a {type(given).__name__}: pass {such}")


def _refuse_unknown_names(deployment: Deployment) -> None:
    """Of stacks that are not there, and of parameters that no template has."""
    ids = [stack.id for stack in deployment.stacks]
    for name in ("filling", "kept"):
        part = getattr(deployment, name)
        if part is not None and part.stack not in ids:
            raise ValueError(
                f"{type(part).__name__}.stack is {part.stack!r}: the stacks have the ids {names(map(repr, ids))}"
            )
    refills = deployment.filling.refills if deployment.filling else ()
    for what, given in (("Filling.refills", refills), ("Deployment.fixed", deployment.fixed)):
        if missing := [name for name in given if name not in deployment.rows]:
            raise ValueError(
                f"{what}: no template has a parameter {', '.join(missing)}; they have {names(deployment.rows)}"
            )


def _refuse_equal_ids(ids: list[str]) -> None:
    for id in ids:
        if ids.count(id) > 1:
            raise ValueError(f"two stacks have the id {id!r}: give each an id of its own")


def _refuse_wrong_proof(proof: Proof, deployment: Deployment) -> None:
    for what, key in (("api", proof.api), ("url", proof.url)):
        if key not in deployment.outputs:
            raise ValueError(f"Proof.{what}: no stack has an output {key}; they have {names(deployment.outputs)}")
    if missing := _missing(proof.function, deployment):
        known = names({*deployment.rows, *deployment.outputs})
        raise ValueError(f"Proof.function: no stack has a parameter or an output {missing}; they have {known}")


def _missing(function: Called, deployment: Deployment) -> str:
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
