"""Lists the errors of a run, each with what it means for the student."""

from __future__ import annotations

import re
from collections.abc import Iterable

from autograder.evidence import CellRun
from autograder.execute.student_modules import missing_module
from autograder.exercise import Hint
from autograder.measurements import CellError
from autograder.verify.hints import explain

# The folder of a module of Python's or of a package. Where the grader keeps it is none of the student's business, and
# the same mistake reads alike on every machine.
_OF_THE_INSTALLATION = re.compile(r"/[^\s'\"()]*/(?:site-packages|dist-packages|lib/python3\.\d+)/")


def diagnose(cells: Iterable[CellRun], hints: tuple[Hint, ...]) -> tuple[CellError, ...]:
    """Return the errors of a run, each with an explanation from `hints`, an exercise's."""
    return tuple(_diagnose(cell, hints) for cell in cells if cell.status in {"error", "timeout"})


def _diagnose(cell: CellRun, hints: tuple[Hint, ...]) -> CellError:
    if cell.status == "timeout":
        return CellError(cell.cell, f"stopped after {cell.seconds:.0f} seconds", "the cell ran too long")
    first_line = cell.error_message.strip().splitlines()[0] if cell.error_message.strip() else ""
    missing = missing_module(cell.error_name, cell.error_message)
    return CellError(
        cell=cell.cell,
        error=f"{cell.error_name}: {_OF_THE_INSTALLATION.sub('', first_line)}"[:300].rstrip(": "),
        hint=f"the module {missing} is not installed here"
        if missing
        else explain(cell.error_name, cell.error_message, cell.cell, hints),
        missing_module=missing,
    )
