"""Makes a new course folder from the assignment that comes with the kit."""

from __future__ import annotations

import shutil
from pathlib import Path

from autograder.course.folder import Course
from autograder.errors import CourseError
from autograder.exercise import USUAL, find_exercise
from autograder.plain.files import write_whole
from autograder.settings import SETTINGS_FILE, settings_template

_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints")


def initialise(directory: Path, exercise: str = USUAL) -> Course:
    """Make a course folder with the source of an exercise, nbgrader's settings and the kit's settings.

    Raises:
        SettingsError: there is no such exercise.
        CourseError: the path exists and is not an empty folder, or cannot be written to.
    """
    directory = directory.expanduser()
    try:
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise CourseError(f"{directory} is not empty, and nothing is overwritten; name a new folder")
        assignment, nbgrader_config = packaged_assignment(exercise), packaged_nbgrader_config()
        shutil.copytree(assignment, directory / "source" / assignment.name, ignore=_NOT_COPIED)
        shutil.copyfile(nbgrader_config, directory / nbgrader_config.name)
        write_whole(directory / SETTINGS_FILE, settings_template(exercise))
    except OSError as error:
        raise CourseError(f"the course cannot be made in {directory}: {error.strerror or error}") from error
    return Course.open(directory)


def packaged_assignment(exercise: str = USUAL) -> Path:
    """Return the folder of the assignment that comes with an exercise.

    Raises:
        CourseError: it is missing from this installation.
    """
    source = find_exercise(exercise).source
    if not source.is_dir():
        raise CourseError("the assignment is missing from this installation; install gradeascent again")
    return source


def packaged_nbgrader_config() -> Path:
    """Return the file with the nbgrader settings that come with the kit; in a checkout, it is the repository's own."""
    here = Path(__file__).resolve()
    inside = here.parent / "assignments" / "nbgrader_config.py"
    return inside if inside.is_file() else here.parents[2] / "nbgrader_config.py"
