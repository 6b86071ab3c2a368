"""Records reports in nbgrader's gradebook, one after the other, with nbgrader's own Autograde.

So nbgrader itself, with the plugins of the course, makes the scores, late penalties and the notebooks that
formgrader shows. What is already recorded is left alone; what was interrupted is recorded again.
"""

from __future__ import annotations

import copy
import io
import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config, PyFileConfigLoader

from autograder.course.folder import Course
from autograder.course.gradebook import (
    gradebook_problem,
    nbgrader_config,
    one_at_a_time,
    open_gradebook,
)
from autograder.course.initialise import packaged_nbgrader_config
from autograder.course.marks import read_points
from autograder.course.notebooks import check_cell, write_notebook
from autograder.course.release import ENTER, enter_assignment, released_notebook
from autograder.errors import CourseError, GradeascentError
from autograder.plain.files import remove_halves, write_whole
from autograder.plain.scratch import temporary_folder
from autograder.plain.text import plain_text
from autograder.plain.untrusted_files import open_plain
from autograder.record.final import final_notebook
from autograder.record.recorded import TIMESTAMP, autograded_notebook, is_recorded

# nbgrader finds folders by glob patterns, in which these are wildcards.
_PATTERN = re.compile(r"[*?\[\]{}]")
# The errors if another program, such as 'nbgrader autograde', wrote the same row first in PostgreSQL.
_RACE = re.compile(r"IntegrityError|DeadlockDetected|StaleDataError")
_TRIES = 3
_GRADEBOOK_LOG = logging.getLogger("tornado.application")  # where nbgrader's gradebook logs errors


class RecordingProgress(Protocol):
    """Receives progress updates; see `autograder.progress.bars`."""

    def recorded(self, student: str) -> None:
        """A student's report is in the gradebook."""

    def not_recorded(self, student: str, error: GradeascentError | OSError) -> None:
        """A student's report could not be recorded, for this reason."""


def record_reports(
    course: Course,
    students: Sequence[str],
    progress: RecordingProgress,
    *,
    force: bool = False,
    assignment: str = "",
) -> list[str]:
    """Record the reports of these students in the gradebook, and write the notebooks that nbgrader shows.

    A person's scores and comments stay; if the automatic score below one has changed, nbgrader asks for
    another review.

    Args:
        course: the course folder; its nbgrader settings say where the gradebook is.
        students: the students to record; each has a report.
        progress: receives progress updates.
        force: also record what is already recorded.
        assignment: the assignment.

    Returns:
        The students whose reports are in the gradebook now.

    Raises:
        CourseError: nbgrader's settings or gradebook cannot be used, or nbgrader rejects the source.
    """
    assignment = assignment or course.assignment
    config = _with_verified_results(nbgrader_config(course))
    with open_gradebook(course) as gradebook:
        old = {
            student
            for student in students
            if not force and is_recorded(course, gradebook, student, assignment)
        }
    released = _known_assignment(course, config, assignment) if old != set(students) else None
    done = []
    for student in students:
        try:
            if student not in old and released is not None:
                _record(course, config, student, assignment, released)
        except (GradeascentError, OSError) as error:
            progress.not_recorded(student, error)
            continue
        progress.recorded(student)
        done.append(student)
    return done


def _with_verified_results(config: Config) -> Config:
    """Return a course's settings, with the kit's preprocessors if nbgrader's own would run student code.

    A folder that was already a course may have settings that do not name the kit, or no settings.
    """
    if "VerifiedResults" not in str(config.Autograde.get("autograde_preprocessors")):
        file = packaged_nbgrader_config()
        ours = PyFileConfigLoader(file.name, path=str(file.parent)).load_config()
        for name in ("exporter_class", "sanitize_preprocessors", "autograde_preprocessors"):
            config.Autograde[name] = ours.Autograde[name]
    return config


def _db_url(config: Config) -> str:
    return str(CourseDirectory(config=config).db_url)


