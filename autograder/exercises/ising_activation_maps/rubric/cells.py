"""The cells of the notebook, and what an error in one of them explains."""

from __future__ import annotations

from autograder.measurements import Measurements

# The cells of the exercise, in order.
CELLS = ("imports", "data", "look_at_data", "cnn", "train", "maps", "plot")
# The cells that a criterion grades.
CELLS_BEHIND: dict[str, tuple[str, ...]] = {
    "cnn": ("cnn",),
    "training": ("train",),
    **dict.fromkeys(("choice", "maps", "alignment"), ("maps",)),
    "plot": ("plot",),
}


def after_error(measured: Measurements, cell: str) -> str:
    """Say what stopped a cell, else what stopped the first earlier cell or the student's own; empty if nothing did."""
    before = CELLS[: CELLS.index(cell)]
    own = [error for error in measured.errors if error.cell == cell]
    errors = own or [error for error in measured.errors if error.cell in before or error.cell not in CELLS]
    if not errors:
        return ""
    error = errors[0]
    place = f"the cell '{error.cell}'" if error.cell else "a cell"
    hint = f": {error.hint}" if error.hint else ""
    return f" The reason may be that {place} stopped with {error.error}{hint}."


def missing_work(measured: Measurements, cell: str, otherwise: str) -> str:
    """Return the cause of missing work: the cell stopped, a module is missing, or the work was not done."""
    for error in measured.errors:
        if error.cell == cell:
            return "missing_module" if error.missing_module else "cell_stopped"
    return otherwise
