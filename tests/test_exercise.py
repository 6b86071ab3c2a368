"""The exercise on real MNIST, from the notebook to the report: slow, and only where MNIST is.

Set GRADEASCENT_MNIST to an mnist.npz to run these.
"""

import os
from pathlib import Path

import pytest

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.course.notebooks import compose, read_answers, read_notebook, write_notebook
from autograder.grading.course import grade_course
from autograder.grading.grader import ready_to_grade
from autograder.progress.bars import show_progress
from autograder.report import Report
from autograder.settings import Settings

SUBMISSIONS = Path(__file__).parent / "submissions"

pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif("GRADEASCENT_MNIST" not in os.environ, reason="GRADEASCENT_MNIST names no mnist.npz"),
]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """The reference notebook and the exercise as published, with and without `lr`, graded together."""
    course = initialise(tmp_path_factory.mktemp("course") / "course")
    source = read_notebook(course.source_notebook())
    published = read_answers((SUBMISSIONS / "published_2021.py").read_text())
    in_2021 = published["train"].replace("learning_rate=", "lr=")
    notebooks = {
        "reference": source,
        "published": compose(source, published),
        "published_with_lr": compose(source, {**published, "train": in_2021}),
    }
    for student, notebook in notebooks.items():
        write_notebook(notebook, course.submission_folder(student) / f"{ASSIGNMENT}.ipynb")
    return graded(course, list(notebooks))


def graded(course: Course, students: list[str]) -> dict[str, Report]:
    settings = Settings(data=os.environ["GRADEASCENT_MNIST"], profile="quick")
    with ready_to_grade(course, settings, announce=print) as grader, show_progress(len(students)) as progress:
        return grade_course(course, students, grader, progress)


def test_the_reference_notebook_earns_all_automatic_points(reports: dict[str, Report]) -> None:
    report = reports["reference"]
    assert {name: result.status for name, result in report.criteria.items()} == dict.fromkeys(
        report.criteria, "pass"
    )
    assert (report.score, report.max_score, report.needs_review) == (90, 90, False)


def test_the_exercise_as_published_earns_all_automatic_points(reports: dict[str, Report]) -> None:
    report = reports["published"]
    assert {
        name: result.feedback for name, result in report.criteria.items() if result.status != "pass"
    } == {}
    assert report.score == 90


def test_with_lr_only_the_training_is_lost_and_the_feedback_names_it(reports: dict[str, Report]) -> None:
    report = reports["published_with_lr"]
    lost = [name for name, result in report.criteria.items() if result.status != "pass"]
    assert lost == ["training"]
    assert "learning_rate" in report.criteria["training"].feedback
    assert "'lr'" in report.criteria["training"].feedback
