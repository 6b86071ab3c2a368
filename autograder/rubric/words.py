"""Phrases that several checks use."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.measurements import Measurements

NO_PICTURE = (
    "The output of no cell has a picture, so this figure cannot be seen, and a person will look at it. Call "
    "plt.show() after the panels are filled."
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


def what_stopped(measured: Measurements, cell: str, cells: Sequence[str]) -> str:
    """Say what stopped a cell, else what stopped an earlier one or the student's own; empty if nothing did.

    Args:
        measured: what was measured, with the errors.
        cell: the cell.
        cells: all cells of the exercise, in order.
    """
    before = cells[: cells.index(cell)]
    errors = [error for error in measured.errors if error.cell == cell] or [
        error for error in measured.errors if error.cell in before or error.cell not in cells
    ]
    if not errors:
        return ""
    error = errors[0]
    place = f"the cell '{error.cell}'" if error.cell else "a cell"
    hint = f": {error.hint}" if error.hint else ""
    return f" The reason may be that {place} stopped with {error.error.rstrip('.')}{hint}."
