"""Commands to try things out: the whole cycle as a demo, the checks on a notebook, and a look at this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import CourseFolder, Data, ExerciseName, say, settings_of


def demo_command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder for the demo.")] = Path(
        "gradeascent-demo"
    ),
    exercise: ExerciseName = None,
) -> None:
    """Show the whole cycle on built-in data and sample submissions, offline."""
    from autograder.demo.demonstrate import demonstrate
    from autograder.exercise import USUAL
    from autograder.progress.bars import show_progress

    demonstrate(directory, say, show_progress, exercise or USUAL)


def check_command(
    notebook: Annotated[Path, typer.Argument(metavar="NOTEBOOK", help="The notebook to check.")],
    data: Data = None,
) -> None:
    """Run the public self-checks on a notebook before submitting it."""
    from autograder.commands.check import self_check

    for line in self_check(notebook, settings_of(notebook.parent, data=data), announce=say):
        say(line)


def doctor_command(course: CourseFolder = Path(), data: Data = None) -> None:
    """Show what is installed, whether the sandbox works and where the data is."""
    from autograder.commands.doctor import examine

    healthy = True
    for finding in examine(settings_of(course, data=data), course):
        healthy = healthy and finding.state != "MISSING"
        say(f"{finding.state:8}  {finding.what}: {finding.detail}")
    if not healthy:
        raise typer.Exit(1)
