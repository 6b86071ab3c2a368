"""Reads nbgrader's gradebook: scores, comments and lateness of a whole class, in a few queries."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)

from autograder.errors import CourseError


@dataclass(frozen=True)
class Mark:
    """The score of one graded cell.

    Attributes:
        cell: its grade_id.
        max_score: the maximum.
        automatic: the grader's score; None if a person has to read the answer.
        manual: a person's score; None if there is none.
        extra_credit: points that a person added.
        waits: a person still has to look at it.
    """

    cell: str
    max_score: float
    automatic: float | None = None
    manual: float | None = None
    extra_credit: float = 0.0
    waits: bool = False

    @property
    def score(self) -> float:
        """The score that counts, by nbgrader's rule."""
        given = self.manual if self.manual is not None else self.automatic
        return (given or 0.0) + (self.extra_credit if given is not None else 0.0)


@dataclass(frozen=True)
class Marks:
    """Everything that the gradebook says about one submitted notebook.

    Attributes:
        notebook_id: nbgrader's own id.
        name: the student's full name; empty if the gradebook has none.
        marks: by the grade_id of the cell.
        comments: what people wrote, by the grade_id of every cell that can have a comment.
        automatic_comments: what nbgrader wrote, by the grade_id of the cell.
        submitted_at: the submission time in UTC, if known.
        late_seconds: how late it was submitted; None without a submission time or due date.
        penalty: the points deducted for that.
    """

    notebook_id: str
    name: str = ""
    marks: dict[str, Mark] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    automatic_comments: dict[str, str] = field(default_factory=dict)
    submitted_at: datetime | None = None
    late_seconds: float | None = None
    penalty: float = 0.0

    @property
    def score(self) -> float:
        """The total before the penalty."""
        return sum(mark.score for mark in self.marks.values())

    @property
    def total(self) -> float:
        """The final score; never below zero, as in nbgrader's exports."""
        return max(0.0, self.score - self.penalty)

    @property
    def max_score(self) -> float:
        """The maximum score."""
        return sum(mark.max_score for mark in self.marks.values())

    @property
    def waiting(self) -> frozenset[str]:
        """The cells that a person still has to look at."""
        return frozenset(name for name, mark in self.marks.items() if mark.waits)

    @property
    def is_late(self) -> bool:
        """Was it submitted after the due date?"""
        return bool(self.late_seconds)

    @property
    def shown_comments(self) -> dict[str, str]:
        """The comments that a student sees, by cell: a person's if there is one, else nbgrader's."""
        shown = {**self.automatic_comments, **{cell: text for cell, text in self.comments.items() if text}}
        return {cell: text.strip() for cell, text in sorted(shown.items()) if text.strip()}

    @property
    def version(self) -> str:
        """A value that changes with every score, comment and flag; a form says on which value it is based."""
        marks = [
            (mark.cell, mark.automatic, mark.manual, mark.extra_credit, mark.waits)
            for mark in self.marks.values()
        ]
        state = json.dumps([sorted(marks, key=lambda mark: mark[0]), sorted(self.comments.items())])
        return hashlib.sha256(state.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class GradebookStudent:
    """A student in the gradebook; what is unknown is empty."""

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


@dataclass(frozen=True)
class AssignmentEntry:
    """An assignment in the gradebook: its maximum score, and the names of its notebooks."""

    max_score: float
    notebooks: tuple[str, ...]


def read_people(gradebook: Gradebook) -> list[GradebookStudent]:
    """Return all students in the gradebook, sorted by id."""
    people = (
        GradebookStudent(
            str(one.id), one.first_name or "", one.last_name or "", one.email or "", one.lms_user_id or ""
        )
        for one in gradebook.students
    )
    return sorted(people, key=lambda person: person.student)


def read_assignment(gradebook: Gradebook, assignment: str) -> AssignmentEntry | None:
    """Return an assignment in the gradebook; None if the gradebook does not know it."""
    try:
        entry = gradebook.find_assignment(assignment)
    except MissingEntry:
        return None
    return AssignmentEntry(float(entry.max_score), tuple(sorted(one.name for one in entry.notebooks)))


def read_points(gradebook: Gradebook, assignment: str, notebook: str) -> dict[str, float]:
    """Return the maximum scores of a notebook by the grade_id of the cell; empty if the gradebook does not know it."""
    try:
        cells = gradebook.find_notebook(notebook, assignment).grade_cells
    except MissingEntry:
        return {}
    return {cell.name: float(cell.max_score) for cell in cells}


def no_marks(student: str, assignment: str) -> CourseError:
    """Return the error for a submission that the gradebook does not have."""
    return CourseError(
        f"the gradebook has no grades of '{student}' for {assignment}; run 'gradeascent grade' first"
    )


def read_marks(
    gradebook: Gradebook, assignment: str, notebook: str, student: str | None = None
) -> dict[str, Marks]:
    """Return what the gradebook says about all students, or about one, by student id.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    session = gradebook.db
    wanted = [Assignment.name == assignment, Notebook.name == notebook]
    if student is not None:
        wanted.append(Student.id == student)
    people = (
        session.query(
            SubmittedNotebook.id,
            Student.id,
            Student.first_name,
            Student.last_name,
            SubmittedAssignment.timestamp,
            SubmittedAssignment.extension,
            Assignment.duedate,
            SubmittedNotebook.late_submission_penalty,
        )
        .select_from(SubmittedNotebook)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Student, SubmittedAssignment.student_id == Student.id)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
        .filter(*wanted)
        .all()
    )
    ids = None if student is None else [row[0] for row in people]
    marks: dict[str, dict[str, Mark]] = defaultdict(dict)
    for owner, mark in _marks(gradebook, ids):
        marks[owner][mark.cell] = mark
    comments: dict[str, dict[str, str]] = defaultdict(dict)
    automatic: dict[str, dict[str, str]] = defaultdict(dict)
    for owner, cell, by_person, by_nbgrader in _comments(gradebook, ids):
        comments[owner][cell] = by_person or ""
        if by_nbgrader:
            automatic[owner][cell] = by_nbgrader
    return {
        who: Marks(
            notebook_id=owner,
            name=" ".join(filter(None, (first, last))),
            marks=marks[owner],
            comments=comments[owner],
            automatic_comments=automatic[owner],
            submitted_at=timestamp,
            late_seconds=_late(timestamp, due, extension),
            penalty=penalty or 0.0,
        )
        for owner, who, first, last, timestamp, extension, due, penalty in people
    }


def _marks(gradebook: Gradebook, ids: list[str] | None) -> Iterator[tuple[str, Mark]]:
    query = (
        gradebook.db.query(
            Grade.notebook_id,
            BaseCell.name,
            GradeCell.max_score,
            TaskCell.max_score,
            Grade.auto_score,
            Grade.manual_score,
            Grade.extra_credit,
            Grade.needs_manual_grade,
        )
        .join(BaseCell.__table__, Grade.cell_id == BaseCell.__table__.c.id)
        .outerjoin(GradeCell.__table__, Grade.cell_id == GradeCell.__table__.c.id)
        .outerjoin(TaskCell.__table__, Grade.cell_id == TaskCell.__table__.c.id)
    )
    if ids is not None:
        query = query.filter(Grade.notebook_id.in_(ids))
    for owner, cell, of_grade, of_task, automatic, manual, extra, waits in query.order_by(BaseCell.name):
        most = of_grade if of_grade is not None else of_task
        yield owner, Mark(cell, most or 0.0, automatic, manual, extra or 0.0, bool(waits))


def _comments(
    gradebook: Gradebook, ids: list[str] | None
) -> Iterator[tuple[str, str, str | None, str | None]]:
    query = gradebook.db.query(
        Comment.notebook_id, BaseCell.name, Comment.manual_comment, Comment.auto_comment
    ).join(BaseCell, Comment.cell_id == BaseCell.id)
    if ids is not None:
        query = query.filter(Comment.notebook_id.in_(ids))
    yield from query.order_by(BaseCell.name)


def _late(handed_in: datetime | None, due: datetime | None, extension: timedelta | None) -> float | None:
    if handed_in is None or due is None:
        return None
    return max(0.0, (handed_in - due - (extension or timedelta())).total_seconds())
