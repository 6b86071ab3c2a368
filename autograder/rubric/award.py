"""The verdicts that a check can give: a share of the points with a sentence, or that a person has to look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

# The cause of a criterion that rests on something missing.
NOT_CHECKED = "not_checked"

_T = TypeVar("_T")
Number = float | int | str | bool


class _NoVerdictError(Exception):
    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause


class NothingToCheckError(_NoVerdictError):
    """The work that a check needs was not handed in; the message tells the student why."""


class NeedsPersonError(_NoVerdictError):
    """The kit cannot decide; the message says what a TA has to look at."""


class NotCheckedError(_NoVerdictError):
    """A check rests on something missing; `need` raises it."""

    def __init__(self, missing: str, *, criterion: str, cause: str, needs_person: bool) -> None:
        super().__init__(missing, cause)
        self.criterion = criterion
        self.needs_person = needs_person

    def verdict_on(self, criterion: str) -> tuple[str, str]:
        """Return what to say about a criterion, and the cause."""
        if criterion == self.criterion and self.cause:
            return str(self), self.cause
        return f"This was not checked. {self}", NOT_CHECKED


def need(
    thing: _T | None, missing: str, *, criterion: str = "", cause: str = "", needs_person: bool = False
) -> _T:
    """Return what a check rests on; if there is none, the criterion is not checked and earns no points.

    Args:
        thing: what the check needs; None if it is missing.
        missing: a sentence for the student that says what is missing.
        criterion: the criterion that is about this thing itself; for it, the cause is `cause`.
        cause: why the thing is missing.
        needs_person: the kit and not the student is the reason, so a person has to look.

    Raises:
        NotCheckedError: there is none.
    """
    if thing is None:
        raise NotCheckedError(missing, criterion=criterion, cause=cause, needs_person=needs_person)
    return thing


@dataclass(frozen=True)
class Fault:
    """Why points are missing.

    Attributes:
        code: the likely cause, one of the exercise's mistakes or the course's own word.
        words: for the student; those that begin with ';' or ',' continue the previous sentence.
        factor: what the share of the points is multiplied by.
    """

    code: str
    words: str
    factor: float = 1.0


@dataclass
class Award:
    """Collects the verdict of one check.

    Call it once: `award(share, feedback, name=value, ...)` with the share of the points, 0...1, a sentence
    that says what was measured, and the values for the report. `otherwise` continues the sentence if the
    share is not 1. Each of `faults` multiplies the share by its factor and adds its words. `remark` is added last and
    costs nothing. The cause is that of the first fault that costs all points, else that of the first fault.

    A check that neither calls it nor raises an error gives all points; a failed `assert` gives none, with its
    message as feedback. If a person has to judge something about a share, call `award.needs_person(reason)`
    afterwards.
    """

    share: float = 1.0
    feedback: str = ""
    measured: dict[str, Number] = field(default_factory=dict)
    cause: str = ""
    is_for_review: bool = False

    def __call__(
        self,
        share: float,
        feedback: str,
        *,
        otherwise: Fault | None = None,
        faults: Iterable[Fault] = (),
        remark: str = "",
        cause: str = "",
        **measured: Number,
    ) -> None:
        """Give `share` of the points, lowered by `faults`."""
        self.share = min(max(float(share), 0.0), 1.0)
        reasons = [otherwise] if otherwise and self.share < 1 else []
        reasons += faults
        self.feedback = f"{feedback}." if otherwise and not feedback.endswith(".") else feedback
        for reason in reasons:
            self.share *= reason.factor
            if reason.words.startswith((";", ",")):
                self.feedback = self.feedback.removesuffix(".") + reason.words
            elif reason.words:
                self.feedback += f" {reason.words}"
        if remark := remark.strip():
            self.feedback += f" {remark}"
        gravest = [reason for reason in reasons if reason.factor == 0] or reasons
        self.cause = cause or (gravest[0].code if gravest else "")
        self.measured = measured

    def needs_person(self, reason: str, cause: str = "") -> None:
        """Leave the verdict to a person; the given share stays, as what was verified so far."""
        self.is_for_review = True
        self.feedback += f" {reason}"
        self.cause = cause or self.cause


def scale(value: float, *, none: float, full: float) -> float:
    """Return the share for a value on a linear scale: 0 up to `none`, 1 from `full`."""
    if full <= none:
        return 1.0 if value >= full else 0.0
    return min(max((value - none) / (full - none), 0.0), 1.0)
