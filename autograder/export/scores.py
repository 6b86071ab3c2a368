"""The scores to export, as nbgrader counts them: after manual scores and late penalties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.collect.place import Record, Shelf
from autograder.course.folder import Course
from autograder.course.notebooks import criterion_of, grade_id, read_notebook
from autograder.errors import CourseError, ExportError, SubmissionError


@dataclass(frozen=True)
class CellScore:
    """The score of one graded cell of a submission.

    Attributes:
        score: None while a person has to grade it.
    """

    score: float | None
    max_score: float


@dataclass(frozen=True)
class Comment:
    """A TA's comment on an answer."""

    cell: str
    text: str


@dataclass(frozen=True)
class Score:
    """One student and their scores.

    Attributes:
        is_handed_in: without a submission, there is no score, and all following fields are empty.
        is_waiting: a person still has to grade something; the score is the score so far.
        score: after the penalty, never below 0.
        seconds_late: as nbgrader counts them; None without a submission time or due date.
        cells: by criterion, in the order of the notebook.
        record: how the submission was collected; None if it was put there by hand.
    """

    student: str
    first_name: str
    last_name: str
    email: str
    lms_user_id: str
    max_score: float
    is_handed_in: bool = False
    is_waiting: bool = False
    raw_score: float = 0.0
    late_penalty: float = 0.0
    score: float = 0.0
    submitted_at: datetime | None = None
    seconds_late: float | None = None
    cells: Mapping[str, CellScore] = field(default_factory=dict)
    comments: tuple[Comment, ...] = ()
    record: Record | None = None


def read_scores(gradebook: Gradebook, course: Course, assignment: str) -> list[Score]:
    """Return the scores of all students, sorted by id.

    Raises:
        ExportError: the gradebook does not know the assignment.
    """
    try:
        entry = gradebook.find_assignment(assignment)
    except MissingEntry as error:
        raise ExportError(
            f"the gradebook does not know the assignment '{assignment}'; 'gradeascent release' enters it"
        ) from error
    submissions = {submission.student_id: submission for submission in entry.submissions}
    order = _cell_order(course, assignment)
    shelf = Shelf(course, assignment)
    return [
        _score(student, submissions.get(student.id), float(entry.max_score), order, shelf)
        for student in sorted(gradebook.students, key=lambda student: str(student.id))
    ]


def _score(student: Any, submission: Any, max_score: float, order: Sequence[str], shelf: Shelf) -> Score:
    nothing = Score(
        student=str(student.id),
        first_name=student.first_name or "",
        last_name=student.last_name or "",
        email=student.email or "",
        lms_user_id=student.lms_user_id or "",
        max_score=max_score,
        record=shelf.record(student.id),
    )
    if submission is None:
        return nothing
    raw, penalty = float(submission.score), float(submission.late_submission_penalty or 0)
    has_times = submission.timestamp is not None and submission.duedate is not None
    return replace(
        nothing,
        is_handed_in=True,
        is_waiting=bool(submission.needs_manual_grade),
        raw_score=raw,
        late_penalty=penalty,
        score=max(0.0, raw - penalty),  # nbgrader's own rule, in its CsvExportPlugin
        submitted_at=submission.timestamp,
        seconds_late=float(submission.total_seconds_late) if has_times else None,
        cells=_cells(submission, order),
        comments=_comments(submission, order),
    )


def _cells(submission: Any, order: Sequence[str]) -> dict[str, CellScore]:
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    return {
        criterion_of(grade.cell.name) or grade.cell.name: CellScore(
            None if grade.needs_manual_grade else float(grade.score), float(grade.max_score)
        )
        for grade in sorted(grades, key=lambda grade: _place(grade.cell.name, order))
    }


def _comments(submission: Any, order: Sequence[str]) -> tuple[Comment, ...]:
    written = [
        Comment(comment.name, comment.manual_comment.strip())
        for notebook in submission.notebooks
        for comment in notebook.comments
        if comment.manual_comment and comment.manual_comment.strip()
    ]
    return tuple(sorted(written, key=lambda comment: _place(comment.cell, order)))


def _place(cell: str, order: Sequence[str]) -> tuple[int, str]:
    return (order.index(cell) if cell in order else len(order)), cell


def _cell_order(course: Course, assignment: str) -> list[str]:
    """Return the cells' names in the order of the notebook, which the gradebook does not store."""
    try:
        cells = read_notebook(course.source_notebook(assignment)).cells
    except (CourseError, SubmissionError):  # a plain nbgrader course, say: then they are sorted by name
        return []
    return [name for cell in cells if (name := grade_id(cell))]
