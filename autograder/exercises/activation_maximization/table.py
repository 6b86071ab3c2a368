"""The desk's table of all filters: what was measured of each image, in numbers.

Beside the chosen image, the desk shows its row again: `data-filter` says which image a row is about, and `data-fact`
what a column is called there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from autograder.exercises.activation_maximization.constants import PANELS
from autograder.measurements import FilterMeasurement, Measurements
from autograder.pages.web_page import make_environment


@dataclass(frozen=True)
class Row:
    """What was measured of one filter, as words."""

    index: int
    start: str
    end: str
    reference: str
    gain: str
    pattern: str
    dead: bool
    best: str  # the filter that the image fits best, if it is a different one


def filter_table(measurements: Measurements) -> Markup:
    """Return the table of the filters that pages show; empty if there are none."""
    images = measurements.images
    if images is None or not images.filters:
        return Markup()
    template = make_environment("autograder.exercises.activation_maximization").get_template("table.html")
    return Markup(template.render(rows=map(_row, images.filters[:PANELS])))  # noqa: S704 (numbers)


def _row(one: FilterMeasurement) -> Row:
    return Row(
        index=one.index,
        start=_number(one.noise),
        end=_number(one.image),
        reference=_number(one.reference),
        gain=_number(one.gain),
        pattern=_number(one.pattern),
        dead=not one.live,
        best=str(one.best_filter) if one.best_filter != one.index and one.live and one.clear else "",
    )


def _number(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "none"
