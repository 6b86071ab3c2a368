"""Explains error messages, in the terms of the exercise where it has some."""

from __future__ import annotations

import re
from collections.abc import Iterable

from autograder.evidence import CellRun
from autograder.measurements import CellError

Hints = tuple[tuple[str, str], ...]

# (pattern of "Name: message", hint), for any exercise; the first match is used, and an exercise's hints come first.
HINTS: Hints = (
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
        r"NameError: name '(?P<name>\w+)' is not defined",
        "{name} is used before it exists: the cell that makes it failed, comes later, or is missing",
    ),
    (
        r"ModuleNotFoundError: No module named '(?P<module>[\w.]+)'",
        "the module {module} is not installed here",
    ),
    (r"SyntaxError|IndentationError", "Python cannot read this cell; nothing in it was run"),
    (
        r"DeadKernelError",
        "the kernel stopped in this cell, most often because it ran out of memory or was told to exit",
    ),
    (r"You must call `compile\(\)`", "call model.compile(...) before model.fit(...)"),
)


def explain(name: str, message: str, hints: Hints) -> str:
    """Return what an error means for the student, or an empty string if there is nothing special to say."""
    text = f"{name}: {message}"
    for pattern, hint in (*hints, *HINTS):
        if found := re.search(pattern, text, re.DOTALL):
            return hint.format(**found.groupdict())
    return ""


def diagnose(cells: Iterable[CellRun], hints: Hints) -> tuple[CellError, ...]:
    """Return the errors of a run, each with an explanation from `hints`, an exercise's."""
    return tuple(_diagnose(cell, hints) for cell in cells if cell.status in {"error", "timeout"})


def _diagnose(cell: CellRun, hints: Hints) -> CellError:
    if cell.status == "timeout":
        return CellError(cell.cell, f"stopped after {cell.seconds:.0f} seconds", "the cell ran too long")
    first_line = cell.error_message.strip().splitlines()[0] if cell.error_message.strip() else ""
    missing = re.search(r"No module named '([\w.]+)'", cell.error_message)
    return CellError(
        cell=cell.cell,
        error=f"{cell.error_name}: {first_line}"[:300].rstrip(": "),
        hint=explain(cell.error_name, cell.error_message, hints),
        missing_module=missing.group(1) if missing else "",
    )
