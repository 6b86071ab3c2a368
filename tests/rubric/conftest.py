"""Measurements of a correct submission, to be changed in one place by a test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.measurements import (
    FilterMeasurement,
    ImagesMeasurement,
    Measurements,
    ModelMeasurement,
    PlotMeasurement,
    StepsMeasurement,
)
from autograder.report import Result
from autograder.rubric.score import score
from autograder.settings import Thresholds

POINTS = {
    "cnn": 20.0, "training": 15.0, "images": 10.0, "ascent": 20.0, "objective": 15.0, "updates": 5.0, "plot": 5.0,
}  # fmt: skip


@pytest.fixture
def points() -> dict[str, float]:
    return dict(POINTS)


@pytest.fixture
def good() -> Measurements:
    filters = tuple(
        FilterMeasurement(index, True, 0.1, 10.0, 10.0, 1.0, 1.0, index, 1.0, 1.0) for index in range(64)
    )
    return Measurements(
        outcome="graded",
        model=ModelMeasurement("model", 4, 0, (28, 28, 1), 10, True, 3, 0.98, 1024),
        images=ImagesMeasurement("visualized_feature", "conv2d_3", 64, 64, 64, 64, True, 1.0, filters),
        steps=StepsMeasurement(50.0, ()),
        plot=PlotMeasurement(64, 64, 0, 64, False),
    )


@pytest.fixture
def judge() -> Callable[..., dict[str, Result]]:
    def apply(measurements: Measurements, **thresholds: float) -> dict[str, Result]:
        return score(measurements, Thresholds.model_validate(thresholds), POINTS)

    return apply
