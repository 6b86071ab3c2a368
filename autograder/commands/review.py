"""Serves the TAs' desk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import CourseFolder, open_course, say


def review_command(
    course: CourseFolder = Path(),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port.", show_default="a free port")
    ] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Hide the students' names.")] = False,  # noqa: FBT002
    browser: Annotated[bool, typer.Option(help="Open the pages in a browser.")] = True,  # noqa: FBT002
    static: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a gallery as files instead of serving pages.")
    ] = None,
) -> None:
    """Serve the TAs' pages for looking at feature grids and grading answers."""
    opened = open_course(course)
    if static is not None:
        from autograder.review.gallery import write_gallery

        say(f"The gallery is {write_gallery(opened, opened.assignment, static.expanduser().resolve())}")
        return
    from autograder.review.serve import serve

    serve(opened, say, host=host, port=port, blind=blind, browser=browser)
