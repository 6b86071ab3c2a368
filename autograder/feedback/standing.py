"""What nbgrader's gradebook says about one submission: the only source of scores and comments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.api import SubmittedNotebook as Entry

from autograder.errors import CourseError


@dataclass(frozen=True)
class Mark:
    """The score of one graded cell.

    Attributes:
        cell: its grade_id.
        score: the score that counts.
        max_score: the maximum.
        automatic: the grader's score; None if a person has to read the answer.
        is_manual: a person has set the score.
        extra_credit: points that a person added; they are part of the score.
        waits: a person still has to look at it.
    """

    cell: str
    score: float
    max_score: float
    automatic: float | None = None
    is_manual: bool = False
    extra_credit: float = 0.0
    waits: bool = False


@dataclass(frozen=True)
class Standing:
    """Scores and comments of one submission.

    Attributes:
        name: the student's full name; empty if the gradebook has none.
        marks: of the graded cells, by grade_id.
        comments: by the grade_id of the cell that they belong to; empty comments are left out.
        score: the total before the penalty.
        max_score: the maximum.
        penalty: the points deducted for lateness.
        submitted_at: the submission time in UTC, if known.
        late_seconds: how late it was.
    """

    name: str
    marks: dict[str, Mark]
    comments: dict[str, str]
    score: float
    max_score: float
    penalty: float
    submitted_at: datetime | None
    late_seconds: float

    @property
    def total(self) -> float:
        """The final score; never below zero, as in nbgrader's exports."""
        return max(0.0, self.score - self.penalty)

    @property
    def waits(self) -> bool:
        """Does a person still have to look at something?"""
        return any(mark.waits for mark in self.marks.values())


def read_standing(gradebook: Gradebook, student: str, assignment: str, notebook: str) -> Standing:
    """Return what the gradebook says about a submission.

    Raises:
        CourseError: it does not know the submission.
        SQLAlchemyError: the database does not answer.
    """
    try:
        entry = gradebook.find_submission_notebook(notebook, assignment, student)
    except MissingEntry as error:
        raise CourseError(
            f"the gradebook has no grades of '{student}' for {assignment}; run 'gradeascent grade' first"
        ) from error
    submission = entry.assignment
    person = submission.student
    return Standing(
        name=" ".join(filter(None, (person.first_name, person.last_name))),
        marks={grade.cell.name: _mark(grade) for grade in entry.grades},
        comments=_comments(entry),
        score=entry.score,
        max_score=entry.max_score,
        penalty=entry.late_submission_penalty or 0.0,
        submitted_at=submission.timestamp,
        late_seconds=submission.total_seconds_late,
    )


def _mark(grade: Any) -> Mark:
    automatic, manual = grade.auto_score, grade.manual_score
    return Mark(
        cell=grade.cell.name,
        score=grade.score,
        max_score=grade.max_score,
        automatic=automatic,
        is_manual=manual is not None,
        extra_credit=grade.extra_credit or 0.0,
        waits=bool(grade.needs_manual_grade),
    )


def _comments(entry: Entry) -> dict[str, str]:
    return {one.cell.name: one.comment.strip() for one in entry.comments if (one.comment or "").strip()}
