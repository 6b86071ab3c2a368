"""Puts a submission into the course folder atomically: after a kill, the old or the new one is there, whole.

A new submission is built in `submitted/.collecting` and swapped with the old one in one file system
operation. `.collected.json` beside each student's assignments records whose folder it is and what was
collected. So a namesake gets another folder, and manual changes by an instructor are not overwritten.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.collect.arrange import TIMESTAMP
from autograder.collect.names import is_hidden
from autograder.course.folder import Course
from autograder.plain.files import write_whole
from autograder.plain.untrusted_files import FOLDER, content_of, kind_of, list_folder, open_plain, sha256_of

WORK = ".collecting"
RECORD = ".collected.json"
# nbgrader's own format (`Exchange.timestamp_format`).
TIME_FORMAT = "%Y-%m-%d %H:%M:%S.%f %Z"

_MOST_SMALL_BYTES = 64 * 1024
_MOST_ENTRIES = 100_000
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of renameat2(2)


@dataclass(frozen=True)
class CollectionRecord:
    """What is recorded about a collected submission.

    Attributes:
        lms: the LMS that it comes from.
        person: what identifies the person in that LMS.
        sha256: digest of the files as they were collected; empty if they never were.
    """

    lms: str
    person: str
    sha256: str = ""


class Shelf:
    """The submissions of one assignment in a course folder."""

    def __init__(self, course: Course, assignment: str) -> None:
        self._course, self._assignment = course, assignment
        self.work = course.submitted / WORK

    def clear(self) -> None:
        """Finish what a killed command left behind; no other command may be collecting."""
        if not _is_there(self.work):
            return
        for old in (self.work / "replaced").glob("*"):
            target = self._folder(old.name)
            if not _is_there(target):
                old.rename(target)
        shutil.rmtree(self.work)

    def problem(self, student: str) -> str:
        """Return why nothing can be put into a student's folder; empty if it can."""
        for path in (self._course.submitted / student, self._folder(student)):
            if _is_there(path) and (kind := kind_of(path)) != FOLDER:
                return f"{path.relative_to(self._course.root)} is {kind}, not a folder; look at it and move it away"
        return ""

    def record(self, student: str) -> CollectionRecord | None:
        """Return what is recorded about a student's submission; None if nothing is."""
        try:
            content = json.loads(_small(self._course.submitted / student / RECORD))
            return CollectionRecord(**content[self._assignment])
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def sha256(self, student: str) -> str:
        """Return the digest of what a student's folder holds now; empty if there is no folder."""
        folder = self._folder(student)
        return content_sha256(folder) if _is_there(folder) else ""

    def submitted_at(self, student: str) -> datetime | None:
        """Return when the existing submission was handed in, as nbgrader reads it."""
        from nbgrader.utils import parse_utc

        try:
            moment: datetime = parse_utc(_small(self._folder(student) / TIMESTAMP).strip())
        except (OSError, ValueError, OverflowError, TypeError):
            return None
        return moment.replace(tzinfo=UTC)

    def put(self, student: str, new: Path, record: CollectionRecord) -> None:
        """Replace the student's submission with a new folder; the old one is removed.

        Raises:
            OSError: that is not possible; the old one is still there.
        """
        target = self._folder(student)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not _is_there(target):
            self._write(student, CollectionRecord(record.lms, record.person))
            new.rename(target)
        elif not _exchange(new, target):
            old = self.work / "replaced" / student
            old.parent.mkdir(parents=True, exist_ok=True)
            target.rename(old)
            try:
                new.rename(target)
            except OSError:
                old.rename(target)
                raise
            shutil.rmtree(old)
        self._write(student, record)

    def note(self, student: str, record: CollectionRecord, submitted_at: datetime | None) -> None:
        """Record what is known about a submission that is already there."""
        if submitted_at and not _is_there(self._folder(student) / TIMESTAMP):
            write_timestamp(self._folder(student), submitted_at)
        if self.record(student) != record:
            self._write(student, record)

    def _folder(self, student: str) -> Path:
        return self._course.submission_folder(student, self._assignment)

    def _write(self, student: str, record: CollectionRecord) -> None:
        file = self._course.submitted / student / RECORD
        try:
            content = json.loads(_small(file))
        except (OSError, ValueError, RecursionError):
            content = {}
        others = content if isinstance(content, dict) else {}
        write_whole(file, json.dumps({**others, self._assignment: asdict(record)}, indent=1) + "\n")


def write_timestamp(folder: Path, moment: datetime) -> None:
    """Write the submission time, for nbgrader's late policy."""
    write_whole(folder / TIMESTAMP, moment.astimezone(UTC).strftime(TIME_FORMAT))


def content_sha256(folder: Path) -> str:
    """Return the digest of a submission's files, without the timestamp and hidden files from viewers."""
    parts: list[str | bytes] = []
    for entry in sorted(list_folder(folder, _MOST_ENTRIES), key=lambda entry: entry.path):
        if entry.kind == FOLDER or entry.path == TIMESTAMP or any(map(is_hidden, entry.path.split("/"))):
            continue
        parts += [entry.path, entry.kind, content_of(folder, entry)]
    return sha256_of(parts)


def _small(file: Path) -> str:
    with open_plain(file) as stream:
        return stream.read(_MOST_SMALL_BYTES).decode()


def _is_there(path: Path) -> bool:
    with suppress(FileNotFoundError):
        path.lstat()
        return True
    return False


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step; return False if this file system cannot do that."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    names = (os.fsencode(one), os.fsencode(other))
    if renameat2 is None:
        return False
    return bool(renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE) == 0)
