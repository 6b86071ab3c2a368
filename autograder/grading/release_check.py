"""Checks before a release that the instructor's own version earns full marks from the kit."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from autograder.course.folder import Course
from autograder.course.submission import Submission
from autograder.errors import CourseError
from autograder.grading.grader import Grader
from autograder.grading.stages import make_report, run_submission
from autograder.progress.step import Step
from autograder.report import Report


def check_instructor_version(
    course: Course,
    grader: Grader,
    *,
    assignment: str = "",
    on_step: Callable[[Step], None] = lambda step: None,
) -> Report:
    """Grade the source notebook like a submission.

    Raises:
        CourseError: it does not earn full marks; the message names the criterion and what was measured.
    """
    assignment = assignment or course.assignment
    submission = Submission("instructor", assignment, course.source / assignment)
    with ThreadPoolExecutor(1) as pool:  # so that ^C reaches this thread and not only the kernel
        running = pool.submit(run_submission, submission, grader, on_step=on_step)
        try:
            run, _ = running.result()
        except KeyboardInterrupt:
            grader.kernel.cancelled.set()
            raise
    report = make_report(submission, run, grader.rubric)
    for criterion, result in report.criteria.items():
        if result.status != "pass":
            raise CourseError(
                f"the instructor's version earns {report.score:g} of {report.max_score:g} points, so it is "
                f"not released; {criterion}: {result.feedback}"
            )
    return report
