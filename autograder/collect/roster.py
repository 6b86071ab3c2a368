"""The roster: a CSV file that maps names or numbers of an LMS to student ids.

Columns are found by their headings, so exports of many systems work as they are: Canvas's gradebook, Moodle's
grading worksheet with an id column added, or a list made by hand. No match is guessed: a person who fits two
students, or one by number and another by name, is left to the instructor.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.collect.handed_in import Person
from autograder.collect.names import folder_name, same
from autograder.errors import DownloadError
from autograder.plain.untrusted_files import open_plain

# 50,000 students with 200 bytes each.
MOST_ROSTER_BYTES = 10 * 1024 * 1024

# Possible headings, of which the first found counts; capitals, spaces and underscores do not matter.
STUDENT_ID = (
    "student id", "sis login id", "username", "login id", "sid", "id number", "student number", "id", "sis user id",
)  # fmt: skip
LMS_ID = ("lms id", "lms user id", "user id", "sis user id", "identifier", "id")
FULL_NAME = ("name", "full name", "student name", "student")
FIRST_NAME = ("first name", "given name", "firstname")
LAST_NAME = ("last name", "surname", "family name", "lastname")
EMAIL = ("email", "email address", "e-mail", "e-mail address", "mail")

# In Moodle's grading worksheet, numbers follow the word for "Participant" in the site's language.
_PARTICIPANT = re.compile(r"\D+ ?(?P<number>[0-9]+)")

_Index = Mapping[str, frozenset[str]]


class NoMatchError(Exception):
    """A person is not on the roster, or not unambiguously; the message says why."""


@dataclass(frozen=True)
class Roster:
    """Student ids, indexed by everything that may identify a student; each id is a safe folder name."""

    students: tuple[str, ...]
    _ids: _Index = field(repr=False)
    _lms_ids: _Index = field(repr=False)
    _emails: _Index = field(repr=False)
    _names: _Index = field(repr=False)
    _squeezed: _Index = field(repr=False)

    def student(self, person: Person) -> str:
        """Return the student id of a person from an LMS.

        Raises:
            NoMatchError: no student fits, or more than one does.
        """
        name = _squeezed(person.name) if person.squeezed else _words(person.name)
        by_name = (self._squeezed if person.squeezed else self._names).get(name, frozenset())
        by_number = frozenset[str]().union(
            *(self._lms_ids.get(_key(number), ()) for number in person.lms_ids),
            *(self._ids.get(_key(number), ()) for number in person.student_ids),
            self._emails.get(_key(person.email), ()),
        )
        fitting = by_number or by_name
        if not fitting:
            raise NoMatchError("not in the roster")
        if len(fitting) > 1:
            raise NoMatchError(f"fits {_listed(fitting)} in the roster; an LMS id or email there decides")
        if by_name and not fitting & by_name:
            raise NoMatchError(f"fits {_listed(fitting)} by number but {_listed(by_name)} by name")
        return next(iter(fitting))

    def is_known_by_number(self, person: Person) -> bool:
        """Tell whether a number or email, not only a name, links a person to the roster."""
        return (
            any(_key(number) in self._lms_ids for number in person.lms_ids)
            or any(_key(number) in self._ids for number in person.student_ids)
            or _key(person.email) in self._emails
        )


def read_roster(file: Path) -> Roster:
    """Read a roster.

    Raises:
        DownloadError: it cannot be read, has no student id column, or two students would share a folder.
    """
    headings, *lines = _table(file)
    columns: dict[str, int] = {}
    for place, heading in enumerate(headings):
        columns.setdefault(" ".join(heading.replace("_", " ").split()).casefold(), place)
    id_column = _first(STUDENT_ID, columns)
    if id_column is None:
        known = ", ".join(f"'{name}'" for name in STUDENT_ID[:3])
        raise DownloadError(f"{file}: no column holds the student ids; call it {known} or 'id'")
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    folders: dict[str, str] = {}
    for cells in lines:
        line = {name: cells[place].strip() for name, place in columns.items() if place < len(cells)}
        given = line.get(id_column, "")
        if not given:  # such as the line "Points Possible" in Canvas's gradebook
            continue
        student = folder_name(given)
        if not student:
            raise DownloadError(f"{file}: the student id '{given}' has no letter or digit in it")
        other = folders.setdefault(same(student), given)
        if _key(other) != _key(given):
            raise DownloadError(
                f"{file}: the student ids '{other}' and '{given}' would be one folder; change one"
            )
        for index, value in _known_as(line, id_column):
            found[index][value].add(folder_name(other))
    if not folders:
        raise DownloadError(f"{file}: this roster is empty")
    indexes = (
        {value: frozenset(students) for value, students in found[index].items()}
        for index in ("id", "lms id", "email", "name", "squeezed")
    )
    return Roster(tuple(map(folder_name, folders.values())), *indexes)


def _known_as(line: Mapping[str, str], id_column: str) -> Iterable[tuple[str, str]]:
    """Yield everything that identifies a student, each with its kind."""
    yield "id", _key(line[id_column])
    for column in LMS_ID:
        # The id column may hold the institution's ids, where a number of the LMS means another person.
        if column != id_column and (value := line.get(column)):
            number = _PARTICIPANT.fullmatch(value) if column == "identifier" else None
            yield "lms id", number["number"] if number else _key(value)
    email = _first(EMAIL, line)
    if email and line[email]:
        yield "email", _key(line[email])
    for name in filter(_words, _names(line)):
        yield "name", _words(name)
        # A squeezed name starts with the surname, but it is unknown which of the words that is.
        words = _words(name).split()
        yield from (("squeezed", "".join(words[place:] + words[:place])) for place in range(len(words)))


def _names(line: Mapping[str, str]) -> Iterable[str]:
    """Yield a student's name in the orders in which an LMS may show it."""
    first, last = (line.get(_first(columns, line) or "", "") for columns in (FIRST_NAME, LAST_NAME))
    if first or last:
        yield from (f"{first} {last}", f"{last} {first}")
    full = line.get(_first(FULL_NAME, line) or "", "")
    if "," in full:
        last, first = full.split(",", 1)
        yield from (f"{first} {last}", f"{last} {first}")
    elif full:
        yield full


