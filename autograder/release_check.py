"""Before a release: the instructor's own version must earn full marks from the kit that will grade students."""

from __future__ import annotations

from collections.abc import Callable

from autograder.course.folder import ASSIGNMENT, Course
from autograder.errors import CourseError
from autograder.grade import Grader, make_report, run_submission
from autograder.report import Report
from autograder.submission import Submission


def check_instructor_version(
    course: Course,
    grader: Grader,
    *,
    assignment: str = ASSIGNMENT,
    on_cell: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Grade the source notebook like a submission.

    Raises:
        CourseError: it does not earn full marks; says which criterion, and what was measured.
    """
    submission = Submission("instructor", assignment, course.source / assignment)
    run, _ = run_submission(submission, grader, on_cell=on_cell)
    report = make_report(submission, run, grader)
    for criterion, result in report.criteria.items():
        if result.status != "pass":
            raise CourseError(
                f"the instructor's version earns {report.score:g} of {report.max_score:g} points, so it is not "
                f"released; {criterion}: {result.feedback}"
            )
    return report
