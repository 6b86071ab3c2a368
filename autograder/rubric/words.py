"""Phrases that several checks use."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.measurements import Measurements

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


def count_of(number: int, word: str) -> str:
    """Return '1 epoch', '3 epochs'."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def percent(share: float) -> str:
    """Return 0.979 as '97.9 %'."""
    return f"{100 * share:.1f} %".replace(".0 %", " %")


def by(shape: Sequence[int]) -> str:
    """Return (56, 56) as '56 x 56'."""
    return " x ".join(map(str, shape))


def filter_list(indices: Sequence[int], most: int = 6) -> str:
    """Return 'filter 3', 'filters 3 and 9', or 'filters 3, 9, 12 and 20 more'."""
    if not indices:
        return "no filter"
    if len(indices) == 1:
        return f"filter {indices[0]}"
    shown = [str(index) for index in indices[:most]]
    rest = len(indices) - len(shown)
    last = f"{rest} more" if rest else shown.pop()
    return f"filters {', '.join(shown)} and {last}"


def after_error(measured: Measurements, cell: str) -> str:
    """Say what stopped a cell, else what stopped the first earlier cell or the student's own.

    Empty if nothing did.
    """
    before = CELLS[: CELLS.index(cell)]
    errors = [error for error in measured.errors if error.cell == cell] or [
        error for error in measured.errors if error.cell in before or error.cell not in CELLS
    ]
    if not errors:
        return ""
    error = errors[0]
    place = f"the cell '{error.cell}'" if error.cell else "a cell"
    hint = f": {error.hint}" if error.hint else ""
    return f" The reason may be that {place} stopped with {error.error}{hint}."
