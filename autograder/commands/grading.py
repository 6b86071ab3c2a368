"""Commands that grade, here or elsewhere, apply a different rubric, or audit the rubric."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

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
from autograder.gradescope.time_limits import LEAST_MINUTES, MOST_MINUTES


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


def grade_one_command(
    submission: Annotated[
        Path, typer.Argument(metavar="SUBMISSION_DIR", help="The folder with the notebook.")
    ],
    results: Annotated[
        Path,
        typer.Argument(metavar="RESULT_DIR", help="The folder for the results; it may hold earlier results."),
    ],
    course: Annotated[
        Path | None,
        typer.Option(
            help="The course whose rubric, points and settings apply.", show_default="the kit's own"
        ),
    ] = None,
    student: Annotated[
        str | None, typer.Option(help="The student id.", show_default="the submission's folder")
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, help="The number of such commands running at once on this machine.")
    ] = 1,
    profile: Profile = None,
    data: Data = None,
    sandbox: SandboxName = None,
    force: Annotated[  # noqa: FBT002
        bool, typer.Option("--force", help="Also grade submissions that are up to date.")
    ] = False,
) -> None:
    """Grade one submission into one folder, without a course or gradebook: for job arrays and GNU parallel."""
    from autograder.grading.one import grade_one, submission_in
    from autograder.progress.bars import show_progress

    opened = open_course(course) if course else None
    settings = settings_of(
        opened.root if opened else None, jobs=jobs, profile=profile, data=data, sandbox=sandbox
    )
    report = grade_one(
        submission_in(submission, student, settings.exercise),
        results,
        opened,
        settings,
        announce=say,
        progress=show_progress(1),
        force=force,
    )
    if report is None:
        raise typer.Exit(1)


def rescore_command(
    students: Students = None,
    course: CourseFolder = Path(),
    apply: Annotated[  # noqa: FBT002
        bool, typer.Option("--apply", help="Write the new reports; without it, only show what changes.")
    ] = False,
    jobs: Jobs = None,
    data: Data = None,
    sandbox: SandboxName = None,
    record: Record = True,  # noqa: FBT002
) -> None:
    """Apply a different rubric to stored results; no notebook is run."""
    from autograder.grading.course import submissions_of
    from autograder.grading.rescore.command import rescore_course

    opened = open_course(course)
    settings = settings_of(opened.root, jobs=jobs, data=data, sandbox=sandbox)
    chosen = submissions_of(opened, students or [])
    if not rescore_course(opened, chosen, settings, say, apply=apply, record=record):
        raise typer.Exit(1)


def audit_command(
    directory: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR", help="The folder with the labelled submissions.", show_default="the kit's own"
        ),
    ] = None,
    course: CourseFolder = Path(),
    jobs: Jobs = None,
    profile: Annotated[
        Literal["full", "quick", "both"], typer.Option(help="The profile to grade the submissions in.")
    ] = "both",
    data: Data = None,
    sandbox: SandboxName = None,
    force: Annotated[  # noqa: FBT002
        bool, typer.Option("--force", help="Also run submissions that were run before.")
    ] = False,
    into: Annotated[
        Path | None,
        typer.Option(
            "--json", metavar="FILE", help="The file for the result.", show_default="audit/audit.json"
        ),
    ] = None,
) -> None:
    """Test the rubric on labelled submissions: show the expected and the actual verdicts, and where they disagree."""
    from autograder.audit.audit import audit, labelled_submissions
    from autograder.audit.printed_audit import print_audit
    from autograder.progress.bars import show_progress

    opened = open_course(course)
    settings = settings_of(opened.root, jobs=jobs, data=data, sandbox=sandbox)
    labelled = labelled_submissions(directory, opened.assignment)
    profiles = ("quick", "full") if profile == "both" else (profile,)
    result, file = audit(
        opened,
        labelled,
        settings,
        profiles,
        announce=say,
        make_progress=show_progress,
        force=force,
        into=into,
    )
    print_audit(result, Console(file=sys.stdout, highlight=False, emoji=False))
    say(f"The same as JSON: {file}")
    if not result.agrees:
        raise typer.Exit(1)


def gradescope_bundle_command(
    course: CourseFolder = Path(),
    to: Annotated[Path, typer.Option(metavar="FILE.zip", help="The archive.")] = Path("autograder.zip"),
    minutes: Annotated[
        int,
        typer.Option(min=LEAST_MINUTES, max=MOST_MINUTES, help="The time limit that you set at Gradescope."),
    ] = 20,
    profile: Profile = None,
    data: Data = None,
    sandbox: SandboxName = None,
) -> None:
    """Make an autograder.zip with which Gradescope grades each submission when it arrives."""
    from autograder.gradescope.bundle import how_to_use, write_bundle

    opened = open_course(course)
    settings = settings_of(opened.root, profile=profile, data=data, sandbox=sandbox)
    write_bundle(opened, settings, to, minutes=minutes, announce=say)
    say(how_to_use(opened, settings, to, minutes=minutes))
