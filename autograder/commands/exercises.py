"""Lists the exercises."""

from __future__ import annotations

from autograder.commands.options import (
    say,
)


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