def _known_assignment(course: Course, config: Config, assignment: str) -> NotebookNode:
    """Return the released notebook; first enter the assignment if its cells or points are not recorded."""
    points = {check_cell(name): value for name, value in course.points(assignment).items()}
    points |= course.manual_points(assignment)
    name = course.source_notebook(assignment).stem
    with one_at_a_time(_db_url(config), ENTER):
        with open_gradebook(course) as gradebook:
            known = read_points(gradebook, assignment, name)
        if known != points:
            return enter_assignment(course, assignment)
    return released_notebook(course, assignment)


def _record(course: Course, config: Config, student: str, assignment: str, released: NotebookNode) -> None:
    if _PATTERN.search(student):
        raise CourseError(
            f"nbgrader reads the characters * ? [ ] {{ }} in '{student}' as a pattern; rename the folder in submitted/"
        )
    final = final_notebook(course, student, assignment, released)
    remove_halves(course.result_folder(student, assignment))
    only_this = one_at_a_time(_db_url(config), f"record {assignment} of {student}")
    with temporary_folder() as scratch, only_this:
        folder = Path(scratch) / student / assignment
        write_notebook(final.notebook, folder / course.source_notebook(assignment).name)
        _bring_timestamp(course.submission_folder(student, assignment), folder)
        _autograde(config, student, assignment, Path(scratch))
    if not autograded_notebook(course, student, assignment).is_file():
        raise CourseError("nbgrader wrote no notebook")


def _bring_timestamp(submission: Path, folder: Path) -> None:
    """Copy the submission time, on which the late penalty depends.

    Raises:
        CourseError: it is not a time.
    """
    try:
        with open_plain(submission / TIMESTAMP) as file:
            text = file.read(100).decode().strip()
        parse_utc(text)
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError, OverflowError) as error:
        raise CourseError(
            f"{submission / TIMESTAMP} is not a time such as '2026-03-31 12:00:00 UTC'; correct or remove it"
        ) from error
    write_whole(folder / TIMESTAMP, text + "\n")


def _autograde(config: Config, student: str, assignment: str, submitted: Path) -> None:
    """Let nbgrader grade the prepared submission; try again if another program interfered.

    Raises:
        CourseError: it failed; the message says why.
    """
    mine = copy.deepcopy(config)  # Config(config) would share its sections with the original
    mine.CourseDirectory.submitted_directory = str(submitted)
    mine.CourseDirectory.student_id = student
    mine.CourseDirectory.assignment_id = assignment
    mine.VerifiedResults.is_graded = True
    mine.Autograde.create_student = True
    for tries_left in reversed(range(_TRIES)):
        autograde = Autograde(coursedir=CourseDirectory(config=mine), config=mine)
        autograde.force = True
        with _listening(autograde.log, _GRADEBOOK_LOG) as said, warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # caused by how nbgrader adds a submission
            try:
                autograde.start()
                return
            except SQLAlchemyError as error:
                if not (tries_left and _RACE.search(str(error))):
                    raise CourseError(gradebook_problem(_db_url(config), error)) from error
            except Exception as error:  # nbgrader and a course's plugins can raise anything
                if not (tries_left and _RACE.search(said.getvalue())):
                    raise CourseError(
                        _reason(said.getvalue()) or f"{type(error).__name__}: {error}"
                    ) from error


@contextmanager
def _listening(*logs: logging.Logger) -> Iterator[io.StringIO]:
    """Capture nbgrader's log, since only its reason for a failure is shown."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    before = [(log, log.propagate, log.level, log.handlers) for log in logs]
    for log in logs:
        log.handlers, log.propagate = [handler], False
        log.setLevel(logging.INFO)
    try:
        yield said
    finally:
        for log, propagate, level, others in before:
            log.handlers, log.propagate = others, propagate
            log.setLevel(level)


def _reason(said: str) -> str:
    """Return the line of nbgrader's log that names the first exception."""
    lines = [line.strip() for line in said.splitlines()]
    exceptions = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Entry|Invalid\w*): ", line)]
    if any("database is locked" in line for line in exceptions):
        return "another program is writing into the gradebook; close it, then run the same command again"
    # nbgrader looks for an entry before it makes one, so a missing entry is rarely the reason
    exceptions = [line for line in exceptions if "MissingEntry: " not in line] or exceptions
    return plain_text(exceptions[0].split(": ", 1)[1], at_most=300) if exceptions else ""
