"""Makes a new course folder from the assignment that comes with the kit."""

from __future__ import annotations

import shutil
from pathlib import Path

from autograder.course.folder import ASSIGNMENT, Course
from autograder.errors import CourseError
from autograder.plain.files import write_whole
from autograder.settings import SETTINGS_FILE, settings_template

_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints")


def initialise(directory: Path) -> Course:
    """Make a course folder with the assignment's source, nbgrader's settings and the kit's settings.

    Raises:
        CourseError: the path exists and is not an empty folder, or cannot be written to.
    """
    directory = directory.expanduser()
    try:
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise CourseError(f"{directory} is not empty, and nothing is overwritten; name a new folder")
        assignment, nbgrader_config = _packaged()
        shutil.copytree(assignment, directory / "source" / assignment.name, ignore=_NOT_COPIED)
        shutil.copyfile(nbgrader_config, directory / nbgrader_config.name)
        write_whole(directory / SETTINGS_FILE, settings_template())
    except OSError as error:
        raise CourseError(f"the course cannot be made in {directory}: {error.strerror or error}") from error
    return Course.open(directory)


def packaged_assignment() -> Path:
    """Return the folder of the assignment that comes with the kit."""
    return _packaged()[0]


def packaged_nbgrader_config() -> Path:
    """Return the file with the nbgrader settings that come with the kit."""
    return _packaged()[1]


def _packaged() -> tuple[Path, Path]:
    """Return the assignment's folder and nbgrader's configuration file.

    An installed package contains them; in a checkout, the repository itself is the course folder.
    """
    here = Path(__file__).resolve()
    inside = here.parent / "assignments"
    checkout = here.parents[2]
    if (inside / ASSIGNMENT).is_dir():
        return inside / ASSIGNMENT, inside / "nbgrader_config.py"
    if (checkout / "source" / ASSIGNMENT).is_dir():
        return checkout / "source" / ASSIGNMENT, checkout / "nbgrader_config.py"
    raise CourseError("the assignment is missing from this installation; install gradeascent again")
