"""Which code of a notebook runs when it is graded: everything but the calls of the self-checks.

What a check says in the student's kernel is not trusted, and its file may not have been handed in. Students write into
check cells too, so only what is known to be a check is left out: a released cell as it was released, and in every other
cell the statements that do nothing but import and call the checks.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from nbformat import NotebookNode

from autograder.course.given import difference
from autograder.course.matching import find_cells
from autograder.course.names import is_empty, python_of, same_code
from autograder.course.notebooks import grade_id, is_grade, is_solution
from autograder.evidence import ChangedCell
from autograder.plain.syntax import parse_python

MODULE = "selfcheck"
# The cell that fetches the module; a release may have written the module's address into it.
FIND_SELFCHECK = "find_selfcheck"

# What a call may be given without running any of the student's code.
_NAMESPACES = {"globals", "locals", "vars"}


def without_checks(
    notebook: NotebookNode, released: NotebookNode
) -> tuple[dict[int, str], tuple[ChangedCell, ...]]:
    """Return the code to run instead of cells that contain checks, and which check cells contain other code.

    Args:
        notebook: the notebook to run; it is not changed.
        released: what the student was given, or the source that it was made from.

    Returns:
        The code by position in the notebook ("": the cell does not run), and the check cells that were edited.
    """
    cells: list[NotebookNode] = notebook.cells
    checks = {
        place: original
        for original, place in zip(released.cells, find_cells(cells, released.cells), strict=True)
        if place is not None and _is_check(original)
    }
    names = {name for original in released.cells if _is_check(original) and (name := grade_id(original))}
    code = {place: cell.source for place, cell in enumerate(cells) if cell.cell_type == "code"}
    instead = {
        place: ""
        for place, source in code.items()
        if (place in checks and same_code(source, checks[place].source))
        or _is_search(cells[place], released.cells)
    }
    others = {place: source for place, source in code.items() if place not in instead}
    instead |= _own_code(others, released.cells)
    changed = []
    for place, source in code.items():
        name = grade_id(checks.get(place, cells[place])) or ""
        if name in names and not is_empty(instead.get(place, source)):
            original = next(one for one in released.cells if grade_id(one) == name)
            changed.append(ChangedCell(name, "edited", difference(original.source, source)))
    return instead, tuple(changed)


def calls_checks(source: str) -> bool:
    """Tell whether a cell calls a check of the self-checks' module."""
    return any(_is_call(node, _Checks(frozenset({MODULE}))) for node in ast.walk(_parsed(source)))


def _is_check(cell: NotebookNode) -> bool:
    """Tell whether a released cell is a locked check."""
    return cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)


def _is_search(cell: NotebookNode, released: Sequence[NotebookNode]) -> bool:
    """Tell whether a cell is the released one that fetches the module, with whatever address."""
    if cell.get("id") != FIND_SELFCHECK:
        return False
    return any(
        one.get("id") == FIND_SELFCHECK and same_code(_without_address(one), _without_address(cell))
        for one in released
    )


def _without_address(cell: NotebookNode) -> str:
    lines = str(cell.source).splitlines()
    return "\n".join("" if line.startswith('selfcheck_url = "') else line for line in lines)


@dataclass(frozen=True)
class _Checks:
    """The names under which a notebook knows the module and its checks."""

    modules: frozenset[str]
    functions: frozenset[str] = frozenset()


def _own_code(cells: Mapping[int, str], released: Sequence[NotebookNode]) -> dict[int, str]:
    """Return the cells that import or call checks, without the statements that do nothing else."""
    trees = {place: _parsed(source) for place, source in cells.items()}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    checks = _names(nodes, released)
    calls = {
        place: [node for node in ast.walk(tree) if _is_call(node, checks)] for place, tree in trees.items()
    }
    in_calls = {id(part) for found in calls.values() for node in found for part in ast.walk(node)}
    known = checks.modules | checks.functions
    is_needed = any(
        isinstance(node, ast.Name) and node.id in known and id(node) not in in_calls for node in nodes
    )
    result = {}
    for place, tree in trees.items():
        imports = [] if is_needed else [node for node in ast.walk(tree) if _is_import(node)]
        if calls[place] or imports:
            nothing = [(node, "None") for node in calls[place]] + [(node, "pass") for node in imports]
            left = _replaced(cells[place], nothing)
            has_magics = python_of(left) != left
            does_nothing = not has_magics and all(_does_nothing(one) for one in _parsed(left).body)
            result[place] = "" if does_nothing else left
    return result


def _names(nodes: Sequence[ast.AST], released: Sequence[NotebookNode]) -> _Checks:
    modules, functions = {MODULE}, set()
    for node in nodes:
        if isinstance(node, ast.Import):
            modules |= {alias.asname for alias in node.names if alias.name == MODULE and alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module == MODULE:
            for alias in node.names:
                functions |= _released_checks(released) if alias.name == "*" else {alias.asname or alias.name}
    own = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return _Checks(frozenset(modules - own), frozenset(functions - own))


def _released_checks(released: Sequence[NotebookNode]) -> set[str]:
    checks = _Checks(frozenset({MODULE}))
    nodes = (node for cell in released if _is_check(cell) for node in ast.walk(_parsed(cell.source)))
    return {
        node.func.attr
        for node in nodes
        if _is_call(node, checks) and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


def _is_import(node: ast.AST) -> TypeGuard[ast.stmt]:
    match node:
        case ast.Import(names=[ast.alias(name=name)]) | ast.ImportFrom(module=name):
            return name == MODULE
    return False


def _is_call(node: ast.AST, checks: _Checks) -> TypeGuard[ast.expr]:
    """Tell whether this is a call such as `selfcheck.check_cnn(globals())`, which runs none of the student's code."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(module))) if module in checks.modules:
            pass
        case ast.Call(func=ast.Name(function)) if function in checks.functions:
            pass
        case _:
            return False
    return all(_is_plain(argument) for argument in [*node.args, *(one.value for one in node.keywords)])


def _is_plain(argument: ast.expr) -> bool:
    match argument:
        case ast.Name() | ast.Constant():
            return True
        case ast.Call(func=ast.Name(name), args=[], keywords=[]):
            return name in _NAMESPACES
    return False


def _does_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(ast.Constant()):
            return True
    return False


def _parsed(source: str) -> ast.Module:
    """Return a cell's statements; none if Python cannot read it, since then nothing in it runs."""
    try:
        return parse_python(python_of(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


def _replaced(source: str, nodes: Sequence[tuple[ast.stmt | ast.expr, str]]) -> str:
    """Return a cell with other code in the place of some nodes; the other lines keep their numbers."""
    lines = [line.encode() for line in source.split("\n")]  # columns count bytes
    before = source.count("\n") - python_of(source).count("\n")  # a magic for the whole cell
    for node, code in sorted(nodes, key=lambda one: (one[0].lineno, one[0].col_offset), reverse=True):
        first, last = node.lineno - 1 + before, (node.end_lineno or node.lineno) - 1 + before
        rest = lines[last][node.end_col_offset or 0 :]
        lines[first] = lines[first][: node.col_offset] + code.encode() + rest
        for number in range(first + 1, last + 1):
            lines[number] = b""
    return b"\n".join(lines).decode()
