"""Labelled submissions of this exercise, run without a kernel: verdicts and causes are those of a teacher."""

from __future__ import annotations

import pytest
from ising_cells import NAME, SUBMISSIONS, RunCells

from autograder.audit.labelled import LabelledSubmission, read_labelled
from autograder.exercise import find_exercise
from autograder.exercises.ising_activation_maps.data import Lattices
from autograder.exercises.ising_activation_maps.verify.measure import measure
from autograder.rubric.score import score
from autograder.verify.models import TooCostlyError

LABELLED = read_labelled(SUBMISSIONS)
# The others are tried by the deep tests.
QUICK = frozenset(
    "classes_exchanged gradient_of_the_probability grad_cam_of_the_logits nothing_chosen own_class_of_model "
    "rows_and_columns_exchanged wrong_ones_first".split()
)


def cases() -> list[object]:
    return [
        pytest.param(one, id=one.name, marks=() if one.name in QUICK else pytest.mark.deep)
        for one in LABELLED
    ]


@pytest.mark.parametrize("one", cases())
def test_verdicts_and_causes_are_a_teachers(
    one: LabelledSubmission, run_cells: RunCells, lattices: Lattices, points: dict[str, float]
) -> None:
    exercise = find_exercise(NAME)

    measurements, _ = measure(run_cells(one.answers), lattices, seed=0)
    results = score(exercise, measurements, exercise.thresholds(), points)

    for criterion, result in results.items():
        said = f"{criterion}: {result.status} {result.cause} {result.feedback} {measurements.own}"
        assert result.status in one.label.expected(criterion), said
        if result.cause and result.cause not in exercise.general_causes:
            assert result.cause in one.label.causes.get(criterion, (result.cause,)), said
        if criterion in one.label.causes:
            assert result.cause in one.label.causes[criterion], said
        for words in one.label.feedback_mentions.get(criterion, ()):
            assert words.lower() in result.feedback.lower()


def test_a_network_that_costs_more_than_allowed_is_not_measured(
    run_cells: RunCells, lattices: Lattices
) -> None:
    one = next(one for one in LABELLED if one.name == "wrong_ones_first")

    with pytest.raises(TooCostlyError):
        measure(run_cells(one.answers), lattices, seed=0, most_times=0.1)
