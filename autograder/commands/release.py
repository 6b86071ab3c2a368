"""Makes the students' notebook."""

from __future__ import annotations

from pathlib import Path

from autograder.commands.options import (
    CourseFolder,
    Data,
    SandboxName,
    open_course,
    say,
    settings_of,
)


def release_command(course: CourseFolder = Path(), data: Data = None, sandbox: SandboxName = None) -> None:
    """Make the students' notebook, if the instructor's version earns full marks and no solution leaks."""
    from autograder.course.release import generate_release
    from autograder.grading.grader import ready_to_grade
    from autograder.grading.release_check import check_instructor_version

    opened = open_course(course)
    settings = settings_of(opened.root, data=data, sandbox=sandbox, jobs=1)
    say("Running the instructor's version; it must earn full marks ...")
    with ready_to_grade(opened, settings, announce=say) as grader:
        report = check_instructor_version(opened, grader)
    folder = generate_release(opened, hidden_thresholds=settings.thresholds.model_dump())
    say(f"{report.score:g} of {report.max_score:g} points. The release is in {folder}; it leaks no solution.")
