"""Measurements of a correct submission, to be changed in one place by a test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.thresholds import Thresholds
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

POINTS = {
    "cnn": 20.0, "training": 15.0, "images": 10.0, "ascent": 20.0, "objective": 15.0, "updates": 5.0, "plot": 5.0,
}  # fmt: skip


@pytest.fixture
def points() -> dict[str, float]:
    return dict(POINTS)


@pytest.fixture
def good() -> Measurements:
    filters = tuple(
        FilterMeasurement(index, True, True, 0.1, 10.0, 10.0, 1.0, 1.0, 1.0, index, 1.0, 1.0)
        for index in range(64)
    )
    return Measurements(
        outcome="graded",
        model=ModelMeasurement(
            variable="model",
            conv_layers=4,
            unused_conv_layers=0,
            input_shape=(28, 28, 1),
            outputs=10,
            compiled=True,
            epochs=3,
            updates=600,
            loss="categorical_crossentropy",
            learning_rate=1e-3,
            accuracy=0.98,
            digits=1024,
        ),
        images=ImagesMeasurement(
            "visualized_feature", "conv2d_3", "conv2d_3", 64, 64, 64, 64, "image", True, 1.0, filters
        ),
        steps=StepsMeasurement(50.0, True, ()),
        plot=PlotMeasurement(panels=64, titled=64, blank=0, distinct=64, shown=64, figures=1, mosaic=False),
    )


@pytest.fixture
def judge() -> Callable[..., dict[str, Result]]:
    def apply(measurements: Measurements, **thresholds: float) -> dict[str, Result]:
        return score(EXERCISE, measurements, Thresholds.model_validate(thresholds), POINTS)

    return apply
