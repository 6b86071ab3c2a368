"""Looks at this machine."""

from __future__ import annotations

from pathlib import Path

import typer

from autograder.commands.options import CourseFolder, Data, say, settings_of


def doctor_command(course: CourseFolder = Path(), data: Data = None) -> None:
    """Show what is installed, whether the sandbox works and where the data is."""
    from autograder.commands.examination import examine

    healthy = True
    for finding in examine(settings_of(course, data=data), course):
        healthy = healthy and finding.state != "MISSING"
        say(f"{finding.state:8}  {finding.what}: {finding.detail}")
    if not healthy:
        raise typer.Exit(1)
