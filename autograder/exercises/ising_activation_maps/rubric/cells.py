"""The cells of the notebook, and what an error in one of them explains."""

from __future__ import annotations

from autograder.measurements import Measurements
from autograder.rubric.words import what_stopped

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
    """Say what stopped a cell, or one before it."""
    return what_stopped(measured, cell, CELLS)


def missing_work(measured: Measurements, cell: str, otherwise: str) -> str:
    """Return the cause of missing work: the cell stopped, a module is missing, or the work was not done."""
    for error in measured.errors:
        if error.cell == cell:
            return "missing_module" if error.missing_module else "cell_stopped"
    return otherwise
