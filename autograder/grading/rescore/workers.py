"""What a worker process does for one submission while a course is rescored.

pytest, which runs the rubric, can only run in one thread at a time, and drawing a picture takes half a
second. So the work is spread over processes. Each gets the names of folders, reads what is stored there, and
writes only on request.
"""

from __future__ import annotations

import gc
import signal
from dataclasses import dataclass
from pathlib import Path

from autograder.collect.members import LeftOut
from autograder.course.folder import Course
from autograder.course.submission import Submission
from autograder.errors import GradeascentError, RubricError
from autograder.grading.grader import Rubric, quick_accuracy
from autograder.grading.rescore.changes import Rescored
from autograder.grading.stages import make_report
from autograder.record.files import (
    read_origin,
    read_report,
    read_run,
    read_verifier,
    write_measurements,
    write_report,
)
from autograder.run import Run
from autograder.verify.identity import verifier_sha256

NEVER_RUN = "it was not run to its end yet"
OTHER_FILES = "other files were handed in since it was run"
TRAINED_LESS = "its training was ended at a lower accuracy than accuracy_full needs now"
UNREADABLE = "what is stored of its run cannot be read"


@dataclass(frozen=True)
class Place:
    """The location of one submission and its results.

    Attributes:
        measured: a folder with the run as measured by the current verifier, if the stored one is older.
    """

    course: Course
    student: str
    assignment: str
    measured: Path | None = None

    @property
    def submission(self) -> Submission:
        """What was handed in."""
        folder = self.course.submission_folder(self.student, self.assignment)
        return Submission(self.student, self.assignment, folder)

    @property
    def results(self) -> Path:
        """The folder with the report."""
        return self.course.result_folder(self.student, self.assignment)


@dataclass(frozen=True)
class Outdated:
    """A stored run that must be measured again before it can be scored."""

    place: Place


def start_worker() -> None:
    """Leave ^C to the parent process, and exclude imported objects from garbage collection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()


def score_again(place: Place, rubric: Rubric) -> Rescored | Outdated | LeftOut:
    """Apply the rubric to a stored run, or return why that is not possible.

    Raises:
        RubricError: the rubric is broken.
    """
    try:
        run = _stored_run(place)
        if not isinstance(run, Run):
            return run
        ended_at = run.origin.quick_accuracy
        if ended_at is not None and ended_at < quick_accuracy(rubric.exercise, rubric.thresholds):
            return LeftOut(place.student, TRAINED_LESS)
        report = make_report(place.submission, run, rubric)
    except RubricError:
        raise
    except (GradeascentError, OSError) as error:
        return LeftOut(place.student, str(error))
    return Rescored(read_report(place.results), report, place.measured is not None)


def write_again(place: Place, rescored: Rescored, rubric: Rubric) -> LeftOut | None:
    """Replace the stored report and the files that show it; files that would not change are left alone."""
    try:
        run = _stored_run(place)
        if not isinstance(run, Run):
            return LeftOut(place.student, UNREADABLE)
        if place.measured:
            write_measurements(place.results, run)
        before = None if place.measured else rescored.before
        write_report(place.results, rescored.now, run, rubric.exercise.draw, before=before)
    except OSError as error:
        return LeftOut(place.student, f"cannot be written: {error.strerror or error}")
    return None


def _stored_run(place: Place) -> Run | Outdated | LeftOut:
    origin = read_origin(place.results)
    if origin is None:
        return LeftOut(place.student, NEVER_RUN)
    if origin.submission_sha256 != place.submission.sha256():
        return LeftOut(place.student, OTHER_FILES)
    if place.measured:
        return read_run(place.measured, origin, name=place.assignment) or LeftOut(place.student, UNREADABLE)
    verifier = read_verifier(place.results, origin)
    run = read_run(place.results, origin, name=place.assignment)
    # If the file is not a notebook, no verifier measured anything.
    if verifier != verifier_sha256() and not (run and run.measurements.unreadable):
        return Outdated(place)
    return run or LeftOut(place.student, UNREADABLE)
