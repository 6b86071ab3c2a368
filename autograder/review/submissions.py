"""The submissions that the review pages know; addresses can lead to no others.

A page names a submission by a key that reveals nothing about the student. The key is looked up among the
submissions in the course folder and the gradebook; no part of a request ever becomes part of a path.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.course.folder import Course
from autograder.course.gradebook import open_gradebook
from autograder.course.marks import Marks, read_marks
from autograder.exercise import Exercise
from autograder.record.files import (
    MEASUREMENTS,
    REPORT,
    measurements_if_there,
    read_report,
)
from autograder.report import Report
from autograder.review.unusual import Traits, unusualness

KEY_LENGTH = 16
_Stamp = tuple[int, int]


@dataclass(frozen=True)
class ReviewSubmission:
    """One submission.

    Attributes:
        key: its name in addresses.
        student: the id.
        folder: of the report and its pictures.
        report: the grader's; None if there is none.
        marks: the gradebook's; None if the submission is not in it.
        version: changes with the pictures.
        choices: the exercise's choices that include it, where they were asked for.
    """

    key: str
    student: str
    folder: Path
    report: Report | None = None
    marks: Marks | None = None
    version: str = ""
    choices: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """The word shown when names are hidden."""
        return f"Submission {self.key[:6]}"

    @property
    def score(self) -> float:
        """The score so far, before the penalty."""
        if self.marks is not None:
            return self.marks.score
        return self.report.score if self.report is not None else 0.0

    @property
    def automatic_score(self) -> float:
        """The grader's score, which does not change while people grade."""
        return self.report.score if self.report is not None else 0.0

    @property
    def max_score(self) -> float:
        """The maximum score."""
        if self.marks is not None:
            return self.marks.max_score
        return self.report.max_score if self.report is not None else 0.0

    @property
    def is_reviewed(self) -> bool:
        """Has a person looked at everything that needs one?"""
        return self.marks is not None and not self.marks.waiting

    @property
    def needs_review(self) -> bool:
        """Is there something that the grader could not decide and that no person has settled yet?"""
        if self.marks is not None:
            return any(cell.startswith("check_") for cell in self.marks.waiting)
        return self.report is not None and self.report.needs_review

    @property
    def flag_codes(self) -> frozenset[str]:
        """The codes of the flags in the report."""
        return frozenset(flag.code for flag in self.report.flags) if self.report is not None else frozenset()

    @property
    def has_notes(self) -> bool:
        """Is there a flag that only graders read, or a given cell with its difference?"""
        flags = self.report.flags if self.report is not None else []
        return any(flag.for_staff or flag.details for flag in flags)

    @property
    def is_late(self) -> bool:
        """Was it submitted late?"""
        return self.marks is not None and self.marks.is_late


@dataclass
class _Known:
    stamp: _Stamp
    report: Report | None


@dataclass
class Submissions:
    """Finds submissions; caches what it reads from a file until the file changes."""

    course: Course
    exercise: Exercise
    assignment: str
    notebook: str
    _reports: dict[str, _Known] = field(default_factory=dict)
    _traits: dict[str, tuple[_Stamp, Traits | None]] = field(default_factory=dict)
    _choices: dict[str, tuple[_Stamp, frozenset[str]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def all(self) -> list[ReviewSubmission]:
        """Return every submission, sorted by student.

        Raises:
            CourseError: the gradebook cannot be read.
        """
        with open_gradebook(self.course) as gradebook:
            marks = read_marks(gradebook, self.assignment, self.notebook)
        return self._with(marks)

    def one(self, key: str) -> ReviewSubmission | None:
        """Return one submission as it is now; None if the key is unknown.

        Raises:
            CourseError: the gradebook cannot be read.
        """
        with open_gradebook(self.course) as gradebook:
            student = next((who for who in self._students() if key_of(self.assignment, who) == key), None)
            marks = read_marks(gradebook, self.assignment, self.notebook, student) if student else {}
        return self._one(student, marks) if student is not None else None

    def again(self, one: ReviewSubmission) -> ReviewSubmission:
        """Read a known submission again and return it as it is now.

        Raises:
            CourseError: the gradebook cannot be read.
        """
        with open_gradebook(self.course) as gradebook:
            marks = read_marks(gradebook, self.assignment, self.notebook, one.student)
        return self._one(one.student, marks)

    def unusual(self, submissions: Sequence[ReviewSubmission]) -> dict[str, float]:
        """Return how unusual each submission's images are among these submissions, by key."""
        return unusualness({one.key: self._traits_of(one) for one in submissions})

    def with_choices(self, submissions: Sequence[ReviewSubmission]) -> list[ReviewSubmission]:
        """Return submissions with those of the exercise's choices that include them."""
        return [replace(one, choices=self._choices_of(one)) for one in submissions]

    def _choices_of(self, submission: ReviewSubmission) -> frozenset[str]:
        stamp = _stamp(submission.folder / MEASUREMENTS)
        with self._lock:
            known = self._choices.get(submission.key)
        if known is not None and known[0] == stamp:
            return known[1]
        measured = measurements_if_there(submission.folder)
        choices = self.exercise.choices.items()
        found = frozenset(name for name, one in choices if measured is not None and one.of(measured))
        with self._lock:
            self._choices[submission.key] = (stamp, found)
        return found

    def _traits_of(self, submission: ReviewSubmission) -> Traits | None:
        stamp = _stamp(submission.folder / MEASUREMENTS)
        with self._lock:
            known = self._traits.get(submission.key)
        if known is not None and known[0] == stamp:
            return known[1]
        measured = measurements_if_there(submission.folder)
        found = self.exercise.traits(measured) if measured is not None else None
        with self._lock:
            self._traits[submission.key] = (stamp, found)
        return found

    def _with(self, marks: Mapping[str, Marks]) -> list[ReviewSubmission]:
        return [self._one(student, marks) for student in sorted({*self._students(), *marks})]

    def _students(self) -> list[str]:
        graded = self.course.graded
        folders = graded.iterdir() if graded.is_dir() else ()
        reported = {folder.name for folder in folders if (folder / self.assignment).is_dir()}
        return sorted({*reported, *self.course.students(self.assignment)})

    def _one(self, student: str, marks: Mapping[str, Marks]) -> ReviewSubmission:
        folder = self.course.result_folder(student, self.assignment)
        stamp = _stamp(folder / REPORT)
        with self._lock:
            known = self._reports.get(student)
        if known is None or known.stamp != stamp:
            known = _Known(stamp, read_report(folder))
            with self._lock:
                self._reports[student] = known
        return ReviewSubmission(
            key=key_of(self.assignment, student),
            student=student,
            folder=folder,
            report=known.report,
            marks=marks.get(student),
            version=f"{stamp[0]:x}",
        )


def key_of(assignment: str, student: str) -> str:
    """Return the key that names a submission in addresses."""
    text = f"{assignment}\0{student}"
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:KEY_LENGTH]


def _stamp(file: Path) -> _Stamp:
    try:
        status = file.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)
