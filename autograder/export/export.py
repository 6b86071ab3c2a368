"""Exports an assignment's scores from nbgrader's gradebook to one file, written completely or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Literal

from nbgrader.api import Gradebook

from autograder.course.folder import Course
from autograder.errors import ExportError
from autograder.export.canvas import export_canvas
from autograder.export.gradescope import export_gradescope
from autograder.export.moodle import export_moodle
from autograder.export.outcome import Exported, Request
from autograder.export.plain_csv import export_csv
from autograder.export.scores import read_scores
from autograder.plain.files import write_whole
from autograder.plain.text import plain_text

Format = Literal["canvas", "moodle", "gradescope", "csv"]

FORMATS: dict[Format, Callable[[Request], Exported]] = {
    "canvas": export_canvas,
    "moodle": export_moodle,
    "gradescope": export_gradescope,
    "csv": export_csv,
}
# Names can be of any length.
_MOST_CHARACTERS = 200
# The other formats make a new table.
_FILLING: tuple[Format, ...] = ("canvas", "moodle")


def export(
    gradebook: Gradebook,
    course: Course,
    form: Format,
    to: Path,
    *,
    into: Path | None = None,
    column: str | None = None,
    partial: bool = False,
    assignment: str = "",
    students: Collection[str] = (),
) -> Exported:
    """Export scores to a file.

    Args:
        gradebook: nbgrader's, open.
        course: its folder.
        form: the format of the file.
        to: the file to write.
        into: the LMS's file to fill in; it is only read.
        column: the heading of the score column, if it is not clear.
        partial: also export scores to which a person may still add.
        assignment: the assignment whose scores are exported.
        students: only these students; empty for all.

    Raises:
        ExportError: the LMS's file is not valid, or the export cannot be written.
    """
    assignment = assignment or course.assignment
    if into is not None and form not in _FILLING:
        raise ExportError(
            f"'{form}' makes a new table; only {' and '.join(_FILLING)} fill in a file given by --into"
        )
    if column is not None and into is None:
        raise ExportError("--column names a column of the file that --into names")
    if into is not None and into.expanduser().resolve() == to.expanduser().resolve():
        raise ExportError(
            f"{to} is the LMS's own file; write to a different file, so that you can compare the two"
        )
    if to.is_dir():
        raise ExportError(f"{to} is a folder, not a file to write")
    scores = read_scores(gradebook, course, assignment)
    if unknown := sorted(set(students) - {one.student for one in scores}):
        raise ExportError(f"the gradebook does not know the student '{unknown[0]}'")
    exported = FORMATS[form](Request(assignment, scores, students, into, column, partial))
    try:
        write_whole(to, exported.content)
    except OSError as error:
        raise ExportError(f"{to} cannot be written: {error.strerror or error}") from error
    return exported


def default_file(course: Course, form: Format) -> Path:
    """Return the default file of an export."""
    return course.root / f"grades_{form}.csv"


def remarks(exported: Exported) -> Iterator[str]:
    """Yield one line for everything that the instructor should know."""
    yield from (f"note: {note}" for note in exported.notes)
    yield from (
        f"left out: {plain_text(one.what, at_most=_MOST_CHARACTERS)}: {one.why}" for one in exported.left_out
    )


def summary(exported: Exported, to: Path) -> str:
    """Return the outcome in one line."""
    said = f"{exported.count} score{'s' * (exported.count != 1)} in {to}"
    return f"{said}, {len(exported.left_out)} left out." if exported.left_out else f"{said}."
