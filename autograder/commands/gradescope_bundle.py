"""Makes the autograder that Gradescope runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import (
    CourseFolder,
    Data,
    Profile,
    SandboxName,
    open_course,
    say,
    settings_of,
)
from autograder.gradescope.time_limits import LEAST_MINUTES, MOST_MINUTES


def gradescope_bundle_command(
    course: CourseFolder = Path(),
    to: Annotated[Path, typer.Option(metavar="FILE.zip", help="The archive.")] = Path("autograder.zip"),
    minutes: Annotated[
        int,
        typer.Option(min=LEAST_MINUTES, max=MOST_MINUTES, help="The time limit that you set at Gradescope."),
    ] = 20,
    profile: Profile = None,
    data: Data = None,
    sandbox: SandboxName = None,
) -> None:
    """Make an autograder.zip with which Gradescope grades each submission when it arrives."""
    from autograder.gradescope.bundle import how_to_use, write_bundle

    opened = open_course(course)
    settings = settings_of(opened.root, profile=profile, data=data, sandbox=sandbox)
    write_bundle(opened, settings, to, minutes=minutes, announce=say)
    say(how_to_use(opened, settings, to, minutes=minutes))
