"""nbgrader's gradebook and settings of a course folder, as nbgrader's own commands find them there."""

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

# How long a grader waits for another one, in PostgreSQL's words.
_PATIENCE = "10min"


class _NbGraderSettings(NbGrader):  # type: ignore[misc] # nbgrader has no types
    """Reads what nbgrader's commands would read, and does nothing else."""

    name = "gradeascent"
    load_cwd_config = False
    raise_config_file_errors = True

    def _configure_logging(self) -> None:
        """Leave alone the logging of a process that others live in, too: to configure it closes all handlers."""


def nbgrader_config(course: Course) -> Config:
    """Return nbgrader's settings for this course folder: those of the user's Jupyter, then those of the folder.

    Raises:
        CourseError: a settings file cannot be read; with its reason.
    """
    if str(course.root) not in sys.path:  # the settings may name plugins that lie beside them
        sys.path.append(str(course.root))
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
        os.environ["PATH"] = search_path()  # for good, since other threads may be here as well
        with one_at_a_time(directory.db_url, "open"):  # a new gradebook gets its tables there
            gradebook = _gradebook(directory)
        with gradebook:
            yield gradebook
    except SQLAlchemyError as error:
        raise CourseError(gradebook_problem(directory.db_url, error)) from error


def _gradebook(directory: CourseDirectory) -> Gradebook:
    try:
        return Gradebook(directory.db_url, directory.course_id)
    except ImportError as error:
        raise CourseError(gradebook_problem(directory.db_url, error)) from error


@contextmanager
def one_at_a_time(db_url: str, what: str) -> Iterator[None]:
    """Let graders that share a PostgreSQL server, each with a course folder of its own, do this one after the other.

    The server takes the lock away when the connection ends, however it ends. A gradebook in a file belongs to
    one course folder, which has a lock already (`autograder.course.lock`).

    Raises:
        CourseError: the database does not answer.
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
    """Say in one line what is wrong with a database and what to do; without its password."""
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
    """Return an address of a database that may be shown."""
    return _parsed(db_url).set(query={}).render_as_string(hide_password=True)


def _hidden(said: str, db_url: str) -> str:
    """Return what a driver said, without the password that it may have repeated."""
    url = _parsed(db_url)
    for secret in (url.password, url.query.get("password")):
        if secret:
            said = said.replace(str(secret), "***")
    return said


def _parsed(db_url: str) -> URL:
    """Take an address to pieces.

    Raises:
        CourseError: it is none, or what should be the password would be taken for the server.
    """
    try:
        url = make_url(db_url)
    except (ArgumentError, ValueError) as error:  # either may repeat a part of the password
        raise CourseError(
            "CourseDirectory.db_url in nbgrader_config.py is no address of a database, "
            "such as 'postgresql+psycopg://user:password@server/name'"
        ) from error
    if "@" in (url.host or ""):
        raise CourseError(
            "a user name or password in CourseDirectory.db_url in nbgrader_config.py has an '@' in it; write it as %40"
        )
    return url
