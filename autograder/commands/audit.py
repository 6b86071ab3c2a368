"""Tests the rubric on labelled submissions."""

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
    SandboxName,
    open_course,
    say,
    settings_of,
)


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
