"""What the audit compares with the thresholds of the rubric."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from autograder.exercise import Quantity
from autograder.exercises.activation_maximization.rubric.filters import is_own, living_filters, rise
from autograder.exercises.activation_maximization.rubric.steps import closeness_to_asked, steps_per_image
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.measurements import FilterMeasurement, Measurements

Measured = Callable[[Measurements, Thresholds], float | None]


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


def _median(attribute: str) -> Measured:
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


QUANTITIES = (
    Quantity(
        "cnn",
        "convolutions on the path",
        "conv_layers",
        lambda numbers: float(numbers.conv_layers),
        lambda one, _: float(one.model.conv_layers) if one.model else None,
    ),
    Quantity(
        "training",
        "held-out accuracy",
        "accuracy_full",
        lambda numbers: numbers.accuracy_full,
        lambda one, _: one.model.accuracy if one.model else None,
    ),
    Quantity(
        "ascent",
        "share of living filters that were raised",
        "filters_full",
        lambda numbers: numbers.filters_full,
        _share_raised,
    ),
    Quantity("ascent", "median gain", "gain_raised", lambda numbers: numbers.gain_raised, _gain),
    Quantity(
        "objective",
        "share of images that show their own filter",
        "filters_full",
        lambda numbers: numbers.filters_full,
        _share_own,
    ),
    Quantity(
        "objective",
        "median pattern score",
        "pattern_own",
        lambda numbers: numbers.pattern_own,
        _median("pattern"),
    ),
    Quantity(
        "updates",
        "steps, relative to the 50 asked for (the smaller by the larger)",
        "steps_tolerance",
        lambda numbers: 1 - numbers.steps_tolerance,
        _closeness,
    ),
    Quantity(
        "updates",
        "spread of the pixels, relative to the reference",
        "movement_small",
        lambda numbers: numbers.movement_small,
        _movement,
    ),
)
