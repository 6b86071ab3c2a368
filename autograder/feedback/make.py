"""Makes the feedback pages of a course with nbgrader's own converter, one at a time.

A page records what it was made from, so a page that would not change is skipped. A new page is made beside
the old one and replaces it in one step.
"""

from __future__ import annotations

import copy
import logging
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course.folder import Course
from autograder.course.gradebook import nbgrader_config, open_gradebook
from autograder.course.marks import Marks, no_marks, read_assignment, read_marks
from autograder.errors import CourseError, GradeascentError
from autograder.exercise import Exercise, find_exercise
from autograder.feedback.page import MADE_FROM, Material
from autograder.feedback.pdf import make_pdf
from autograder.plain.files import HALF, write_whole
from autograder.plain.untrusted_files import open_plain
from autograder.settings import load_settings

EXPORTER = "autograder.feedback.exporter.FeedbackExporter"
_MADE_FROM = re.compile(rf'<meta name="{MADE_FROM}" content="([0-9a-f]{{64}})">'.encode())
_HEAD_BYTES = 4096  # the record is in these first bytes


class PageProgress(Protocol):
    """Receives progress reports; see `autograder.progress.bars`."""

    def made(self, student: str) -> None:
        """A student's page is done."""

    def not_made(self, student: str, error: GradeascentError | OSError) -> None:
        """A student's page could not be made, for this reason."""


@dataclass(frozen=True)
class StudentPages:
    """The files that a student gets."""

    html: Path
    pdf: Path | None = None


def students_of(course: Course, students: Sequence[str], assignment: str = "") -> list[str]:
    """Return the students who get feedback: those named, else all who submitted or were graded by nbgrader.

    Raises:
        CourseError: a named student did neither, or no student did.
    """
    assignment = assignment or course.assignment
    autograded = _directory(nbgrader_config(course), assignment).autograded_directory
    graded = {folder.parent.name for folder in (course.root / autograded).glob(f"*/{assignment}")}
    known = sorted({*course.students(assignment), *graded})
    for student in students:
        if student not in known:
            raise CourseError(f"no submission of '{student}' for {assignment} in {course.root}")
    if not known:
        raise CourseError(f"there are no submissions of {assignment} yet; see {course.submitted}")
    return list(dict.fromkeys(students)) or known


def make_pages(
    course: Course,
    students: Sequence[str],
    progress: PageProgress,
    *,
    browser: str | None = None,
    assignment: str = "",
) -> dict[str, StudentPages]:
    """Make the pages of these students that are out of date.

    Args:
        course: the course folder; its nbgrader settings say where everything is.
        students: their ids.
        progress: receives progress reports.
        browser: the program that also makes a PDF of each page; None for no PDFs.
        assignment: the assignment.

    Returns:
        The pages by student; students without a page were reported to `progress`.

    Raises:
        CourseError: nbgrader's settings or its gradebook cannot be used.
        SettingsError: the course's settings cannot be used.
    """
    assignment = assignment or course.assignment
    config = nbgrader_config(course)
    if "exporter_class" not in config.GenerateFeedback:  # a course folder from before this page existed
        config.GenerateFeedback.exporter_class = EXPORTER
    notebook = course.source_notebook(assignment).stem
    standings = _read_standings(course, students, assignment, notebook)
    exercise = find_exercise(load_settings(course.root).exercise)
    pages: dict[str, StudentPages] = {}
    for student in students:
        try:
            page = _up_to_date_page(
                course, config, student, assignment, notebook, standings[student], exercise
            )
            pages[student] = StudentPages(page, make_pdf(page, browser) if browser else None)
        except (GradeascentError, OSError) as error:
            progress.not_made(student, error)
        else:
            progress.made(student)
    return pages


def _read_standings(
    course: Course, students: Sequence[str], assignment: str, notebook: str
) -> dict[str, Marks | CourseError]:
    """Return what the gradebook says about each student, or that it says nothing."""
    with open_gradebook(course) as gradebook:
        entry = read_assignment(gradebook, assignment)
        if entry is None or notebook not in entry.notebooks:
            raise CourseError(f"the gradebook does not know {assignment} yet; run 'gradeascent grade' first")
        marks = read_marks(gradebook, assignment, notebook)
    return {student: marks.get(student) or no_marks(student, assignment) for student in students}


