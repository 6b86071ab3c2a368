"""What the page says about each criterion: gradebook score, grader's message and people's comments.

The score is always the gradebook's. The grader's message appears only next to the score that it explains.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from autograder.course.marks import Mark, Marks
from autograder.course.notebooks import check_cell, criterion_of
from autograder.report import WORDS, Report, Result, Status

Shown = Status | Literal["waits"]

_WAITS = "a person will read this"
# nbgrader reads the score from a cell's output, which has six digits.
_SAME_SCORE = 1e-3


@dataclass(frozen=True)
class CriterionRow:
    """One criterion.

    Attributes:
        name: the criterion's name.
        cell: the grade_id of the graded cell.
        status: its status.
        mark: the score.
        message: the grader's message; empty if there is none for this score.
        comments: people's comments, as markdown.
    """

    name: str
    cell: str
    status: Shown
    mark: Mark
    message: str = ""
    comments: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The status in words."""
        return _WAITS if self.status == "waits" else WORDS[self.status]


@dataclass(frozen=True)
class Rows:
    """All criteria in the order of the notebook, and comments that belong to no criterion, by cell."""

    rows: tuple[CriterionRow, ...]
    other_comments: dict[str, str]


def make_rows(standing: Marks, report: Report | None, cells: Sequence[str]) -> Rows:
    """Return what the page says about each criterion.

    Args:
        standing: what the gradebook says.
        report: the grader's; None if nbgrader graded alone.
        cells: the names of the notebook's cells, in order.
    """
    places = {cell: place for place, cell in reversed(list(enumerate(cells)))}
    names = sorted(standing.marks, key=lambda cell: places.get(cell, len(cells)))
    rows = {cell: _row(standing.marks[cell], report) for cell in names}
    others: dict[str, str] = {}
    for cell, comment in standing.shown_comments.items():
        if (target := _belongs_to(cell, rows, places)) is None:
            others[cell] = comment
        else:
            rows[target] = replace(rows[target], comments=(*rows[target].comments, comment))
    return Rows(tuple(rows.values()), others)


def _row(mark: Mark, report: Report | None) -> CriterionRow:
    criterion = criterion_of(mark.cell)
    result = report.criteria.get(criterion) if report is not None and criterion is not None else None
    if result is not None and mark.automatic is not None and not _agree(result, mark.automatic):
        result = None
    message = result.feedback if result is not None else ""
    return CriterionRow(criterion or mark.cell, mark.cell, _status(mark, result), mark, message)


def _agree(result: Result, automatic: float) -> bool:
    return abs(result.score - automatic) < _SAME_SCORE


def _status(mark: Mark, result: Result | None) -> Shown:
    if mark.waits and mark.automatic is None and mark.manual is None:
        return "waits"
    if mark.waits:
        return "review"
    if result is not None and mark.manual is None:
        return result.status
    if mark.score >= mark.max_score - _SAME_SCORE:
        return "pass"
    return "partial" if mark.score > _SAME_SCORE else "fail"


def _belongs_to(cell: str, rows: Mapping[str, CriterionRow], places: Mapping[str, int]) -> str | None:
    """Return the graded cell that a comment is about: that cell itself, its check, or the next check below it."""
    for candidate in (cell, check_cell(cell)):
        if candidate in rows:
            return candidate
    return next(iter(_below(cell, rows, places)), None)


def _below(cell: str, rows: Mapping[str, CriterionRow], places: Mapping[str, int]) -> Iterator[str]:
    if cell in places:
        yield from (row for row in rows if row in places and places[row] > places[cell])
