"""What a collection comes to: a line for each submission, and what could not be collected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from autograder.collect.members import LeftOut

NEW = "new"
REPLACES = "replaces the old one"
UNCHANGED = "unchanged"
KEPT = "the old one is kept"
SUPERSEDED = "superseded"
LEFT_OUT = "left out"


@dataclass(frozen=True)
class Line:
    """What happens with one submission.

    Attributes:
        student: the student id.
        file: what was handed in.
        submitted_at: when, if anybody knows.
        late: the LMS says that it was late.
        outcome: what happens, one of the words above.
        why: the reason, where it is not plain.
        notes: what a person should look at.
        left_out: files of it that could not be read.
        hidden: how many hidden files of it were skipped.
    """

    student: str
    file: str
    submitted_at: datetime | None
    late: bool
    outcome: str
    why: str = ""
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    hidden: int = 0


@dataclass(frozen=True)
class Collection:
    """All that a command has collected, or would.

    Attributes:
        lines: one for each submission of a known student.
        left_out: what belongs to nobody known, or cannot be read.
        notes: what is not collected and need not be, and what a person should know.
        hidden: how many hidden files were skipped.
        missing: students of the roster of whom there is nothing in this download.
    """

    lines: tuple[Line, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[LeftOut, ...]
    hidden: int
    missing: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing was left out."""
        return not self.left_out and all(
            line.outcome != LEFT_OUT and not line.left_out for line in self.lines
        )
