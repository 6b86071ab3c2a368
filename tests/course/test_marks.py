"""What the kit reads of the gradebook is what nbgrader itself says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.course.gradebook import search_path
from autograder.course.marks import read_assignment, read_marks, read_people, read_points

NAME = "exercise"


@pytest.fixture
def gradebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gradebook]:
    monkeypatch.setenv("PATH", search_path())
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as opened:
        opened.add_assignment(NAME, duedate=datetime(2026, 3, 31, 12))
        opened.add_notebook(NAME, NAME)
        opened.add_grade_cell("check", NAME, NAME, max_score=20, cell_type="code")
        opened.add_solution_cell("answer", NAME, NAME)
        opened.add_task_cell("task", NAME, NAME, max_score=5, cell_type="markdown")
        opened.add_student("ada", first_name="Ada", last_name="Lovelace", email="ada@example.org")
        opened.add_student("bert")
        opened.add_submission(NAME, "ada", timestamp=datetime(2026, 4, 2, 12), extension=timedelta(days=1))
        yield opened


def test_scores_comments_and_lateness_are_nbgraders(gradebook: Gradebook) -> None:
    entry = gradebook.find_submission_notebook(NAME, NAME, "ada")
    entry.late_submission_penalty = 3
    for grade in entry.grades:
        automatic = grade.cell.name == "check"
        grade.auto_score, grade.needs_manual_grade = (12 if automatic else None), not automatic
        grade.extra_credit = 2
    for comment in entry.comments:
        comment.auto_comment = "No response."
    gradebook.db.commit()
    gradebook.db.refresh(entry)

    marks = read_marks(gradebook, NAME, NAME)["ada"]

    assert {cell: (mark.score, mark.max_score, mark.waits) for cell, mark in marks.marks.items()} == {
        grade.cell.name: (grade.score, grade.cell.max_score, grade.needs_manual_grade)
        for grade in entry.grades
    }
    assert (marks.score, marks.max_score, bool(marks.waiting)) == (
        entry.score,
        entry.max_score,
        entry.needs_manual_grade,
    )
    assert (marks.penalty, marks.late_seconds) == (3, entry.assignment.total_seconds_late)
    assert marks.total == marks.score - 3
    assert marks.shown_comments == {one.cell.name: one.comment for one in entry.comments}
    assert set(marks.comments.values()) == {""}


def test_a_persons_score_and_comment_come_before_the_automatic_ones(gradebook: Gradebook) -> None:
    entry = gradebook.find_submission_notebook(NAME, NAME, "ada")
    for grade in entry.grades:
        grade.auto_score, grade.manual_score = 12, 4
    for comment in entry.comments:
        comment.auto_comment, comment.manual_comment = "No response.", " Look again. "
    gradebook.db.commit()

    marks = read_marks(gradebook, NAME, NAME, "ada")["ada"]

    assert {mark.score for mark in marks.marks.values()} == {4}
    assert set(marks.shown_comments.values()) == {"Look again."}


def test_who_handed_in_nothing_has_no_marks(gradebook: Gradebook) -> None:
    assert [person.student for person in read_people(gradebook)] == ["ada", "bert"]
    assert read_marks(gradebook, NAME, NAME).keys() == {"ada"}
    assert read_marks(gradebook, NAME, NAME, "bert") == {}


def test_the_points_of_a_notebook_are_those_of_its_graded_cells(gradebook: Gradebook) -> None:
    assert read_points(gradebook, NAME, NAME) == {"check": 20.0}
    assert read_points(gradebook, NAME, "another") == {}
    assert read_points(gradebook, "another", NAME) == {}


def test_an_assignment_is_known_by_its_notebooks_and_points(gradebook: Gradebook) -> None:
    entry = read_assignment(gradebook, NAME)

    assert entry is not None
    assert (entry.max_score, entry.notebooks) == (25.0, (NAME,))
    assert read_assignment(gradebook, "another") is None
