"""Which submissions the wall shows and in what order; the desk walks through the same ones.

The address holds the whole selection, so it can be bookmarked and works without a script.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from autograder.report import WORDS
from autograder.review.submissions import ReviewSubmission

SHOWN: dict[str, str] = {
    "all": "all",
    "ungraded": "still to grade",
    "review": "needs review",
    "reviewed": "reviewed",
    "late": "late",
    "lost": "points lost",
    "failed": "did not finish",
    "noted": "noted for graders",
}
SORTS: dict[str, str] = {
    "name": "name",
    "score": "score, lowest first",
    "best": "score, highest first",
    "review": "needs review first",
    "ungraded": "still to grade first",
    "unusual": "unusual grids first",
}
LONGEST_SEARCH = 80

_IS_SHOWN: dict[str, Callable[[ReviewSubmission], bool]] = {
    "all": lambda one: True,
    "ungraded": lambda one: not one.is_reviewed,
    "review": lambda one: one.needs_review,
    "reviewed": lambda one: one.is_reviewed,
    "late": lambda one: one.is_late,
    "lost": lambda one: one.score < one.max_score,
    "failed": lambda one: one.report is None or one.report.outcome != "graded",
    "noted": lambda one: one.has_notes,
}


@dataclass(frozen=True)
class Selection:
    """What the user chose to see; unknown values in an address are ignored."""

    show: str = "all"
    sort: str = "name"
    criterion: str = ""
    status: str = ""
    cause: str = ""
    outcome: str = ""
    flag: str = ""
    score_from: str = ""
    score_below: str = ""
    search: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str], choices: Container[str] = ()) -> Selection:
        """Return the selection in an address; what it shows may be one of an exercise's own choices."""
        show, sort, status = query.get("show", ""), query.get("sort", ""), query.get("status", "")
        return cls(
            show=show if show in SHOWN or show in choices else "all",
            sort=sort if sort in SORTS else "name",
            criterion=query.get("criterion", "")[:LONGEST_SEARCH],
            status=status if status in WORDS else "",
            cause=query.get("cause", "")[:LONGEST_SEARCH],
            outcome=query.get("outcome", "")[:LONGEST_SEARCH],
            flag=query.get("flag", "")[:LONGEST_SEARCH],
            score_from=_number(query.get("score_from", "")),
            score_below=_number(query.get("score_below", "")),
            search=query.get("search", "").strip()[:LONGEST_SEARCH],
        )

    @property
    def hidden(self) -> dict[str, str]:
        """Choices that have no field in the wall's form, such as a bar of the class overview."""
        fields = ("cause", "outcome", "flag", "score_from", "score_below")
        return {name: value for name in fields if (value := getattr(self, name))}

    @property
    def query(self) -> str:
        """The selection as part of an address, with its question mark; empty if nothing is chosen."""
        usual = Selection()
        chosen = {name: value for name, value in vars(self).items() if value != getattr(usual, name)}
        return f"?{urlencode(chosen)}" if chosen else ""

    def includes(self, one: ReviewSubmission, *, blind: bool) -> bool:
        """Tell whether the selection includes a submission."""
        return (
            self._is_shown(one)
            and self._has_status(one)
            and self._has_score(one)
            and (not self.outcome or (one.report is not None and one.report.outcome == self.outcome))
            and (not self.flag or self.flag in one.flag_codes)
            and self.search.casefold() in name_of(one, blind=blind).casefold()
        )

    def _is_shown(self, one: ReviewSubmission) -> bool:
        return _IS_SHOWN[self.show](one) if self.show in _IS_SHOWN else self.show in one.choices

    def _has_status(self, one: ReviewSubmission) -> bool:
        if not (self.criterion or self.status or self.cause):
            return True
        criteria = one.report.criteria if one.report is not None else {}
        chosen = {self.criterion: criteria[self.criterion]} if self.criterion in criteria else {}
        looked_at = chosen if self.criterion else criteria
        return any(
            (not self.status or result.status == self.status)
            and (not self.cause or result.cause == self.cause)
            for result in looked_at.values()
        )

    def _has_score(self, one: ReviewSubmission) -> bool:
        """Tell whether the score is in the chosen range, such as a bar of the class overview."""
        is_scored = one.report is not None or one.marks is not None
        return (not self.score_from or (is_scored and one.score >= float(self.score_from))) and (
            not self.score_below or (is_scored and one.score < float(self.score_below))
        )

    def order(
        self, submissions: Sequence[ReviewSubmission], unusual: Mapping[str, float], *, blind: bool
    ) -> list[ReviewSubmission]:
        """Return all submissions in the chosen order, including those that are not selected."""
        by: dict[str, Callable[[ReviewSubmission], Any]] = {
            "name": lambda one: 0,
            "score": lambda one: one.automatic_score,
            "best": lambda one: -one.automatic_score,
            "review": lambda one: not one.needs_review,
            "ungraded": lambda one: one.is_reviewed,
            "unusual": lambda one: -unusual.get(one.key, 0.0),
        }
        key = by[self.sort]
        return sorted(submissions, key=lambda one: (key(one), name_of(one, blind=blind).casefold(), one.key))


def _number(text: str) -> str:
    try:
        return text if len(text) < 20 and math.isfinite(float(text)) else ""
    except ValueError:
        return ""


@dataclass(frozen=True)
class Neighbours:
    """Where the keys lead from one submission; None if there is nothing further."""

    before: ReviewSubmission | None
    after: ReviewSubmission | None
    next_ungraded: ReviewSubmission | None
    place: int  # among those selected, from 1; 0 if it is not among them
    number: int  # of those selected


def neighbours(
    ordered: Sequence[ReviewSubmission], selection: Selection, key: str, *, blind: bool
) -> Neighbours:
    """Return where the keys lead; if the submission is no longer selected, to its former neighbours."""
    here = next((place for place, one in enumerate(ordered) if one.key == key), 0)
    chosen = [(place, one) for place, one in enumerate(ordered) if selection.includes(one, blind=blind)]
    after = [one for place, one in chosen if place > here]
    before = [one for place, one in chosen if place < here]
    others = [*after, *before]
    return Neighbours(
        before=before[-1] if before else None,
        after=after[0] if after else None,
        next_ungraded=next((one for one in others if not one.is_reviewed), None),
        place=len(before) + 1 if any(place == here for place, _ in chosen) else 0,
        number=len(chosen),
    )


def name_of(one: ReviewSubmission, *, blind: bool) -> str:
    """Return a submission's name for people: the student, or a word that hides them."""
    if blind:
        return one.label
    name = one.marks.name if one.marks is not None else ""
    return f"{name} ({one.student})" if name else one.student
