"""Records reports in nbgrader's gradebook, one after the other, by nbgrader's own Autograde.

So scores, late penalties and the notebooks that formgrader shows are what nbgrader makes of them, with
whatever plugins a course has. What stands there already is left alone; what was interrupted comes again.
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
from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config, PyFileConfigLoader

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.gradebook import (
    gradebook_problem,
    nbgrader_config,
    one_at_a_time,
    open_gradebook,
)
from autograder.course.initialise import packaged_nbgrader_config
from autograder.course.notebooks import check_cell, write_notebook
from autograder.course.release import ENTER, enter_assignment, released_notebook
from autograder.errors import CourseError, GradeascentError
from autograder.plain.files import remove_halves, write_whole
from autograder.plain.scratch import temporary_folder
from autograder.plain.text import plain_text
from autograder.plain.untrusted_files import open_plain
from autograder.record.final import final_notebook
from autograder.record.recorded import TIMESTAMP, autograded_notebook, is_recorded

# nbgrader searches folders by patterns, in which these stand for other characters.
_PATTERN = re.compile(r"[*?\[\]{}]")
# What PostgreSQL says when another program, such as 'nbgrader autograde', was faster with the same row.
_RACE = re.compile(r"IntegrityError|DeadlockDetected|StaleDataError")
_TRIES = 3
_GRADEBOOK_LOG = logging.getLogger("tornado.application")  # where nbgrader's gradebook complains


class RecordingProgress(Protocol):
    """Is told how the work goes on; see `autograder.progress.bars`."""

    def recorded(self, student: str) -> None:
        """A student's report stands in the gradebook."""

    def not_recorded(self, student: str, error: GradeascentError | OSError) -> None:
        """It does not, for this reason."""


def record_reports(
    course: Course,
    students: Sequence[str],
    progress: RecordingProgress,
    *,
    force: bool = False,
    assignment: str = ASSIGNMENT,
) -> list[str]:
    """Record the reports of these students in the gradebook, and write the notebooks that nbgrader shows.

    Scores and comments of a person stay; where the automatic score under one has changed, nbgrader asks for
    another look.

    Args:
        course: the course folder; its nbgrader settings say where the gradebook is.
        students: those to record; each has a report.
        progress: is told how it goes on.
        force: also record what stands there already.
        assignment: the assignment.

    Returns:
        The students whose reports stand in the gradebook now.

    Raises:
        CourseError: nbgrader's settings or its gradebook cannot be used, or nbgrader refuses the source.
    """
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
    """Return a course's settings; the kit's own ways to grade, if nbgrader's would run what a student wrote.

    A folder that was a course before may have settings that do not name the kit, or none.
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
    """Return the released notebook; enter the assignment in the gradebook if its cells or points are not there."""
    points = {check_cell(name): value for name, value in course.points(assignment).items()}
    points |= course.manual_points(assignment)
    name = course.source_notebook(assignment).stem
    with one_at_a_time(_db_url(config), ENTER):
        with open_gradebook(course) as gradebook:
            try:
                cells = gradebook.find_notebook(name, assignment).grade_cells
                known = {cell.name: cell.max_score for cell in cells}
            except MissingEntry:
                known = {}
        if known != points:
            return enter_assignment(course, assignment)
    return released_notebook(course, assignment)


def _record(course: Course, config: Config, student: str, assignment: str, released: NotebookNode) -> None:
    if _PATTERN.search(student):
        raise CourseError(
            f"nbgrader takes the characters * ? [ ] {{ }} in '{student}' for a pattern; rename the folder in submitted/"
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
    """Copy the time of handing in, on which the late penalty hangs.

    Raises:
        CourseError: it is no time.
    """
    try:
        with open_plain(submission / TIMESTAMP) as file:
            text = file.read(100).decode().strip()
        parse_utc(text)
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError, OverflowError) as error:
        raise CourseError(
            f"{submission / TIMESTAMP} is not a time such as '2026-03-31 12:00:00 UTC'; mend or remove it"
        ) from error
    write_whole(folder / TIMESTAMP, text + "\n")


def _autograde(config: Config, student: str, assignment: str, submitted: Path) -> None:
    """Let nbgrader grade what was made ready for it; again, if another program came between.

    Raises:
        CourseError: it could not; with its reason.
    """
    mine = copy.deepcopy(config)  # not by Config(config), whose sections stay those of the other
    mine.CourseDirectory.submitted_directory = str(submitted)
    mine.CourseDirectory.student_id = student
    mine.CourseDirectory.assignment_id = assignment
    mine.VerifiedResults.is_graded = True
    mine.Autograde.create_student = True
    for tries_left in reversed(range(_TRIES)):
        autograde = Autograde(coursedir=CourseDirectory(config=mine), config=mine)
        autograde.force = True
        with _listening(autograde.log, _GRADEBOOK_LOG) as said, warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own way to add a submission
            try:
                autograde.start()
                return
            except SQLAlchemyError as error:
                if not (tries_left and _RACE.search(str(error))):
                    raise CourseError(gradebook_problem(_db_url(config), error)) from error
            except Exception as error:  # nbgrader, and the plugins that a course may have, raise anything
                if not (tries_left and _RACE.search(said.getvalue())):
                    raise CourseError(
                        _reason(said.getvalue()) or f"{type(error).__name__}: {error}"
                    ) from error


@contextmanager
def _listening(*logs: logging.Logger) -> Iterator[io.StringIO]:
    """Keep what nbgrader says to itself; only its reason for a failure is shown."""
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
    # nbgrader looks for an entry before it makes one, so that none was there is rarely the reason
    exceptions = [line for line in exceptions if "MissingEntry: " not in line] or exceptions
    return plain_text(exceptions[0].split(": ", 1)[1], at_most=300) if exceptions else ""
