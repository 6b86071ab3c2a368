"""Fills in Moodle's grading worksheet, or makes a table to import into Moodle's gradebook.

The worksheet's headings are in the site's language, and Moodle (`mod/assign/feedback/offline`) needs the
columns "Identifier", "Grade" and "Last modified (grade)" exactly as it wrote them. So the kit fills in
Moodle's own file, and recognizes columns by position and content: the identifier comes first, as in
"Participant 123"; the grade comes just before the maximum, which is the same number in all lines; comments
come last, after a column of times.
"""

from __future__ import annotations

import html
import re

from autograder.collect.members import LeftOut
from autograder.collect.roster import EMAIL, STUDENT_ID
from autograder.errors import ExportError
from autograder.export.csv_table import (
    Table,
    TableLine,
    harmless,
    number,
    read_number,
    read_table,
    write_table,
)
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
from autograder.plain.text import plain_text

NAME = "Moodle"

_NUMBER = re.compile(r"[0-9]{1,20}\Z")
_YEAR_AND_CLOCK = re.compile(r"\d{4}.*\d[:.]\d{2}")
# Longer cells hold free text: no identifier, time or number.
_MOST_CHARACTERS = 100
_GRADE, _COMMENTS = "Grade", "Feedback comments"
# Between the maximum and the comments: whether the grade can be changed, and when it was last changed.
_LEAST_BETWEEN = 2


def export_moodle(request: Request) -> Exported:
    """Return the worksheet with scores and comments; without a worksheet, a table for Moodle's gradebook.

    Raises:
        ExportError: the file is not a worksheet, or the grade column is not clear.
    """
    return _gradebook_table(request) if request.into is None else _worksheet(request)


def _worksheet(request: Request) -> Exported:
    assert request.into is not None
    table = read_table(request.into, NAME)
    people = {place: line for place, line in enumerate(table.lines[1:], 1) if any(map(str.strip, line.cells))}
    found = {place: _identifier(line.cell(0)) for place, line in people.items()}
    words = {one[0] if one else None for one in found.values()}
    if is_canvas(table) or len(words) != 1 or None in words or len(table.headings) <= _LEAST_BETWEEN:
        raise ExportError(
            f"{table.file} is not a Moodle grading worksheet: its first column is not the identifier, as in "
            f"'Participant 123'{looks_like(table)}"
        )
    grade = _grade_column(table, people, request.column)
    comments = _comments_column(table, people, grade)
    first = next(iter(people.values()))
    notes = about_maximum(NAME, first.cell(grade + 1), request)
    if table.delimiter != ",":
        sign = "tab" if table.delimiter == "\t" else f"'{table.delimiter}'"
        notes.append(f"cells are divided by {sign}: choose that as the separator when uploading")
    kept: list[LeftOut] = []

    def cells_of(one: Score, line: TableLine) -> Cells:
        maximum = read_number(line.cell(grade + 1))
        if maximum is not None and one.score > maximum:
            raise NotFilledError(f"Moodle ignores {one.score:g}, which is more than its maximum")
        cells = {grade: number(one.score)}
        text = _comment(one)
        if not text:
            return cells
        if comments is None:
            kept.append(LeftOut(one.student, "has comments, for which the worksheet has no column"))
        elif line.cell(comments).strip() not in ("", text):
            kept.append(LeftOut(one.student, "has another comment in Moodle already, which is kept"))
        else:
            cells[comments] = text
        return cells

    rows = [
        _row(table, place, line, one[1], grade) for place, line in people.items() if (one := found[place])
    ]
    exported = fill(request, table, rows, "moodle", cells_of, notes)
    return Exported(exported.content, exported.count, (*exported.left_out, *kept), exported.notes)


def _identifier(cell: str) -> tuple[str, str] | None:
    """Return the word for "Participant", and the number."""
    text = cell.strip()
    number_there = _NUMBER.search(text[:_MOST_CHARACTERS])
    return (text[: number_there.start()], number_there[0]) if number_there else None


def _is_time(cell: str) -> bool:
    text = cell.strip()
    return text == "-" or (len(text) <= _MOST_CHARACTERS and _YEAR_AND_CLOCK.search(text) is not None)


def _row(table: Table, place: int, line: TableLine, participant: str, grade: int) -> PersonRow:
    def is_id(heading: str) -> bool:
        return " ".join(heading.split()).casefold() in (*STUDENT_ID, *EMAIL)

    ids = tuple(
        cell.strip()
        for heading, cell in list(zip(table.headings, line.cells, strict=False))[1:grade]
        if is_id(heading) or re.fullmatch(r"\s*[^@\s]+@[^@\s]+\s*", cell)
    )
    return PersonRow(place, line.cell(1).strip(), participant, ids=ids)


def _grade_column(table: Table, people: dict[int, TableLine], wanted: str | None) -> int:
    """Return the column before the maximum; the maximum is the column with the same number in every line."""
    if wanted or table.headings.count(_GRADE):
        return named_column(table, wanted or _GRADE)

    def is_grade(column: int) -> bool:
        maxima = {read_number(line.cell(column + 1)) for line in people.values()}
        grades = [line.cell(column).strip() for line in people.values()]
        return (
            len(maxima) == 1
            and None not in maxima
            and all(cell in ("", "-") or read_number(cell) is not None for cell in grades)
        )

    fitting = [column for column in range(1, len(table.headings) - 1) if is_grade(column)]
    if len(fitting) != 1:
        raise ExportError(
            f"{table.file}: it is not clear which column holds the grades; name it with --column"
        )
    return fitting[0]


def _comments_column(table: Table, people: dict[int, TableLine], grade: int) -> int | None:
    """Return the last column, unless it holds the times at which grades were changed."""
    if _COMMENTS in table.headings:
        return named_column(table, _COMMENTS)
    last = len(table.headings) - 1
    is_time = any(_is_time(line.cell(last)) for line in people.values())
    before_is_time = all(_is_time(line.cell(last - 1)) for line in people.values())
    return last if last > grade + 1 + _LEAST_BETWEEN and before_is_time and not is_time else None


def _comment(one: Score) -> str:
    """Return the TAs' comments; Moodle reads this text as HTML."""
    lines = [
        html.escape(plain_text(line), quote=False)
        for comment in one.comments
        for line in f"{comment.cell}: {comment.text}".splitlines()
    ]
    return harmless("<br>".join(lines))


def _gradebook_table(request: Request) -> Exported:
    """Return a table for "Import > CSV file" in Moodle's gradebook.

    Moodle (`grade/import/csv`) stops at the first person that it does not know, so the table has only
    students with a score. A feedback column without a grade column would delete the grades, so the table
    always has both.
    """
    ready = request.ready()
    headings = (
        "student_id",
        "first_name",
        "last_name",
        "email",
        request.assignment,
        f"{request.assignment} feedback",
    )
    rows = [
        (
            *map(plain_text, (one.student, one.first_name, one.last_name, one.email)),
            number(one.score),
            _comment(one),
        )
        for one in ready
    ]
    notes = (
        "map 'student_id' to the username or ID number, or 'email' to the e-mail address; Moodle stops at the first "
        "person that it does not know",
    )
    return Exported(write_table(headings, rows), len(ready), tuple(request.waiting()), notes)
