"""Makes a course folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import (
    ExerciseName,
    say,
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
