"""The common form of the downloads of all LMSs: who handed in which files, and when."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from autograder.collect.members import LeftOut, Member

NOTEBOOK = ".ipynb"
ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")
# Formats that are not opened; Python has no reader for most of them.
OTHER_ARCHIVES = (".rar", ".7z", ".tar.bz2", ".tar.xz", ".zipx")

# If all files of a course changed within this time, they were packed or copied at that time, not handed in.
_PACKING = timedelta(hours=1)
_AGAIN = re.compile(r"(?P<stem>.+)-(?P<number>[0-9]{1,3})(?P<extension>\.[^.]*)?", re.DOTALL)

File = tuple[tuple[str, ...], Member]  # its path in the submission, and its bytes


@dataclass(frozen=True)
class Person:
    """A person as an LMS knows them.

    Attributes:
        key: what identifies the person in the LMS.
        name: the name in the download; empty if the download is anonymous.
        squeezed: whether the LMS removed all spaces and capitals from the name.
        lms_ids: numbers that only the LMS knows.
        student_ids: what may be the institution's own id.
        email: empty if the LMS does not give it.
        own_id: the institution's own id, if the LMS marks it as such.
    """

    key: str
    name: str = ""
    squeezed: bool = False
    lms_ids: tuple[str, ...] = ()
    student_ids: tuple[str, ...] = ()
    email: str = ""
    own_id: str = ""

    @property
    def called(self) -> str:
        """The name to show."""
        return self.name or self.key


@dataclass(frozen=True)
class HandedIn:
    """What one person handed in at one time.

    Attributes:
        what: its name in the download.
        submitted_at: the submission time, if the LMS gives it.
        number: increases with every submission, if the LMS counts them.
        late: whether the LMS says that it was late.
    """

    person: Person
    what: str
    files: tuple[File, ...]
    submitted_at: datetime | None = None
    number: int = 0
    late: bool = False

    @property
    def changed(self) -> datetime | None:
        """When the newest of the files was changed; always good enough to tell which submission is newer."""
        return max((member.changed for _, member in self.files if member.changed), default=None)


@dataclass(frozen=True)
class DownloadReading:
    """A download, as interpreted for its LMS.

    Attributes:
        handed_in: all submissions, possibly several per person.
        left_out: what cannot be collected.
        notes: what is not collected and need not be.
    """

    handed_in: tuple[HandedIn, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[LeftOut, ...] = ()


def by_file_times(handed_in: Iterable[HandedIn]) -> tuple[HandedIn, ...]:
    """Use the times of the files as submission times, if that is plausible.

    Some versions of an LMS pack files with their submission times, others with the time of the download, and
    copying a folder resets them. So if the newest files of all submissions are within an hour, the times mean
    nothing. The times in a zip are wall time without a zone; they are taken as this machine's local time.
    """
    submissions = tuple(handed_in)
    known = [changed for one in submissions if (changed := one.changed)]
    if not known or max(known) - min(known) <= _PACKING:
        return submissions
    return tuple(replace(one, submitted_at=one.changed) for one in submissions)


def without_number(name: str) -> tuple[str, int]:
    """Split a file name from the number that an LMS appended, as in `notebook-2.ipynb`; 0 if none."""
    found = _AGAIN.fullmatch(name)
    if found is None:
        return name, 0
    return found["stem"] + (found["extension"] or ""), int(found["number"])


def is_notebook(name: str) -> bool:
    """Tell whether a file is named like a notebook."""
    return name.lower().endswith(NOTEBOOK)


def is_archive(name: str) -> bool:
    """Tell whether a file is named like an archive that can be opened; many other formats are zips inside."""
    return name.lower().endswith(ARCHIVES)
