"""Who may import what: pure inside, effects at the rim."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
LIBRARY = {
    path.relative_to(CHECKOUT / "wildrydes_ml").with_suffix("").as_posix(): path
    for path in sorted((CHECKOUT / "wildrydes_ml").rglob("*.py"))
    if "lambda_src" not in path.parts
}
HANDLER = {path.stem: path for path in sorted((CHECKOUT / "lambda_src").glob("*.py"))}
FILLING = sorted((CHECKOUT / "lambda_src" / "filling").glob("*.py"))  # run as programs while EFS is filled
COMMANDS = sorted((CHECKOUT / "bin").glob("*.py"))
SERVING = [*LIBRARY.values(), *HANDLER.values(), *COMMANDS]
ALL_FILES = [*SERVING, *FILLING]

PACKAGES = (
    "app",
    "ask",
    "aws",
    "batches",
    "blocks",
    "checks",
    "classroom",
    "cli",
    "code",
    "costs",
    "deploy",
    "destroy",
    "local",
    "policy",
    "studio",
    "template",
    "terminal",
    "testing",
    "workshop",
)
# Who may import whom: a package's modules import only what stands here, and the modules at the top.
BELOW = {
    "template": set[str](),
    "checks": {"template"},
    "lint_rules": {"checks"},
    "blocks": {"template"},
    "app": {"blocks", "template"},
    "aws": {"template"},
    "ask": set[str](),
    "batches": {"aws", "costs", "deploy"},
    "code": set[str](),
    "costs": {"checks", "template"},
    "deploy": {"ask", "aws", "checks", "code", "costs", "local", "template"},
    "destroy": {"aws", "costs", "deploy", "template"},
    "local": {"aws"},
    "policy": {"aws", "deploy", "template", "workshop"},
    "studio": {"code", "deploy", "policy", "template"},
    "terminal": set[str](),
    "testing": {"aws", "deploy", "template"},
    "workshop": {"ask", "aws", "blocks", "deploy", "template"},
    "classroom": {"ask", "aws", "costs", "deploy", "destroy", "local", "template"},
    "cli": {
        "app",
        "ask",
        "aws",
        "batches",
        "classroom",
        "deploy",
        "destroy",
        "local",
        "policy",
        "studio",
        "template",
        "terminal",
        "workshop",
    },
}
# What an application is, as data.
DEPLOYMENT = {".naming", ".proofs", ".stacks", ".aws.records", ".aws.wiring"}
# A class's modules that act; the others compute.
ACTING_IN_CLASS = {"answers", "board", "joining", "pacing", "present", "removal", "repeating", "run", "sharing"}
# Deploy's modules that act; the others compute.
ACTING = {
    "__init__",
    "boot",
    "deployer",
    "drift",
    "follower",
    "handover",
    "health",
    "logs",
    "losses",
    "observer",
    "packing",
    "place",
    "planning",
    "preflight/__init__",
    "proof",
    "proven",
    "public",
    "question",
    "refusals",
    "survey",
    "texts",
}


def of(package: str) -> list[str]:
    """The names of a package's modules."""
    return [name for name in LIBRARY if name.startswith(f"{package}/")]