def _up_to_date_page(
    course: Course,
    config: Config,
    student: str,
    assignment: str,
    notebook: str,
    standing: Marks | CourseError,
    exercise: Exercise,
) -> Path:
    directory = _directory(config, assignment)
    source = Path(directory.format_path(directory.autograded_directory, student, assignment))
    page = Path(directory.format_path(directory.feedback_directory, student, assignment)) / f"{notebook}.html"
    executed = source / f"{notebook}.ipynb"
    try:
        with open_plain(executed) as file:
            content = file.read()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CourseError(
            f"there is no graded notebook {executed.relative_to(course.root)}; run 'gradeascent grade' first"
        ) from error
    if isinstance(standing, CourseError):
        raise standing
    results = course.result_folder(student, assignment)
    if _made_from(page) != Material(student, assignment, standing, results, content, exercise).sha256():
        page.with_suffix(".pdf").unlink(missing_ok=True)  # printed from the old page
        _convert(config, student, assignment, executed, page.parent)
    return page


def _made_from(page: Path) -> str:
    """Return what a page was made from, as it says; empty if there is no page, or a page of another kind."""
    try:
        with open_plain(page) as file:
            found = _MADE_FROM.search(file.read(_HEAD_BYTES))
    except OSError:
        return ""
    return found[1].decode() if found else ""


def _convert(config: Config, student: str, assignment: str, executed: Path, target: Path) -> None:
    """Let nbgrader make the page, and move the result to its place.

    Raises:
        CourseError: nbgrader could not make it; includes its reason.
    """
    target.mkdir(parents=True, exist_ok=True)
    for left_over in target.parent.glob(f"{HALF}*"):  # by a command that was killed
        shutil.rmtree(left_over, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=HALF, dir=target.parent) as scratch:
        own = copy.deepcopy(config)  # not Config(config), which would share its sections with the original
        # nbgrader joins this to the course's root, but an absolute path stays as it is
        own.CourseDirectory.feedback_directory = scratch
        own.CourseDirectory.student_id = student
        own.CourseDirectory.notebook_id = "*"
        directory = _directory(own, assignment)
        converter = _OneStudent(executed, coursedir=directory, config=own)
        converter.log = _silent()
        try:
            converter.start()
        except NbGraderException as error:
            raise CourseError(converter.problem or f"nbgrader made no page: {error}") from error
        made = Path(directory.format_path(scratch, student, assignment))
        if not (made / executed.with_suffix(".html").name).is_file():
            raise CourseError("nbgrader made no page")
        _put(made, target, last=executed.with_suffix(".html").name)


def _put(made: Path, target: Path, *, last: str) -> None:
    """Move the page last: nbgrader needs some of the files beside it to hand it out."""
    files = [file.relative_to(made) for file in sorted(made.rglob("*")) if file.is_file()]
    for file in sorted(files, key=lambda file: file == Path(last)):
        write_whole(target / file, (made / file).read_bytes())
        shutil.copymode(made / file, target / file)


class _OneStudent(GenerateFeedback):  # type: ignore[misc] # nbgrader has no types
    """Makes the page of one student, whatever the student's name, and remembers why if it cannot."""

    def __init__(self, executed: Path, **settings: object) -> None:
        super().__init__(**settings)
        self._executed = executed
        self.problem = ""

    def init_notebooks(self) -> None:
        """Take the one notebook; nbgrader would search by patterns, which some names turn into others."""
        self.assignments = {str(self._executed.parent): [str(self._executed)]}
        self.notebooks: list[str] = []

    def convert_single_notebook(self, notebook_filename: str) -> None:
        try:
            super().convert_single_notebook(notebook_filename)
        except GradeascentError as error:
            self.problem = str(error)
            raise
        except Exception as error:
            self.problem = f"nbgrader made no page: {type(error).__name__}: {error}"
            raise


def _directory(config: Config, assignment: str) -> CourseDirectory:
    directory = CourseDirectory(config=config)
    directory.assignment_id = assignment
    return directory


def _silent() -> logging.Logger:
    log = logging.Logger("gradeascent.feedback")
    log.addHandler(logging.NullHandler())
    return log
