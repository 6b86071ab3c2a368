"""Grades one submission, as for a container or a script."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import (
    Data,
    Profile,
    SandboxName,
    open_course,
    say,
    settings_of,
)


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
