"""What a check can say: a share of the points with a sentence, or that a person has to look."""

from __future__ import annotations

from dataclasses import dataclass, field

Number = float | int | str | bool


class _NoVerdictError(Exception):
    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause


class NothingToCheckError(_NoVerdictError):
    """The work that a check is about was not handed in; the message tells the student why."""


class NeedsPersonError(_NoVerdictError):
    """The kit cannot tell; the message says what a TA has to look at."""


@dataclass
class Award:
    """Collects the verdict of one check.

    Call it once: `award(share, feedback, name=value, ...)` with the share of the points, 0...1, the words
    for the student, and the measured values that belong into the report. A check that says nothing and
    raises nothing gives all points; a failed `assert` gives none, with its message as feedback. Where the share
    is as measured, but something about it is for a person to judge, call `award.needs_person(reason)` after it.
    A `cause`, one of `autograder.rubric.mistakes` or a word of the course's own, lets TAs see how many made the
    same mistake.
    """

    share: float = 1.0
    feedback: str = ""
    measured: dict[str, Number] = field(default_factory=dict)
    cause: str = ""
    is_for_review: bool = False

    def __call__(self, share: float, feedback: str, *, cause: str = "", **measured: Number) -> None:
        """Give `share` of the points."""
        self.share = min(max(float(share), 0.0), 1.0)
        self.feedback = feedback
        self.measured = measured
        self.cause = cause

    def needs_person(self, reason: str, cause: str = "") -> None:
        """Hand the verdict to a person: the share that was given stays, as what was verified so far."""
        self.is_for_review = True
        self.feedback += f" {reason}"
        self.cause = cause or self.cause


def scale(value: float, *, none: float, full: float) -> float:
    """Return the share for a value on a straight scale: 0 up to `none`, 1 from `full`."""
    if full <= none:
        return 1.0 if value >= full else 0.0
    return min(max((value - none) / (full - none), 0.0), 1.0)
