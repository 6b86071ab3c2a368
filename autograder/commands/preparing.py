"""Commands before grading: make the course folder, release the notebook, collect the submissions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from autograder.commands.options import (
    CourseFolder,
    Data,
    ExerciseName,
    SandboxName,
    open_course,
    say,
    settings_of,
)


def init_command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The new folder.")],
    exercise: ExerciseName = None,
) -> None:
    """Make a new course folder with the assignment."""
    from autograder.course.initialise import initialise
    from autograder.exercise import USUAL

    course = initialise(directory, exercise or USUAL)
    say(f"The course is in {course.root}.")
    say(f"'gradeascent release --course {directory}' makes the students' version.")


def exercises_command() -> None:
    """List the exercises that are installed."""
    from autograder.errors import SettingsError
    from autograder.exercise import USUAL, find_exercise, offered

    for name in offered():
        try:
            title = find_exercise(name).title
        except SettingsError as error:
            say(str(error))
            continue
        say(f"{name}: {title}" + (" (if a course names none)" if name == USUAL else ""))


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
