"""Reads what a TA typed at the desk; problems are described in words that appear next to the field."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.course.marks import Mark, Marks
from autograder.review.cells import Sheet
from autograder.review.saving import Decision, with_reason

LONGEST_COMMENT = 10_000
LONGEST_REASON = 500
_LOCAL = re.compile(r"/(?![/\\])[^\\\s]*")


@dataclass
class FormReading:
    """A decision, and the problems that keep it from being saved, by field name."""

    scores: dict[str, float | None] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    reasons: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def decision(self) -> Decision:
        """The decision."""
        return Decision(self.scores, self.comments, frozenset(self.settled), self.reasons)


def read_decision(form: Mapping[str, str], marks: Marks, sheet: Sheet) -> FormReading:
    """Return what the desk's form says about a submission with these marks."""
    reading = FormReading()
    for cell in sheet.solutions:
        if (typed := form.get(f"comment.{cell}")) is not None:
            reading.comments[cell] = _text(typed)[:LONGEST_COMMENT]
    for cell, mark in marks.marks.items():
        if cell in sheet.about:
            _read_check(form, mark, marks, sheet.about[cell], reading)
        elif (typed := form.get(f"score.{cell}")) is not None:
            _read_score(typed, mark, reading)
    return reading


def _read_check(form: Mapping[str, str], mark: Mark, marks: Marks, about: str, reading: FormReading) -> None:
    """Read a check's score; a change needs a reason, which the student sees as a comment."""
    typed, criterion = form.get(f"score.{mark.cell}"), mark.cell.removeprefix("check_")
    if typed is None or not _read_score(typed, mark, reading):
        return
    score = reading.scores[mark.cell]
    if score == mark.manual:
        del reading.scores[mark.cell]
        if f"settled.{mark.cell}" in form and mark.waits:
            reading.settled.add(mark.cell)
        return
    if score is not None:
        reason = " ".join(_text(form.get(f"reason.{mark.cell}", "")).split())[:LONGEST_REASON]
        if not reason:
            reading.problems[f"reason.{mark.cell}"] = (
                f"Say why {criterion} gets {score:g}; the student reads it."
            )
            return
        reading.reasons[mark.cell] = reason
    if about in marks.comments:
        comment = reading.comments.get(about, marks.comments[about])
        reading.comments[about] = with_reason(comment, criterion, reading.reasons.get(mark.cell, ""))


def _read_score(typed: str, mark: Mark, reading: FormReading) -> bool:
    text = typed.strip().replace(",", ".")
    if not text:
        reading.scores[mark.cell] = None
        return True
    try:
        score = float(text) if len(text) < 20 else math.nan
    except ValueError:
        score = math.nan
    if not 0 <= score <= mark.max_score:
        reading.problems[f"score.{mark.cell}"] = f"Enter a number from 0 to {mark.max_score:g}."
        return False
    reading.scores[mark.cell] = score
    return True


def only_touched(form: Mapping[str, str]) -> dict[str, str]:
    """Return a form without the fields that are unchanged since the page was made."""
    return {
        name: typed
        for name, typed in form.items()
        if _text(typed) != _text(form.get(f"was.{name}", f"not {typed}"))
    }


def _text(typed: str) -> str:
    return typed.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


def local_address(text: str) -> str:
    """Return the address if it is on this server, else the address of the first page."""
    return text if _LOCAL.fullmatch(text) and len(text) < 1000 else "/"
