"""The record through which the kit knows this exercise.

What is heavy to import (TensorFlow, pytest, matplotlib) is imported where it is used.
"""

from __future__ import annotations

from pathlib import Path

from autograder.exercise import Exercise
from autograder.exercises.activation_maximization.flags import flags_of
from autograder.exercises.activation_maximization.hints import HINTS
from autograder.exercises.activation_maximization.margins import QUANTITIES
from autograder.exercises.activation_maximization.rubric.cells import CELLS_BEHIND
from autograder.exercises.activation_maximization.rubric.mistakes import GENERAL, MISTAKES
from autograder.exercises.activation_maximization.thresholds import Thresholds, scales
from autograder.exercises.activation_maximization.traits import traits_of
from autograder.measurements import Measurements
from autograder.pictures import Pictures
from autograder.report import Report

HERE = Path(__file__).parent


def draw(report: Report, measurements: Measurements, pictures: Pictures) -> bytes:
    """Return `grid.png`."""
    from autograder.exercises.activation_maximization.grid import draw_grid

    return draw_grid(report, measurements, pictures)


def quick_accuracy(thresholds: Thresholds) -> float:
    """Return the held-out accuracy from which a training earns full marks."""
    return thresholds.accuracy_full


EXERCISE = Exercise(
    name="activation_maximization",
    measuring="autograder.exercises.activation_maximization.verify.measure",
    measured_by=(HERE / "verify", HERE / "constants.py", HERE / "films.py", HERE / "hints.py"),
    checks=HERE / "rubric" / "test_activation_maximization.py",
    scored_by=(HERE / "rubric", HERE / "constants.py"),
    fixtures="autograder.exercises.activation_maximization.rubric.fixtures",
    thresholds=Thresholds,
    scales=scales,
    quick_accuracy=quick_accuracy,
    cells_behind=CELLS_BEHIND,
    slow_cells={"training": "train", "ascent": "ascent"},
    mistakes=MISTAKES,
    general_causes=GENERAL,
    hints=HINTS,
    flags=flags_of,
    draw=draw,
    traits=traits_of,
    quantities=QUANTITIES,
    samples=HERE / "samples",
)
