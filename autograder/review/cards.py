"""What a page shows of one submission, read from its result folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course.folder import Course
from autograder.record.files import (
    GRID,
    read_report,
)
from autograder.report import WORDS, Report, Result, Status


@dataclass(frozen=True)
class Card:
    """One submission: its report, and the folder of its pictures."""

    report: Report
    folder: Path

    @property
    def name(self) -> str:
        """A name for files and links, made of harmless characters and unique among the students.

        It is unique even on a case-insensitive disk, and even if a student's id equals another's name here.
        """
        plain = re.sub(r"[^a-z0-9_-]", "_", self.report.student.lower())[:60]
        if plain == self.report.student and not re.search(r"-[0-9a-f]{8}$", plain):
            return plain
        unique = hashlib.sha256(self.report.student.encode(errors="surrogateescape")).hexdigest()[:8]
        return f"{plain}-{unique}"

    @property
    def is_full(self) -> bool:
        """Did this submission earn full marks?"""
        return all(result.status == "pass" for result in self.report.criteria.values())

    @property
    def grid(self) -> Path | None:
        """The large picture, if it exists."""
        file = self.folder / GRID
        return file if file.is_file() else None


@dataclass(frozen=True)
class CriterionSummary:
    """How a whole class did on one criterion."""

    criterion: str
    counts: dict[Status, int]
    mean: float
    max_score: float


def collect_cards(course: Course, assignment: str) -> list[Card]:
    """Return a card for every report on the assignment, sorted by student."""
    folders = (folder / assignment for folder in course.graded.iterdir()) if course.graded.is_dir() else ()
    cards = [Card(report, folder) for folder in folders if (report := read_report(folder)) is not None]
    return sorted(cards, key=lambda card: card.report.student)


def summarize(cards: Sequence[Card]) -> list[CriterionSummary]:
    """Return the class results for each criterion, in the order of the reports."""
    criteria = dict.fromkeys(name for card in cards for name in card.report.criteria)
    return [_summary(name, list(_results(cards, name))) for name in criteria]


def _results(cards: Sequence[Card], criterion: str) -> Iterator[Result]:
    for card in cards:
        if criterion in card.report.criteria:
            yield card.report.criteria[criterion]


def _summary(criterion: str, results: list[Result]) -> CriterionSummary:
    return CriterionSummary(
        criterion=criterion,
        counts={status: sum(result.status == status for result in results) for status in WORDS},
        mean=sum(result.score for result in results) / len(results),
        max_score=max(result.max_score for result in results),
    )
