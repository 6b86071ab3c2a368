"""How wide the gap between right and wrong is: for every threshold of the rubric, the submissions' values.

A threshold is safe if the largest value of a wrong submission is well below it, and the smallest value of a
right one is well above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from autograder.audit.labelled import LabelledSubmission
from autograder.exercise import Quantity
from autograder.measurements import Measurements
from autograder.plain.strict_model import StrictModel


class Margin(StrictModel):
    """What was measured on either side of one threshold; None if no submission has such a value."""

    criterion: str
    quantity: str
    threshold: str
    at: float
    largest_wrong: float | None
    wrong_submission: str
    smallest_right: float | None
    right_submission: str


def margins(
    quantities: Iterable[Quantity],
    measured: Iterable[tuple[LabelledSubmission, Measurements]],
    thresholds: BaseModel,
) -> list[Margin]:
    """Return the margins of an exercise's thresholds over labelled submissions."""
    pairs = list(measured)
    return [_margin(quantity, pairs, thresholds) for quantity in quantities]


def _margin(
    quantity: Quantity, pairs: list[tuple[LabelledSubmission, Measurements]], thresholds: BaseModel
) -> Margin:
    right: dict[str, float] = {}
    wrong: dict[str, float] = {}
    for submission, measurements in pairs:
        value = quantity.of(measurements, thresholds)
        if value is None:
            continue
        expected = submission.label.expected(quantity.criterion)
        if expected == ("pass",):
            right[submission.name] = min(value, right.get(submission.name, value))
        elif "pass" not in expected:
            wrong[submission.name] = max(value, wrong.get(submission.name, value))
    highest, lowest = (
        max(wrong, key=wrong.__getitem__, default=""),
        min(right, key=right.__getitem__, default=""),
    )
    return Margin(
        criterion=quantity.criterion,
        quantity=quantity.words,
        threshold=quantity.threshold,
        at=quantity.at(thresholds),
        largest_wrong=_rounded(wrong, highest),
        wrong_submission=highest,
        smallest_right=_rounded(right, lowest),
        right_submission=lowest,
    )


def _rounded(values: Mapping[str, float], name: str) -> float | None:
    return round(values[name], 3) if name else None
