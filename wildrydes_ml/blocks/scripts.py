"""Shortens scripts for a template, whose size is limited.

Comments, docstrings and annotations are removed, and a level of indentation becomes one space. In Python, imports of
modules are put on one line, and so are a statement and its only body. The scripts do the same as before and stay
readable; the reasons are in the original files. The text is edited, not written again as by `ast.unparse`, whose result
depends on the Python version. No string in the scripts spans lines.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

_NOTE = "# With comments: lambda_src/filling\n"
_COMPOUND = re.compile(r" *(if|elif|else|for|while|with|try|except|def|class)\b")
_OPEN = ("(", "[", "{", ",")
_LONGEST = 150
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
# To cut comments so takes a tenth of tokenize's time, for which every process that renders would wait.
_STRING_OR_COMMENT = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?P<comment>#.*)""")
_FOR_TYPES = ("from __future__ import annotations", "from typing import", "from collections.abc import")


@cache
def bare(name: str, text: str) -> str:
    """The text of a script, by its name's ending: Python, bash, or what stays as it is."""
    if name.endswith(".py"):
        return _bare_python(text)
    return _bare_bash(text) if name.endswith(".sh") else text


def _bare_bash(text: str) -> str:
    """A comment that holds no quote does not stand in a string that its line closes."""
    lines = text.splitlines(keepends=True)
    code = "".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return _NOTE + _narrow(re.sub(r" +# [^'\"`\n]*$", "", code, flags=re.MULTILINE), 2)


def _narrow(code: str, indent: int) -> str:
    return re.sub(rf"^(?: {{{indent}}})+", lambda spaces: spaces[0][::indent], code, flags=re.MULTILINE)


def _bare_python(text: str) -> str:
    lines = text.splitlines()
    for row, start, end, new in sorted(_for_readers(text), key=lambda cut: cut[:2], reverse=True):
        lines[row] = lines[row][:start] + new + lines[row][slice(end, None) if end else slice(0)]
    kept = (line.rstrip() for line in lines if line.strip() and not line.startswith(_FOR_TYPES))
    return _narrow("".join(f"{line}\n" for line in _with_bodies(list(_imports_together(kept)))), 4)


def _imports_together(lines: Iterable[str]) -> Iterator[str]:
    """The lines with those that follow each other and import modules as one."""
    modules: list[str] = []
    for line in lines:
        if line.startswith("import ") and " as " not in line:
            modules.append(line.removeprefix("import "))
            continue
        if modules:
            yield f"import {', '.join(modules)}"
            modules = []
        yield line


def _with_bodies(lines: Sequence[str]) -> Iterator[str]:
    """The lines with those that are the whole body of the statement before them behind it."""
    rest = iter(zip(lines, [*lines[1:], ""], [*lines[2:], "", ""], strict=True))
    for line, body, after in rest:
        together = f"{line} {body.strip()}"
        is_whole = not _opens(body) and not body.endswith(_OPEN) and _indent(after) < _indent(body)
        if _opens(line) and is_whole and len(together) < _LONGEST:
            yield together
            next(rest)
        else:
            yield line


def _opens(line: str) -> bool:
    return bool(_COMPOUND.match(line)) and line.endswith(":")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _for_readers(text: str) -> Iterator[tuple[int, int, int | None, str]]:
    """What readers alone need: its row, from 0, its columns, and what takes its place."""
    for row, line in enumerate(text.splitlines()):
        yield from ((row, found.start(), None, "") for found in _STRING_OR_COMMENT.finditer(line) if found["comment"])
    module = ast.parse(text)
    yield from _docstring(module)
    for node in _statements(module):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            yield from _docstring(node)
        yield from _annotations(node)


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Those below a node, in whatever blocks they stand."""
    for field in _BLOCKS:
        for inner in getattr(node, field, ()):
            if isinstance(inner, ast.stmt):
                yield inner
            yield from _statements(inner)


def _docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> Iterator[tuple[int, int, int | None, str]]:
    first, *code = node.body
    if ast.get_docstring(node, clean=False) is not None:
        for row in range(first.lineno - 1, first.end_lineno or 0):
            yield row, 0, None, "" if code else " " * first.col_offset + "pass"


def _annotations(node: ast.stmt) -> Iterator[tuple[int, int, int | None, str]]:
    """Each stands on one line, after its name and a colon, or after the parameters and an arrow."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.lineno - 1, node.target.col_offset + len(node.target.id), node.annotation.end_col_offset, ""
    if not isinstance(node, ast.FunctionDef):
        return
    for one in ast.iter_child_nodes(node.args):
        if isinstance(one, ast.arg) and one.annotation:
            yield one.lineno - 1, one.col_offset + len(one.arg), one.annotation.end_col_offset, ""
    if node.returns:
        yield node.returns.lineno - 1, node.returns.col_offset - len(" -> "), node.returns.end_col_offset, ""
