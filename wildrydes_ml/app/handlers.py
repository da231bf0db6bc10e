"""Checks that a function's code has the handler that its author names. The code is read, not run: its imports may exist
only on EFS."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_SHAPE = re.compile(r"[\w./-]*\w\.[A-Za-z_]\w*", re.ASCII)
_ARGUMENTS = 2  # https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html: the event and the context


def check_handler(where: str, code: Path, handler: object) -> None:
    """Raises ValueError unless `module.function` is a function of event and context in a module of the directory.

    A name that the module defines in another way, such as by an import, is accepted without a check.
    """
    if not isinstance(handler, str) or not _SHAPE.fullmatch(handler):
        raise ValueError(f"{where} is {handler!r}: use 'module.function', such as 'app.answer' of {code.name}/app.py")
    path, _, name = handler.rpartition(".")
    module = code / path.replace(".", "/")
    files = (module.with_name(f"{module.name}.py"), module / "__init__.py")
    file = next((one for one in files if one.is_file()), None)
    if file is None:
        raise ValueError(f"{where} is {handler!r}: there is no file {module.name}.py in {module.parent}")
    _check_name(f"{where} is {handler!r}", file, name)


def _check_name(where: str, file: Path, name: str) -> None:
    bound = list(_bound(_read(where, file).body))
    named = [node for key, node in bound if key == name]
    functions = sorted({key for key, node in bound if isinstance(node, ast.FunctionDef) and not key.startswith("_")})
    if not named and not any(key == "*" for key, _ in bound):
        has = f"it has {', '.join(functions)}" if functions else "it has no function"
        raise ValueError(f"{where}: there is no {name} in {file}; {has}")
    last = named[-1] if named else None
    if isinstance(last, ast.AsyncFunctionDef):
        raise ValueError(f"{where}: {name}, line {last.lineno} of {file}, is async, which Lambda cannot call: use def")
    if isinstance(last, ast.FunctionDef) and not last.decorator_list and not _takes_two(last.args):
        raise ValueError(
            f"{where}: {name}, line {last.lineno} of {file}, does not accept event and context, which Lambda passes: "
            f"write def {name}(event, context)"
        )


def _read(where: str, file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), str(file))
    except SyntaxError as error:
        raise ValueError(f"{where}: {file}, line {error.lineno}: {error.msg}") from None
    except ValueError as error:
        raise ValueError(f"{where}: {file}: {error}") from None


def _takes_two(arguments: ast.arguments) -> bool:
    """Whether a function can be called with two arguments."""
    places = [*arguments.posonlyargs, *arguments.args]
    needed = len(places) - len(arguments.defaults)
    wanted = [default for default in arguments.kw_defaults if default is None]
    return needed <= _ARGUMENTS and (len(places) >= _ARGUMENTS or arguments.vararg is not None) and not wanted


def _bound(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    """The names that statements define, each with its statement; `*` for an import of all names. Statements inside
    blocks such as `try` and `if` count, too."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((one.asname or one.name.partition(".")[0], node) for one in node.names)
        else:
            names = (one for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))
            yield from ((one.id, node) for one in names)
            yield from _bound(one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt))
            for handler in getattr(node, "handlers", ()):
                yield from _bound(handler.body)