READING = ("render", "decode", "faults", "source")
TEMPLATE_SIDE = [*of("app"), *of("blocks"), *of("workshop"), *(f"template/{name}" for name in READING)]
PURE = [
    *(name for name in TEMPLATE_SIDE if name != "app/load"),
    *of("checks"),
    *of("costs"),
    *of("policy"),
    *of("template"),
    *(name for name in of("deploy") if name.removeprefix("deploy/") not in ACTING),
    *(name for name in of("classroom") if name.removeprefix("classroom/") not in ACTING_IN_CLASS),
    "batches/estimate",
    "batches/manifest",
    "batches/places",
    "batches/results",
    "aws/facts",
    "aws/records",
    "aws/target",
    "aws/causes",
    "aws/wiring",
    "cli/options",
    "deployment",
    "durations",
    "errors",
    "expiry",
    "hints",
    "packaging",
    "proofs",
    "questions",
    "stacks",
    "studio/pages",
    "studio/regions",
    "studio/spec",
    "studio/values",
    "tags",
    "terminal/ending",
    "terminal/stopping",
]
RIM = {
    *(name.replace("/", ".") for name in [*of("destroy"), *of("local"), *of("cli"), *of("aws")]),
    *(f"deploy.{name.removesuffix('/__init__').replace('/', '.')}" for name in ACTING),
    *(name.replace("/", ".") for name in of("code")),
    *(f"classroom.{name}" for name in ACTING_IN_CLASS),
    "reporting",
    "web",
} - {
    "aws.facts",
    "aws.records",
    "aws.causes",
    "aws.target",
    "aws.wiring",
    "cli.options",
    "cli.config",
    "destroy.uploads",
}
EFFECTS = {"boto3", "botocore", "subprocess", "socket", "urllib.request", "requests", "signal", "threading", "sys"}


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports(path: Path) -> set[str]:
    """The modules that a file imports, ours by their name below wildrydes_ml with a dot before it."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(imported(path, node))
    return found


def imported(path: Path, node: ast.ImportFrom) -> Iterator[str]:
    if not node.level:
        yield str(node.module)
        return
    package = path.parents[node.level - 1].relative_to(CHECKOUT / "wildrydes_ml").parts
    base = [*package, *(node.module.split(".") if node.module else [])]
    for name in [None] if node.module else [alias.name for alias in node.names]:
        yield "." + ".".join([*base, *([name] if name else [])])


def taken(path: Path, module: str) -> set[str]:
    """The names that a file imports of a module."""
    froms = [node for node in nodes(path) if isinstance(node, ast.ImportFrom) and module in imported(path, node)]
    return {alias.name for node in froms for alias in node.names}


def tops(path: Path) -> set[str]:
    """The imports' first names: troposphere.ec2 counts as troposphere, .aws.stacks as .aws."""
    return {"." + name[1:].split(".")[0] if name.startswith(".") else name.split(".")[0] for name in imports(path)}


def run_by(name: str) -> set[str]:
    """The module of the function and those that it imports, directly or not."""
    found, more = set[str](), {name}
    while more:
        found |= more
        more = {module for one in more for module in tops(HANDLER[one]) if module in HANDLER} - found
    return found


def calls(path: Path, name: str) -> bool:
    """Whether the file calls a function of this name."""
    return any(isinstance(node, ast.Call) and ast.unparse(node.func) == name for node in nodes(path))


def mentions(path: Path, *names: str) -> bool:
    return any(isinstance(node, (ast.Attribute, ast.Name)) and ast.unparse(node) in names for node in nodes(path))


def where(files: list[Path]) -> set[str]:
    return {path.relative_to(CHECKOUT).as_posix() for path in files}


def test_the_import_reader_reads_relative_imports() -> None:
    assert {".aws.session", ".errors", ".deploy.settings"} <= imports(LIBRARY["deploy/deployer"])
    assert {".aws.records", ".aws.wiring", ".aws.faults", "botocore.exceptions"} <= imports(LIBRARY["aws/apis"])
    assert {".workshop.parameters", ".blocks.network", "troposphere"} <= imports(LIBRARY["workshop/templates"])


def test_only_the_aws_package_imports_boto3() -> None:
    importers = {name for name, path in LIBRARY.items() if {"boto3", "botocore"} & tops(path)}
    assert importers
    assert all(name.startswith("aws/") for name in importers)


def test_only_the_view_imports_rich() -> None:
    importers = {name for name, path in LIBRARY.items() if "rich" in tops(path)}
    assert importers == {"terminal/frame", "terminal/screen", "terminal/seats", "terminal/view"}
    drawing = {".terminal.view", ".terminal.frame", ".terminal.seats"}
    assert {name for name, path in LIBRARY.items() if drawing & imports(path)} == {
        "terminal/choice",
        "terminal/frame",
        "terminal/view",
    }


def test_the_packages_stand_in_layers() -> None:
    assert tuple(TopologicalSorter(BELOW).static_order())[-1] == "cli", "a cycle would raise CycleError"


@pytest.mark.parametrize("name", [name for name in LIBRARY if "/" in name])
def test_a_package_imports_only_what_stands_below_it(name: str) -> None:
    package = name.partition("/")[0]
    packages = {module[1:].split(".")[0] for module in imports(LIBRARY[name]) if module.startswith(".")}
    assert packages & {*PACKAGES, "lint_rules"} <= {package, *BELOW[package]}


def test_newcomers_are_told_of_each_package_and_what_it_imports() -> None:
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| `[a-z_]+/` \|.*\|.*\|", line)]
    told = {row[0].strip("`/"): set(re.findall(r"`(\w+)`", row[2])) for row in rows if row[0].strip("`/") in BELOW}
    assert told == BELOW


