"""The input and the output of an export; every format turns the one into the other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.collect.members import LeftOut
from autograder.export.scores import Score

WAITING = "waits for a person to grade it; --partial exports what is known so far"


@dataclass(frozen=True)
class Request:
    """What to export.

    Attributes:
        scores: the scores of all students, since matching students to lines depends on all of them.
        students: only these students' scores are exported; all if empty.
        into: the LMS's file to fill in; None to make a new one.
        column: the heading of the score column; None to find it.
        partial: also export scores to which a person may still add.
    """

    assignment: str
    scores: Sequence[Score]
    students: Collection[str] = ()
    into: Path | None = None
    column: str | None = None
    partial: bool = False

    def wanted(self) -> list[Score]:
        """Return the scores of the chosen students, whether ready or not."""
        return [one for one in self.scores if not self.students or one.student in self.students]

    def ready(self) -> list[Score]:
        """Return the scores that may be exported."""
        return [one for one in self.wanted() if one.is_handed_in and (self.partial or not one.is_waiting)]

    def waiting(self) -> list[LeftOut]:
        """Return the students whose scores may not be exported yet."""
        return [LeftOut(one.student, WAITING) for one in self.wanted() if one.is_waiting and not self.partial]


@dataclass(frozen=True)
class Exported:
    """A finished table.

    Attributes:
        content: the bytes of the file.
        count: how many scores are in it.
        left_out: scores that are not in it, and lines of the LMS without a score, each with the reason.
        notes: what the instructor should know before importing it.
    """

    content: bytes
    count: int
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
