"""What the desk needs from the assignment's notebook: the cells that students fill in, and their checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder.course.folder import Course
from autograder.course.notebooks import grade_id, is_grade, is_solution, read_notebook
from autograder.errors import CourseError, SubmissionError


@dataclass(frozen=True)
class Sheet:
    """The cells of an assignment.

    Attributes:
        notebook: the name of the notebook in the gradebook.
        solutions: the cells that students fill in, in order.
        answers: those of them that a person grades, in order.
        about: for every check cell, the cell that it checks: the last one above it that students fill in.
    """

    notebook: str
    solutions: tuple[str, ...]
    answers: tuple[str, ...]
    about: Mapping[str, str]


def read_sheet(course: Course, assignment: str) -> Sheet:
    """Read the instructor's notebook.

    Raises:
        CourseError: it is missing or cannot be read.
    """
    path = course.source_notebook(assignment)
    try:
        notebook = read_notebook(path)
    except SubmissionError as error:
        raise CourseError(str(error)) from error
    solutions, answers, about = [], [], {}
    for cell in notebook.cells:
        name = grade_id(cell)
        if name is None:
            continue
        if is_solution(cell):
            solutions.append(name)
            if is_grade(cell):
                answers.append(name)
        elif is_grade(cell) and solutions:
            about[name] = solutions[-1]
    return Sheet(path.stem, tuple(solutions), tuple(answers), about)
