"""What another rubric makes of a submission that was graded before, and where the two differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.collect.members import LeftOut
from autograder.report import Report, Result


@dataclass(frozen=True)
class Change:
    """One criterion of which the verdict changes.

    Attributes:
        before: None if the criterion is new.
        now: None if there is no such criterion any more.
    """

    criterion: str
    before: Result | None
    now: Result | None


@dataclass(frozen=True)
class Rescored:
    """The report on one submission by the rubric of today, beside the one that stands there.

    Attributes:
        before: None if the last report was lost, or is not one that can be read.
        now: not written yet.
        was_measured_again: the verifier is another one, so that the measurements are new, too.
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
        """Are the report and the measurements that stand there those of today already?"""
        return self.before == self.now and not self.was_measured_again

    def changes(self) -> list[Change]:
        """Return the criteria whose status or points change, in the order of the notebook."""
        before, now = self.before.criteria if self.before else {}, self.now.criteria
        return [
            Change(name, before.get(name), now.get(name))
            for name in (*now, *(name for name in before if name not in now))
            if _verdict(before.get(name)) != _verdict(now.get(name))
        ]

    def difference(self) -> float:
        """Return how many points are won."""
        return round(self.now.score - (self.before.score if self.before else 0), 2)


@dataclass(frozen=True)
class Rescoring:
    """All that another rubric makes of a course; nothing of it is written yet."""

    rescored: Sequence[Rescored]
    left_out: Sequence[LeftOut]

    def changed(self) -> list[Rescored]:
        """Return the submissions of which a verdict changes."""
        return [one for one in self.rescored if one.changes()]


def _verdict(result: Result | None) -> tuple[str, float, float] | None:
    return None if result is None else (result.status, result.score, result.max_score)
