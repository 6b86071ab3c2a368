"""Brings in an LMS download."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from autograder.commands.options import (
    CourseFolder,
    open_course,
)


def collect_command(
    download: Annotated[Path, typer.Argument(metavar="ARCHIVE_OR_DIR", help="The download from the LMS.")],
    lms: Annotated[
        Literal["moodle", "canvas", "gradescope", "plain"],
        typer.Option(help="The LMS; 'plain' is a folder of <student>/<notebook>."),
    ],
    course: CourseFolder = Path(),
    roster: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="A table that maps each name or LMS id to a student id.",
            show_default="names are ids",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would happen.")] = False,  # noqa: FBT002
) -> None:
    """Put submissions from an LMS into the course folder."""
    from autograder.collect.collect import collect
    from autograder.collect.printed_collection import print_collection
    from autograder.collect.roster import read_roster

    opened = open_course(course)
    known = read_roster(roster) if roster else None
    collection = collect(opened, download, lms, known, dry_run=dry_run)
    print_collection(
        collection, Console(file=sys.stdout, highlight=False, markup=False, emoji=False), dry_run=dry_run
    )
    if not collection.is_whole:
        raise typer.Exit(1)
