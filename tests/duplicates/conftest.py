"""A course whose students hand in what a test says, and what duplicates finds in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alike import REPOSITORY

from autograder.cli import run
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import compose, read_notebook, write_notebook
from autograder.course.submission import Submission
from autograder.evidence import Evidence, write_evidence
from autograder.measurements import Measurements, ModelMeasurement, measurements_to_json
from autograder.plain.files import write_whole
from autograder.record.files import (
    EVIDENCE,
    MEASUREMENTS,
    REPORT,
)
from autograder.report import Report


@pytest.fixture
def course(tmp_path: Path) -> Course:
    root = tmp_path / "course"
    for folder in ("source", "release"):
        shutil.copytree(REPOSITORY / folder / ASSIGNMENT, root / folder / ASSIGNMENT)
    return Course.open(root)


@pytest.fixture
def hand_in(course: Course) -> Callable[..., Path]:
    """Write what a student hands in, from the cells that the student has filled in."""
    released = read_notebook(course.release_folder() / f"{ASSIGNMENT}.ipynb")

    def write(student: str, **answers: str) -> Path:
        file = course.submission_folder(student) / f"{ASSIGNMENT}.ipynb"
        write_notebook(compose(released, answers), file)
        return file

    return write


@pytest.fixture
def store(course: Course, hand_in: Callable[..., Path], report: Report) -> Callable[..., None]:
    """Write what grading stores of a student: the evidence, and what was measured of the network."""

    def write(student: str, evidence: Evidence, *, accuracy: float = 0.97) -> None:
        if student not in course.students():
            hand_in(student)
        folder = course.result_folder(student)
        write_evidence(folder / EVIDENCE, evidence)
        model = ModelMeasurement("model", 4, 0, (28, 28, 1), 10, True, 3, 45, "", 0.001, accuracy, 500)
        write_whole(folder / MEASUREMENTS, measurements_to_json(Measurements("graded", model)))
        submission = Submission(student, ASSIGNMENT, course.submission_folder(student))
        its_own = report.model_copy(update={"student": student, "submission_sha256": submission.sha256()})
        write_whole(folder / REPORT, its_own.model_dump_json())

    return write


@pytest.fixture
def found(course: Course, tmp_path: Path) -> Callable[[], dict[str, Any]]:
    def compare(status: int = 1) -> dict[str, Any]:
        file = tmp_path / "duplicates.json"
        assert run(["duplicates", "--course", str(course.root), "--json", str(file)]) == status
        return json.loads(file.read_text())

    return compare
