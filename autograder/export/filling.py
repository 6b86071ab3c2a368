"""Fills scores into a file that the instructor exported from an LMS; nothing else in it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from autograder.collect.members import LeftOut
from autograder.errors import ExportError
from autograder.export.csv_table import Table, TableLine, read_number
from autograder.export.outcome import Exported, Request
from autograder.export.people import PersonRow, match
from autograder.export.scores import Score

Cells = Mapping[int, str]


class NotFilledError(Exception):
    """A student's line must stay unchanged; the message says why."""


def fill(
    request: Request,
    table: Table,
    rows: Sequence[PersonRow],
    lms: str,
    cells_of: Callable[[Score, TableLine], Cells],
    notes: Sequence[str] = (),
) -> Exported:
    """Write every score into its student's line.

    Args:
        request: what to export.
        table: the LMS's file.
        rows: the lines of the file that are people.
        lms: the LMS's name in `gradeascent collect --lms`.
        cells_of: returns the new cells of a student's line, by column; may raise NotFilledError.
        notes: notes for the instructor so far.
    """
    matching = match(rows, request.scores, lms)
    left_out = [*request.waiting(), *matching.left_out]
    changes: dict[int, Cells] = {}
    for one in request.ready():
        place = matching.places.get(one.student)
        if place is None:
            if one.student not in matching.shared:
                left_out.append(LeftOut(one.student, f"no line of {table.file.name} is clearly theirs"))
            continue
        try:
            changes[place] = cells_of(one, table.lines[place])
        except NotFilledError as error:
            left_out.append(LeftOut(one.student, str(error)))
    absent = [
        one.student for one in request.wanted() if not one.is_handed_in and one.student in matching.places
    ]
    if absent:
        notes = [*notes, f"handed in nothing, so their lines are as they were: {', '.join(absent)}"]
    return Exported(table.filled(changes), len(changes), tuple(left_out), tuple(notes))


def about_maximum(lms: str, cell: str, request: Request) -> list[str]:
    """Return a warning if the LMS's maximum differs from the gradebook's: scores are not converted."""
    theirs, ours = read_number(cell), max((one.max_score for one in request.scores), default=None)
    if theirs is None or ours is None or theirs == ours:
        return []
    return [f"{lms} has a maximum of {theirs:g}, the gradebook one of {ours:g}; scores are not converted"]


def named_column(table: Table, name: str) -> int:
    """Return the only column with this heading.

    Raises:
        ExportError: there is none, or more than one.
    """
    found = [place for place, heading in enumerate(table.headings) if heading == name.strip()]
    if len(found) != 1:
        many = f"{len(found)} columns are" if found else "no column is"
        raise ExportError(f"{table.file}: {many} called '{name}'")
    return found[0]


def looks_like(table: Table) -> str:
    """Return which LMS a table is from, as the end of a message."""
    headings = table.headings
    if is_canvas(table):
        return "; it looks like a gradebook of Canvas"
    if {"Total Score", "Max Points"} <= set(headings):
        return "; it looks like a download of Gradescope"
    if "Identifier" in headings[:1]:
        return "; it looks like a grading worksheet of Moodle"
    return ""


def is_canvas(table: Table) -> bool:
    """Tell whether a table has the headings by which Canvas recognizes its gradebook."""
    first, second, third = (*table.headings, "", "", "")[:3]
    has_people = ("Student" in first and "ID" in second) or (
        first == "LastName" and second == "FirstName" and "ID" in third
    )
    return has_people and any("Section" in heading for heading in table.headings[:10])
