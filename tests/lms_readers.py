"""Canvas and Moodle, as far as they read scores: written from what their documentation and sources say.

Canvas:
    https://community.instructure.com/en/kb/articles/660862-how-do-i-import-grades-in-the-gradebook
    https://github.com/instructure/canvas-lms/blob/master/lib/gradebook_importer.rb
Moodle:
    https://docs.moodle.org/en/Assignment_settings
    https://github.com/moodle/moodle/blob/main/mod/assign/feedback/offline/importgradeslib.php and locallib.php
    https://docs.moodle.org/en/Grade_import
    https://github.com/moodle/moodle/blob/main/grade/import/csv/classes/load_data.php
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_CANVAS_TOTALS = re.compile(r"(Current|Final|Override) (Score|Points|Grade|Status)")


@dataclass
class CanvasImport:
    """What Canvas would do.

    Attributes:
        scores: what it would enter, by assignment and person.
        new_assignments, new_people: what it would make, after asking.
        points: the maximum that it would set.
    """

    scores: dict[tuple[int, int], str] = field(default_factory=dict)
    new_assignments: list[str] = field(default_factory=list)
    new_people: list[str] = field(default_factory=list)
    points: dict[int, str] = field(default_factory=dict)


def canvas_import(
    file: Path, people: Mapping[int, tuple[str, str]], assignments: Mapping[int, str]
) -> CanvasImport:
    """Read a gradebook as Canvas does; its people have a login and a name.

    The rules are those of `gradebook_importer.rb`, by its functions.
    """
    text = file.read_bytes().decode("utf-8-sig")
    # semicolon_delimited?: a semicolon, if it gives the same and the larger number of cells in three lines
    lines = text.splitlines()[:3]
    counts = {sign: {len(next(csv.reader([line], delimiter=sign))) for line in lines} for sign in ",;"}
    widths = {sign: next(iter(count)) if len(count) == 1 else 0 for sign, count in counts.items()}
    table = list(
        csv.reader(io.StringIO(text, newline=""), delimiter=";" if widths[";"] > widths[","] else ",")
    )
    header, *rows = [row for row in table if any(row)]  # skip_lines
    # row_has_student_headers?, update_column_count and header?
    assert len(header) > 3
    assert "Student" in header[0]
    assert "ID" in header[1]
    width = 3
    login = None
    if header[2] == "SIS Login ID":
        login, width = 2, 4
    elif header[2] == "SIS User ID" and header[3] == "SIS Login ID":
        login, width = 3, 5
        width += header[4] == "Integration ID"
        width += header[width - 1] == "Root Account"
    assert "Section" in header[width - 1]
    result = CanvasImport()
    columns: dict[int, int] = {}
    for place, title in enumerate(header):
        if place < width or _CANVAS_TOTALS.search(title):  # strip_non_assignment_columns
            continue
        found = re.fullmatch(r"(.+) \((\d+)\)", title)  # Assignment.title_and_id
        number = int(found[2]) if found else 0
        if number not in assignments:
            number = next((one for one, known in assignments.items() if known == title), 0)
        if number:
            columns[number] = place
        else:
            result.new_assignments.append(title)
    for row in rows:
        if "Points Possible" in row[0]:  # process_pp
            result.points = {number: row[place] for number, place in columns.items()}
            continue
        if all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell, re.IGNORECASE) for cell in row):
            continue
        # process_student: by the number, the login, the name
        person = int(row[1]) if row[1].isdigit() and int(row[1]) in people else None
        if person is None and login is not None:
            person = next(
                (one for one, (known, _) in people.items() if row[login] and known == row[login]), None
            )
        if person is None:
            person = next((one for one, (_, name) in people.items() if name == row[0]), None)
        if person is None:
            result.new_people.append(row[0])
            continue
        for number, place in columns.items():
            value = row[place].strip() if place < len(row) else ""
            if value not in ("", "-"):  # no_score?
                result.scores[number, person] = value
    return result


@dataclass(frozen=True)
class MoodleLanguage:
    """The words of a site that the worksheet's importer looks for."""

    identifier: str = "Identifier"
    participant: str = "Participant "
    grade: str = "Grade"
    modified: str = "Last modified (grade)"
    comments: str = "Feedback comments"


ENGLISH = MoodleLanguage()


def moodle_worksheet_import(
    file: Path, people: Mapping[int, str], maximum: float, language: MoodleLanguage = ENGLISH
) -> tuple[dict[str, float], dict[str, str]]:
    """Return the grades and comments that Moodle would enter, by user.

    `init` needs three columns in the language of the site; `next` cuts the word off by its length and passes over
    numbers that it does not know; `process_import_grades` passes over grades that are empty or out of range.
    """
    table = list(csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline="")))
    columns = table[0]
    place = {name: columns.index(name) for name in (language.identifier, language.grade, language.modified)}
    grades: dict[str, float] = {}
    comments: dict[str, str] = {}
    for row in filter(any, table[1:]):
        number = row[place[language.identifier]][len(language.participant) :]
        user = people.get(int(number)) if number.isdigit() else None
        if user is None:
            continue
        grade = row[place[language.grade]].replace(" ", "").replace(",", ".")  # unformat_float
        if grade and 0 <= float(grade) <= maximum:
            grades[user] = float(grade)
        if language.comments in columns and (text := row[columns.index(language.comments)]):
            comments[user] = text
    return grades, comments


class MoodleStopsError(Exception):
    """Moodle would import nothing."""


def moodle_gradebook_import(
    file: Path, mapped: str, users: Sequence[str], item: str, feedback: str
) -> dict[str, tuple[float, str]]:
    """Return what Moodle's gradebook would take from a table, by user.

    `check_user_exists` ends the import at the first unknown user; in `update_grade_item`, a blank or "-" is no grade
    and what is no number ends the import.
    """
    taken: dict[str, tuple[float, str]] = {}
    for row in csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline="")):
        if not row[mapped]:
            continue
        if row[mapped] not in users:
            raise MoodleStopsError(row[mapped])
        if row[item] in ("", "-"):
            continue
        try:
            taken[row[mapped]] = float(row[item]), row[feedback]
        except ValueError as error:
            raise MoodleStopsError(row[item]) from error
    return taken
