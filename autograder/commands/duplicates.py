"""Finds students who share more than an idea."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import CourseFolder, open_course, say


def duplicates_command(
    course: CourseFolder = Path(),
    into: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write the complete result to this file."),
    ] = None,
) -> None:
    """List submissions that share weights, images or code: hints for you alone, which change no score."""
    from autograder.duplicates.find import find_duplicates
    from autograder.duplicates.findings import duplicates_to_json
    from autograder.duplicates.printed_findings import print_duplicates
    from autograder.plain.files import write_whole

    found = find_duplicates(open_course(course))
    print_duplicates(found, say)
    if into:
        write_whole(into, duplicates_to_json(found))
    if found.left_out:
        raise typer.Exit(1)
