"""What the download of any LMS is read into: who handed in which files, and when."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from autograder.collect.members import LeftOut, Member

NOTEBOOK = ".ipynb"
ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")
# Of these, no reader comes with Python.
OTHER_ARCHIVES = (".rar", ".7z", ".tar.bz2", ".tar.xz", ".zipx")

# Files of a course that were all changed within so short a time were packed or copied then, not handed in.
_PACKING = timedelta(hours=1)
_AGAIN = re.compile(r"(?P<stem>.+)-(?P<number>[0-9]{1,3})(?P<extension>\.[^.]*)?", re.DOTALL)

File = tuple[tuple[str, ...], Member]  # where it lies in the submission, and its bytes


@dataclass(frozen=True)
class Person:
    """Somebody, as an LMS knows them.

    Attributes:
        key: what tells people apart there.
        name: as it stands in the download; empty if the download is anonymous.
        squeezed: the LMS has taken all spaces and capitals out of the name.
        lms_ids: numbers that only the LMS knows.
        student_ids: what may be the institution's own id.
        email: empty if the LMS does not say.
        own_id: the institution's own id, if the LMS says what it is.
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
        """How to speak of them."""
        return self.name or self.key


@dataclass(frozen=True)
class HandedIn:
    """What one person has handed in at one time.

    Attributes:
        what: how the download calls it.
        submitted_at: when, if the LMS says so.
        number: grows with every submission, if the LMS counts them.
        late: the LMS says that it was late.
    """

    person: Person
    what: str
    files: tuple[File, ...]
    submitted_at: datetime | None = None
    number: int = 0
    late: bool = False

    @property
    def changed(self) -> datetime | None:
        """When the youngest of the files was changed; always good for telling what is newer."""
        return max((member.changed for _, member in self.files if member.changed), default=None)


@dataclass(frozen=True)
class Reading:
    """A download, as its LMS means it.

    Attributes:
        handed_in: all submissions, of one person perhaps several.
        left_out: what cannot be collected.
        notes: what is not collected and need not be.
    """

    handed_in: tuple[HandedIn, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[LeftOut, ...] = ()


def by_file_times(handed_in: Iterable[HandedIn]) -> tuple[HandedIn, ...]:
    """Take the times of the files for those of the submissions, where they can be that.

    Some versions of an LMS pack files with the times at which they were handed in, others with that of the
    download, and copying a folder sets them anew. So if the youngest files of all submissions lie within an
    hour, they say nothing. The times in a zip are wall time without a zone, taken for that of this machine.
    """
    submissions = tuple(handed_in)
    known = [changed for one in submissions if (changed := one.changed)]
    if not known or max(known) - min(known) <= _PACKING:
        return submissions
    return tuple(replace(one, submitted_at=one.changed) for one in submissions)


def without_number(name: str) -> tuple[str, int]:
    """Return a file's name and the number that an LMS has put behind it, as in `notebook-2.ipynb`; 0 if none."""
    found = _AGAIN.fullmatch(name)
    if found is None:
        return name, 0
    return found["stem"] + (found["extension"] or ""), int(found["number"])


def is_notebook(name: str) -> bool:
    """Tell whether a file is called like a notebook."""
    return name.lower().endswith(NOTEBOOK)


def is_archive(name: str) -> bool:
    """Tell whether a file is called like an archive that can be opened; many other formats are zips inside."""
    return name.lower().endswith(ARCHIVES)
