"""Grades a course: many submissions in parallel, each report written as soon as it is ready.

A kernel needs its own process anyway, so the threads of the grader only wait. The calling thread does all
scoring and writes all reports.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Protocol

from autograder.course.folder import Course
from autograder.course.lock import only_writer
from autograder.course.submission import Submission
from autograder.errors import CourseError, GradeascentError, RubricError
from autograder.grading.grader import Grader
from autograder.grading.stages import run_submission
from autograder.grading.stored import current_report, up_to_date_run, write_verdict
from autograder.plain.files import write_whole
from autograder.progress.step import Step
from autograder.record.files import FAULT, StoredReports, write_run
from autograder.report import Report
from autograder.run import Run


class Progress(Protocol):
    """Receives progress updates; see `autograder.progress.bars`."""

    def started(self, student: str) -> None:
        """A submission starts."""

    def step(self, student: str, step: Step) -> None:
        """A running notebook is so far."""

    def finished(self, student: str, report: Report, *, was_up_to_date: bool) -> None:
        """A report is written."""

    def failed(self, student: str, error: GradeascentError | OSError) -> None:
        """A submission could not be graded, for a reason outside of it."""


def grade_course(
    course: Course,
    students: Sequence[str],
    grader: Grader,
    progress: Progress,
    *,
    force: bool = False,
    assignment: str = "",
) -> Mapping[str, Report]:
    """Grade the submissions of these students; those that are up to date are left alone.

    Returns the reports by student. A submission that could not be graded is reported to `progress` and
    missing from the result.

    Raises:
        CourseError: another process is grading there, or results cannot be written at all.
        RubricError: the rubric itself is broken, so no report would be valid.
    """
    assignment = assignment or course.assignment
    with only_writer(course):
        return _grade(course, students, grader, progress, force=force, assignment=assignment)


def _grade(
    course: Course,
    students: Sequence[str],
    grader: Grader,
    progress: Progress,
    *,
    force: bool,
    assignment: str,
) -> Mapping[str, Report]:
    graded: dict[str, Path] = {}
    waiting: dict[Future[Run | None], Submission] = {}
    pool = ThreadPoolExecutor(grader.jobs)
    try:
        for student in students:
            submission = Submission(student, assignment, course.submission_folder(student, assignment))
            folder = course.result_folder(student, assignment)
            try:
                current = None if force else current_report(folder, grader.origin(submission), grader.rubric)
            except OSError as error:
                progress.failed(student, error)
                continue
            if current is not None:
                progress.finished(student, current, was_up_to_date=True)
                graded[student] = folder
                continue
            future = pool.submit(run_stored_or_new, submission, folder, grader, progress, force=force)
            waiting[future] = submission
        for future in as_completed(waiting):
            submission = waiting.pop(future)  # pop, so that its run and pictures are freed once written
            try:
                run = future.result()
                if run is None:
                    continue
                folder = course.result_folder(submission.student, assignment)
                report = write_verdict(folder, submission, run, grader.rubric)
            except RubricError:
                raise
            except (GradeascentError, OSError) as error:  # such as a full disk; the others continue
                progress.failed(submission.student, error)
                continue
            except Exception as error:  # noqa: BLE001 (an internal error must not affect the others)
                progress.failed(submission.student, note_fault(course, submission, error))
                continue
            progress.finished(submission.student, report, was_up_to_date=False)
            graded[submission.student] = folder
    except BaseException:  # mainly ^C: stop what is running, keep what is done
        grader.kernel.cancelled.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return StoredReports(graded)


def note_fault(course: Course, submission: Submission, error: Exception) -> GradeascentError:
    """Store the traceback of an internal error, for those who fix it, and return the error to show."""
    file = course.result_folder(submission.student, submission.assignment) / FAULT
    with contextlib.suppress(OSError):
        write_whole(file, "".join(traceback.format_exception(error)))
    return GradeascentError(f"a fault of gradeascent itself ({type(error).__name__}); please report {file}")


def run_stored_or_new(
    submission: Submission, folder: Path, grader: Grader, progress: Progress, *, force: bool
) -> Run | None:
    """Return the stored run if only the rubric or the verifier is new, else run the notebook.

    None if cancelled.
    """
    if grader.kernel.cancelled.is_set():
        return None
    progress.started(submission.student)
    stored = None
    if not force:
        stored = up_to_date_run(folder, grader.origin(submission), grader, name=submission.assignment)
    if stored is not None:
        return stored
    run, evidence = run_submission(
        submission, grader, on_step=lambda step: progress.step(submission.student, step)
    )
    if grader.kernel.cancelled.is_set():
        return None
    write_run(folder, run, evidence, name=submission.assignment)
    return run


def submissions_of(course: Course, students: Sequence[str], assignment: str = "") -> list[str]:
    """Return the students to grade: those named, else all who handed in.

    Raises:
        CourseError: a named student handed in nothing, or there are no submissions.
    """
    assignment = assignment or course.assignment
    known = course.students(assignment)
    for student in students:
        if student not in known:
            folder = course.submission_folder(student, assignment)
            raise CourseError(f"no submission of '{student}': there is no folder {folder}")
    if not known:
        raise CourseError(
            f"nothing to grade: put submissions into {course.submitted / '<student>' / assignment}"
        )
    return list(dict.fromkeys(students)) or known
