"""Fills in the gradebook that the instructor exported from Canvas.

A new table would be a risk: Canvas (`lib/gradebook_importer.rb`) creates an assignment for every title and a
person for every line that it does not know, and takes an assignment's maximum from the line "Points
Possible". So the kit fills in Canvas's own export, in the assignment's one column `<title> (<number>)`.
"""

from __future__ import annotations

import re

from autograder.collect.names import same
from autograder.errors import ExportError
from autograder.export.csv_table import Table, TableLine, number, read_table
from autograder.export.filling import (
    Cells,
    NotFilledError,
    about_maximum,
    fill,
    is_canvas,
    looks_like,
    named_column,
)
from autograder.export.outcome import Exported, Request
from autograder.export.people import PersonRow
from autograder.export.scores import Score

NAME = "Canvas"

_TITLE = re.compile(r"(?P<title>.+) \((?P<number>[0-9]+)\)", re.DOTALL)
_POINTS, _READ_ONLY = "Points Possible", re.compile(r"read\s+only")
_NO_PERSON = re.compile(r"(Muted|Manual Posting.*)?", re.IGNORECASE)
# Every course has this person, for viewing the course as a student does.
_TEST_STUDENT = "Student, Test"
_EXCUSED, _NOT_ASSIGNED = "EX", "N/A"


def export_canvas(request: Request) -> Exported:
    """Return the exported gradebook with the scores filled in.

    Raises:
        ExportError: there is no exported gradebook, or the assignment's column is not clear.
    """
    if request.into is None:
        raise ExportError(
            "Canvas adds every assignment and person that it does not know in a table, so fill in its own: "
            "export it there under Grades, and name it with --into"
        )
    table = read_table(request.into, NAME)
    if not is_canvas(table):
        raise ExportError(f"{table.file} is not a gradebook exported from Canvas{looks_like(table)}")
    column = _column(table, request)
    points = next((line for line in table.lines[1:] if _POINTS in line.cell(0)), None)
    if points is not None and _READ_ONLY.search(points.cell(column)):
        raise ExportError(f"{table.file}: Canvas calculates the column '{table.headings[column]}' itself")
    notes = about_maximum(NAME, points.cell(column) if points else "", request)

    def cells_of(one: Score, line: TableLine) -> Cells:
        there = line.cell(column).strip().upper()
        if there == _EXCUSED:
            raise NotFilledError("excused in Canvas; a score would change that")
        if there == _NOT_ASSIGNED:
            raise NotFilledError("the assignment is not assigned to them in Canvas")
        return {column: number(one.score)}

    return fill(request, table, _rows(table), "canvas", cells_of, notes)


def _column(table: Table, request: Request) -> int:
    section = max(place for place, heading in enumerate(table.headings[:10]) if "Section" in heading)
    titles = {
        place: found
        for place, heading in enumerate(table.headings)
        if place > section and (found := _TITLE.fullmatch(heading))
    }
    wanted = request.column
    if wanted and wanted.strip() in table.headings:
        column = named_column(table, wanted)
        if column not in titles:
            raise ExportError(
                f"{table.file}: '{wanted}' has no number in brackets, so Canvas would make a new assignment from it"
            )
        return column
    if wanted:
        fitting = [
            place for place, found in titles.items() if wanted.strip() in (found["title"], found["number"])
        ]
    else:
        name = _words(request.assignment)
        fitting = [place for place, found in titles.items() if _words(found["title"]) == name]
    if len(fitting) == 1:
        return fitting[0]
    called = f"'{wanted or request.assignment}'"
    known = ", ".join(f"'{found.string}'" for found in titles.values()) or "there are none"
    many = f"{len(fitting)} assignments are" if fitting else "no assignment is"
    raise ExportError(f"{table.file}: {many} called {called}; choose one of these with --column: {known}")


def _rows(table: Table) -> list[PersonRow]:
    headings = table.headings
    is_split = headings[0] == "LastName"
    user_id = 2 if is_split else 1
    ids = [place for place, heading in enumerate(headings[:10]) if heading in ("SIS User ID", "SIS Login ID")]
    rows: list[PersonRow] = []
    for place, line in enumerate(table.lines[1:], 1):
        name = f"{line.cell(1)} {line.cell(0)}" if is_split else line.cell(0)
        is_nobody = all(_NO_PERSON.fullmatch(cell.strip()) for cell in line.cells) or _POINTS in line.cell(0)
        if is_nobody or (name == _TEST_STUDENT and not any(line.cell(one).strip() for one in ids)):
            continue
        number_there = line.cell(user_id).strip()
        rows.append(PersonRow(place, name.strip(), number_there, number_there, tuple(map(line.cell, ids))))
    return rows


def _words(title: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", same(title)))
