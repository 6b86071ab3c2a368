"""Finds a course folder's nbgrader settings and gradebook in the same way as nbgrader's own commands."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.apps.baseapp import NbGrader
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from traitlets.config import Config
from traitlets.config.application import Application

from autograder.course.folder import Course
from autograder.errors import CourseError

# How long a grader waits for another grader, in PostgreSQL's syntax.
_PATIENCE = "10min"


class _NbGraderSettings(NbGrader):  # type: ignore[misc] # nbgrader has no types
    """Reads the settings that nbgrader's commands would read, and does nothing else."""

    name = "gradeascent"
    load_cwd_config = False
    raise_config_file_errors = True

    def _configure_logging(self) -> None:
        """Do nothing: this would close all log handlers of a process that other code uses too."""


def nbgrader_config(course: Course) -> Config:
    """Return nbgrader's settings for this course folder: the user's Jupyter settings, then the folder's.

    Raises:
        CourseError: a settings file cannot be read; the message says why.
    """
    if str(course.root) not in sys.path:  # the settings may name plugins in the same folder
        sys.path.append(str(course.root))
    application = _NbGraderSettings()
    application.log.setLevel(logging.CRITICAL)
    try:
        application.load_config_file()
        Application.load_config_file(application, "nbgrader_config.py", path=str(course.root))
    except Exception as error:  # the settings are Python code and can raise anything
        raise CourseError(
            f"nbgrader's settings for {course.root} cannot be read: {type(error).__name__}: {error}"
        ) from error
    config = Config(application.config)
    config.CourseDirectory.root = str(course.root)
    return config


def course_directory(course: Course) -> CourseDirectory:
    """Return nbgrader's view of the folder, with its `db_url` and `course_id`.

    Raises:
        CourseError: a settings file cannot be read.
    """
    return CourseDirectory(config=nbgrader_config(course))


@contextmanager
def open_gradebook(course: Course) -> Iterator[Gradebook]:
    """Open the course's gradebook, in whatever database nbgrader's settings name.

    Raises:
        CourseError: the database does not respond, is locked, or belongs to another version of nbgrader.
    """
    directory = course_directory(course)
    with open_database(directory.db_url, directory.course_id) as gradebook:
        yield gradebook


@contextmanager
def open_database(db_url: str, course_id: str) -> Iterator[Gradebook]:
    """Open the gradebook of a course in this database.

    Raises:
        CourseError: the database does not respond, is locked, or belongs to another version of nbgrader.
    """
    try:
        os.environ["PATH"] = search_path()  # not reset later, since other threads may need it
        with one_at_a_time(db_url, "open"):  # opening creates the tables of a new gradebook
            gradebook = _gradebook(db_url, course_id)
        with gradebook:
            yield gradebook
    except SQLAlchemyError as error:
        raise CourseError(gradebook_problem(db_url, error)) from error


def _gradebook(db_url: str, course_id: str) -> Gradebook:
    try:
        return Gradebook(db_url, course_id)
    except ImportError as error:
        raise CourseError(gradebook_problem(db_url, error)) from error


@contextmanager
def one_at_a_time(db_url: str, what: str) -> Iterator[None]:
    """Make graders that share a PostgreSQL server, each with its own course folder, take turns at `what`.

    The server releases the lock when the connection ends, for whatever reason. A gradebook in a file belongs
    to one course folder, which already has a lock (`autograder.course.lock`).

    Raises:
        CourseError: the database does not respond.
    """
    url = _parsed(db_url)
    with ExitStack() as until_the_end:
        if url.get_backend_name() == "postgresql":
            try:
                engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
                connection = until_the_end.enter_context(engine.connect())
                connection.execute(text(f"SET lock_timeout = '{_PATIENCE}'"))
                connection.execute(
                    text("SELECT pg_advisory_lock(hashtextextended(:what, 0))"),
                    {"what": f"gradeascent {what}"},
                )
            except (SQLAlchemyError, ImportError) as error:
                raise CourseError(gradebook_problem(db_url, error)) from error
        yield


def search_path() -> str:
    """Return a PATH on which nbgrader finds `alembic`, which it starts by name for a new gradebook."""
    folder, path = str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)
    return path if folder in path.split(os.pathsep) else os.pathsep.join([folder, path])


def gradebook_problem(db_url: str, error: SQLAlchemyError | ImportError) -> str:
    """Say in one line what is wrong with a database and what to do, without showing its password."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    said = lines[-1 if lines[0].startswith("Multiple connection attempts") else 0].strip(" -")
    if isinstance(error, ImportError):
        advice = (
            "install 'gradeascent[postgresql]' and begin CourseDirectory.db_url with 'postgresql+psycopg://'"
        )
    elif re.search(r'(database|role) "[^"]*" does not exist', said):
        advice = "create it, or look at CourseDirectory.db_url in nbgrader_config.py"
    elif isinstance(error, (OperationalError, ProgrammingError)) and (
        "no such column" in said or "no such table" in said or "does not exist" in said
    ):
        advice = "it is of an older nbgrader: back it up, then run 'nbgrader db upgrade' in the course folder"
    elif "locked" in said or "lock timeout" in said:
        advice = "another program is writing into it; close that program, then run the same command again"
    else:
        advice = "look at CourseDirectory.db_url in nbgrader_config.py"
    return f"the gradebook {without_password(db_url)} cannot be used ({_hidden(said, db_url)}); {advice}"


def without_password(db_url: str) -> str:
    """Return a database URL that is safe to show."""
    return _parsed(db_url).set(query={}).render_as_string(hide_password=True)


def _hidden(said: str, db_url: str) -> str:
    """Return a driver's message without the password, which it may have repeated."""
    url = _parsed(db_url)
    for secret in (url.password, url.query.get("password")):
        if secret:
            said = said.replace(str(secret), "***")
    return said


def _parsed(db_url: str) -> URL:
    """Parse a database URL.

    Raises:
        CourseError: it is not a URL, or a part of the password would be taken for the server.
    """
    try:
        url = make_url(db_url)
    except (ArgumentError, ValueError) as error:  # either may contain a part of the password
        raise CourseError(
            "CourseDirectory.db_url in nbgrader_config.py is no address of a database, "
            "such as 'postgresql+psycopg://user:password@server/name'"
        ) from error
    if "@" in (url.host or ""):
        raise CourseError(
            "a user name or password in CourseDirectory.db_url in nbgrader_config.py has an '@' in it; write it as %40"
        )
    return url
