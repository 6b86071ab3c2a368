"""The same mistake has the same code in every report, whatever the words for the student say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.exercises.activation_maximization.rubric.mistakes import MISTAKES
from autograder.exercises.activation_maximization.thresholds import Thresholds
from autograder.measurements import CellError, Measurements, MixUp
from autograder.report import Result
from autograder.rubric import plugin
from autograder.rubric.score import score

Judge = Callable[..., dict[str, Result]]
STOPPED = (CellError("ascent", "NameError: name 'model' is not defined", ""),)


def descent(good: Measurements) -> Measurements:
    assert good.images is not None
    fallen = tuple(
        replace(one, image=0.0, gain=-0.01, pattern=-0.2, best_pattern=0.01, best_gain=0.0)
        for one in good.images.filters
    )
    return replace(good, images=replace(good.images, filters=fallen))


def off_by_one(good: Measurements) -> Measurements:
    assert good.images is not None
    others = tuple(replace(one, pattern=0.2, best_filter=(one.index + 1) % 64) for one in good.images.filters)
    return replace(good, images=replace(good.images, filters=others, mix_up=MixUp("shifted", 1)))


def part(name: str, **changes: Any) -> Callable[[Measurements], Measurements]:
    return lambda good: replace(good, **{name: replace(getattr(good, name), **changes)})


@pytest.mark.parametrize(
    ("spoil", "criterion", "cause"),
    [
        (part("model", conv_layers=3), "cnn", "few_convolutions"),
        (part("model", conv_layers=3, unused_conv_layers=1), "cnn", "unused_convolutions"),
        (part("model", outputs=7), "cnn", "other_output_length"),
        (part("model", accuracy=0.1, epochs=0, updates=0), "training", "not_trained"),
        (part("model", accuracy=0.3, updates=10), "training", "few_training_steps"),
        (part("model", accuracy=0.3), "training", "low_accuracy"),
        (part("images", distinct=1, usable=1), "images", "same_image"),
        (part("images", count=32, distinct=32, usable=32), "images", "few_images"),
        (descent, "ascent", "gradient_descent"),
        (off_by_one, "objective", "shifted_filters"),
        (part("images", ascent_seen=False), "ascent", "no_ascent_seen"),
        (part("steps", per_image=10), "updates", "other_number_of_steps"),
        (part("steps", follow_image=False), "updates", "gradient_at_the_start"),
        (part("plot", titled=0), "plot", "no_titles"),
        (part("plot", blank=60, shown=4), "plot", "blank_panels"),
        (lambda good: replace(good, plot=None), "plot", "no_figure"),
        (lambda good: replace(good, images=None), "images", "no_images"),
        (lambda good: replace(good, images=None, errors=STOPPED), "images", "cell_stopped"),
        (lambda good: replace(good, model=None), "cnn", "no_model"),
        (lambda good: replace(good, model=None, refused_model="odd"), "cnn", "model_refused"),
    ],
)
def test_a_mistake_has_a_code(
    spoil: Callable[[Measurements], Measurements],
    criterion: str,
    cause: str,
    good: Measurements,
    judge: Judge,
) -> None:
    assert judge(spoil(good))[criterion].cause == cause
    assert cause in MISTAKES


def test_where_all_points_are_given_there_is_no_mistake(good: Measurements, judge: Judge) -> None:
    assert {result.cause for result in judge(good).values()} == {""}


def test_every_mistake_in_the_list_is_one_that_a_check_can_name() -> None:
    given = set()
    for file in (*EXERCISE.checks.parent.glob("*.py"), Path(plugin.__file__)):
        if file.name != "mistakes.py":
            given |= set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', file.read_text()))

    assert set(MISTAKES) <= given


def test_a_course_names_mistakes_of_its_own(
    good: Measurements, points: dict[str, float], tmp_path: Path
) -> None:
    own = tmp_path / "test_own.py"
    own.write_text("def test_plot(award):\n    award(0.5, 'Too grey.', cause='no_colours')\n")

    result = score(EXERCISE, good, Thresholds(), points, [EXERCISE.checks, own])["plot"]

    assert EXERCISE.mistake_words(result.cause) == "no colours"
