"""The course folder: nbgrader's own layout, plus the kit's results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from autograder.course.notebooks import (
    check_cell,
    criterion_of,
    grade_id,
    is_grade,
    is_solution,
    read_notebook,
)
from autograder.errors import CourseError, SubmissionError
from autograder.exercise import USUAL
from autograder.settings import load_settings

# The assignment of a course that names no exercise.
ASSIGNMENT = USUAL


@dataclass(frozen=True)
class Course:
    """A course folder; its methods only read, never write.

    Attributes:
        root: the folder's absolute path.
    """

    root: Path

    @classmethod
    def open(cls, path: Path) -> Course:
        """Return the course in this folder.

        Raises:
            CourseError: there is no assignment in the folder's `source/`.
        """
        course = cls(path.expanduser().resolve())
        if not any(course.source.glob("*/*.ipynb")):
            raise CourseError(
                f"{path} is not a course folder: it has no source/<assignment>/<notebook>.ipynb; "
                "make one with 'gradeascent init DIR'"
            )
        return course

    @property
    def assignment(self) -> str:
        """The name of the course's assignment: that of its exercise, by default the usual one.

        Raises:
            SettingsError: the course's settings cannot be read.
        """
        return load_settings(self.root).exercise

    @property
    def source(self) -> Path:
        """The instructor's notebooks."""
        return self.root / "source"

    @property
    def release(self) -> Path:
        """What students get."""
        return self.root / "release"

    @property
    def submitted(self) -> Path:
        """What students handed in."""
        return self.root / "submitted"

    @property
    def graded(self) -> Path:
        """The kit's reports and evidence."""
        return self.root / "graded"

    @property
    def gradebook(self) -> Path:
        """nbgrader's database."""
        return self.root / "gradebook.db"

    def source_notebook(self, assignment: str = "") -> Path:
        """Return the instructor's notebook of an assignment.

        Raises:
            CourseError: there is none, or more than one.
        """
        assignment = assignment or self.assignment
        found = sorted((self.source / assignment).glob("*.ipynb"))
        if len(found) != 1:
            many = "more than one notebook" if found else "no notebook"
            raise CourseError(f"{many} in {self.source / assignment}; an assignment has exactly one")
        return found[0]

    def release_folder(self, assignment: str = "") -> Path:
        """Return the folder with what students get."""
        return self.release / (assignment or self.assignment)

    def submission_folder(self, student: str, assignment: str = "") -> Path:
        """Return the folder with what one student handed in."""
        return self.submitted / student / (assignment or self.assignment)

    def result_folder(self, student: str, assignment: str = "") -> Path:
        """Return the folder with one student's report and evidence."""
        return self.graded / student / (assignment or self.assignment)

    def students(self, assignment: str = "") -> list[str]:
        """Return all students who handed in the assignment, sorted, even if not as a folder."""
        assignment = assignment or self.assignment
        folders = self.submitted.iterdir() if self.submitted.is_dir() else ()
        return sorted(folder.name for folder in folders if _is_there(folder / assignment))

    def points(self, assignment: str = "") -> dict[str, float]:
        """Return the points of every criterion, from its check cell in the source notebook.

        Raises:
            CourseError: the source notebook cannot be read or has no check cells.
        """
        points = {
            criterion: float(cell.metadata.nbgrader.points)
            for name, cell in self._graded_cells(assignment).items()
            if (criterion := criterion_of(name)) and not is_solution(cell)
        }
        if not points:
            called = check_cell("<criterion>")
            raise CourseError(f"{self.source_notebook(assignment)}: no cell is called {called}")
        return points

    def manual_points(self, assignment: str = "") -> dict[str, float]:
        """Return the points of every manually graded answer, by grade_id."""
        return {
            name: float(cell.metadata.nbgrader.points)
            for name, cell in self._graded_cells(assignment).items()
            if is_solution(cell)
        }

    def read_source(self, assignment: str = "") -> NotebookNode:
        """Return the content of the instructor's notebook.

        Raises:
            CourseError: there is none, or it cannot be read.
        """
        path = self.source_notebook(assignment)
        try:
            return read_notebook(path)
        except SubmissionError as error:
            raise CourseError(str(error)) from error

    def _graded_cells(self, assignment: str) -> dict[str, NotebookNode]:
        cells = self.read_source(assignment).cells
        return {name: cell for cell in cells if (name := grade_id(cell)) and is_grade(cell)}


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except PermissionError:  # it exists; its report will say that it cannot be read
        return True
    except OSError:
        return False
    return True
