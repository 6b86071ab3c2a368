"""Collects an LMS download into the course folder."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from typing import Literal

from autograder.collect.archive import open_contents
from autograder.collect.canvas import read_canvas
from autograder.collect.gradescope import read_gradescope
from autograder.collect.handed_in import DownloadReading
from autograder.collect.members import MOST_BYTES, Budget, Contents, LeftOut, Member, UnreadableError
from autograder.collect.moodle import read_moodle
from autograder.collect.names import is_litter
from autograder.collect.outcome import Collection
from autograder.collect.people import Assigned, by_name, by_roster
from autograder.collect.place import Shelf
from autograder.collect.plain import read_plain
from autograder.collect.roster import Roster
from autograder.collect.student import CollectionPlace, collect_student
from autograder.course.folder import Course
from autograder.course.lock import only_writer
from autograder.errors import DownloadError
from autograder.plain.scratch import temporary_folder

Lms = Literal["moodle", "canvas", "gradescope", "plain"]

# No more hidden files than this are listed; a version control folder has thousands.
_MOST_HIDDEN = 10

READERS: dict[Lms, Callable[[Sequence[Member], str], DownloadReading]] = {
    "moodle": read_moodle,
    "canvas": read_canvas,
    "gradescope": read_gradescope,
    "plain": read_plain,
}


def collect(
    course: Course,
    download: Path,
    lms: Lms,
    roster: Roster | None = None,
    *,
    dry_run: bool = False,
    assignment: str = "",
) -> Collection:
    """Put the submissions of a download into the course folder; in a dry run, only report what would happen.

    An existing submission is replaced if the new one was handed in later or at an unknown time. It is kept if
    it is newer, if it was changed after this same version was collected, or if part of the new one cannot be
    read.

    Raises:
        DownloadError: the download cannot be read, or is of another kind.
        CourseError: another command is writing into the course.
    """
    assignment = assignment or course.assignment
    source = download.expanduser().resolve()
    if source.is_relative_to(course.submitted) or course.submitted.is_relative_to(source):
        raise DownloadError(f"{download} is the folder of collected submissions; name a download from an LMS")
    budget = Budget("the download", MOST_BYTES)
    shelf = Shelf(course, assignment)
    with temporary_folder() as name, ExitStack() as opened:
        scratch = Path(name)
        try:
            contents = opened.enter_context(open_contents(source, scratch, budget))
        except UnreadableError as error:
            raise DownloadError(f"{download}: {error}") from error
        reading = _read(contents, lms, assignment, download)
        opened.enter_context(nullcontext() if dry_run else only_writer(course))
        if not dry_run:
            shelf.clear()
            shelf.work.mkdir(parents=True)
        assigned = _assign(reading, roster, shelf, lms)
        desk = CollectionPlace(
            shelf, lms, assignment, scratch if dry_run else shelf.work, scratch, budget, dry_run
        )
        lines = [
            line
            for student, submissions in sorted(assigned.submissions.items())
            for line in collect_student(student, submissions, desk)
        ]
        if not dry_run:
            shelf.clear()
    return Collection(
        tuple(lines),
        (*contents.left_out, *reading.left_out, *assigned.left_out),
        (*reading.notes, *assigned.notes, *_hidden(contents)),
        len(contents.hidden) + sum(line.hidden for line in lines),
        tuple(sorted(set(roster.students) - assigned.submissions.keys())) if roster else (),
    )


def _read(contents: Contents, lms: Lms, assignment: str, download: Path) -> DownloadReading:
    try:
        reading = READERS[lms](contents.members, assignment)
    except DownloadError as error:
        raise DownloadError(f"{download}: {error}{_looks_like(contents, lms, assignment)}") from error
    if not reading.handed_in and (guess := _looks_like(contents, lms, assignment)):
        raise DownloadError(f"{download}: nothing in it is named like a submission from {lms}{guess}")
    if not contents.members and not contents.left_out:
        raise DownloadError(f"{download}: it is empty")
    return reading


def _looks_like(contents: Contents, lms: Lms, assignment: str) -> str:
    """Return the other LMS that the names match, as the end of a message; empty if none."""
    for other, read in READERS.items():
        if other not in (lms, "plain"):
            with suppress(DownloadError):
                if read(contents.members, assignment).handed_in:
                    return f"; it looks like --lms {other}"
    return ""


def _hidden(contents: Contents) -> Iterator[LeftOut]:
    """List hidden files that might be submissions, since a student's name can begin with a dot."""
    unusual = (path for path in contents.hidden if not any(map(is_litter, path.split("/"))))
    for path in itertools.islice(unusual, _MOST_HIDDEN):
        yield LeftOut(path, "hidden, so it was skipped")


def _assign(reading: DownloadReading, roster: Roster | None, shelf: Shelf, lms: Lms) -> Assigned:
    if roster is not None:
        return by_roster(reading.handed_in, roster)

    def owner(student: str) -> str | None:
        record = shelf.record(student)
        return record.person if record is not None and record.lms == lms else None

    return by_name(reading.handed_in, owner)
