"""How wide the gap between right and wrong is: for every threshold of the rubric, the submissions' values.

A threshold is safe if the largest value of a wrong submission is well below it, and the smallest value of a
right one is well above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import median

from pydantic import BaseModel, ConfigDict

from autograder.audit.labelled import LabelledSubmission
from autograder.exercises.activation_maximization.rubric.filters import is_own, living_filters, rise
from autograder.exercises.activation_maximization.rubric.steps import closeness_to_asked, steps_per_image
from autograder.measurements import FilterMeasurement, Measurements
from autograder.settings import Thresholds

Quantity = Callable[[Measurements, Thresholds], float | None]


class Margin(BaseModel):
    """What was measured on either side of one threshold; None if no submission has such a value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    criterion: str
    quantity: str
    threshold: str
    at: float
    largest_wrong: float | None
    wrong_submission: str
    smallest_right: float | None
    right_submission: str


def margins(
    measured: Iterable[tuple[LabelledSubmission, Measurements]], thresholds: Thresholds
) -> list[Margin]:
    """Return the margins of all thresholds over labelled submissions."""
    pairs = list(measured)
    return [
        _margin(criterion, words, name, at(thresholds), quantity, pairs, thresholds)
        for (criterion, words, name), (at, quantity) in QUANTITIES.items()
    ]


def _margin(
    criterion: str,
    words: str,
    name: str,
    at: float,
    quantity: Quantity,
    pairs: list[tuple[LabelledSubmission, Measurements]],
    thresholds: Thresholds,
) -> Margin:
    right: dict[str, float] = {}
    wrong: dict[str, float] = {}
    for submission, measurements in pairs:
        value = quantity(measurements, thresholds)
        if value is None:
            continue
        expected = submission.label.expected(criterion)
        if expected == ("pass",):
            right[submission.name] = min(value, right.get(submission.name, value))
        elif "pass" not in expected:
            wrong[submission.name] = max(value, wrong.get(submission.name, value))
    highest, lowest = (
        max(wrong, key=wrong.__getitem__, default=""),
        min(right, key=right.__getitem__, default=""),
    )
    return Margin(
        criterion=criterion,
        quantity=words,
        threshold=name,
        at=at,
        largest_wrong=_rounded(wrong, highest),
        wrong_submission=highest,
        smallest_right=_rounded(right, lowest),
        right_submission=lowest,
    )


def _rounded(values: Mapping[str, float], name: str) -> float | None:
    return round(values[name], 3) if name else None


def _living(measurements: Measurements) -> list[FilterMeasurement]:
    images = measurements.images
    return living_filters(images) if images and any(one.live for one in images.filters) else []


def _share_raised(measurements: Measurements, thresholds: Thresholds) -> float | None:
    living = _living(measurements)
    if not living or measurements.images is None:
        return None
    return sum(rise(one, measurements.images, thresholds) for one in living) / len(living)


def _share_own(measurements: Measurements, thresholds: Thresholds) -> float | None:
    clear = [one for one in _living(measurements) if one.clear]
    return sum(is_own(one, thresholds) for one in clear) / len(clear) if clear else None


def _median(attribute: str) -> Quantity:
    def of_living(measurements: Measurements, _: Thresholds) -> float | None:
        living = _living(measurements)
        return median(getattr(one, attribute) for one in living) if living else None

    return of_living


def _gain(measurements: Measurements, thresholds: Thresholds) -> float | None:
    images = measurements.images
    return _median("gain")(measurements, thresholds) if images and images.scale_known else None


def _movement(measurements: Measurements, _: Thresholds) -> float | None:
    images = measurements.images
    return images.movement if images and images.scale_known and _living(measurements) else None


def _closeness(measurements: Measurements, _: Thresholds) -> float | None:
    steps = steps_per_image(measurements) if measurements.images else None
    return closeness_to_asked(steps) if steps is not None else None


# (criterion, measured quantity, its threshold): the threshold's value, and how to measure
QUANTITIES: dict[tuple[str, str, str], tuple[Callable[[Thresholds], float], Quantity]] = {
    ("cnn", "convolutions on the path", "conv_layers"): (
        lambda numbers: float(numbers.conv_layers),
        lambda one, _: float(one.model.conv_layers) if one.model else None,
    ),
    ("training", "held-out accuracy", "accuracy_full"): (
        lambda numbers: numbers.accuracy_full,
        lambda one, _: one.model.accuracy if one.model else None,
    ),
    ("ascent", "share of living filters that were raised", "filters_full"): (
        lambda numbers: numbers.filters_full,
        _share_raised,
    ),
    ("ascent", "median gain", "gain_raised"): (lambda numbers: numbers.gain_raised, _gain),
    ("objective", "share of images that show their own filter", "filters_full"): (
        lambda numbers: numbers.filters_full,
        _share_own,
    ),
    ("objective", "median pattern score", "pattern_own"): (
        lambda numbers: numbers.pattern_own,
        _median("pattern"),
    ),
    ("updates", "steps, relative to the 50 asked for (the smaller by the larger)", "steps_tolerance"): (
        lambda numbers: 1 - numbers.steps_tolerance,
        _closeness,
    ),
    ("updates", "spread of the pixels, relative to the reference", "movement_small"): (
        lambda numbers: numbers.movement_small,
        _movement,
    ),
}
