"""A course with a gradebook, filled as nbgrader's own programs fill it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from command_line import succeed
from nbgrader.api import Gradebook

from autograder.course.folder import Course
from autograder.course.gradebook import open_gradebook

NAME = "activation_maximization"
POINTS = {
    "check_cnn": 20.0, "check_training": 15.0, "check_images": 10.0, "check_ascent": 20.0, "check_objective": 15.0,
    "check_updates": 5.0, "check_plot": 5.0, "interpretation": 10.0,
}  # fmt: skip
STUDENTS = {
    "ada": ("Ada", "Byron", "ada@example.org"),
    "grace": ("Grace", "Hopper", "grace@example.org"),
    "emmy": ("Emmy", "Noether", "emmy@example.org"),
    "sofja": ("Sofja", "Kowalewskaja", "sofja@example.org"),
}
Fill = Callable[..., None]


@pytest.fixture(scope="session")
def empty_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose assignment nbgrader knows, without students."""
    course = tmp_path_factory.mktemp("export") / "course"
    succeed(["init", str(course)])
    with open_gradebook(Course.open(course)) as gradebook:
        gradebook.add_assignment(NAME, duedate="2026-05-01 12:00:00 UTC")
        gradebook.add_notebook(NAME, NAME)
        for cell, points in POINTS.items():
            gradebook.add_grade_cell(cell, NAME, NAME, max_score=points, cell_type="code")
        for cell in ("ascent", "interpretation"):
            gradebook.add_solution_cell(cell, NAME, NAME)
    return course


@pytest.fixture
def course(empty_course: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(empty_course, tmp_path / "course"))


@pytest.fixture
def fill(course: Path) -> Fill:
    """Enter a student and a submission, with the scores that are not full, and the comments of the TA."""

    def enter(
        student: str,
        *,
        interpretation: float | None = 10.0,
        penalty: float = 0.0,
        comments: Mapping[str, str] | None = None,
        handed_in: bool = True,
        names: tuple[str, str, str] | None = None,
        lms_user_id: str | None = None,
        **scores: float,
    ) -> None:
        first, last, email = names or STUDENTS[student]
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
            gradebook.add_student(
                student, first_name=first, last_name=last, email=email, lms_user_id=lms_user_id
            )
            if not handed_in:
                return
            submission = gradebook.add_submission(NAME, student, timestamp="2026-05-01 13:30:05 UTC")
            notebook = submission.notebooks[0]
            notebook.late_submission_penalty = penalty
            for grade in notebook.grades:
                if grade.cell.name == "interpretation":
                    grade.manual_score, grade.needs_manual_grade = interpretation, interpretation is None
                else:
                    grade.auto_score = scores.get(grade.cell.name, grade.max_score)
                    grade.needs_manual_grade = False
            for comment in notebook.comments:
                comment.manual_comment = (comments or {}).get(comment.name)
            gradebook.db.commit()

    return enter


@pytest.fixture
def four(fill: Fill) -> None:
    """All points; one criterion partly and late; nothing handed in; waiting for a person."""
    fill("ada")
    fill("grace", check_ascent=12.5, penalty=5.0, interpretation=8.0)
    fill("emmy", handed_in=False)
    fill("sofja", interpretation=None)
