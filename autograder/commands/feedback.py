"""Makes the pages that students get."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from autograder.commands.options import CourseFolder, Students, open_course, say


def feedback_command(
    students: Students = None,
    course: CourseFolder = Path(),
    pdf: Annotated[bool, typer.Option("--pdf", help="Also print each page as a PDF.")] = False,  # noqa: FBT002
    into_zip: Annotated[
        Path | None,
        typer.Option("--zip", metavar="FILE.zip", help="Also write all pages to one file, for an LMS."),
    ] = None,
    lms: Annotated[
        Literal["moodle", "plain"],
        typer.Option(help="How folders in the zip are named; 'plain': by student id."),
    ] = "plain",
    download: Annotated[
        Path | None,
        typer.Option(
            "--into",
            metavar="DOWNLOAD",
            help="The download of submissions from Moodle, for the names of the folders.",
        ),
    ] = None,
) -> None:
    """Make a feedback page for each student; pages that are up to date stay as they are."""
    from autograder.feedback.command import give_feedback

    if (lms == "moodle" or download) and not into_zip:
        raise typer.BadParameter("--lms and --into describe a zip: name the zip with --zip FILE.zip")
    if download and lms != "moodle":
        raise typer.BadParameter("--into is for --lms moodle")
    opened = open_course(course)
    if not give_feedback(opened, students or [], say, pdf=pdf, into_zip=into_zip, lms=lms, download=download):
        raise typer.Exit(1)
