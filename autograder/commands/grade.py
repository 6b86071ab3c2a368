"""Grades a course."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import (
    CourseFolder,
    Data,
    Jobs,
    Profile,
    Record,
    SandboxName,
    Students,
    open_course,
    say,
    settings_of,
)


def grade_command(
    students: Students = None,
    course: CourseFolder = Path(),
    jobs: Jobs = None,
    profile: Profile = None,
    data: Data = None,
    sandbox: SandboxName = None,
    force: Annotated[  # noqa: FBT002
        bool, typer.Option("--force", help="Also grade submissions that are up to date.")
    ] = False,
    record: Record = True,  # noqa: FBT002
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Grade on the workers of a Dask scheduler.", show_default="this machine"
        ),
    ] = None,
) -> None:
    """Run, measure, score and record submissions; those that are up to date are skipped."""
    from autograder.course.lock import only_writer
    from autograder.grading.course import grade_course, submissions_of
    from autograder.grading.grader import ready_to_grade
    from autograder.progress.bars import show_progress, show_recording

    if cluster and jobs is not None:
        raise typer.BadParameter("--jobs is for this machine; on a cluster, the threads of its workers count")
    opened = open_course(course)
    settings = settings_of(opened.root, jobs=jobs, profile=profile, data=data, sandbox=sandbox)
    chosen = submissions_of(opened, students or [])
    if cluster:
        from autograder.cluster.coordinate import grade_on_cluster

        with show_progress(len(chosen)) as progress:
            reports = grade_on_cluster(opened, chosen, settings, cluster, progress, announce=say, force=force)
    else:
        with (
            ready_to_grade(opened, settings, announce=say) as grader,
            show_progress(len(chosen)) as progress,
        ):
            reports = grade_course(opened, chosen, grader, progress, force=force)
    review = sum(report.needs_review for report in reports.values())
    say(
        f"{len(reports)} of {len(chosen)} graded, {review} to be reviewed by a person; "
        f"the reports are in {opened.graded}."
    )
    if record:
        from autograder.record.recording import record_reports

        with only_writer(opened), show_recording(len(reports)) as recording:
            recorded = record_reports(opened, sorted(reports), recording, force=force)
        say(f"{len(recorded)} of {len(reports)} recorded in the gradebook.")
    if len(reports) < len(chosen) or (record and len(recorded) < len(reports)):
        raise typer.Exit(1)
