"""Finds code that reaches beyond an exercise: into libraries, the operating system, or what watches the notebook.

Nothing of it is forbidden, and some of it is harmless, so only TAs read about it. Code can hide what it does; what a
library's functions were replaced with is therefore also compared in the kernel.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.course.names import python_of
from autograder.course.notebooks import cell_name
from autograder.evidence import Notice
from autograder.plain.syntax import parse_python

# Modules with which a program leaves its own process, or its own objects.
_MODULES = frozenset({"ctypes", "_ctypes", "cffi", "socket", "_socket", "subprocess", "_posixsubprocess"})
# Of these modules, only some functions are meant; `os.environ` and `os.path` are used by everyone.
_FUNCTIONS = {
    "os": frozenset(
        "_exit abort execl execle execlp execv execve execvp fork forkpty kill killpg popen posix_spawn "
        "posix_spawnp spawnl spawnv spawnvp system".split()
    ),
    "gc": frozenset({"get_objects", "get_referrers", "get_referents"}),
    "sys": frozenset({"_getframe", "_current_frames", "settrace", "setprofile"}),
    "inspect": frozenset({"currentframe", "stack", "trace", "getouterframes"}),
}
_OF_FRAMES = frozenset(
    {"f_back", "f_globals", "f_locals", "f_builtins", "tb_frame", "gi_frame", "ag_frame", "cr_frame"}
)
# What is defined in `autograder.execute.inside`, or runs it after every cell.
_OF_THE_RECORDER = frozenset(
    "Recorder AscentWatch CompiledFunctions ImageSet saw_figure saw_panels saw_values saw_gradient saw_outside "
    "see_outside look_at_models look_at_images look_at_tape look_at_figures post_run_cell pre_run_cell".split()
)
# Set by advice that is in every forum; none of it replaces what a library computes.
_HARMLESS = frozenset({"ssl._create_default_https_context"})
_MODULE_TABLES = frozenset({"sys.modules"})
_RUNS_TEXT = frozenset({"eval", "exec"})
# Weights of a layer or pixels of images; what people write by hand is less.
LONG_TEXT, MANY_NUMBERS = 2_000, 300


@dataclass
class _Findings:
    """What was found, each with the cells that it is in."""

    assigned: dict[str, list[str]] = field(default_factory=dict)
    beyond: dict[str, list[str]] = field(default_factory=dict)
    recorder: dict[str, list[str]] = field(default_factory=dict)
    pasted: dict[str, list[str]] = field(default_factory=dict)


def notices_on_code(notebook: NotebookNode, released: NotebookNode) -> tuple[Notice, ...]:
    """Return what stands out in the code that is not part of the released notebook."""
    given = {str(cell.source).strip() for cell in released.cells if cell.cell_type == "code"}
    trees = [
        (cell_name(cell), str(cell.source).strip() in given, tree)
        for cell in notebook.cells
        if cell.cell_type == "code" and (tree := _parsed(str(cell.source))) is not None
    ]
    libraries = _libraries([tree for _, _, tree in trees])
    found = _Findings()
    for name, is_given, tree in trees:
        if not is_given:
            with suppress(RecursionError):  # of an expression of a thousand parts, what comes before is known
                _CodeReader(name, libraries, found).visit(tree)
    return tuple(_notices(found))


def _parsed(source: str) -> ast.Module | None:
    try:
        return parse_python(python_of(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _notices(found: _Findings) -> Iterator[Notice]:
    if found.assigned:
        yield Notice(
            "library_replaced", f"The notebook assigns to {_listed(found.assigned)}.", tuple(found.assigned)
        )
    if found.beyond:
        yield Notice("reaches_beyond", f"The notebook uses {_listed(found.beyond)}.", tuple(found.beyond))
    if found.recorder:
        message = f"The notebook mentions names of the recorder: {_listed(found.recorder)}."
        yield Notice("recorder_named", message, tuple(found.recorder))
    if found.pasted:
        yield Notice(
            "pasted_data", f"The code contains pasted data: {_listed(found.pasted)}.", tuple(found.pasted)
        )


def _listed(found: dict[str, list[str]], most: int = 8) -> str:
    shown = [f"{what} (cell {', '.join(dict.fromkeys(cells))})" for what, cells in list(found.items())[:most]]
    more = len(found) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _libraries(trees: Iterable[ast.Module]) -> dict[str, str]:
    """Return what belongs to a library, by the name that the notebook has for it.

    That is what was imported, and a part of it under another name, such as `layers = keras.layers`. A name that is
    also given to something else may be the student's own.
    """
    known = {"builtins": "builtins", "__builtins__": "builtins"}
    nodes = [node for tree in trees for node in ast.walk(tree)]
    for node in nodes:
        if isinstance(node, ast.Import):
            for one in node.names:
                first = one.name.partition(".")[0]
                known[one.asname or first] = one.name if one.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            known |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    parts: set[ast.expr] = set()
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=ast.Attribute() as value):
                if part := _dotted(value, known):
                    known[name] = part
                    parts.add(target)
    stored = {
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in parts
    }
    stored |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    return {name: what for name, what in known.items() if name not in stored}


def _dotted(node: ast.expr, known: dict[str, str]) -> str:
    """Return the full name of a part of a library; empty if it is none."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in known:
        return ""
    return ".".join([known[node.id], *reversed(parts)])


