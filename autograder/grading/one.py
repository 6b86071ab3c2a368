"""Grades one submission from one folder into another, without a course folder or a gradebook.

Job arrays and GNU parallel need this: each call is independent, and its results can be copied into a course's
`graded/`, where `gradeascent grade` treats them as its own.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.initialise import initialise
from autograder.course.submission import Submission
from autograder.errors import CourseError, GradeascentError, RubricError
from autograder.grading.course import Progress, run_stored_or_new
from autograder.grading.grader import Grader, ready_to_grade
from autograder.grading.stored import current_report, write_verdict
from autograder.plain.scratch import temporary_folder
from autograder.record.files import (
    RESULT_FILES,
)
from autograder.report import Report
from autograder.settings import Settings


def grade_one(
    submission: Submission,
    folder: Path,
    course: Course | None,
    settings: Settings,
    *,
    announce: Callable[[str], None],
    progress: AbstractContextManager[Progress],
    force: bool = False,
) -> Report | None:
    """Grade a submission and write what `graded/<student>/<assignment>/` holds; None if it could not be graded.

    Args:
        submission: what was handed in.
        folder: where the results are written; up-to-date results there are left alone.
        course: provides rubric and points; if None, the assignment that comes with the kit does.
        settings: how it is graded.
        announce: receives a message about where the data is.
        progress: receives progress updates.
        force: also grade what is up to date.

    Raises:
        CourseError: there is no submission, or the result folder holds other files.
        GradeascentError: as when a course is graded.
    """
    check_folders(submission.folder, folder, submission.assignment)
    settings = settings.model_copy(update={"warm_start": False})  # only pays from the second kernel on
    with temporary_folder() as scratch:
        opened = course or initialise(Path(scratch) / "course", settings.exercise)
        with (
            ready_to_grade(opened, settings, announce=announce, assignment=submission.assignment) as grader,
            progress as told,
        ):
            try:
                return _grade(submission, folder, grader, told, force=force)
            except RubricError:
                raise
            except (GradeascentError, OSError) as error:
                told.failed(submission.student, error)
                return None


def submission_in(folder: Path, student: str | None, assignment: str = ASSIGNMENT) -> Submission:
    """Return the submission in a folder; the student's default is `ada` for `.../ada/<assignment>`."""
    resolved = folder.expanduser().resolve()
    named = resolved.parent if resolved.name == assignment else resolved
    return Submission(student or named.name, assignment, resolved)


def check_folders(submission: Path, results: Path, assignment: str) -> None:
    """Check the folders, so that mixing them up cannot destroy anything.

    Raises:
        CourseError: there is no submission, or results would mix with other files.
    """
    if not submission.exists():
        raise CourseError(f"there is no submission in {submission}")
    results = results.resolve()
    if results.is_relative_to(submission):
        raise CourseError(
            f"results cannot be written into the submission: name a folder outside {submission}"
        )
    if results.exists() and not results.is_dir():
        raise CourseError(f"{results} is no folder")
    known = {*RESULT_FILES, f"{assignment}.ipynb"}
    strangers = [entry.name for entry in results.iterdir()] if results.exists() else []
    strangers = sorted(name for name in strangers if name not in known and not name.startswith("."))
    if strangers:
        raise CourseError(f"{results} holds '{strangers[0]}', so it is no folder of results; name a new one")


def _grade(
    submission: Submission, folder: Path, grader: Grader, progress: Progress, *, force: bool
) -> Report | None:
    current = None if force else current_report(folder, grader.origin(submission), grader.rubric)
    if current is not None:
        progress.finished(submission.student, current, was_up_to_date=True)
        return current
    with ThreadPoolExecutor(1) as pool:  # so that ^C reaches this thread and not only the kernel
        running = pool.submit(run_stored_or_new, submission, folder, grader, progress, force=force)
        try:
            run = running.result()
        except BaseException:
            grader.kernel.cancelled.set()
            raise
    if run is None:
        return None
    report = write_verdict(folder, submission, run, grader.rubric)
    progress.finished(submission.student, report, was_up_to_date=False)
    return report
