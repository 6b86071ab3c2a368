"""The kit's own labelled submissions: readable and manifold. `tests/measured` says how they are judged."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from autograder.audit.audit import labelled_submissions
from autograder.audit.labelled import LabelledSubmission
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import read_notebook

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = labelled_submissions(None)
CRITERIA = {"cnn", "training", "images", "ascent", "objective", "updates", "plot"}
BROKEN_ON_PURPOSE = {"syntax_error_in_plot", "syntax_error_in_ascent", "syntax_error_in_cnn"}


def test_there_are_enough_of_them_and_about_half_are_correct() -> None:
    correct = [one for one in CORPUS if all("pass" in statuses for statuses in one.label.verdicts.values())]

    assert len(CORPUS) >= 100
    assert 0.35 <= len(correct) / len(CORPUS) <= 0.6


@pytest.mark.parametrize("submission", CORPUS, ids=lambda one: one.name)
def test_a_label_names_criteria_and_fits_the_notebook(submission: LabelledSubmission) -> None:
    released = read_notebook(Course(REPOSITORY).release_folder() / f"{ASSIGNMENT}.ipynb")

    assert set(submission.label.verdicts) <= CRITERIA
    assert set(submission.label.feedback_mentions) <= CRITERIA
    assert submission.notebook(released).cells


@pytest.mark.parametrize("submission", CORPUS, ids=lambda one: one.name)
def test_what_a_student_wrote_is_python_where_it_is_meant_to_be(submission: LabelledSubmission) -> None:
    if submission.name in BROKEN_ON_PURPOSE:
        with pytest.raises(SyntaxError):
            [ast.parse(source) for source in submission.answers.values()]
        return
    for source in submission.answers.values():
        assert ast.parse(without_magics(source)) is not None


def without_magics(source: str) -> str:
    return "\n".join("pass" if line.lstrip().startswith(("!", "%")) else line for line in source.splitlines())
