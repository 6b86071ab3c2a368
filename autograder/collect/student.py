"""Collects the submissions of one student: takes the newest, and protects what is already there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from autograder.collect.arrange import MOST_SUBMISSION_BYTES, PlacedFiles, arranged, write_arrangement
from autograder.collect.handed_in import HandedIn
from autograder.collect.members import Budget, UnreadableError
from autograder.collect.outcome import KEPT, LEFT_OUT, NEW, REPLACES, SUPERSEDED, UNCHANGED, SubmissionOutcome
from autograder.collect.place import CollectionRecord, Shelf, content_sha256, write_timestamp

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class CollectionPlace:
    """Where submissions are collected.

    Attributes:
        shelf: where they go.
        lms: the LMS that they come from.
        assignment: the assignment that they are for.
        work: a folder on the file system of the shelf; in a dry run, any folder.
        scratch: a folder for temporarily unpacked files.
        budget: how much the download may unpack to.
        dry_run: whether to put nothing on the shelf.
    """

    shelf: Shelf
    lms: str
    assignment: str
    work: Path
    scratch: Path
    budget: Budget
    dry_run: bool


def collect_student(
    student: str, submissions: Sequence[HandedIn], desk: CollectionPlace
) -> Iterator[SubmissionOutcome]:
    """Collect the newest of a student's submissions; the others are superseded."""
    newest, *older = newest_first(submissions)
    yield _collect(student, newest, desk)
    yield from (SubmissionOutcome(student, one.what, one.submitted_at, one.late, SUPERSEDED) for one in older)


def newest_first(submissions: Sequence[HandedIn]) -> list[HandedIn]:
    """Sort one student's submissions by time; if a time is unknown, by the LMS's numbers."""

    def age(one: HandedIn) -> tuple[datetime, int, datetime]:
        time = one.submitted_at if all(other.submitted_at for other in submissions) else None
        return time or _LONG_AGO, one.number, one.changed or _LONG_AGO

    return sorted(submissions, key=age, reverse=True)


def _collect(student: str, one: HandedIn, desk: CollectionPlace) -> SubmissionOutcome:
    line = SubmissionOutcome(student, one.what, one.submitted_at, one.late, LEFT_OUT)
    if problem := desk.shelf.problem(student):
        return replace(line, why=problem)
    budget = Budget("the submission", MOST_SUBMISSION_BYTES, desk.budget)
    scratch = Path(mkdtemp(dir=desk.scratch))
    new = desk.work / "new"
    try:
        with arranged(one.files, desk.assignment, scratch, budget) as arrangement:
            unreadable = write_arrangement(arrangement, new, budget)
        line = replace(
            line,
            file=_shown(arrangement),
            notes=arrangement.notes,
            left_out=(*arrangement.left_out, *unreadable),
            hidden=arrangement.hidden,
        )
        if len(unreadable) == len(arrangement.files):
            return replace(line, file=one.what, why="nothing in it can be read")
        return _place(line, one, new, desk)
    except UnreadableError as error:
        return replace(line, why=str(error))
    except OSError as error:  # such as a full disk; the others are still collected
        return replace(line, why=error.strerror or str(error))
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)


def _place(line: SubmissionOutcome, one: HandedIn, new: Path, desk: CollectionPlace) -> SubmissionOutcome:
    """Put the new folder on the shelf, if it belongs there."""
    shelf, student = desk.shelf, line.student
    record = shelf.record(student)
    made, there = content_sha256(new), shelf.sha256(student)
    line = replace(line, outcome=NEW)
    if there == made:
        line = replace(line, outcome=UNCHANGED)
    elif there:
        why = _why_kept(
            was_collected=record is not None and record.sha256 == made,
            is_whole=not line.left_out,
            new=one.submitted_at,
            old=shelf.submitted_at(student),
        )
        line = replace(line, outcome=KEPT if why else REPLACES, why=why)
    if desk.dry_run or line.outcome == KEPT:
        return line
    collected = CollectionRecord(desk.lms, one.person.key, made)
    if line.outcome == UNCHANGED:
        shelf.note(student, collected, one.submitted_at)
        return line
    if one.submitted_at:
        write_timestamp(new, one.submitted_at)
    shelf.put(student, new, collected)
    return line


def _why_kept(*, was_collected: bool, is_whole: bool, new: datetime | None, old: datetime | None) -> str:
    """Return why the existing submission is kept although it differs; empty if it is replaced."""
    if was_collected:
        return "it was changed after it was collected"
    if not is_whole:
        return "part of the new one cannot be read"
    if new and old and new <= old:
        return "it was handed in later" if new < old else "it was handed in at the same time"
    return ""


def _shown(arrangement: PlacedFiles) -> str:
    others = len(arrangement.files) - bool(arrangement.notebook)
    if not arrangement.notebook:
        return f"{others} file{'s' * (others != 1)}"
    return f"{arrangement.notebook} + {others}" if others else arrangement.notebook
