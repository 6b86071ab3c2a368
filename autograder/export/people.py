"""Matches lines of an LMS's file to students: only by exact and unique data, never by guessing.

Data that an LMS gives to only one person comes first: the number under which the submission was collected,
the LMS's id in the gradebook, login, institution's id, e-mail. Only students that none of these match are
matched by data that several people may share: the part of a login or address before the @, and the name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from autograder.collect.members import LeftOut
from autograder.collect.names import folder_name, same
from autograder.export.scores import Score

_Person = TypeVar("_Person")


@dataclass(frozen=True)
class PersonRow:
    """A person's line in an LMS's file.

    Attributes:
        place: the position of the line.
        name: as the LMS shows it.
        lms_id: the number that the download of submissions also shows.
        user_id: the LMS's own number for the person, if the file has it.
        ids: logins, institution's ids and addresses.
    """

    place: int
    name: str
    lms_id: str = ""
    user_id: str = ""
    ids: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """How to refer to them in messages."""
        return self.name or next(iter(self.ids), "") or self.lms_id or f"line {self.place + 1}"


@dataclass(frozen=True)
class Matching:
    """The result of matching.

    Attributes:
        places: the line of every student with exactly one line.
        shared: the students that several lines match.
        left_out: lines that match no student or several, with the reason.
    """

    places: Mapping[str, int]
    shared: frozenset[str]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class _MatchingRule:
    row: Callable[[PersonRow], Iterable[str]]
    score: Callable[[Score], Iterable[str]]


def match(rows: Sequence[PersonRow], scores: Sequence[Score], lms: str) -> Matching:
    """Match the lines of an LMS's file to students.

    Args:
        rows: the lines.
        scores: the students.
        lms: the LMS's name in `gradeascent collect --lms`.
    """
    fitting = _by_what_is_ones_own(rows, scores, lms)
    left_out: list[LeftOut] = []
    claims: dict[str, list[PersonRow]] = defaultdict(list)
    for row in rows:
        students = fitting[row.place]
        if len(students) > 1:
            left_out.append(LeftOut(row.called, f"fits {_listed(students)} in the gradebook"))
        elif students:
            claims[next(iter(students))].append(row)
    unknown = [row for row in rows if not fitting[row.place]]
    for rule in _SHARED:
        students_by, rows_by = _index(scores, rule.score), _index(rows, rule.row)
        for row in list(unknown):
            keys = set(_keys(rule.row(row))) & students_by.keys()
            students = {one.student for key in keys for one in students_by[key]} - claims.keys()
            if not students:
                continue
            unknown.remove(row)
            is_only_row = all(len(rows_by[key]) == 1 for key in keys)
            if is_only_row and len(students) == 1:
                claims[next(iter(students))].append(row)
            else:
                left_out.append(LeftOut(row.called, f"not the only one who may be {_listed(students)}"))
    left_out += (LeftOut(row.called, "not in the gradebook; the line is unchanged") for row in unknown)
    shared = {student: len(claiming) for student, claiming in claims.items() if len(claiming) > 1}
    left_out += (
        LeftOut(student, f"{count} lines fit, so none is filled") for student, count in shared.items()
    )
    places = {student: claiming[0].place for student, claiming in claims.items() if student not in shared}
    return Matching(places, frozenset(shared), tuple(left_out))


def _by_what_is_ones_own(rows: Sequence[PersonRow], scores: Sequence[Score], lms: str) -> dict[int, set[str]]:
    def collected_as(one: Score) -> Iterable[str]:
        return [one.record.person] if one.record and one.record.lms == lms else []

    rules = (
        _MatchingRule(lambda row: [row.lms_id], collected_as),
        _MatchingRule(lambda row: [row.user_id], lambda one: [one.lms_user_id]),
        # `gradeascent collect` names folders this way
        _MatchingRule(
            lambda row: [*row.ids, *map(folder_name, row.ids)], lambda one: [one.student, one.email]
        ),
    )
    found: dict[int, set[str]] = {row.place: set() for row in rows}
    for rule in rules:
        students_by = _index(scores, rule.score)
        for row in rows:
            for key in _keys(rule.row(row)):
                found[row.place] |= {one.student for one in students_by.get(key, ())}
    return found


def _index(people: Iterable[_Person], keys: Callable[[_Person], Iterable[str]]) -> dict[str, list[_Person]]:
    found: dict[str, list[_Person]] = defaultdict(list)
    for one in people:
        for key in set(_keys(keys(one))):
            found[key].append(one)
    return found


def _keys(values: Iterable[str]) -> Iterable[str]:
    return (key for value in values if (key := same(" ".join(value.split()))))


def _user_parts(row: PersonRow) -> Iterable[str]:
    return (value.partition("@")[0] for value in row.ids if "@" in value)


def _words(name: str) -> str:
    """Return the words of a name in a fixed order: an LMS may put the surname first."""
    return " ".join(sorted(re.findall(r"[^\W_]+", same(name))))


def _names(one: Score) -> Iterable[str]:
    """Return a student's name; without a roster, `gradeascent collect` named the folder after the student."""
    return [_words(f"{one.first_name} {one.last_name}") or _words(one.student)]


_SHARED = (
    _MatchingRule(lambda row: [row.user_id], lambda one: [one.student]),
    _MatchingRule(_user_parts, lambda one: [one.student]),
    _MatchingRule(lambda row: [_words(row.name)], _names),
)


def _listed(students: Iterable[str]) -> str:
    return " and ".join(f"'{student}'" for student in sorted(students))
