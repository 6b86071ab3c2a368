"""Writes a TA's decisions to nbgrader's gradebook, as formgrader does, but never over unseen changes.

Every save names the version of the scores and comments that it is based on. Reading, comparing and writing
are one transaction that holds the database's write lock, so that not even formgrader can interfere.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nbgrader.api import Comment, Grade, Gradebook, MissingEntry
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from autograder.course.folder import Course
from autograder.course.gradebook import open_gradebook
from autograder.course.marks import Marks, read_marks
from autograder.errors import CourseError, GradeascentError
from autograder.review.audit_log import AuditLog, LoggedChange, LogLine, Values


class ChangedMeanwhileError(GradeascentError):
    """Another person changed the submission after the page was made; `marks` holds the current marks."""

    def __init__(self, marks: Marks) -> None:
        super().__init__("another person has saved in the meantime")
        self.marks = marks


class NothingToUndoError(GradeascentError):
    """There is no change to undo, or it was overwritten since."""


@dataclass(frozen=True)
class Decision:
    """A TA's decision.

    Attributes:
        scores: by cell; None removes a person's score.
        comments: by cell.
        settled: cells that the TA looked at and whose score stays as it is.
        reasons: why automatic scores were changed, by cell.
    """

    scores: Mapping[str, float | None] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=dict)


Wanted = Callable[[Marks], Mapping[str, Values]]


class Saving:
    """Saves decisions about one assignment, one at a time."""

    def __init__(self, course: Course, assignment: str, notebook: str, log: AuditLog) -> None:
        self._course, self._assignment, self._notebook, self.log = course, assignment, notebook, log
        self._lock = threading.Lock()

    def save(self, student: str, decision: Decision, *, based_on: str, who: str) -> Marks:
        """Save a decision; return the gradebook's marks after it.

        Raises:
            ChangedMeanwhileError: the marks are no longer those that the decision was based on.
            CourseError: it cannot be written.
        """
        reasons = {cell: reason for cell, reason in decision.reasons.items() if reason}
        return self._change(
            student, lambda marks: _decided(marks, decision), based_on=based_on, who=who, reasons=reasons
        )

    def undo(self, student: str, name: str, *, who: str) -> Marks:
        """Undo a change, if it is the last one and has not been overwritten.

        Raises:
            NothingToUndoError: it is not the last one, or it was overwritten.
            CourseError: the gradebook cannot be written.
        """
        last = self.last_change(student)
        if last is None or last.name != name:
            raise NothingToUndoError("That change is no longer the last one.")

        def before(marks: Marks) -> Mapping[str, Values]:
            now = values_of(marks)
            if any(now.get(cell) != value for cell, value in last.new.items()):
                raise NothingToUndoError("That change was overwritten later, perhaps in formgrader.")
            return last.old

        return self._change(student, before, based_on=None, who=who, reasons={}, undoes=name)

    def last_change(self, student: str) -> LoggedChange | None:
        """Return the change that undo would take back."""
        changes = self.log.changes(student)
        return changes[-1] if changes else None

    def _change(
        self,
        student: str,
        wanted: Wanted,
        *,
        based_on: str | None,
        who: str,
        reasons: Mapping[str, str],
        undoes: str = "",
    ) -> Marks:
        with self._lock, open_gradebook(self._course) as gradebook:
            try:
                self._lock_out_others(gradebook, student)
                marks = self._marks(gradebook, student)
                if based_on is not None and based_on != marks.version:
                    raise ChangedMeanwhileError(marks)
                old, new = values_of(marks), wanted(marks)
                changed = {cell: value for cell, value in new.items() if value != old[cell]}
                if changed:
                    lines = self._lines(student, old, changed, who, reasons, undoes)
                    self._write(gradebook, marks.notebook_id, changed, lines)
                return self._marks(gradebook, student)
            finally:
                gradebook.db.rollback()

    def _lock_out_others(self, gradebook: Gradebook, student: str) -> None:
        if gradebook.db.get_bind().dialect.name == "sqlite":
            gradebook.db.execute(text("BEGIN IMMEDIATE"))
        else:
            _lock_rows(gradebook, self._assignment, self._notebook, student)

    def _marks(self, gradebook: Gradebook, student: str) -> Marks:
        found = read_marks(gradebook, self._assignment, self._notebook, student).get(student)
        if found is None:
            raise CourseError(
                "the gradebook does not have this submission; run 'gradeascent grade' so that it is recorded"
            )
        return found

    def _lines(
        self,
        student: str,
        old: Mapping[str, Values],
        changed: Mapping[str, Values],
        who: str,
        reasons: Mapping[str, str],
        undoes: str,
    ) -> list[LogLine]:
        name, now = secrets.token_hex(8), datetime.now(UTC)
        return [
            LogLine(
                change=name,
                when=now,
                who=who,
                student=student,
                assignment=self._assignment,
                cell=cell,
                old=old[cell],
                new=value,
                reason=reasons.get(cell, ""),
                undoes=undoes,
            )
            for cell, value in changed.items()
        ]

    def _write(
        self, gradebook: Gradebook, notebook_id: str, changed: Mapping[str, Values], lines: list[LogLine]
    ) -> None:
        """Write to the log before the commit: an unlogged change could not be explained or undone."""
        session = gradebook.db
        for row in session.query(Grade).filter(Grade.notebook_id == notebook_id):
            if value := changed.get(row.cell.name):
                row.manual_score, row.needs_manual_grade = value.manual_score, value.needs_manual_grade
        for row in session.query(Comment).filter(Comment.notebook_id == notebook_id):
            if value := changed.get(row.cell.name):
                row.manual_comment = value.manual_comment or None
        session.flush()
        self.log.write(lines)
        try:
            session.commit()
        except SQLAlchemyError:
            failed = lines[0].change
            note = {"change": secrets.token_hex(8), "failed": failed, "undoes": ""}
            self.log.write([lines[0].model_copy(update=note)])
            raise


def values_of(marks: Marks) -> dict[str, Values]:
    """Return people's decisions about every cell of a submission."""
    return {
        cell: Values(
            manual_score=marks.marks[cell].manual if cell in marks.marks else None,
            needs_manual_grade=marks.marks[cell].waits if cell in marks.marks else False,
            manual_comment=marks.comments.get(cell) or None,
        )
        for cell in [*marks.marks, *(cell for cell in marks.comments if cell not in marks.marks)]
    }


