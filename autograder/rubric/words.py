"""Phrases that several checks use."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.measurements import Measurements


def percent(share: float) -> str:
    """Return 0.979 as '97.9 %'."""
    return f"{100 * share:.1f} %".replace(".0 %", " %")


def by(shape: Sequence[int]) -> str:
    """Return (56, 56) as '56 x 56'."""
    return " x ".join(map(str, shape))


def filter_list(indices: Sequence[int], most: int = 6) -> str:
    """Return 'filter 3', 'filters 3 and 9', or 'filters 3, 9, 12 and 20 more'."""
    if len(indices) == 1:
        return f"filter {indices[0]}"
    shown = [str(index) for index in indices[:most]]
    rest = len(indices) - len(shown)
    last = f"{rest} more" if rest else shown.pop()
    return f"filters {', '.join(shown)} and {last}"


def after_error(measured: Measurements, *cells: str) -> str:
    """Return what stopped one of these cells, else what stopped the first cell that was; may be empty."""
    errors = [error for error in measured.errors if error.cell in cells] or list(measured.errors)
    if not errors:
        return ""
    error = errors[0]
    place = f"the cell '{error.cell}'" if error.cell else "a cell"
    hint = f": {error.hint}" if error.hint else ""
    return f" The reason may be that {place} stopped with {error.error}{hint}."
