"""A course that an older version graded, kept in `older_course/`, continues in today's version.

It was made by version 0.1.0, with the names that modules and settings had then: a correct submission, one that climbs
down instead of up, and an empty file.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from autograder.cli import run
from autograder.course.folder import ASSIGNMENT, Course
from autograder.record.files import read_report
from solutions.data import embedded_digits, write_npz

OLDER = Path(__file__).with_name("older_course")
SCORES = {"ada": 90.0, "bert": 55.0, "cleo": 0.0}

pytestmark = pytest.mark.deep


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = Path(shutil.copytree(OLDER, tmp_path_factory.mktemp("older") / "course"))
    write_npz(embedded_digits(), root / "digits.npz")
    return Course.open(root)


def command(course: Course, *words: str) -> int:
    return run([*words, "--course", str(course.root)])


def test_its_reports_can_be_read(course: Course) -> None:
    reports = {student: read_report(course.result_folder(student)) for student in course.students()}

    assert {student: report.score for student, report in reports.items() if report} == SCORES


def test_it_is_scored_again_without_running_a_notebook(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(course, "rescore", "--apply") == 0

    said = " ".join(capsys.readouterr().out.split())
    assert "3 submissions scored again: 0 change" in said
    assert "2 were measured again" in said
    assert "3 of 3 are in the gradebook" in said


def test_its_scores_are_exported(course: Course, tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"

    assert command(course, "export", "csv", "--to", str(file), "--partial") == 0

    with file.open(newline="") as table:
        assert {row["student_id"]: float(row["score"]) for row in csv.DictReader(table)} == SCORES


def test_its_students_get_feedback(course: Course) -> None:
    assert command(course, "feedback") == 0

    page = (course.root / "feedback" / "bert" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
    assert "the update moves down the gradient" in page


def test_its_submissions_are_shown(course: Course, tmp_path: Path) -> None:
    assert command(course, "review", "--static", str(tmp_path / "gallery")) == 0

    pages = "".join(page.read_text(encoding="utf-8") for page in (tmp_path / "gallery").glob("*.html"))
    assert all(student in pages for student in SCORES)
