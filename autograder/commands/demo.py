"""Shows the whole cycle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import ExerciseName, say


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
