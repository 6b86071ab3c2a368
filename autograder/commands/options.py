"""Options that several commands share, and their first steps: open the course, read its settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from autograder.plain.text import plain_text

if TYPE_CHECKING:
    from autograder.course.folder import Course
    from autograder.settings import Settings


def jobs_or_auto(text: str) -> int:
    """Read a number of jobs; 0 means the number that fits."""
    if text == "auto":
        return 0
    if not text.isdecimal() or int(text) < 1:
        raise typer.BadParameter(f"'{text}' is neither a number from 1 nor auto")
    return int(text)


def students_there(context: typer.Context, incomplete: str) -> list[str]:
    """Return the students who handed in and whose id begins so, for the Tab key."""
    submitted = Path(context.params.get("course") or ".") / "submitted"
    try:
        names = (one.name for one in submitted.iterdir())
        return sorted(name for name in names if name.startswith(incomplete) and not name.startswith("."))
    except OSError:
        return []


Students = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STUDENT", help="Student ids; all students if omitted.", autocompletion=students_there
    ),
]
CourseFolder = Annotated[Path, typer.Option("--course", help="The course folder.", show_default="here")]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="The file with the exercise's data.",
        show_default="the course's setting, or found automatically",
    ),
]
ExerciseName = Annotated[
    str | None,
    typer.Option(
        "--exercise",
        help="Its exercise; 'gradeascent exercises' lists them.",
        show_default="the usual one",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        parser=jobs_or_auto,
        metavar="N|auto",
        help="Submissions to grade at once; auto: the number that cores and memory allow.",
        show_default="the course's setting",
    ),
]
Record = Annotated[
    bool, typer.Option("--record/--no-record", help="Record the scores in nbgrader's gradebook.")
]
SandboxName = Annotated[
    Literal["bwrap", "none"] | None,
    typer.Option(
        "--sandbox",
        help="'none' runs notebooks with your rights: only for code that you trust.",
        show_default="the course's setting",
    ),
]
Profile = Annotated[
    Literal["full", "quick"] | None,
    typer.Option(
        help="'full' runs notebooks exactly as written; 'quick' takes shortcuts that do not change the verdicts.",
        show_default="the course's setting",
    ),
]


def say(text: str) -> None:
    """Print a line, or a few, for the user."""
    lines = "\n".join(map(plain_text, text.split("\n")))
    Console(file=sys.stdout, highlight=False, soft_wrap=True, emoji=False).print(lines, markup=False)


def open_course(path: Path) -> Course:
    """Return the course in this folder.

    Raises:
        CourseError: there is none.
    """
    from autograder.course.folder import Course

    return Course.open(path)


def settings_of(course: Path | None, **given: Any) -> Settings:
    """Return the course's settings, or the defaults without one, with what the command line overrides."""
    from autograder.settings import Settings, load_settings

    settings = load_settings(course) if course is not None else Settings()
    if given.get("data"):
        given["data"] = str(Path(given["data"]).expanduser().resolve())
    return settings.model_copy(update={key: value for key, value in given.items() if value is not None})