def _decided(marks: Marks, decision: Decision) -> dict[str, Values]:
    values = values_of(marks)
    for cell in decision.settled & marks.marks.keys():
        # Set a person's score too, so that recording the same report again does not ask for review again.
        mark = marks.marks[cell]
        given = mark.manual if mark.manual is not None else mark.automatic
        if given is not None:
            values[cell] = values[cell].model_copy(
                update={"manual_score": given, "needs_manual_grade": False}
            )
    for cell, score in decision.scores.items():
        mark = marks.marks[cell]
        if score == mark.manual:
            if score is not None and mark.waits:  # the same score again: the cell was looked at
                values[cell] = values[cell].model_copy(update={"needs_manual_grade": False})
            continue
        # As in formgrader: without any score, a person still has to look.
        waits = score is None and mark.automatic is None
        values[cell] = values[cell].model_copy(update={"manual_score": score, "needs_manual_grade": waits})
    for cell, comment in decision.comments.items():
        if cell in values:
            values[cell] = values[cell].model_copy(update={"manual_comment": comment.strip() or None})
    return values


def with_reason(comment: str, criterion: str, reason: str) -> str:
    """Return a comment that says why a criterion's score was changed; an older reason is replaced."""
    others = re.sub(rf"(?m)^\*\*{re.escape(criterion)}\*\* .*(?:\n|\Z)", "", comment).strip()
    return "\n\n".join(filter(None, (others, f"**{criterion}** {reason}" if reason else "")))


def _lock_rows(gradebook: Gradebook, assignment: str, notebook: str, student: str) -> None:
    try:
        entry = gradebook.find_submission_notebook(notebook, assignment, student)
    except MissingEntry:
        return
    for table in (Grade, Comment):
        gradebook.db.query(table.id).filter(table.notebook_id == entry.id).with_for_update().all()
    gradebook.db.expire_all()
