"""Grades one submission from one folder into another, with neither a course folder nor a gradebook.

What a job array or GNU parallel needs: each call stands for itself, and what it leaves can be put into a course's
`graded/`, where `gradeascent grade` takes it for its own.
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
        folder: where the results are written; what is up to date there is left alone.
        course: whose rubric and points count; the assignment that comes with the kit, if None.
        settings: how it is graded.
        announce: is told where the data is.
        progress: is told how it goes on.
        force: also grade what is up to date.

    Raises:
        CourseError: there is no submission, or the folder holds something else.
        GradeascentError: as when a course is graded.
    """
    check_folders(submission.folder, folder, submission.assignment)
    settings = settings.model_copy(update={"warm_start": False})  # worth its memory from the second kernel on
    with temporary_folder() as scratch:
        opened = course or initialise(Path(scratch) / "course")
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


def submission_in(folder: Path, student: str | None) -> Submission:
    """Return the submission in a folder, and whose it is if nobody says: `ada` in `.../ada/<assignment>`."""
    resolved = folder.expanduser().resolve()
    named = resolved.parent if resolved.name == ASSIGNMENT else resolved
    return Submission(student or named.name, ASSIGNMENT, resolved)


def check_folders(submission: Path, results: Path, assignment: str) -> None:
    """Make sure that nothing is lost if somebody has mixed up the folders.

    Raises:
        CourseError: there is no submission, or results would come between other files.
    """
    if not submission.exists():
        raise CourseError(f"there is no submission in {submission}")
    results = results.resolve()
    if results.is_relative_to(submission):
        raise CourseError(
            f"results do not belong into the submission itself: name a folder outside {submission}"
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