def test_nothing_of_the_library_imports_the_fakes_of_tests() -> None:
    importers = {name for name, path in LIBRARY.items() if ".testing" in tops(path)}
    assert {name for name in importers if not name.startswith("testing/")} == set()
    assert [path for path in COMMANDS if "wildrydes_ml.testing" in imports(path)] == []


def test_a_deployment_is_data_that_needs_little() -> None:
    assert {module for module in imports(LIBRARY["deployment"]) if module.startswith(".")} == DEPLOYMENT


@pytest.mark.parametrize("name", [name for name in LIBRARY if name not in TEMPLATE_SIDE])
def test_only_the_template_side_knows_troposphere(name: str) -> None:
    assert not {"troposphere", "awacs", "yaml"} & tops(LIBRARY[name])


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_have_no_effects(name: str) -> None:
    assert not EFFECTS & imports(LIBRARY[name])
    acting = {f".{module}" for module in RIM} & imports(LIBRARY[name])
    assert not acting - ({".web"} if taken(LIBRARY[name], ".web") == {"Reply"} else set())


@pytest.mark.parametrize("name", HANDLER)
def test_the_function_stands_alone(name: str) -> None:
    # Lambda's runtime has boto3; only batches of pictures need it, and only when one comes.
    of_lambda = {"boto3", "botocore"} if name == "objects" else set[str]()
    assert not {"wildrydes_ml", "boto3", "botocore", "troposphere"} & tops(HANDLER[name]) - of_lambda


def test_the_function_imports_boto3_with_the_first_batch_alone() -> None:
    tree = ast.parse(HANDLER["objects"].read_text(encoding="utf-8"))
    at_its_start = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert not [node for node in at_its_start if "boto" in ast.unparse(node)]


def test_the_function_starts_without_what_only_the_page_and_batches_need() -> None:
    code = """
import os, sys, lambda_function
print(*sorted({'ahead', 'batch', 'objects', 'pages'} & sys.modules.keys()), flush=True)
os._exit(0)  # as Lambda ends a function: Python's own way can crash while threads still import
"""
    place = {"EFS_PATH": "/nowhere", "PYTHONPATH": str(CHECKOUT / "lambda_src"), "PATH": os.environ["PATH"]}
    found = subprocess.run([sys.executable, "-c", code], env=place, capture_output=True, text=True, check=True)
    assert found.stdout == "\n"


@pytest.mark.parametrize(("runtime", "engine"), [("tensorflow", "tensorflow_engine"), ("ai_edge_litert", "litert")])
def test_of_what_the_handler_runs_one_module_imports_each_runtime(runtime: str, engine: str) -> None:
    """TensorFlow is also imported by what prepares the model, which runs while EFS is filled."""
    assert {name for name in run_by("lambda_function") if runtime in tops(HANDLER[name])} == {engine}
    assert not [path for path in [*LIBRARY.values(), *COMMANDS] if runtime in tops(path)]


def test_printing_is_done_in_one_place() -> None:
    printers = [path for path in SERVING if calls(path, "print") or mentions(path, "sys.stdout.write")]
    assert where(printers) == {"wildrydes_ml/reporting.py", "lambda_src/lambda_function.py"}


def test_exit_and_argv_are_in_one_place() -> None:
    ends = ("sys.exit", "sys.argv", "os._exit", "SystemExit", "exit", "quit")
    assert where([path for path in SERVING if mentions(path, *ends)]) == {"wildrydes_ml/cli/entry.py"}
    assert not [path for path in SERVING if calls(path, "argparse.ArgumentParser")]  # which exits itself
    parsers = [path for path in SERVING if calls(path, "Parser")]
    assert where(parsers) == {f"wildrydes_ml/cli/{name}.py" for name in ("entry", "arguments", "parser")}


def test_there_is_a_command_for_each_verb() -> None:
    assert {"render", "deploy", "destroy", "classify", "status", "logs", "package"} <= {path.stem for path in COMMANDS}


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.stem)
def test_commands_are_thin(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 15
    assert f'run("{path.stem}")' in text
    assert tops(path) == {"sys", "pathlib", "wildrydes_ml"}


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_a_module_says_why_it_exists_and_is_one_idea(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) < 400
