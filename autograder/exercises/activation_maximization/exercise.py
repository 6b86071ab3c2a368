"""The record through which the kit knows this exercise.

What is heavy to import (TensorFlow, pytest, matplotlib) is imported where it is used.
"""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from autograder.exercise import Compared, Exercise, WallChoice, Watch, Wording, packaged_source
from autograder.exercises.activation_maximization.constants import COLUMNS, PANELS, RESULT
from autograder.exercises.activation_maximization.flags import flags_of
from autograder.exercises.activation_maximization.hints import HINTS
from autograder.exercises.activation_maximization.margins import QUANTITIES
from autograder.exercises.activation_maximization.rubric.cells import CELLS_BEHIND
from autograder.exercises.activation_maximization.rubric.mistakes import GENERAL, MISTAKES
from autograder.exercises.activation_maximization.thresholds import ALWAYS_STATED, Thresholds, scales
from autograder.exercises.activation_maximization.traits import traits_of
from autograder.measurements import Measurements
from autograder.pictures import Pictures
from autograder.report import Report

HERE = Path(__file__).parent


def draw(report: Report, measurements: Measurements, pictures: Pictures) -> bytes:
    """Return `grid.png`."""
    from autograder.exercises.activation_maximization.grid import draw_grid

    return draw_grid(report, measurements, pictures)


def desk(measurements: Measurements, pictures: Pictures, place: int) -> Markup:
    """Return the desk's panel about one image."""
    from autograder.exercises.activation_maximization.panels import desk_panel

    return desk_panel(measurements, pictures, place)


def table(measurements: Measurements) -> Markup:
    """Return the desk's table of all filters."""
    from autograder.exercises.activation_maximization.table import filter_table

    return filter_table(measurements)


def page(report: Report | None, measurements: Measurements, pictures: Pictures) -> Markup:
    """Return what the feedback page shows of the ascents."""
    from autograder.exercises.activation_maximization.panels import page_panel

    return page_panel(report, measurements, pictures)


def style() -> str:
    """Return the style sheet of panel and page."""
    return (HERE / "templates" / "panels.css").read_text(encoding="utf-8")


def is_not_reproduced(measurements: Measurements) -> bool:
    """Tell whether there are images that are not shown to have come out of the recorded steps."""
    found = measurements.reenactment
    return measurements.images is not None and (found is None or not found.is_shown)


def quick_accuracy(thresholds: Thresholds) -> float:
    """Return the held-out accuracy from which a training earns full marks."""
    return thresholds.accuracy_full


EXERCISE = Exercise(
    name="activation_maximization",
    title="Activation maximization",
    heading="What your filters want to see",
    wording=Wording(
        item="filter",
        items="features",
        held_out="digits",
        comments=(
            "Well observed, and said in terms of what the filters compute.",
            "You describe the images; also say what they tell you about the filters.",
            "Compare with an earlier layer: how do the patterns change with depth?",
            "Name a filter and what you see in it, so that a reader can follow.",
        ),
    ),
    source=packaged_source("activation_maximization"),
    brought=(),
    data="autograder.exercises.activation_maximization.data",
    watch=Watch(),
    measuring="autograder.exercises.activation_maximization.verify.measure",
    measured_by=(HERE / "verify", HERE / "constants.py", HERE / "films.py", HERE / "hints.py"),
    checks=HERE / "rubric" / "test_activation_maximization.py",
    scored_by=(HERE / "rubric", HERE / "constants.py"),
    fixtures="autograder.exercises.activation_maximization.rubric.fixtures",
    thresholds=Thresholds,
    scales=scales,
    always_stated=ALWAYS_STATED,
    quick_accuracy=quick_accuracy,
    cells_behind=CELLS_BEHIND,
    slow_cells={"training": "train", "ascent": "ascent"},
    mistakes=MISTAKES,
    general_causes=GENERAL,
    hints=HINTS,
    flags=flags_of,
    most_images=PANELS,
    columns=COLUMNS,
    draw=draw,
    desk=desk,
    table=table,
    page=page,
    style=style,
    shown_by=(
        HERE / "exercise.py",
        HERE / "panels.py",
        HERE / "films.py",
        HERE / "constants.py",
        HERE / "templates",
    ),
    choices={"not_reproduced": WallChoice("not reproduced", is_not_reproduced)},
    traits=traits_of,
    compared=Compared(images=RESULT, after_network=("ascent", "plot"), after_images=("plot",)),
    quantities=QUANTITIES,
    samples=HERE / "samples",
)
