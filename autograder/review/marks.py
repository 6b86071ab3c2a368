"""What nbgrader's gradebook says about submissions, for the review pages: a whole class in three queries."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)


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
    automatic: float | None
    manual: float | None
    extra_credit: float
    waits: bool

    @property
    def score(self) -> float:
        """The score that counts, by nbgrader's rule."""
        given = self.manual if self.manual is not None else self.automatic
        return (given or 0.0) + (self.extra_credit if given is not None else 0.0)


@dataclass(frozen=True)
class Marks:
    """Everything that the gradebook says about one submission.

    Attributes:
        notebook_id: nbgrader's own id.
        name: the student's full name; empty if the gradebook has none.
        marks: by the grade_id of the cell.
        comments: what people wrote, by the grade_id of every cell that can have a comment.
        late_seconds: how late it was submitted.
        penalty: the points deducted for that.
    """

    notebook_id: str
    name: str = ""
    marks: dict[str, Mark] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    late_seconds: float = 0.0
    penalty: float = 0.0

    @property
    def score(self) -> float:
        """The total before the penalty."""
        return sum(mark.score for mark in self.marks.values())

    @property
    def max_score(self) -> float:
        """The maximum score."""
        return sum(mark.max_score for mark in self.marks.values())

    @property
    def waiting(self) -> frozenset[str]:
        """The cells that a person still has to look at."""
        return frozenset(name for name, mark in self.marks.items() if mark.waits)

    @property
    def version(self) -> str:
        """A value that changes with every score, comment and flag; a form says on which value it is based."""
        marks = [
            (mark.cell, mark.automatic, mark.manual, mark.extra_credit, mark.waits)
            for mark in self.marks.values()
        ]
        state = json.dumps([sorted(marks, key=lambda mark: mark[0]), sorted(self.comments.items())])
        return hashlib.sha256(state.encode()).hexdigest()[:32]


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
    for owner, cell, comment in _comments(gradebook, ids):
        comments[owner][cell] = comment
    return {
        who: Marks(
            notebook_id=owner,
            name=" ".join(filter(None, (first, last))),
            marks=marks[owner],
            comments=comments[owner],
            late_seconds=_late(timestamp, due, extension),
            penalty=penalty or 0.0,
        )
        for owner, who, first, last, timestamp, extension, due, penalty in people
    }


def _marks(gradebook: Gradebook, ids: list[str] | None) -> Iterator[tuple[str, Mark]]:
    query = gradebook.db.query(
        Grade.notebook_id,
        GradeCell.name,
        GradeCell.max_score,
        Grade.auto_score,
        Grade.manual_score,
        Grade.extra_credit,
        Grade.needs_manual_grade,
    ).join(GradeCell, Grade.cell_id == GradeCell.id)
    if ids is not None:
        query = query.filter(Grade.notebook_id.in_(ids))
    for owner, cell, most, automatic, manual, extra, waits in query.all():
        yield owner, Mark(cell, most, automatic, manual, extra or 0.0, bool(waits))


def _comments(gradebook: Gradebook, ids: list[str] | None) -> Iterator[tuple[str, str, str]]:
    query = gradebook.db.query(Comment.notebook_id, BaseCell.name, Comment.manual_comment).join(
        BaseCell, Comment.cell_id == BaseCell.id
    )
    if ids is not None:
        query = query.filter(Comment.notebook_id.in_(ids))
    for owner, cell, comment in query.all():
        yield owner, cell, comment or ""


def _late(handed_in: datetime | None, due: datetime | None, extension: object) -> float:
    if handed_in is None or due is None:
        return 0.0
    end = due + extension if extension is not None else due  # type: ignore[operator] # a timedelta
    return max(0.0, (handed_in - end).total_seconds())
