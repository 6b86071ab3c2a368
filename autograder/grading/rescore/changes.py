"""The result of another rubric for a graded submission, and where it differs from the old result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.collect.members import LeftOut
from autograder.report import Report, Result


@dataclass(frozen=True)
class VerdictChange:
    """A criterion whose verdict changes.

    Attributes:
        before: None if the criterion is new.
        now: None if the criterion no longer exists.
    """

    criterion: str
    before: Result | None
    now: Result | None


@dataclass(frozen=True)
class Rescored:
    """The report on one submission by the current rubric, beside the stored one.

    Attributes:
        before: None if the last report was lost or cannot be read.
        now: not written yet.
        was_measured_again: the verifier is new, so the measurements are new too.
    """

    before: Report | None
    now: Report
    was_measured_again: bool = False

    @property
    def student(self) -> str:
        """Whose submission it is."""
        return self.now.student

    @property
    def is_current(self) -> bool:
        """Tell whether the stored report and measurements are already current."""
        return self.before == self.now and not self.was_measured_again

    def changes(self) -> list[VerdictChange]:
        """Return the criteria whose status or points change, in the order of the notebook."""
        before, now = self.before.criteria if self.before else {}, self.now.criteria
        return [
            VerdictChange(name, before.get(name), now.get(name))
            for name in (*now, *(name for name in before if name not in now))
            if _verdict(before.get(name)) != _verdict(now.get(name))
        ]

    def difference(self) -> float:
        """Return how many points are gained."""
        return round(self.now.score - (self.before.score if self.before else 0), 2)


@dataclass(frozen=True)
class Rescoring:
    """The results of another rubric for a course; none of them is written yet."""

    rescored: Sequence[Rescored]
    left_out: Sequence[LeftOut]

    def changed(self) -> list[Rescored]:
        """Return the submissions with a verdict that changes."""
        return [one for one in self.rescored if one.changes()]


def _verdict(result: Result | None) -> tuple[str, float, float] | None:
    return None if result is None else (result.status, result.score, result.max_score)
