"""A course with an assignment in its gradebook, and students to be entered in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from graded_student import SCORES, find_grade, store_results

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.initialise import initialise
from autograder.course.notebooks import read_notebook, write_notebook

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course as after the release; made in nbgrader's own words, which is quicker than making the release."""
    course = initialise(tmp_path_factory.mktemp("released") / "course")
    shutil.copytree(REPOSITORY / "release", course.release)
    with open_gradebook(course) as gradebook:
        gradebook.add_assignment(ASSIGNMENT)
        gradebook.add_notebook(ASSIGNMENT, ASSIGNMENT)
        for cell in read_notebook(course.release_folder() / f"{ASSIGNMENT}.ipynb").cells:
            about = cell.metadata.get("nbgrader", {})
            place = (about.get("grade_id"), ASSIGNMENT, ASSIGNMENT)
            if about.get("grade"):
                gradebook.add_grade_cell(*place, max_score=about.points, cell_type=cell.cell_type)
            if about.get("solution"):
                gradebook.add_solution_cell(*place)
    return course


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """A course with the assignment in its gradebook, and no students yet."""
    shutil.copytree(released.root, tmp_path / "course")
    return Course.open(tmp_path / "course")


@pytest.fixture
def hand_in(course: Course) -> Callable[..., Path]:
    """Let a student have handed in, with a report and scores; return where the page will be."""

    def record(student: str, *, with_report: bool = True, **settings: object) -> Path:
        notebook = read_notebook(course.release_folder() / f"{ASSIGNMENT}.ipynb")
        write_notebook(notebook, course.submission_folder(student) / f"{ASSIGNMENT}.ipynb")
        write_notebook(notebook, course.root / "autograded" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
        if with_report:
            store_results(course, student)
        with open_gradebook(course) as gradebook:
            gradebook.update_or_create_student(student, **settings)
            gradebook.update_or_create_submission(ASSIGNMENT, student, timestamp="2026-03-31 12:00:00 UTC")
            for name, score in SCORES.items():
                grade = find_grade(gradebook, student, f"check_{name}")
                grade.auto_score, grade.needs_manual_grade = score, False
            find_grade(gradebook, student, "interpretation").needs_manual_grade = True
            gradebook.db.commit()
        return course.root / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html"

    return record
