"""Exports scores for an LMS."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from autograder.commands.options import CourseFolder, open_course, say


def export_command(
    form: Annotated[
        Literal["canvas", "moodle", "gradescope", "csv"],
        typer.Argument(metavar="canvas|moodle|gradescope|csv", help="What the file is for."),
    ],
    course: CourseFolder = Path(),
    into: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="The file exported from the LMS, to fill in; it is not changed."
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="The file to write.", show_default="course/grades_<format>.csv"
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            help="The heading of the column to fill in.",
            show_default="found automatically",
        ),
    ] = None,
    partial: Annotated[  # noqa: FBT002
        bool,
        typer.Option("--partial", help="Also export the scores of submissions that a TA still has to grade."),
    ] = False,
) -> None:
    """Export the gradebook's scores to a file for an LMS."""
    from autograder.course.gradebook import open_gradebook
    from autograder.export.export import default_file, export, remarks, summary

    opened = open_course(course)
    to = to or default_file(opened, form)
    with open_gradebook(opened) as gradebook:
        exported = export(gradebook, opened, form, to, into=into, column=column, partial=partial)
    for line in (*remarks(exported), summary(exported, to)):
        say(line)
    if exported.left_out:
        raise typer.Exit(1)
