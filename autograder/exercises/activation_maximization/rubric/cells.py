"""The cells of the notebook, and what an error in one of them explains."""

from __future__ import annotations

from autograder.measurements import Measurements
from autograder.rubric.words import what_stopped

# The cells of the exercise, in order.
CELLS = (
    "imports",
    "data",
    "look_at_data",
    "cnn",
    "train",
    "normalize",
    "ascent",
    "deprocess",
    "look_at_deprocess",
    "plot",
)
# The cells that a criterion grades.
CELLS_BEHIND: dict[str, tuple[str, ...]] = {
    "cnn": ("cnn",),
    "training": ("train",),
    **dict.fromkeys(("images", "ascent", "objective", "updates"), ("normalize", "ascent")),
    "plot": ("deprocess", "plot"),
}


def after_error(measured: Measurements, cell: str) -> str:
    """Say what stopped a cell, or one before it."""
    return what_stopped(measured, cell, CELLS)
