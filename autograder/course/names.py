"""Finds the names that a cell defines for other cells, and those that it takes from them."""

from __future__ import annotations

import ast
import re
import symtable
from dataclasses import dataclass

from autograder.plain.syntax import parse_python

# What IPython understands and Python does not: a magic or a shell command in a separate line, and a magic for
# the whole cell, of which some run the cell as Python.
_LINE_OF_IPYTHON = re.compile(r"^(?P<indent>[ \t]*)[%!?].*$", re.MULTILINE)
_CELL_MAGIC = re.compile(r"\A\s*%%(?P<name>\w+)[^\n]*\n?")
_RUNS_PYTHON = {"time", "timeit", "capture", "prun"}

_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True)
class Names:
    """The names of one cell."""

    defined: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()  # read before the cell itself defines them
    used: frozenset[str] = frozenset()  # read anywhere in it, also in functions, where they are not local

    @property
    def all(self) -> frozenset[str]:
        """Return the names that the cell mentions."""
        return self.defined | self.used


def names_in(source: str) -> Names:
    """Return the names of a cell; none if Python cannot read it, since then nothing in it runs."""
    try:
        python = python_of(source)
        table = symtable.symtable(python, "cell", "exec")
        reader = _Reader()
        reader.visit(parse_python(python))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Names()
    return Names(
        frozenset(one.get_name() for one in table.get_symbols() if _is_defined(one)),
        frozenset(reader.needed),
        frozenset(reader.needed | _used_in(table)),
    )


def python_of(source: str) -> str:
    """Return a cell's code without what only IPython understands; empty if it is in another language."""
    magic = _CELL_MAGIC.match(source)
    if magic and magic["name"] not in _RUNS_PYTHON:
        return ""
    return _LINE_OF_IPYTHON.sub(r"\g<indent>pass", source[magic.end() :] if magic else source)


def same_code(one: str, other: str) -> bool:
    """Tell whether two cells do the same, apart from comments and layout."""
    try:
        return ast.dump(parse_python(one)) == ast.dump(parse_python(other))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return one.split() == other.split()


def is_python(source: str) -> bool:
    """Tell whether Python can read a cell, once what only IPython understands is left out."""
    try:
        parse_python(python_of(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def is_empty(source: str) -> bool:
    """Tell whether a cell holds nothing but comments."""
    return not re.sub(r"#[^\n]*", "", source).strip()


class _Reader(ast.NodeVisitor):
    """Follows the statements outside of functions and classes, in the order in which they run."""

    def __init__(self) -> None:
        self.defined: set[str] = set()
        self.needed: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.defined.add(node.id)
        elif node.id not in self.defined:
            self.needed.add(node.id)

    def visit_alias(self, node: ast.alias) -> None:
        self.defined.add((node.asname or node.name).partition(".")[0])

    def visit_Assign(self, node: ast.Assign) -> None:
        self._visit(node.value, *node.targets)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id not in self.defined:
            self.needed.add(node.target.id)
        self._visit(node.value, node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._visit(node.value, node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._visit(node.value, node.target)

    def visit_For(self, node: ast.For) -> None:
        self._visit(node.iter, node.target, *node.body, *node.orelse)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._visit(*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults))
        self.defined.add(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit(*node.decorator_list, *node.bases, *node.keywords)
        self.defined.add(node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Its body runs later."""

    def visit_ListComp(self, node: _Comprehension) -> None:
        inner = _Reader()
        inner.defined |= self.defined
        for part in node.generators:
            inner._visit(part.iter, part.target, *part.ifs)
        inner._visit(*([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]))
        self.needed |= inner.needed

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # noqa: N815

    def _visit(self, *nodes: ast.AST) -> None:
        for node in nodes:
            self.visit(node)


def _used_in(table: symtable.SymbolTable) -> set[str]:
    used: set[str] = set()
    waiting = [table]
    while waiting:
        inner = waiting.pop()
        is_top = inner is table
        used |= {
            one.get_name()
            for one in inner.get_symbols()
            if one.is_referenced() and (is_top or one.is_global())
        }
        waiting += inner.get_children()
    return used


def _is_defined(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
