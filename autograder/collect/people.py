"""Decides which folder a submission belongs to: by the roster, else by the name in the LMS.

Two people never share a folder, even if they have the same name and the second arrives with a later download.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from autograder.collect.handed_in import HandedIn, Person
from autograder.collect.members import LeftOut
from autograder.collect.names import folder_name, same, with_suffix
from autograder.collect.roster import NoMatchError, Roster


@dataclass(frozen=True)
class Assigned:
    """Submissions by student id, and what could not be assigned."""

    submissions: dict[str, list[HandedIn]]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[LeftOut, ...] = ()


def by_roster(handed_in: Iterable[HandedIn], roster: Roster) -> Assigned:
    """Assign submissions to the students on a roster."""
    found: dict[str, list[HandedIn]] = defaultdict(list)
    left_out: list[LeftOut] = []
    for one in handed_in:
        try:
            found[roster.student(one.person)].append(one)
        except NoMatchError as error:
            left_out.append(LeftOut(one.what, str(error)))
    for student, submissions in list(found.items()):
        is_one_person = len({one.person.key for one in submissions}) == 1
        if not is_one_person and not all(roster.is_known_by_number(one.person) for one in submissions):
            why = f"several people fit '{student}' in the roster; add an LMS id or email there"
            left_out += (LeftOut(one.what, why) for one in found.pop(student))
    return Assigned(dict(found), tuple(left_out))


def by_name(handed_in: Iterable[HandedIn], owner: Callable[[str], str | None]) -> Assigned:
    """Assign submissions to folders that are named after the people in the LMS.

    Args:
        handed_in: the submissions.
        owner: returns the key of the person who got this folder in an earlier download; None if it is free.
    """
    submissions: dict[str, list[HandedIn]] = defaultdict(list)
    people: dict[str, Person] = {}
    for one in handed_in:
        submissions[one.person.key].append(one)
        people[one.person.key] = one.person
    alike: dict[str, list[str]] = defaultdict(list)
    for key, person in people.items():
        alike[same(_preferred(person))].append(key)
    folders: dict[str, str] = {}
    taken: set[str] = set()
    notes: list[LeftOut] = []
    for key, person in sorted(people.items()):
        names = _names(person)
        is_alone = len(alike[same(names[0])]) == 1
        mine = [name for name in names if owner(name) == key]
        free = [name for name in names[0 if is_alone else 1 :] if owner(name) is None]
        folder = next(name for name in (*mine, *free) if same(name) not in taken)
        folders[key] = folder
        taken.add(same(folder))
        if folder != names[0]:
            notes.append(
                LeftOut(
                    person.called,
                    f"several people have this name, so the folder is '{folder}'; a roster helps",
                )
            )
    return Assigned({folders[key]: ones for key, ones in submissions.items()}, notes=tuple(notes))


def _preferred(person: Person) -> str:
    return folder_name(person.own_id or person.called) or "student"


def _names(person: Person) -> Sequence[str]:
    """Return the folder names that a person may get, the best first; the last one is unique to the person."""
    preferred = _preferred(person)
    digest = hashlib.sha256(person.key.encode(errors="surrogatepass")).hexdigest()
    number = [person.key] if person.key.isascii() and person.key.isalnum() and len(person.key) <= 20 else []
    return [preferred, *(with_suffix(preferred, suffix) for suffix in (*number, digest[:8], digest))]