def _numbers_in(node: ast.expr) -> int:
    """Return how many numbers a list holds, also in lists in it."""
    return sum(isinstance(one, ast.Constant) and isinstance(one.value, int | float) for one in ast.walk(node))


class _CodeReader(ast.NodeVisitor):
    """Reads the code of one cell."""

    def __init__(self, cell: str, libraries: dict[str, str], found: _Findings) -> None:
        self.cell, self.libraries, self.found = cell, libraries, found

    def note(self, found: dict[str, list[str]], what: str) -> None:
        found.setdefault(what[:80], []).append(self.cell)

    def assigns(self, target: ast.expr, value: ast.expr | None = None) -> None:
        """Note an assignment to a library; a plain setting, such as a number, replaces no function."""
        if isinstance(target, ast.Tuple | ast.List):
            for one in target.elts:
                self.assigns(one)
        elif isinstance(target, ast.Attribute) and not isinstance(value, ast.Constant):
            name = _dotted(target, self.libraries)
            if name and name not in _HARMLESS:
                self.note(self.found.assigned, name)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Attribute):
            name = _dotted(target.value, self.libraries)
            if name in _MODULE_TABLES or name.endswith(".__dict__"):
                self.note(self.found.assigned, name)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self.assigns(target, node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.assigns(node.target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.assigns(node.target, node.value)
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self.assigns(target)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for one in node.names:
            self.imports(one.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module and not node.level:
            self.imports(node.module)
            for one in node.names:
                self.uses(node.module, one.name)

    def visit_Call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Name("__import__"), args=[ast.Constant(str(module)), *_]):
                self.imports(module)
            case ast.Call(func=ast.Attribute(attr="import_module"), args=[ast.Constant(str(module)), *_]):
                self.imports(module)
            case ast.Call(func=ast.Name("setattr" | "delattr"), args=[holder, ast.Constant(str(name)), *_]):
                if part := _dotted(holder, self.libraries):
                    self.note(self.found.assigned, f"{part}.{name}")
            case ast.Call(func=ast.Name("getattr"), args=[holder, ast.Constant(str(name)), *_]):
                self.uses(_dotted(holder, self.libraries), name)
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(str(text)), *_]) if name in _RUNS_TEXT:
                if tree := _parsed(text):
                    self.visit(tree)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.uses(_dotted(node.value, self.libraries), node.attr)
        if node.attr in _OF_FRAMES:
            self.note(self.found.beyond, f"frames ({node.attr})")
        self.names(node.attr)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self.names(node.id)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.names(node.value)
        # a long text has spaces, and data that are written as text have none
        if (
            isinstance(node.value, str | bytes)
            and len(node.value) >= LONG_TEXT
            and len(node.value.split()) == 1
        ):
            self.note(self.found.pasted, f"a text of {len(node.value):,} characters")

    def visit_List(self, node: ast.List | ast.Tuple) -> None:
        numbers = _numbers_in(node)
        if numbers >= MANY_NUMBERS:
            self.note(self.found.pasted, f"a list of {numbers:,} numbers")
        else:
            self.generic_visit(node)

    visit_Tuple = visit_List  # noqa: N815

    def imports(self, module: str) -> None:
        """Note the import of a module that is meant."""
        if module.partition(".")[0] in _MODULES:
            self.note(self.found.beyond, module)

    def uses(self, holder: str, name: str) -> None:
        """Note the use of a function that is meant."""
        if name in _FUNCTIONS.get(holder, ()):
            self.note(self.found.beyond, f"{holder}.{name}")

    def names(self, name: str) -> None:
        """Note a name of what watches the notebook."""
        if name in _OF_THE_RECORDER:
            self.note(self.found.recorder, name)
