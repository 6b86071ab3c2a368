"""nbgrader's gradebook and settings of a course folder, as nbgrader's own commands find them there."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.apps.baseapp import NbGrader
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError
from traitlets.config import Config
from traitlets.config.application import Application

from autograder.course.folder import Course
from autograder.errors import CourseError


class _NbGraderSettings(NbGrader):  # type: ignore[misc] # nbgrader has no types
    """Reads what nbgrader's commands would read, and does nothing else."""

    name = "gradeascent"
    load_cwd_config = False
    raise_config_file_errors = True


def nbgrader_config(course: Course) -> Config:
    """Return nbgrader's settings for this course folder: those of the user's Jupyter, then those of the folder.

    Raises:
        CourseError: a settings file cannot be read; with its reason.
    """
    application = _NbGraderSettings()
    application.log.setLevel(logging.CRITICAL)
    try:
        application.load_config_file()
        Application.load_config_file(application, "nbgrader_config.py", path=str(course.root))
    except Exception as error:  # whatever Python code can raise
        raise CourseError(
            f"nbgrader's settings for {course.root} cannot be read: {type(error).__name__}: {error}"
        ) from error
    config = Config(application.config)
    config.CourseDirectory.root = str(course.root)
    return config


def course_directory(course: Course) -> CourseDirectory:
    """Return the folder as nbgrader sees it, with its own `db_url` and `course_id`.

    Raises:
        CourseError: a settings file cannot be read.
    """
    return CourseDirectory(config=nbgrader_config(course))


@contextmanager
def open_gradebook(course: Course) -> Iterator[Gradebook]:
    """Open the course's gradebook, on whatever database nbgrader's settings say.

    Raises:
        CourseError: the database does not answer, is locked, or is of another version of nbgrader.
    """
    directory = course_directory(course)
    try:
        with _alembic_found(), Gradebook(directory.db_url, directory.course_id) as gradebook:
            yield gradebook
    except SQLAlchemyError as error:
        raise CourseError(gradebook_problem(directory.db_url, error)) from error


def search_path() -> str:
    """Return a PATH on which nbgrader finds `alembic`, which it starts by name for a new gradebook."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


@contextmanager
def _alembic_found() -> Iterator[None]:
    before = os.environ.get("PATH")
    os.environ["PATH"] = search_path()
    try:
        yield
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before


def gradebook_problem(db_url: str, error: SQLAlchemyError) -> str:
    """Say in one line what is wrong with a database and what to do."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if isinstance(error, (OperationalError, ProgrammingError)) and (
        "no such column" in said or "no such table" in said or "does not exist" in said
    ):
        advice = "it is of an older nbgrader: back it up, then run 'nbgrader db upgrade' in the course folder"
    elif "locked" in said:
        advice = "another program is writing into it; close that program, then run the same command again"
    else:
        advice = "look at CourseDirectory.db_url in nbgrader_config.py"
    return f"the gradebook {without_password(db_url)} cannot be used ({said}); {advice}"


def without_password(db_url: str) -> str:
    """Return an address of a database that may be shown."""
    return make_url(db_url).render_as_string(hide_password=True)
