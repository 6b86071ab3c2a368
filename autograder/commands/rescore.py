"""Applies a different rubric to stored results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import (
    CourseFolder,
    Data,
    Jobs,
    Record,
    SandboxName,
    Students,
    open_course,
    say,
    settings_of,
)


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
