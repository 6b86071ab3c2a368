"""Reads a folder or archive that was put together by hand.

It holds `<student>.ipynb`, `<student>.zip`, `<student>/<file>` or, as in a course folder,
`<student>/<assignment>/<file>`. The times of the files are used as submission times if that is plausible.
"""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import normalize

from autograder.collect.handed_in import (
    ARCHIVES,
    NOTEBOOK,
    DownloadReading,
    File,
    HandedIn,
    Person,
    by_file_times,
    is_archive,
    is_notebook,
)
from autograder.collect.members import LeftOut, Member
from autograder.collect.names import same


def read_plain(members: Sequence[Member], assignment: str) -> DownloadReading:
    """Return who handed in what."""
    around = 1 if _has_a_folder_around(members, assignment) else 0
    paths = {member: member.parts[around:] for member in members}
    keeps_to_layout = {path[0] for path in paths.values() if _is_in_assignment(path, assignment)}
    submissions: dict[tuple[str, str], list[File]] = {}
    left_out: list[LeftOut] = []
    for member, (student, *inner) in paths.items():
        if not inner and not is_notebook(student) and not is_archive(student):
            left_out.append(LeftOut(member.path, f"neither <student>{NOTEBOOK} nor in a student's folder"))
        elif not inner:
            submissions.setdefault((_stem(student), student), []).append(((student,), member))
        elif student not in keeps_to_layout:
            submissions.setdefault((student, student), []).append((tuple(inner), member))
        elif _is_in_assignment((student, *inner), assignment):
            submissions.setdefault((student, student), []).append((tuple(inner[1:]), member))
        else:
            left_out.append(LeftOut(member.path, f"not in {student}/{assignment}, which was used instead"))
    handed_in = (
        HandedIn(Person(normalize("NFC", name), name, student_ids=(name,)), what, tuple(files))
        for (name, what), files in submissions.items()
    )
    return DownloadReading(by_file_times(handed_in), tuple(left_out))


def _is_in_assignment(path: tuple[str, ...], assignment: str) -> bool:
    return len(path) > 2 and same(path[1]) == same(assignment)


def _has_a_folder_around(members: Sequence[Member], assignment: str) -> bool:
    """Tell whether the students' folders, at least two, each with a notebook, are in one outer folder."""
    if len({member.parts[0] for member in members}) != 1 or any(len(member.parts) < 3 for member in members):
        return False
    students = {member.parts[1] for member in members}
    with_notebook = {member.parts[1] for member in members if is_notebook(member.parts[-1])}
    return len(students) > 1 and students == with_notebook and same(assignment) not in map(same, students)


def _stem(name: str) -> str:
    extension = next(one for one in (NOTEBOOK, *ARCHIVES) if name.lower().endswith(one))
    return name[: -len(extension)]
