"""Bundles a submission that the kit was wrong about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import CourseFolder, open_course, say, settings_of, students_there


def report_case_command(
    student: Annotated[
        str, typer.Argument(metavar="STUDENT", help="The student id.", autocompletion=students_there)
    ],
    course: CourseFolder = Path(),
    to: Annotated[Path, typer.Option(metavar="FILE.zip", help="The file to write.")] = Path("case.zip"),
) -> None:
    """Bundle a submission that the kit was wrong about, without names, comments, outputs and answers."""
    from autograder.audit.case import make_case, what_is_in, write_case

    opened = open_course(course)
    case = make_case(opened, student, settings_of(opened.root))
    write_case(case, to)
    for line in what_is_in(case, to):
        say(line)
