"""Makes a table for spreadsheets and scripts: one line per student, one column per criterion."""

from __future__ import annotations

from datetime import UTC

from autograder.export.csv_table import number, write_table
from autograder.export.outcome import Exported, Request
from autograder.export.scores import Score
from autograder.plain.text import plain_text

GRADED, WAITING, MISSING = "graded", "waiting", "missing"


def export_csv(request: Request) -> Exported:
    """Return the table; it includes all students, and its last column says whether the score is final."""
    criteria = criteria_of(request)
    ready = set(map(id, request.ready()))
    headings = (
        *("student_id", "last_name", "first_name", "email", "submitted_at", *criteria),
        *("raw_score", "late_penalty", "score", "max_score", "state"),
    )
    rows = [
        (
            *map(plain_text, (one.student, one.last_name, one.first_name, one.email)),
            f"{one.submitted_at.replace(tzinfo=UTC):%Y-%m-%d %H:%M:%S %Z}" if one.submitted_at else "",
            *(cell_score(one, criterion) for criterion in criteria),
            *(
                number(value) if id(one) in ready else ""
                for value in (one.raw_score, one.late_penalty, one.score)
            ),
            number(one.max_score),
            state(one),
        )
        for one in request.wanted()
    ]
    return Exported(write_table(headings, rows), len(ready), tuple(request.waiting()))


def criteria_of(request: Request) -> dict[str, float]:
    """Return all criteria with their points, in the order of the notebook."""
    return {criterion: cell.max_score for one in request.scores for criterion, cell in one.cells.items()}


def cell_score(one: Score, criterion: str) -> str:
    """Return a student's score for a criterion; empty while a person has to grade it."""
    cell = one.cells.get(criterion)
    return "" if cell is None or cell.score is None else number(cell.score)


def state(one: Score) -> str:
    """Return how far the grading of a student is."""
    if not one.is_handed_in:
        return MISSING
    return WAITING if one.is_waiting else GRADED