def _first(names: Iterable[str], columns: Mapping[str, object]) -> str | None:
    return next((name for name in names if name in columns), None)


def _key(value: str) -> str:
    return same(" ".join(value.split()))


def _words(name: str) -> str:
    """Return the words of a name; an LMS may drop or replace anything but letters and digits."""
    spaced = "".join(" " if sign.isspace() or sign == "_" else sign for sign in same(name))
    letters = "".join(sign for sign in spaced if sign == " " or unicodedata.category(sign)[0] in "LMN")
    return " ".join(letters.split())


def _squeezed(name: str) -> str:
    return "".join(_words(name).split())


def _listed(students: Iterable[str]) -> str:
    return " and ".join(f"'{student}'" for student in sorted(students))


def _table(file: Path) -> Sequence[Sequence[str]]:
    try:
        with open_plain(file.expanduser().resolve()) as stream:
            content = stream.read(MOST_ROSTER_BYTES + 1)
    except OSError as error:
        raise DownloadError(f"{file} cannot be read: {error.strerror or error}") from error
    if len(content) > MOST_ROSTER_BYTES:
        raise DownloadError(f"{file} is too large for a roster")
    text = _decoded(content)
    first_line = next(filter(str.strip, text.splitlines()), "")
    delimiter = max(",;\t", key=first_line.count)
    try:
        table = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(line)]
    except csv.Error as error:
        raise DownloadError(f"{file} is not a CSV file: {error}") from error
    if not table:
        raise DownloadError(f"{file} is empty; a roster has a line of headings and one for each student")
    return table


def _decoded(content: bytes) -> str:
    """Decode a CSV file; spreadsheet programs save UTF-8 with a mark, UTF-16, or the old Windows encoding."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
