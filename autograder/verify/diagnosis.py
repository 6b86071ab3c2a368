"""Explains error messages in the terms of the exercise."""

from __future__ import annotations

import re
from collections.abc import Iterable

from autograder.evidence import CellRun
from autograder.execute.student_modules import missing_module
from autograder.measurements import CellError

# (pattern of "Name: message", hint); the first match is used.
HINTS: tuple[tuple[str, str], ...] = (
    (
        r"(not recognized|unexpected keyword argument)[^\n]*'lr'",
        "Keras 3 no longer knows the argument lr: the learning rate is called learning_rate, so write "
        "Adam(learning_rate=...) instead of Adam(lr=...)",
    ),
    (
        r"(not recognized|unexpected keyword argument)[^\n]*'decay'",
        "Keras 3 no longer knows the argument decay: pass a learning rate schedule as learning_rate",
    ),
    (
        r"No such layer: (?P<layer>[\w/.-]+)",
        "there is no layer called {layer} in your model: look at model.summary() and set layer_name to the "
        "name of your fourth convolution",
    ),
    (
        r"has never been called",
        "a Sequential model of Keras 3 knows model.inputs and model.outputs, and these only if it begins with "
        "layers.Input(shape=(28, 28, 1)); model.input and model.output it does not know",
    ),
    (
        r"NameError: name '(?P<name>\w+)' is not defined",
        "{name} is used before it exists: the cell that makes it failed, comes later, or is missing",
    ),
    (r"SyntaxError|IndentationError", "Python cannot read this cell; nothing in it was run"),
    (
        r"DeadKernelError",
        "the kernel stopped in this cell, most often because it ran out of memory or was told to exit",
    ),
    (
        r"IndexError.*(out of range|out of bounds)",
        "an index is larger than the list or array is long: compare it with the number of filters",
    ),
    (r"You must call `compile\(\)`", "call model.compile(...) before model.fit(...)"),
    (
        r"Shapes? .*(incompatible)|expected shape",
        "two arrays do not fit together: compare the shapes of labels, model output and images",
    ),
)


def explain(name: str, message: str) -> str:
    """Return what an error means for the student, or an empty string if there is nothing special to say."""
    text = f"{name}: {message}"
    for pattern, hint in HINTS:
        if found := re.search(pattern, text, re.DOTALL):
            return hint.format(**found.groupdict())
    return ""


def diagnose(cells: Iterable[CellRun]) -> tuple[CellError, ...]:
    """Return the errors of a run, each with an explanation."""
    return tuple(_diagnose(cell) for cell in cells if cell.status in {"error", "timeout"})


def _diagnose(cell: CellRun) -> CellError:
    if cell.status == "timeout":
        return CellError(cell.cell, f"stopped after {cell.seconds:.0f} seconds", "the cell ran too long")
    first_line = cell.error_message.strip().splitlines()[0] if cell.error_message.strip() else ""
    missing = missing_module(cell.error_name, cell.error_message)
    return CellError(
        cell=cell.cell,
        error=f"{cell.error_name}: {first_line}"[:300].rstrip(": "),
        hint=f"the module {missing} is not installed here"
        if missing
        else explain(cell.error_name, cell.error_message),
        missing_module=missing,
    )
