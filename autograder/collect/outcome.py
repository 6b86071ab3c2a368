"""The result of a collection: a line for each submission, and what could not be collected."""

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
class SubmissionOutcome:
    """What happens with one submission.

    Attributes:
        student: the student id.
        file: what was handed in.
        submitted_at: the submission time, if known.
        late: whether the LMS says that it was late.
        outcome: what happens, one of the constants above.
        why: the reason, if it is not obvious.
        notes: what a person should look at.
        left_out: its files that could not be read.
        hidden: how many of its hidden files were skipped.
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
    """Everything that a command collected or would collect.

    Attributes:
        lines: one for each submission of a known student.
        left_out: what belongs to no known person, or cannot be read.
        notes: what is not collected and need not be, and what a person should know.
        hidden: how many hidden files were skipped.
        missing: students on the roster with nothing in this download.
    """

    lines: tuple[SubmissionOutcome, ...]
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
