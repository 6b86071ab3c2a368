"""The scores to export, as nbgrader counts them: after manual scores and late penalties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from nbgrader.api import Gradebook

from autograder.collect.place import CollectionRecord, Shelf
from autograder.course.folder import Course
from autograder.course.marks import GradebookStudent, Marks, read_assignment, read_marks, read_people
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
class CellComment:
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
    comments: tuple[CellComment, ...] = ()
    record: CollectionRecord | None = None


def read_scores(gradebook: Gradebook, course: Course, assignment: str) -> list[Score]:
    """Return the scores of all students, sorted by id.

    Raises:
        ExportError: the gradebook does not know the assignment.
    """
    entry = read_assignment(gradebook, assignment)
    if entry is None:
        raise ExportError(
            f"the gradebook does not know the assignment '{assignment}'; 'gradeascent release' enters it"
        )
    notebooks = [read_marks(gradebook, assignment, notebook) for notebook in entry.notebooks]
    order = _cell_order(course, assignment)
    shelf = Shelf(course, assignment)
    return [
        _score(
            person,
            [marks[person.student] for marks in notebooks if person.student in marks],
            entry.max_score,
            order,
            shelf,
        )
        for person in read_people(gradebook)
    ]


def _score(
    person: GradebookStudent, notebooks: Sequence[Marks], max_score: float, order: Sequence[str], shelf: Shelf
) -> Score:
    nothing = Score(
        student=person.student,
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        lms_user_id=person.lms_user_id,
        max_score=max_score,
        record=shelf.record(person.student),
    )
    if not notebooks:
        return nothing
    raw, penalty = sum(one.score for one in notebooks), sum(one.penalty for one in notebooks)
    return replace(
        nothing,
        is_handed_in=True,
        is_waiting=any(one.waiting for one in notebooks),
        raw_score=raw,
        late_penalty=penalty,
        score=max(0.0, raw - penalty),  # nbgrader's own rule, in its CsvExportPlugin
        submitted_at=notebooks[0].submitted_at,
        seconds_late=notebooks[0].late_seconds,
        cells=_cells(notebooks, order),
        comments=_comments(notebooks, order),
    )


def _cells(notebooks: Sequence[Marks], order: Sequence[str]) -> dict[str, CellScore]:
    marks = [mark for one in notebooks for mark in one.marks.values()]
    return {
        criterion_of(mark.cell) or mark.cell: CellScore(None if mark.waits else mark.score, mark.max_score)
        for mark in sorted(marks, key=lambda mark: _place(mark.cell, order))
    }


def _comments(notebooks: Sequence[Marks], order: Sequence[str]) -> tuple[CellComment, ...]:
    written = [
        CellComment(cell, comment.strip())
        for one in notebooks
        for cell, comment in one.comments.items()
        if comment.strip()
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
