"""Every message with which the commands, the library and the filling of EFS refuse or warn, read from the source.

`docs/reference/messages.md` shows them, so that a search on the site finds them. A message is a text in a `raise`, in a
problem of the account or in a warning. Where a `raise` has no text of its own, the texts are those of the functions of
the same module that make it. What is put in at run time is shown as `…`.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# What runs in Lambda lies flat in its zip.
sys.path.append(str(Path(__file__).resolve().parent.parent / "lambda_src"))

from problems import PROBLEMS

from tools.markdown import table
from wildrydes_ml.blocks.gateway_responses import ANSWERS, GENERAL

ROOT = Path(__file__).resolve().parent.parent
GAP = "…"
_WORD = re.compile(r"[A-Za-z]{2,}")
_FEWEST_WORDS = 3
# Of a text that says something without the rest of its message.
_FEWEST_SAID = 5
# A text that is looked for in what others say, and not said.
_PATTERN = re.compile(r"\\|\w\|\w|^\S*$")
# Calls whose texts are messages, beside those in a `raise`.
_SAYING = {"need", "problem", "warning"}
# Of the raised, those that are answers to a program and no message to a person.
_SILENT = {
    "AttributeError",
    "KeyError",
    "KeyboardInterrupt",
    "NotImplementedError",
    "StopIteration",
    "ArgumentTypeError",
    "ConstructorError",
}

# What is going on when a module speaks: the first row that the module's path begins with.
WHEN = (
    ("wildrydes_ml/cli", "The command line"),
    ("wildrydes_ml/tags", "The command line"),
    ("wildrydes_ml/policy", "The command line"),
    ("wildrydes_ml/expiry", "The command line"),
    ("wildrydes_ml/app", "Your App"),
    ("wildrydes_ml/proofs", "Your App"),
    ("wildrydes_ml/questions", "Your App"),
    ("wildrydes_ml/blocks", "Blocks"),
    ("wildrydes_ml/template", "A template"),
    ("wildrydes_ml/deployment", "A template"),
    ("wildrydes_ml/stacks", "A template"),
    ("wildrydes_ml/checks", "A template"),
    ("wildrydes_ml/workshop", "A template"),
    ("wildrydes_ml/code", "The function's code"),
    ("wildrydes_ml/packaging", "The function's code"),
    ("wildrydes_ml/deploy/preflight", "The account, before anything is made"),
    ("wildrydes_ml/deploy/logs", "Logs"),
    ("wildrydes_ml/deploy/loglines", "Logs"),
    ("wildrydes_ml/deploy/health", "Status"),
    ("wildrydes_ml/deploy/question", "Questions and pictures"),
    ("wildrydes_ml/deploy", "Plan and deploy"),
    ("wildrydes_ml/destroy", "Destroy"),
    ("wildrydes_ml/local", "On your machine (`--local`)"),
    ("wildrydes_ml/ask", "Questions and pictures"),
    ("wildrydes_ml/batches", "Many pictures (`batch`)"),
    ("wildrydes_ml/classroom", "A class"),
    ("wildrydes_ml/studio", "Workshop Studio"),
    ("lambda_src/filling", "While EFS is filled"),
    ("tools/environment", "`make`"),
    ("wildrydes_ml", "AWS"),
)


@dataclass(frozen=True, order=True)
class Message:
    """A text with gaps, and where it is said."""

    when: str
    text: str
    module: str

    def matches(self, said: str) -> bool:
        """Whether what was said is this message, its gaps filled, perhaps with more around it."""
        parts = [re.escape(part) for part in self.text.split(GAP)]
        return re.search(".*?".join(parts), said, re.DOTALL) is not None


@dataclass(frozen=True)
class Raised:
    """A `raise` of something that a person may read."""

    module: str
    function: str
    line: int
    texts: tuple[str, ...]


@cache
def catalogue() -> tuple[Message, ...]:
    """All messages, by what is going on, then by their first words."""
    found: set[Message] = set()
    for path in _modules():
        module = path.relative_to(ROOT).with_suffix("").as_posix()
        when = next(name for start, name in WHEN if module.startswith(start))
        found.update(Message(when, text, module) for text in _all_texts(path))
    order = {name: number for number, (_, name) in enumerate(WHEN)}

    def place(one: Message) -> tuple[int, str, Message]:
        return order[one.when], one.text.lstrip(f"{GAP} :-`'").lower(), one

    return tuple(sorted(found, key=place))


def speechless() -> list[str]:
    """Each `raise` whose texts this module does not find, as module:function."""
    modules = [path for path in _modules() if path.suffix == ".py"]
    return sorted(f"{one.module}:{one.function}" for path in modules for one in _Reader(path).raised() if not one.texts)


def messages() -> str:
    """The messages by occasion, each as a heading of its own: so a search finds it, and links can lead to it."""
    groups: dict[str, dict[str, None]] = {}
    for message in catalogue():
        groups.setdefault(message.when, {}).setdefault(message.text)
    return "\n\n".join(
        "\n\n".join([f"## {when}", *(f"### {_shown(text)}" for text in texts)]) for when, texts in groups.items()
    )


def api_messages() -> str:
    """What the API answers instead of a verdict: the function's own answers, then API Gateway's."""
    rows = {(code, one.title, one.detail): None for code, one in PROBLEMS.items()}
    rows.update({(one.code, one.title, one.detail): None for one in [*ANSWERS.values(), *GENERAL.values()]})
    return table(("`code`", "title", "detail"), ((f"`{code}`", *map(_shown, texts)) for code, *texts in rows))


def said(site: str) -> str:
    """What a place of the code says, as a quotation: `module:name`, or `module:name words` for texts with these words.

    `name` is a function or a constant; a shell script has none. `wildrydes_ml/` is left out of `module`. Raises
    KeyError for a place that says nothing such.
    """
    place, _, words = site.partition(" ")
    found = [text for text in _texts_at(place) if words.lower() in text.lower()]
    whole = [text for text in found if len(_WORD.findall(text)) >= _FEWEST_SAID]
    if not found:
        raise KeyError(f"<!-- said: {site} -->: nothing like this is said there; name the function that says it now")
    return "\n>\n".join(f"> {_shown(text)}" for text in (whole if whole and not words else found))


@cache
def _texts_at(place: str) -> list[str]:
    module, _, name = place.partition(":")
    top = ROOT if module.split("/")[0] in ("lambda_src", "tools") else ROOT / "wildrydes_ml"
    if not name:
        return list(_said_in_shell((top / f"{module}.sh").read_text(encoding="utf-8")))
    reader = _Reader(top / f"{module}.py")
    return list(dict.fromkeys(reader.of(name))) if name in reader.names else []


class _Reader:
    """The syntax tree of a module."""

    def __init__(self, path: Path) -> None:
        self.module = path.relative_to(ROOT).with_suffix("").as_posix()
        self._tree = ast.parse(path.read_text(encoding="utf-8"))
        self.names: dict[str, ast.AST] = {}
        for node in ast.walk(self._tree):
            if isinstance(node, ast.FunctionDef):
                self.names.setdefault(node.name, node)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.names.setdefault(node.targets[0].id, node.value)

    def raised(self) -> Iterator[Raised]:
        """Each `raise` that makes an error, with its texts."""
        for function in ast.walk(self._tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and _name(node.exc) not in _SILENT:
                    texts = tuple(_texts(node.exc)) or tuple(self._behind(function, node.exc))
                    yield Raised(self.module, function.name, node.lineno, texts)

    def saying(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each function that warns or tells a problem, and its texts: those of all of it where names stand for them."""
        for function in (one for one in ast.walk(self._tree) if isinstance(one, ast.FunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _name(node) in _SAYING:
                    named = any(isinstance(one, ast.Name) for one in node.args)
                    yield function.name, tuple(_texts(function if named else node))

    def of(self, function: str) -> Iterator[str]:
        """The texts of a function."""
        yield from _texts(self.names[function])

    def _behind(self, function: ast.FunctionDef, raised: ast.Call) -> Iterator[str]:
        """The texts of what the error is made of: names in it, the function itself, and what these use in turn."""
        seen: set[str] = {function.name}
        waiting: list[ast.AST] = [raised, function]
        while waiting:
            node = waiting.pop()
            yield from _texts(node)
            used = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
            used |= {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
            for name in sorted((used & self.names.keys()) - seen):
                seen.add(name)
                waiting.append(self.names[name])


def _modules() -> Iterator[Path]:
    for folder in ("wildrydes_ml", "lambda_src/filling"):
        for path in sorted([*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.sh")]):
            if "testing" not in path.parts:
                yield path
    yield ROOT / "tools" / "environment.py"


def _all_texts(path: Path) -> Iterator[str]:
    if path.suffix == ".sh":
        yield from _said_in_shell(path.read_text(encoding="utf-8"))
        return
    reader = _Reader(path)
    for one in reader.raised():
        yield from one.texts
    for _, texts in reader.saying():
        yield from texts
    if path.name == "environment.py":
        yield from reader.of("refusal")


def _said_in_shell(text: str) -> Iterator[str]:
    """The texts of `die` and `fail`, which end a script."""
    for found in re.findall(r'(?:die|fail) "((?:[^"$]|\$\([^)]*\)|\$)*)"', text):
        flat = re.sub(r"\$\([^)]*\)+|\$\{[^}]*\}+|\$\w+", GAP, found)
        if len(_WORD.findall(flat)) >= _FEWEST_WORDS:
            yield flat


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts of some words in a piece of code, docstrings left out, gaps marked."""
    if isinstance(node, ast.Constant | ast.JoinedStr):
        text = re.sub(f"{GAP}+", GAP, " ".join(_flat(node).split())).lstrip(";:, ")
        if len(_WORD.findall(text)) >= _FEWEST_WORDS and not _PATTERN.search(text):
            yield text
    for child in _parts(node):
        yield from _texts(child)


def _parts(node: ast.AST) -> Iterable[ast.AST]:
    """Where further texts may be: also in the gaps of a text, not in docstrings and descriptions."""
    match node:
        case ast.JoinedStr():
            return [value.value for value in node.values if isinstance(value, ast.FormattedValue)]
        case ast.FunctionDef() | ast.ClassDef():
            return node.body[1:] if ast.get_docstring(node) else node.body
        case _:
            return [
                child
                for child in ast.iter_child_nodes(node)
                if not (isinstance(child, ast.keyword) and child.arg == "Description")
            ]


def _flat(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_flat(value) if isinstance(value, ast.Constant) else GAP for value in node.values)
    value = node.value if isinstance(node, ast.Constant) else ""
    return re.sub(r"\{[^{}\s]*\}", GAP, value) if isinstance(value, str) else ""


def _shown(text: str) -> str:
    """As plain text on the page: nothing in it is Markdown."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]{}#!])", r"\\\1", escaped)
